//! A builder as the variables of the environment set it up.

use std::time::Duration;

use super::Builder;
#[cfg(feature = "lambda")]
use super::StoreUrl;
#[cfg(feature = "lambda")]
use super::environment::FUNCTION;
#[cfg(feature = "test-util")]
use super::environment::RECORD;
use super::environment::{
    APPLICATION, EXECUTOR, LEASE, MAX_VALUE_BYTES, METHOD_LIMIT, NAMESPACE, PROCESSES, STORE,
    THREAD_LIMIT, WAIT_LIMIT, mistyped, variable,
};
use crate::error::{Error, Result};
#[cfg(feature = "test-util")]
use crate::linearizability::Recorder;

impl Builder {
    /// What the environment asks for: `CRUCIAL_STORE`, `CRUCIAL_EXECUTOR`, `CRUCIAL_PROCESSES`,
    /// `CRUCIAL_NAMESPACE`, `CRUCIAL_APPLICATION`, `CRUCIAL_LEASE`, `CRUCIAL_WAIT_LIMIT`, `CRUCIAL_THREAD_LIMIT`,
    /// `CRUCIAL_METHOD_LIMIT`, `CRUCIAL_MAX_VALUE_BYTES`. What is called on the builder afterwards comes before them. A
    /// variable that looks like one of these and is none is named in a warning (`tracing`;
    /// [`#[crucial::main]`](macro@crate::main) prints it), with the one that may be meant.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let runtime = crucial::Builder::from_env()?.application("shop").build().await?; // the rest as it asks
    /// assert_eq!(runtime.application().as_str(), "shop");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a variable that can't be read.
    pub fn from_env() -> Result<Self> {
        Self::new().with_env()
    }

    /// This one, changed as the environment asks for.
    fn with_env(mut self) -> Result<Self> {
        for mistake in mistyped() {
            tracing::warn!("{mistake}");
        }
        let builder = &mut self;
        if let Some(store) = variable(STORE)? {
            builder.store = store;
        }
        if let Some(executor) = variable(EXECUTOR)? {
            builder.executor = executor;
        }
        builder.namespace = variable(NAMESPACE)?;
        if let Some(application) = variable(APPLICATION)? {
            builder.application = application;
        }
        if let Some(processes) = count(PROCESSES, "processes")? {
            builder.processes = Some(processes);
        }
        if let Some(lease) = seconds(LEASE)? {
            builder.lease = Some(lease);
        }
        for (name, limit) in [
            (WAIT_LIMIT, &mut builder.limits.wait),
            (THREAD_LIMIT, &mut builder.limits.thread),
            (METHOD_LIMIT, &mut builder.limits.method),
        ] {
            if let Some(length) = seconds(name)? {
                *limit = length;
            }
        }
        if let Some(limit) = count(MAX_VALUE_BYTES, "bytes")? {
            builder.limits.value_bytes = limit;
        }
        #[cfg(feature = "test-util")]
        if let Some(directory) = variable(RECORD)? {
            let recorder = Recorder::into_directory(directory);
            builder.recorder = Some(recorder.map_err(|error| Error::Config {
                setting: RECORD,
                reason: error.to_string(),
            })?);
        }
        Ok(self)
    }

    /// [`from_env`](Self::from_env) for a program of that name, which has settings of its own.
    pub(crate) fn from_env_of(
        application: &str,
        settings: impl FnOnce(Self) -> Self,
    ) -> Result<Self> {
        settings(Self::new().application(application)).with_env()
    }

    /// [`from_env_of`](Self::from_env_of) in a worker, whose own threads go to the same function unless told otherwise.
    #[cfg(feature = "lambda")]
    pub(crate) fn worker_of(
        application: &str,
        settings: impl FnOnce(Self) -> Self,
    ) -> Result<Self> {
        let mut builder = Self::from_env_of(application, settings)?;
        builder.worker = true;
        // A job that is begun here, for a call by hand, must not end with that of somebody else.
        builder.namespace = None;
        let shared = builder.store.parse::<StoreUrl>()? != StoreUrl::Embedded;
        if let (None, true, Some(function)) = (variable(EXECUTOR)?, shared, variable(FUNCTION)?) {
            builder.executor = format!("lambda:{function}");
        }
        Ok(builder)
    }
}

/// The length of time that a variable asks for, if it does.
fn seconds(name: &'static str) -> Result<Option<Duration>> {
    let Some(text) = variable(name)? else {
        return Ok(None);
    };
    let length = text.parse().ok();
    let length = length.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let length = length.ok_or_else(|| Error::Config {
        setting: name,
        reason: format!("{text:?} is no length of time; it takes seconds, such as 10 or 0.5"),
    })?;
    Ok(Some(length))
}

/// How many of those things a variable asks for, if it does.
fn count(name: &'static str, things: &str) -> Result<Option<usize>> {
    let Some(text) = variable(name)? else {
        return Ok(None);
    };
    let count = text.parse().ok().filter(|count| *count > 0);
    let count = count.ok_or_else(|| Error::Config {
        setting: name,
        reason: format!("{text:?} is no number of {things}; it takes a whole number from 1"),
    })?;
    Ok(Some(count))
}
