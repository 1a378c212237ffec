//! A function: a program, and how it is run.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::object::LONGEST;

/// What Lambda allows a function's name to have.
const LONGEST_NAME: usize = 64;

/// A function of the [`Emulator`](super::Emulator): a program whose `main` is annotated with
/// [`#[crucial::main]`](crate::main), or any other that asks the Lambda runtime API for work.
#[derive(Debug, Clone)]
#[must_use = "a function is run by an `Emulator`"]
pub struct Function {
    pub(super) name: String,
    pub(super) program: PathBuf,
    pub(super) processes: usize,
    pub(super) timeout: Duration,
    pub(super) memory_mb: u32,
    pub(super) env: Vec<(OsString, OsString)>,
}

impl Function {
    /// The function of that name, run by that program.
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            processes: 128,
            timeout: Duration::from_secs(15 * 60),
            memory_mb: 1024,
            env: Vec::new(),
        }
    }

    /// The function of a program, named after its file.
    pub(crate) fn of(program: PathBuf) -> Self {
        let name = name_of(&program);
        Self::new(name, program)
    }

    /// How many processes there may be at once; 128 otherwise.
    pub fn processes(mut self, count: usize) -> Self {
        self.processes = count.max(1);
        self
    }

    /// How long one event may take before its process is ended; 15 minutes otherwise, 139 years at the most.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit.min(LONGEST);
        self
    }

    /// How much memory the function is told that it has; 1024 MB otherwise. Nothing enforces it.
    pub fn memory_mb(mut self, size: u32) -> Self {
        self.memory_mb = size;
        self
    }

    /// A variable in the environment of the processes, which otherwise is the emulator's own.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

fn name_of(program: &Path) -> String {
    let stem = program
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let name: String = stem
        .chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => c,
            _ => '-',
        })
        .take(LONGEST_NAME)
        .collect();
    if name.is_empty() {
        "program".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_names_its_function() {
        for (path, name) in [
            ("target/release/kmeans", "kmeans"),
            ("/x/my prog.exe", "my-prog"),
            ("/", "program"),
        ] {
            assert_eq!(Function::of(path.into()).name(), name);
        }
    }
}
