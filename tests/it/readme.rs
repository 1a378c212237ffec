//! The README shows the k-means program as it is.

use std::fs;
use std::path::Path;

/// Brings the README up to date instead of complaining.
const UPDATE: &str = "UPDATE_README";

#[test]
fn the_readme_has_the_kmeans_program_in_full() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let program = fs::read_to_string(root.join("examples/src/bin/kmeans.rs")).unwrap();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let (start, end) = ("<!-- program -->\n", "<!-- /program -->");
    let (before, rest) = readme.split_once(start).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let expected = format!("{before}{start}```rust\n{program}```\n{end}{after}");
    if std::env::var_os(UPDATE).is_some() {
        fs::write(root.join("README.md"), expected).unwrap();
    } else {
        assert!(
            readme == expected,
            "the README's program is out of date; run `{UPDATE}=1 cargo nextest run -p crucial-tests readme`"
        );
    }
}
