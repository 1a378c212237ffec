//! One program a rule: `fail` has those that are refused, with the words; `pass` has those that are not.

#[test]
fn programs_are_refused_in_the_words_of_their_authors() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("fail/*.rs");
    cases.pass("pass/*.rs");
}
