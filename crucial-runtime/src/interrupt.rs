//! The signals that end a program: the first lets it clean up, the second ends it at once.

use std::io;
use std::process::exit;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::{Builder as TokioBuilder, Handle};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::runtime::Runtime;

/// How long a program that was told to end may take to clean up.
pub(crate) const GRACE: Duration = Duration::from_secs(2);
/// How long the cleaning waits for `main` to let go: it may hold up the thread that runs it.
const LET_GO: Duration = Duration::from_millis(250);

/// The exit code of a program that a signal ended: 128 and the number of the signal, as shells have it.
const INTERRUPTED: i32 = 130;
#[cfg(unix)]
const TERMINATED: i32 = 143;

/// Tells `main` of the first signal.
#[derive(Debug)]
pub(crate) struct Interrupt {
    came: oneshot::Receiver<()>,
    let_go: oneshot::Sender<()>,
}

impl Interrupt {
    /// Listens from now on; the first signal ends the job that is in `job` by then, on that tokio runtime, and the process.
    ///
    /// # Errors
    ///
    /// Where the system has no room for another thread or its signals can't be heard.
    pub(crate) fn listen(tokio: Handle, job: Arc<OnceLock<Runtime>>) -> io::Result<Self> {
        // A thread and a tokio runtime of its own: the program may hold up all threads of its own runtime.
        let own = TokioBuilder::new_current_thread().enable_all().build()?;
        let mut signals = {
            let _entered = own.enter();
            Signals::new()?
        };
        let (tell, came) = oneshot::channel();
        let (let_go, gone) = oneshot::channel();
        std::thread::Builder::new()
            .name("crucial-interrupt".to_owned())
            .spawn(move || {
                own.block_on(async {
                    let code = signals.next().await;
                    if tell.send(()).is_err() {
                        // `main` has returned, and what called it goes on.
                        exit(code);
                    }
                    tokio::select! {
                        code = signals.next() => exit(code),
                        () = clean_up(&tokio, &job, gone) => exit(code),
                    }
                });
            })?;
        Ok(Self { came, let_go })
    }

    /// Runs `main` until the first signal comes; it is dropped then, and the process ends.
    pub(crate) async fn bound<T>(self, main: impl Future<Output = T>) -> T {
        let Self { mut came, let_go } = self;
        tokio::select! {
            output = main => return output,
            _ = &mut came => {}
        }
        // The thread that heard the signal may have stopped waiting for this.
        let _ = let_go.send(());
        std::future::pending().await
    }
}

/// Ends the job, so far as there is time, and says what is left.
async fn clean_up(tokio: &Handle, job: &OnceLock<Runtime>, let_go: oneshot::Receiver<()>) {
    let ended = timeout(GRACE, async {
        // A `main` that does not let go is cleaned up after all the same.
        let _ = timeout(LET_GO, let_go).await;
        let Some(runtime) = job.get().cloned() else {
            return Ok(());
        };
        let ending = tokio.spawn(async move { runtime.shutdown().await });
        // It fails where the tokio runtime has ended, and the job with it.
        ending.await.unwrap_or(Ok(()))
    })
    .await;
    let left = match ended {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("the store did not answer within {GRACE:?}"),
    };
    if let Some(runtime) = job.get() {
        say_left(runtime, &left);
    }
}

#[expect(clippy::print_stderr, reason = "this is the program's own last word")]
fn say_left(runtime: &Runtime, reason: &str) {
    eprintln!(
        "error: the objects of the job `{}` could not be removed: {reason}; programs that connect to the store later remove them",
        runtime.namespace()
    );
}

/// The signals that ask a program to end.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The code with which a process ends that the next signal ended.
    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPTED,
            _ = self.terminate.recv() => TERMINATED,
        }
    }
}

/// The signals that ask a program to end.
#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    /// The code with which a process ends that the next signal ended.
    async fn next(&mut self) -> i32 {
        self.0.recv().await;
        INTERRUPTED
    }
}
