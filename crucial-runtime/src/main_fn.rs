//! What `#[crucial::main]` runs.

#[cfg(feature = "lambda")]
use std::error::Error;
use std::fmt::Display;
use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use futures_util::FutureExt;
#[cfg(feature = "lambda")]
use tokio::sync::oneshot;

use crate::config::{self, Builder};
#[cfg(feature = "lambda")]
use crate::interrupt::GRACE;
use crate::interrupt::Interrupt;
#[cfg(feature = "lambda")]
use crate::worker::{self, Worker};

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

/// Runs an annotated `main`, whose attribute has those settings: as the client of a job on a person's machine, or as a worker where
/// AWS Lambda or the executor `process` started the program.
pub fn main<F, R>(
    application: &str,
    settings: impl FnOnce(Builder) -> Builder,
    body: impl FnOnce() -> F,
) -> ExitCode
where
    F: Future<Output = R>,
    R: MainReturn,
{
    if config::is_worker() {
        return worker(application, settings);
    }
    if !tracing::enabled!(tracing::Level::WARN) {
        // A subscriber is set up by what runs later, if at all.
        warn(&config::mistyped());
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
    let job = Arc::new(OnceLock::new());
    let interrupt = match Interrupt::listen(tokio.handle().clone(), Arc::clone(&job)) {
        Ok(interrupt) => interrupt,
        Err(error) => return failed(&error),
    };
    let code = tokio.block_on(interrupt.bound(async {
        let runtime = match Builder::from_env_of(application, settings) {
            Ok(builder) => builder.build().await,
            Err(error) => Err(error),
        };
        let runtime = match runtime {
            Ok(runtime) => job.get_or_init(|| runtime),
            Err(error) => return failed(&error),
        };
        let entered = runtime.enter();
        let returned = AssertUnwindSafe(body()).catch_unwind().await;
        drop(entered);
        let ended = runtime.shutdown().await;
        match (returned, ended) {
            // The job has ended as well as it could, and the panic goes on.
            (Err(panic), _) => resume_unwind(panic),
            (Ok(returned), ended) => {
                let code = returned.exit_code();
                ended.map_or_else(|error| failed(&error), |()| code)
            }
        }
    }));
    // As with `std`, a thread that nobody joined does not keep the process.
    tokio.shutdown_background();
    code
}

/// [`main`] for a body that is not async. It runs on a thread where it may block.
pub fn main_blocking<R: MainReturn>(
    application: &str,
    settings: impl FnOnce(Builder) -> Builder,
    body: impl FnOnce() -> R + Send + 'static,
) -> ExitCode {
    main(application, settings, async || {
        // What `body` returns need not be `Send`.
        let ended = tokio::task::spawn_blocking(|| body().exit_code()).await;
        ended.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(cancelled) => failed(&cancelled),
        })
    })
}

/// Runs the threads that others spawn, until whoever started this process has no more.
#[cfg(feature = "lambda")]
fn worker(application: &str, settings: impl FnOnce(Builder) -> Builder) -> ExitCode {
    let orphaned = config::is_emulated().then(orphaned);
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
    let worker = match Builder::worker_of(application, settings) {
        Ok(builder) => Arc::new(Worker::new(builder)),
        Err(error) => return failed(&error),
    };
    let served = tokio.block_on(serve(&worker, orphaned));
    // A thread that was cut off may still be running, and ends with the process.
    tokio.shutdown_background();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// Serves threads until there are no more, or until the driver that started this process is gone: the job then ends here.
#[cfg(feature = "lambda")]
async fn serve(
    worker: &Arc<Worker>,
    orphaned: Option<oneshot::Receiver<()>>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let serving = worker::serve(Arc::clone(worker));
    let Some(mut orphaned) = orphaned else {
        return serving.await;
    };
    tokio::select! {
        served = serving => {
            // The end of a driver may be seen here before its end of the pipe closes.
            let gone = served.is_err() && !worker.retired();
            if !gone || tokio::time::timeout(GRACE, &mut orphaned).await.is_err() {
                return served;
            }
        }
        _ = &mut orphaned => {}
    }
    worker.end_job().await;
    Ok(())
}

/// Ends this process soon after whoever started it is gone, and tells if that was the driver of its job.
#[cfg(feature = "lambda")]
fn orphaned() -> oneshot::Receiver<()> {
    let (tell, orphaned) = oneshot::channel();
    std::thread::spawn(move || {
        // Its end of the pipe closes when the emulator dies, however it dies.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        if config::is_drivers_own() && tell.send(()).is_ok() {
            std::thread::sleep(GRACE);
        }
        std::process::exit(0);
    });
    orphaned
}

#[cfg(not(feature = "lambda"))]
fn worker(_: &str, _: impl FnOnce(Builder) -> Builder) -> ExitCode {
    failed(
        &"AWS Lambda started this program, which was built without the feature `lambda` of `crucial-runtime`; build it with the feature",
    )
}

#[expect(clippy::print_stderr, reason = "nobody else would hear of it")]
fn warn(mistakes: &[String]) {
    for mistake in mistakes {
        eprintln!("warning: {mistake}");
    }
}

#[expect(clippy::print_stderr, reason = "this is the program's own last word")]
fn failed(error: &dyn Display) -> ExitCode {
    // As for threads: with the causes, where the error writes them.
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
