//! Where threads run, as the setting tells it.

#[cfg(feature = "lambda")]
use std::env;
use std::sync::Arc;
#[cfg(feature = "lambda")]
use std::time::Duration;

use super::Builder;
#[cfg(feature = "lambda")]
use super::LAMBDA_LIMIT;
use super::environment::EXECUTOR;
#[cfg(feature = "lambda")]
use super::environment::{APPLICATION, DRIVER, ENDPOINTS, STORE, variable};
#[cfg(feature = "lambda")]
use crate::emulator::Function;
use crate::error::{Error, Result};
use crate::executor::{Executor, LocalExecutor};
#[cfg(feature = "lambda")]
use crate::executor::{LambdaExecutor, ProcessExecutor};

/// AWS Lambda gives an account 1,000 at a time unless asked; a machine of one's own bears fewer.
#[cfg(feature = "lambda")]
const DEFAULT_PROCESSES: usize = 128;

/// Beyond what clocks tell of the future.
#[cfg(feature = "lambda")]
const LONGEST_THREAD: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// The time that a worker takes beyond that of a thread, to write that the thread's is over.
#[cfg(feature = "lambda")]
const ENDING: Duration = Duration::from_secs(10);

/// Where threads run, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExecutorSpec {
    Local,
    Process,
    Lambda(String),
}

impl std::str::FromStr for ExecutorSpec {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match (text, text.strip_prefix("lambda:")) {
            ("local", _) => Ok(Self::Local),
            ("process", _) => Ok(Self::Process),
            (_, Some(function)) if !function.is_empty() => Ok(Self::Lambda(function.to_owned())),
            _ => Err(Error::Config {
                setting: EXECUTOR,
                reason: format!(
                    "{text:?} is no executor; it takes `local`, `process` or `lambda:<function name, ARN or name:alias>`"
                ),
            }),
        }
    }
}

impl ExecutorSpec {
    pub(super) async fn start(&self, builder: &Builder) -> Result<Arc<dyn Executor>> {
        match self {
            Self::Local => Ok(Arc::new(LocalExecutor)),
            #[cfg(feature = "lambda")]
            Self::Process => Ok(Arc::new(ProcessExecutor::start(builder.function()?).await?)),
            #[cfg(feature = "lambda")]
            Self::Lambda(function) => Ok(Arc::new(LambdaExecutor::new(
                function.clone(),
                builder.endpoint()?,
                !builder.worker,
            ))),
            #[cfg(not(feature = "lambda"))]
            Self::Process | Self::Lambda(_) => Err(Error::Config {
                setting: EXECUTOR,
                reason: format!(
                    "`{}` needs the feature `lambda` of `crucial-runtime`, which this program was built without; build it with the feature",
                    builder.executor
                ),
            }),
        }
    }
}

#[cfg(feature = "lambda")]
impl Builder {
    /// What `process` runs.
    fn function(&self) -> Result<Function> {
        let program = match &self.program {
            Some(program) => program.clone(),
            None => env::current_exe().map_err(|error| Error::Config {
                setting: EXECUTOR,
                reason: format!("`process` can't find the file of this program: {error}"),
            })?,
        };
        Ok(Function::of(program)
            .processes(self.processes.unwrap_or(DEFAULT_PROCESSES))
            .timeout(self.process_limit())
            .env(STORE, &self.store)
            .env(APPLICATION, &self.application)
            .env(DRIVER, std::process::id().to_string()))
    }

    /// How long a process may take over a thread: what AWS Lambda allows, or what the builder does if that is more.
    fn process_limit(&self) -> Duration {
        let limit = self.limits.thread.min(LONGEST_THREAD);
        LAMBDA_LIMIT.max(limit + ENDING)
    }

    fn endpoint(&self) -> Result<Option<String>> {
        let mut endpoint = self.endpoint.clone();
        for name in ENDPOINTS {
            if endpoint.is_none() {
                endpoint = variable(name)?;
            }
        }
        Ok(endpoint)
    }
}

#[cfg(all(test, feature = "lambda"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_lives_as_long_as_its_threads_may() {
        const HOUR: Duration = Duration::from_secs(3600);
        for (thread, process) in [
            (Duration::from_secs(1), LAMBDA_LIMIT),
            (LAMBDA_LIMIT, LAMBDA_LIMIT + ENDING),
            (HOUR, HOUR + ENDING),
            (Duration::MAX, LONGEST_THREAD + ENDING),
        ] {
            let builder = Builder::new().thread_limit(thread);
            assert_eq!(builder.process_limit(), process, "{thread:?}");
        }
    }
}
