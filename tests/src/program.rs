//! The project's own programs, run as a person runs them.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// The program of that name, built in the same profile as the running test, with no `CRUCIAL_…`
/// variable of the person who runs the tests.
///
/// # Panics
///
/// If it has not been built.
#[must_use]
pub fn program(name: &str) -> Command {
    let path = directory().join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "{} is missing; run `cargo build --workspace --all-features --bins` first (`./test.sh` does)",
        path.display()
    );
    let mut command = Command::new(path);
    for (variable, _) in env::vars_os() {
        let ours = variable.to_string_lossy();
        if ours.starts_with("CRUCIAL_") || ours.starts_with("AWS_") {
            command.env_remove(&variable);
        }
    }
    command
}

/// `target/<profile>`; the test runs in `target/<profile>/deps`.
fn directory() -> PathBuf {
    let test = env::current_exe().expect("a running program has a path");
    test.ancestors()
        .nth(2)
        .expect("a test is built into `target/<profile>/deps`")
        .to_owned()
}
