//! Where threads run, as the setting tells it.

#[cfg(feature = "lambda")]
use std::env;
use std::sync::Arc;

use super::Builder;
#[cfg(feature = "lambda")]
use super::LAMBDA_LIMIT;
use super::environment::EXECUTOR;
#[cfg(feature = "lambda")]
use super::environment::{APPLICATION, ENDPOINTS, STORE, variable};
#[cfg(feature = "lambda")]
use crate::emulator::Function;
use crate::error::{Error, Result};
use crate::executor::{Executor, LocalExecutor};
#[cfg(feature = "lambda")]
use crate::executor::{LambdaExecutor, ProcessExecutor};

/// AWS Lambda gives an account 1,000 at a time unless asked; a machine of one's own bears fewer.
#[cfg(feature = "lambda")]
const DEFAULT_PROCESSES: usize = 128;

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
            .timeout(LAMBDA_LIMIT)
            .env(STORE, &self.store)
            .env(APPLICATION, &self.application))
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
