//! A builder as the variables of the environment set it up.

use std::time::Duration;

use super::Builder;
#[cfg(feature = "lambda")]
use super::StoreUrl;
#[cfg(feature = "lambda")]
use super::environment::FUNCTION;
#[cfg(feature = "test-util")]
use super::environment::RECORD;
use super::environment::{APPLICATION, EXECUTOR, LEASE, NAMESPACE, PROCESSES, STORE, variable};
use crate::error::{Error, Result};
#[cfg(feature = "test-util")]
use crate::linearizability::Recorder;

impl Builder {
    /// What the environment asks for: `CRUCIAL_STORE`, `CRUCIAL_EXECUTOR`, `CRUCIAL_PROCESSES`,
    /// `CRUCIAL_NAMESPACE`, `CRUCIAL_APPLICATION`, `CRUCIAL_LEASE`.
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
        let mut builder = Self::new();
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
        if let Some(processes) = variable(PROCESSES)? {
            let count = processes.parse().ok().filter(|count| *count > 0);
            let count = count.ok_or_else(|| Error::Config {
                setting: PROCESSES,
                reason: format!(
                    "{processes:?} is no number of processes; it takes a whole number from 1"
                ),
            })?;
            builder.processes = Some(count);
        }
        if let Some(lease) = variable(LEASE)? {
            let length = lease.parse().ok();
            let length = length.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            let length = length.ok_or_else(|| Error::Config {
                setting: LEASE,
                reason: format!(
                    "{lease:?} is no length of a lease; it takes seconds, such as 10 or 0.5"
                ),
            })?;
            builder.lease = Some(length);
        }
        #[cfg(feature = "test-util")]
        if let Some(directory) = variable(RECORD)? {
            let recorder = Recorder::into_directory(directory);
            builder.recorder = Some(recorder.map_err(|error| Error::Config {
                setting: RECORD,
                reason: error.to_string(),
            })?);
        }
        Ok(builder)
    }

    /// [`from_env`](Self::from_env) for a program of that name.
    pub(crate) fn from_env_of(application: &str) -> Result<Self> {
        let mut builder = Self::from_env()?;
        if variable(APPLICATION)?.is_none() {
            builder.application = application.to_owned();
        }
        Ok(builder)
    }

    /// [`from_env_of`](Self::from_env_of) in a worker, whose own threads go to the same function unless told otherwise.
    #[cfg(feature = "lambda")]
    pub(crate) fn worker_of(application: &str) -> Result<Self> {
        let mut builder = Self::from_env_of(application)?;
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
