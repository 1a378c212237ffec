//! A mistake put into server scripts on purpose, to see that it is caught.

/// A mistake: other text in place of some texts of the scripts.
#[derive(Debug, Clone, Copy)]
pub struct Mutant {
    /// What is wrong with it.
    pub name: &'static str,
    /// What is right, and what stands in its place.
    pub changes: &'static [(&'static str, &'static str)],
}

impl Mutant {
    /// The script with the mistake, where it has the place for it.
    pub(super) fn put_into(&self, script: &str) -> String {
        let changes = self.changes.iter();
        changes.fold(script.to_owned(), |script, (right, wrong)| {
            script.replace(right, wrong)
        })
    }
}
