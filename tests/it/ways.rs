//! The ways to run one program, unchanged.

use std::process::Output;

use crucial::emulator::{Emulator, Function};
use crucial_tests::{Options, RedisServer, program, program_path};
use tokio::process::Command;

/// How many processes there are at the most: as many as there are threads in k-means, which wait for each other.
pub(crate) const PROCESSES: usize = 8;

/// All there are: in one process, with state on a server, in processes, as a Lambda function.
pub(crate) struct Ways {
    server: RedisServer,
}

/// One way to run a program.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    variables: Vec<(&'static str, String)>,
    /// It runs the threads of the last way.
    emulator: Option<Emulator>,
}

impl Ways {
    pub(crate) async fn new() -> Self {
        let server = RedisServer::start(Options::default()).await;
        Self { server }
    }

    pub(crate) fn local(&self) -> Way {
        self.with("redis, local", "local")
    }

    pub(crate) fn process(&self) -> Way {
        let mut way = self.with("redis, process", "process");
        way.variables
            .push(("CRUCIAL_PROCESSES", PROCESSES.to_string()));
        way
    }

    /// As the Lambda function of that name, which runs that program, behind the `Invoke` API of the emulator.
    pub(crate) async fn lambda(&self, name: &str) -> Way {
        let function = Function::new(name, program_path(name))
            .processes(PROCESSES)
            .env("CRUCIAL_STORE", self.server.url());
        let emulator = Emulator::start(([127, 0, 0, 1], 0).into(), [function])
            .await
            .unwrap();
        let mut way = self.with("redis, lambda", &format!("lambda:{name}"));
        way.variables
            .push(("AWS_ENDPOINT_URL_LAMBDA", emulator.url()));
        way.emulator = Some(emulator);
        way
    }

    /// Each in turn, for a program of that name.
    pub(crate) async fn all(&self, name: &str) -> [Way; 4] {
        [
            embedded(),
            self.local(),
            self.process(),
            self.lambda(name).await,
        ]
    }

    pub(crate) fn server(&self) -> &RedisServer {
        &self.server
    }

    fn with(&self, name: &'static str, executor: &str) -> Way {
        let variables = vec![
            ("CRUCIAL_STORE", self.server.url()),
            ("CRUCIAL_EXECUTOR", executor.to_owned()),
        ];
        let emulator = None;
        Way {
            name,
            variables,
            emulator,
        }
    }
}

/// As a program runs with nothing set.
pub(crate) fn embedded() -> Way {
    Way {
        name: "embedded, local",
        variables: Vec::new(),
        emulator: None,
    }
}

impl Way {
    /// The program, ready to be started.
    pub(crate) fn command(&self, name: &str, flags: &[&str]) -> Command {
        let mut command = Command::from(program(name));
        command
            .args(flags)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .kill_on_drop(true);
        command
    }

    /// Runs the program to its end.
    pub(crate) async fn run(&self, name: &str, flags: &[&str]) -> Output {
        self.command(name, flags).output().await.unwrap()
    }
}

/// What a program that must succeed has printed.
pub(crate) fn printed(what: &str, output: Output) -> String {
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {text}\n{errors}");
    text
}
