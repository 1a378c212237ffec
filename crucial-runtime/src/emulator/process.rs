//! One process of a function: started, spoken to, and its end explained.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::output::{LastWords, Stream, pass_on};
use super::session::Session;
use super::{Function, Pool, Reply, http, runtime_api};
use crate::config;

/// How long a process may take to ask for its first event. Lambda allows 10 s on a machine that does nothing else.
const START: Duration = Duration::from_secs(60);
/// How often a look is taken at the time.
const LOOK: Duration = Duration::from_millis(500);
/// How long what a dead process printed may take to arrive.
const DRAIN: Duration = Duration::from_secs(1);

/// Runs one process of a pool to its end.
pub(super) async fn run(pool: Pool, number: u64) {
    let (free, failure) = match start(&pool, number).await {
        Ok(process) => process.attend(&pool, number).await,
        Err(error) => {
            let program = pool.function().program.display();
            (true, Some(format!("`{program}` can't be started: {error}")))
        }
    };
    pool.gone(number, free, failure.as_deref());
}

/// A process and what belongs to it.
struct Process {
    child: Child,
    id: u32,
    /// Kept open, and kept from `Child::wait`, which would close it: its end tells the process that we are gone.
    _stdin: Option<ChildStdin>,
    session: Arc<Session>,
    api: TcpListener,
    output: JoinSet<()>,
    last: LastWords,
}

async fn start(pool: &Pool, number: u64) -> std::io::Result<Process> {
    let api = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let mut child = command(
        pool.function(),
        number,
        api.local_addr()?,
        pool.invoke_api(),
    )
    .spawn()?;
    let id = child.id();
    pool.started(number, id);
    let stdin = child.stdin.take();
    let session = Arc::new(Session::new(pool.clone()));
    let (mut output, last) = (JoinSet::new(), LastWords::default());
    if let Some(stdout) = child.stdout.take() {
        let session = Arc::clone(&session);
        let label = move || session.label();
        output.spawn(pass_on(stdout, Stream::Out, label, last.clone()));
    }
    if let Some(stderr) = child.stderr.take() {
        let session = Arc::clone(&session);
        let label = move || session.label();
        output.spawn(pass_on(stderr, Stream::Error, label, last.clone()));
    }
    Ok(Process {
        child,
        id: id.unwrap_or_default(),
        _stdin: stdin,
        session,
        api,
        output,
        last,
    })
}

/// The environment is as on Lambda, where the process can tell; credentials and region stay the person's own.
fn command(function: &Function, number: u64, api: SocketAddr, invoke_api: SocketAddr) -> Command {
    let name = function.name();
    let mut command = Command::new(&function.program);
    command
        .env("AWS_LAMBDA_RUNTIME_API", api.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env(
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            function.memory_mb.to_string(),
        )
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}"))
        .env("AWS_LAMBDA_LOG_STREAM_NAME", format!("{number}"))
        .env("AWS_ENDPOINT_URL_LAMBDA", format!("http://{invoke_api}"))
        .env(config::EXECUTOR, format!("lambda:{name}"))
        .env(config::PROCESS, number.to_string())
        .envs(function.env.iter().map(|(name, value)| (name, value)))
        // The other end closes when this process dies, however it dies.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

impl Process {
    /// Serves the process until it ends; whether it was free then, and why it never asked for work, if it didn't.
    async fn attend(mut self, pool: &Pool, number: u64) -> (bool, Option<String>) {
        let serving = Arc::clone(&self.session);
        let answer = move |request| runtime_api::answer(Arc::clone(&serving), request);
        let (stop, stopped) = oneshot::channel::<()>();
        let api = http::serve(self.api, answer, stopped);
        tokio::pin!(api);
        let started = Instant::now();
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let closing = pool.closing();
        tokio::pin!(closing);
        let mut killed = None;
        let status = loop {
            tokio::select! {
                status = self.child.wait() => break status,
                () = &mut api => {}
                () = &mut closing, if killed.is_none() => {
                    killed = Some(Killed::Closing);
                }
                _ = looks.tick(), if killed.is_none() => {
                    if !self.session.is_ready() && started.elapsed() > START {
                        killed = Some(Killed::Silent);
                    } else if self.session.is_overdue() {
                        killed = Some(Killed::Overdue);
                    }
                }
            }
            if killed.is_some() {
                // It fails where the process has just ended, which is what was wanted.
                let _ = self.child.start_kill();
            }
        };
        // From here on no event is given to it.
        drop(stop);
        api.await;
        // What it printed last may explain its end; something that it started may keep its output open.
        let _ = timeout(DRAIN, async {
            while self.output.join_next().await.is_some() {}
        })
        .await;
        let end = match &status {
            Ok(status) => describe(*status),
            Err(error) => format!("ended in a way that can't be told: {error}"),
        };
        tracing::debug!(process = self.id, number, %end, "a process ended");
        let id = self.id;
        if !self.session.is_ready() {
            let said = self.session.take_init_error();
            let reason = match (killed, said) {
                (Some(Killed::Silent), _) => format!(
                    "its process {id} did not ask for work within {START:?}; is the program's `main` annotated with `#[crucial::main]`?"
                ),
                (Some(_), _) => format!("its process {id} was shut down"),
                (None, Some(said)) => format!("its process {id} {end} at its start: {said}"),
                (None, None) => format!(
                    "its process {id} {end} before it asked for work; is the program's `main` annotated with `#[crucial::main]`?"
                ),
            };
            return (true, Some(reason));
        }
        let aborted = self.last.with("has overflowed its stack");
        let reply = match (killed, self.last.with("memory allocation of")) {
            (Some(Killed::Overdue), _) => Reply::TimedOut(format!(
                "it took longer than {:?}, which the function may take",
                pool.function().timeout
            )),
            (Some(_), _) => Reply::ShutDown(format!("its process {id} was shut down")),
            (None, Some(words)) => {
                Reply::OutOfMemory(format!("its process {id} {end} after it printed: {words}"))
            }
            (None, None) => match aborted {
                Some(words) => Reply::Died(format!("its process {id} {end}: {words}")),
                None => Reply::Died(format!("its process {id} {end}")),
            },
        };
        (self.session.end(reply), None)
    }
}

/// Why a process was killed by the emulator.
#[derive(Debug, Clone, Copy)]
enum Killed {
    Closing,
    Silent,
    Overdue,
}

fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return format!("died (signal {signal})");
        }
    }
    match status.code() {
        Some(code) => format!("exited with code {code}"),
        None => format!("ended ({status})"),
    }
}
