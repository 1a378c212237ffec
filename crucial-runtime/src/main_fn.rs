//! What `#[crucial::main]` runs.

use std::fmt::Display;
use std::future::Future;
use std::process::ExitCode;

use crate::config::{self, Builder};

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

/// Runs an annotated `main`: as the client of a job on a person's machine, or as a worker where
/// AWS Lambda or the executor `process` started the program.
pub fn main<F, R>(application: &str, body: impl FnOnce() -> F) -> ExitCode
where
    F: Future<Output = R>,
    R: MainReturn,
{
    if config::is_worker() {
        return worker(application);
    }
    let mut tokio = tokio::runtime::Builder::new_multi_thread();
    if std::thread::available_parallelism().is_ok_and(|threads| threads.get() == 1) {
        // A method of an object that never ends keeps one.
        tokio.worker_threads(2);
    }
    let tokio = match tokio.enable_all().build() {
        Ok(tokio) => tokio,
        Err(error) => return failed(&error),
    };
    let code = tokio.block_on(async {
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
    });
    // As with `std`, a thread that nobody joined does not keep the process.
    tokio.shutdown_background();
    code
}

/// Runs the threads that others spawn, until whoever started this process has no more.
#[cfg(feature = "lambda")]
fn worker(application: &str) -> ExitCode {
    if config::is_emulated() {
        // Its end of the pipe closes when the emulator dies, however it dies.
        std::thread::spawn(|| {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            std::process::exit(0);
        });
    }
    // A thread that never yields keeps one of them; the signs of life and the store need others.
    let threads = std::thread::available_parallelism().map_or(1, Into::into);
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads.max(2) + 1)
        .enable_all()
        .build();
    let tokio = match tokio {
        Ok(tokio) => tokio,
        Err(error) => return failed(&error),
    };
    let served = match Builder::worker_of(application) {
        Ok(builder) => tokio.block_on(crate::worker::serve(builder)),
        Err(error) => return failed(&error),
    };
    // A thread that was cut off may still be running, and ends with the process.
    tokio.shutdown_background();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

#[cfg(not(feature = "lambda"))]
fn worker(_: &str) -> ExitCode {
    failed(
        &"AWS Lambda started this program, which was built without the feature `lambda` of `crucial-runtime`; build it with the feature",
    )
}

#[expect(clippy::print_stderr, reason = "this is the program's own last word")]
fn failed(error: &dyn Display) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}
