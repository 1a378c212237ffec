//! The environment: what its variables are called, and what they tell.

use std::env;

use crate::error::{Error, Result};

pub(crate) const STORE: &str = "CRUCIAL_STORE";
pub(crate) const EXECUTOR: &str = "CRUCIAL_EXECUTOR";
pub(crate) const NAMESPACE: &str = "CRUCIAL_NAMESPACE";
pub(crate) const APPLICATION: &str = "CRUCIAL_APPLICATION";
pub(crate) const PROCESSES: &str = "CRUCIAL_PROCESSES";
pub(crate) const LEASE: &str = "CRUCIAL_LEASE";
/// A directory into which runtimes of the environment write what they ask of their store.
#[cfg(feature = "test-util")]
pub(super) const RECORD: &str = "CRUCIAL_RECORD";
/// Set in the processes of the executor `process`: their number.
pub(crate) const PROCESS: &str = "CRUCIAL_PROCESS";
/// Set by whoever starts a worker: AWS Lambda, or the emulator of it.
pub(super) const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";
#[cfg(feature = "lambda")]
pub(super) const FUNCTION: &str = "AWS_LAMBDA_FUNCTION_NAME";
#[cfg(feature = "lambda")]
pub(super) const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL"];

/// Whether this process was started to run threads that others spawn.
pub(crate) fn is_worker() -> bool {
    env::var_os(RUNTIME_API).is_some()
}

/// Whether this process was started by the emulator, and ends with it.
#[cfg(feature = "lambda")]
pub(crate) fn is_emulated() -> bool {
    env::var_os(PROCESS).is_some()
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
