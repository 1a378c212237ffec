//! The environment: what its variables are called, and what they tell.

use std::env;

use crate::error::{Error, Result};

pub(crate) const STORE: &str = "CRUCIAL_STORE";
pub(crate) const EXECUTOR: &str = "CRUCIAL_EXECUTOR";
pub(crate) const NAMESPACE: &str = "CRUCIAL_NAMESPACE";
pub(crate) const APPLICATION: &str = "CRUCIAL_APPLICATION";
pub(crate) const PROCESSES: &str = "CRUCIAL_PROCESSES";
pub(crate) const LEASE: &str = "CRUCIAL_LEASE";
pub(super) const WAIT_LIMIT: &str = "CRUCIAL_WAIT_LIMIT";
pub(super) const THREAD_LIMIT: &str = "CRUCIAL_THREAD_LIMIT";
pub(super) const METHOD_LIMIT: &str = "CRUCIAL_METHOD_LIMIT";
pub(super) const MAX_VALUE_BYTES: &str = "CRUCIAL_MAX_VALUE_BYTES";
/// A directory into which runtimes of the environment write what they ask of their store.
#[cfg(feature = "test-util")]
pub(super) const RECORD: &str = "CRUCIAL_RECORD";
/// Set in the processes of the emulator, behind `process` too: their number.
pub(crate) const PROCESS: &str = "CRUCIAL_PROCESS";
/// Set in the processes of the executor `process`: the process that is the driver of their job.
#[cfg(feature = "lambda")]
pub(super) const DRIVER: &str = "CRUCIAL_DRIVER";
/// Set by whoever starts a worker: AWS Lambda, or the emulator of it.
pub(super) const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";
#[cfg(feature = "lambda")]
pub(super) const FUNCTION: &str = "AWS_LAMBDA_FUNCTION_NAME";
#[cfg(feature = "lambda")]
pub(super) const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL"];

/// The variables that people set.
const SETTINGS: [&str; 10] = [
    STORE,
    EXECUTOR,
    PROCESSES,
    NAMESPACE,
    LEASE,
    WAIT_LIMIT,
    THREAD_LIMIT,
    METHOD_LIMIT,
    MAX_VALUE_BYTES,
    APPLICATION,
];
/// Those that the project's own programs set: for workers, and for tests.
const OWN: [&str; 3] = [PROCESS, "CRUCIAL_DRIVER", "CRUCIAL_RECORD"];

/// A warning for each variable that looks like one of these and is not; the warning never shows its value.
pub(crate) fn mistyped() -> Vec<String> {
    let mut names: Vec<String> = env::vars_os()
        .map(|(name, _)| name.to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    names.iter().filter_map(|name| mistake(name)).collect()
}

fn mistake(name: &str) -> Option<String> {
    if SETTINGS.iter().chain(&OWN).any(|known| *known == name) {
        return None;
    }
    let upper = name.to_ascii_uppercase();
    let nearest = SETTINGS
        .iter()
        .map(|known| (distance(&upper, known), known))
        .min()
        .filter(|(distance, _)| *distance <= CLOSE);
    match nearest {
        Some((_, known)) => Some(format!(
            "the environment variable `{name}` is ignored, since there is no such setting; is `{known}` meant?"
        )),
        None if upper.starts_with("CRUCIAL_") => Some(format!(
            "the environment variable `{name}` is ignored, since there is no such setting; there are {}",
            SETTINGS.map(|known| format!("`{known}`")).join(", ")
        )),
        None => None,
    }
}

/// Within so many slips of the keyboard, a name is taken for another.
const CLOSE: usize = 3;

/// How many letters have to be put in, left out or replaced to make one name of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, c) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (place, d) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(c != *d);
            diagonal = row[place + 1];
            row[place + 1] = replaced.min(diagonal + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

/// Whether this process was started to run threads that others spawn.
pub(crate) fn is_worker() -> bool {
    env::var_os(RUNTIME_API).is_some()
}

/// Whether this process was started by the emulator, and ends with it.
#[cfg(feature = "lambda")]
pub(crate) fn is_emulated() -> bool {
    env::var_os(PROCESS).is_some()
}

/// Whether this process was started by the driver of the job that it works for.
#[cfg(feature = "lambda")]
pub(crate) fn is_drivers_own() -> bool {
    env::var_os(DRIVER).is_some()
}

/// The value of a variable, if it has one.
pub(super) fn variable(name: &'static str) -> Result<Option<String>> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(Error::Config {
            setting: name,
            reason: "its value is no text; it takes text in UTF-8".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_variable_is_named_with_the_one_that_is_meant() {
        for (name, meant) in [
            ("CRUCIAL_EXECUTER", EXECUTOR),
            ("CRUCIAL_EXECUTORS", EXECUTOR),
            ("CRUCIAL_STRE", STORE),
            ("CRUCIAL_SOTRE", STORE),
            ("CRUCIALSTORE", STORE),
            ("CRUCAL_STORE", STORE),
            ("crucial_store", STORE),
            ("Crucial_Lease", LEASE),
            ("CRUCIAL_LEASES", LEASE),
            ("CRUCIAL_PROCESES", PROCESSES),
            ("CRUCIAL_NAME_SPACE", NAMESPACE),
            ("CRUCIAL_APLICATION", APPLICATION),
        ] {
            let mistake = mistake(name).unwrap_or_else(|| panic!("{name}"));
            assert!(mistake.contains(&format!("`{name}`")), "{mistake}");
            assert!(
                mistake.contains(&format!("is `{meant}` meant")),
                "{mistake}"
            );
        }
        let far = mistake("CRUCIAL_TELEMETRY").unwrap();
        assert!(SETTINGS.iter().all(|known| far.contains(known)), "{far}");
    }

    #[test]
    fn other_variables_are_nobodys_mistake() {
        let others = [
            "HOME",
            "PATH",
            "STORE",
            "EXECUTOR",
            "CRUCIBLE_HOME",
            "AWS_LAMBDA_RUNTIME_API",
        ];
        for name in SETTINGS.iter().chain(&OWN).chain(&others) {
            assert_eq!(mistake(name), None, "{name}");
        }
    }

    #[test]
    fn distances_count_slips() {
        for (one, other, slips) in [
            ("", "", 0),
            ("", "ab", 2),
            ("ab", "", 2),
            ("abc", "abc", 0),
            ("abc", "abd", 1),
            ("abc", "ac", 1),
            ("abc", "xabc", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(one, other), slips, "{one} {other}");
            assert_eq!(distance(other, one), slips, "{other} {one}");
        }
    }
}
