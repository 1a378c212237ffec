//! The project's own programs, run as a person runs them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program of that name, built in the same profile as the running test, with no variable for Crucial or AWS
/// of the person who runs the tests.
///
/// # Panics
///
/// If it has not been built.
#[must_use]
pub fn program(name: &str) -> Command {
    stripped(&program_path(name))
}

/// The program of that file, with no variable for Crucial or AWS of the person who runs the tests.
#[must_use]
pub fn stripped(file: &Path) -> Command {
    let mut command = Command::new(file);
    for (variable, _) in env::vars_os() {
        let text = variable.to_string_lossy();
        if text.starts_with("CRUCIAL_") || text.starts_with("AWS_") {
            command.env_remove(&variable);
        }
    }
    command
}

/// Where the program of that name is: one of the project's, or one that is there for tests only.
///
/// # Panics
///
/// If it has not been built.
#[must_use]
pub fn program_path(name: &str) -> PathBuf {
    find(
        name,
        &profile(),
        "cargo build --workspace --all-features --bins --examples",
    )
}

/// Where the program of that name is that was built in the profile `abort`, where a panic ends its process.
///
/// # Panics
///
/// If it has not been built.
#[must_use]
pub fn aborting_program_path(name: &str) -> PathBuf {
    let build = format!("cargo build --profile abort -p crucial-tests-threads --bin {name}");
    find(name, &profile().with_file_name("abort"), &build)
}

/// The directory of the profile in which the running test was built.
fn profile() -> PathBuf {
    let test = env::current_exe().expect("a running program has a path");
    // A test is built into `target/<profile>/deps`.
    let profile = test.ancestors().nth(2).expect("a test has a directory");
    profile.to_owned()
}

fn find(name: &str, profile: &Path, build: &str) -> PathBuf {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    let places = [profile.join(&file), profile.join("examples").join(&file)];
    places
        .into_iter()
        .find(|place| place.is_file())
        .unwrap_or_else(|| {
            panic!(
                "the program `{name}` is missing in {}; build it first, as `./test.sh` does: `{build}`",
                profile.display()
            )
        })
}
