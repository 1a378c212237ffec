//! What `#[crucial::main]` runs.

use std::fmt::Display;
use std::future::Future;
use std::process::ExitCode;

use crate::config::Builder;

/// What an annotated `main` may return.
#[diagnostic::on_unimplemented(
    message = "`main` can't return a `{Self}`",
    label = "not what a program can end with",
    note = "it may return nothing, an `ExitCode`, or a `Result` of them whose error implements `Display`"
)]
pub trait MainReturn {
    /// The process's exit code; an error is printed first.
    fn exit_code(self) -> ExitCode;
}

impl MainReturn for () {
    fn exit_code(self) -> ExitCode {
        ExitCode::SUCCESS
    }
}

impl MainReturn for ExitCode {
    fn exit_code(self) -> ExitCode {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T: MainReturn, E: Display> MainReturn for Result<T, E> {
    fn exit_code(self) -> ExitCode {
        match self {
            Ok(value) => value.exit_code(),
            Err(error) => failed(&error),
        }
    }
}

/// The program's name: of its binary, or of its package where the binary has none (a doctest).
#[must_use]
pub fn application(binary: Option<&'static str>, package: Option<&'static str>) -> &'static str {
    binary.or(package).unwrap_or("app")
}

/// Runs an annotated `main`: as the client of a job on a person's machine.
pub fn main<F, R>(application: &str, body: impl FnOnce() -> F) -> ExitCode
where
    F: Future<Output = R>,
    R: MainReturn,
{
    let tokio = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(tokio) => tokio,
        Err(error) => return failed(&error),
    };
    tokio.block_on(async {
        let runtime = match Builder::from_env_of(application) {
            Ok(builder) => builder.build().await,
            Err(error) => Err(error),
        };
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => return failed(&error),
        };
        let entered = runtime.enter();
        let code = tokio::select! {
            result = body() => result.exit_code(),
            // The job is cancelled: its objects go, its threads end.
            _ = tokio::signal::ctrl_c() => ExitCode::from(130),
        };
        drop(entered);
        match runtime.shutdown().await {
            Ok(()) => code,
            Err(error) => failed(&error),
        }
    })
}

#[expect(clippy::print_stderr, reason = "this is the program's own last word")]
fn failed(error: &dyn Display) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}
