//! One process of the program `crucial-test-client`.

use std::process::{ExitStatus, Stdio};

use crucial_tests::{Signal, program, signal};
use crucial_tests_histories::CHOSEN;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;

/// What a client says, and which it is; nothing when it has ended.
pub(crate) type Said = (usize, Option<String>);

/// A running client; it ends with the test.
pub(crate) struct Client {
    process: Child,
    input: ChildStdin,
}

impl Client {
    /// Starts one; what it says goes to `said` under that number.
    pub(crate) fn start(number: usize, args: &[&str], said: &mpsc::UnboundedSender<Said>) -> Self {
        let mut process = Command::from(program("crucial-test-client"))
            .args(args)
            .envs(std::env::var(CHOSEN).map(|names| (CHOSEN, names)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let said = said.clone();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let _ = said.send((number, Some(line)));
            }
            let _ = said.send((number, None));
        });
        let input = process.stdin.take().unwrap();
        Self { process, input }
    }

    /// Says a line to it. A client that has just been killed does not hear.
    pub(crate) async fn tell(&mut self, line: &str) {
        let _ = self.input.write_all(format!("{line}\n").as_bytes()).await;
    }

    /// Freezes it.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Kills it.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// How it ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        self.process.wait().await.unwrap()
    }

    /// Its number among the machine's processes.
    pub(crate) fn id(&self) -> Option<u32> {
        self.process.id()
    }

    fn signal(&self, what: Signal) {
        // It has no number any more once it has ended and was waited for.
        if let Some(process) = self.id() {
            signal(process, what);
        }
    }
}
