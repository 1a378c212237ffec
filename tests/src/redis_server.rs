//! A Redis server of a test's own.

use std::env;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::{Certificates, Signal, signal};

/// Names another server than the `redis-server` on `PATH`.
const PROGRAM: &str = "REDIS_SERVER";
/// A server starts within milliseconds, on a machine that is busy building a little later.
const START: Duration = Duration::from_secs(20);
/// Between the choice of a free port and its use another program may take it.
const ATTEMPTS: usize = 10;

/// How a server is set up.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The password of the default user; none otherwise.
    pub password: Option<String>,
    /// More users, each as in an ACL file: `reader on >secret ~* +@read`.
    pub users: Vec<String>,
    /// TLS instead of plain TCP, with a certificate of a private authority.
    pub tls: bool,
    /// More settings, each a line of `redis.conf`.
    pub settings: Vec<String>,
}

/// A running server on a free port of the loopback interface, stopped when dropped.
#[derive(Debug)]
pub struct RedisServer {
    process: Process,
    port: u16,
    password: Option<String>,
    certificates: Option<Certificates>,
    directory: TempDir,
}

impl RedisServer {
    /// Starts a server and waits until it answers.
    ///
    /// # Panics
    ///
    /// If it can't be started.
    pub async fn start(options: Options) -> Self {
        let directory = TempDir::new().expect("a temporary directory can be made");
        let certificates = options.tls.then(|| Certificates::create(directory.path()));
        for _ in 0..ATTEMPTS {
            let port = free_port();
            let settings = settings(&options, port, certificates.as_ref());
            fs::write(directory.path().join("redis.conf"), settings)
                .expect("the temporary directory can be written to");
            if let Some(process) = Process::start(directory.path()).await {
                return Self {
                    process,
                    port,
                    password: options.password,
                    certificates,
                    directory,
                };
            }
        }
        panic!("`redis-server` found none of {ATTEMPTS} ports free");
    }

    /// The server's port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address for the default user, as `CRUCIAL_STORE` takes it.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.password {
            Some(password) => self.url_with(&format!(":{password}@")),
            None => self.url_with(""),
        }
    }

    /// Its address for that user.
    #[must_use]
    pub fn url_as(&self, user: &str, password: &str) -> String {
        self.url_with(&format!("{user}:{password}@"))
    }

    fn url_with(&self, login: &str) -> String {
        // Certificates name hosts, so TLS is tested by name.
        let (scheme, host) = match self.certificates {
            Some(_) => ("rediss", "localhost"),
            None => ("redis", "127.0.0.1"),
        };
        format!("{scheme}://{login}{host}:{}", self.port)
    }

    /// Its socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        socket(self.directory.path())
    }

    /// Its certificates, where it speaks TLS.
    #[must_use]
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }

    /// A connection that no password, access rule or [`kill_clients`](Self::kill_clients) stops.
    ///
    /// # Panics
    ///
    /// If the server is not there.
    pub async fn connection(&self) -> MultiplexedConnection {
        connect(&socket(self.directory.path()))
            .await
            .expect("the server answers on its socket")
    }

    /// Runs one command and gives the server's reply.
    ///
    /// # Panics
    ///
    /// If the server refuses it.
    pub async fn command(&self, words: &[&str]) -> redis::Value {
        let mut command = redis::Cmd::new();
        command.arg(words);
        command
            .query_async(&mut self.connection().await)
            .await
            .unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// Each key with the milliseconds that it has left to live; fewer than 0 where it has no end, or has just ended.
    ///
    /// # Panics
    ///
    /// If the server refuses to tell.
    pub async fn lives(&self) -> Vec<(String, i64)> {
        let mut connection = self.connection().await;
        let mut keys = redis::cmd("KEYS");
        let keys: Vec<String> = keys
            .arg("*")
            .query_async(&mut connection)
            .await
            .expect("the server lists its keys");
        let mut lives = Vec::with_capacity(keys.len());
        for key in keys {
            let mut life = redis::cmd("PTTL");
            let life = life.arg(&key).query_async(&mut connection).await;
            lives.push((key, life.expect("the server knows the life of a key")));
        }
        lives
    }

    /// A section of the server's account of itself.
    ///
    /// # Panics
    ///
    /// If the server is not there.
    pub async fn info(&self, section: &str) -> String {
        redis::cmd("INFO")
            .arg(section)
            .query_async(&mut self.connection().await)
            .await
            .expect("the server tells of itself")
    }

    /// The number behind those words at the start of a line of that section; 0 where they are missing.
    ///
    /// # Panics
    ///
    /// If the server is not there.
    pub async fn statistic(&self, section: &str, words: &str) -> u64 {
        let text = self.info(section).await;
        let number = text.lines().find_map(|line| line.strip_prefix(words));
        number.map_or(0, |number| {
            let end = number.find(|c: char| !c.is_ascii_digit());
            let digits = &number[..end.unwrap_or(number.len())];
            digits.parse().expect("a number follows")
        })
    }

    /// A server that has all of this one's data and follows it.
    ///
    /// # Panics
    ///
    /// If it can't be started, or does not catch up.
    pub async fn start_replica(&self) -> Self {
        // A primary that waits for more replicas makes a test wait with it.
        self.command(&["CONFIG", "SET", "repl-diskless-sync-delay", "0"])
            .await;
        let replica = Self::start(Options {
            settings: vec![format!("replicaof 127.0.0.1 {}", self.port)],
            ..Options::default()
        })
        .await;
        let deadline = Instant::now() + START;
        while !replica
            .info("replication")
            .await
            .contains("master_link_status:up")
        {
            assert!(Instant::now() < deadline, "the replica does not catch up");
            sleep(Duration::from_millis(5)).await;
        }
        replica
    }

    /// How many connections there are besides the fixture's own.
    ///
    /// # Panics
    ///
    /// If the server is not there.
    pub async fn clients(&self) -> usize {
        clients(&mut self.connection().await).await.len()
    }

    /// Cuts every connection but the fixture's own; how many there were.
    ///
    /// # Panics
    ///
    /// If the server is not there.
    pub async fn kill_clients(&self) -> usize {
        let mut connection = self.connection().await;
        let mut killed = 0;
        for id in clients(&mut connection).await {
            let count: usize = redis::cmd("CLIENT")
                .arg("KILL")
                .arg("ID")
                .arg(id)
                .query_async(&mut connection)
                .await
                .expect("the server closes a connection");
            killed += count;
        }
        killed
    }

    /// Stops the server as a crash would, without a word to its clients.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Freezes the server, as a machine that swaps or is being moved would; [`resume`](Self::resume) thaws it.
    pub fn pause(&self) {
        signal(self.process.0.id(), Signal::STOP);
    }

    /// Lets the server go on.
    pub fn resume(&self) {
        signal(self.process.0.id(), Signal::CONT);
    }

    /// Stops the server and starts it again on the same port with the data that it had.
    ///
    /// # Panics
    ///
    /// If it can't be started again.
    pub async fn restart(&mut self) {
        let mut connection = self.connection().await;
        redis::cmd("SAVE")
            .exec_async(&mut connection)
            .await
            .expect("the server can write to its directory");
        self.process.kill();
        self.process = Process::start(self.directory.path())
            .await
            .expect("the port is still free");
    }
}

/// A user of the fixture's own, so that a test may forbid the others whatever it likes.
const USER: &str = "fixture";

fn settings(options: &Options, port: u16, certificates: Option<&Certificates>) -> String {
    let mut lines = vec![
        "bind 127.0.0.1".to_owned(),
        "unixsocket redis.sock".to_owned(),
        "save \"\"".to_owned(),
        "logfile redis.log".to_owned(),
        format!("user {USER} on nopass ~* &* +@all"),
    ];
    match certificates {
        None => lines.push(format!("port {port}")),
        Some(certificates) => lines.extend([
            "port 0".to_owned(),
            format!("tls-port {port}"),
            format!("tls-cert-file {}", certificates.certificate.display()),
            format!("tls-key-file {}", certificates.key.display()),
            "tls-auth-clients no".to_owned(),
        ]),
    }
    if let Some(password) = &options.password {
        lines.push(format!("requirepass {password}"));
    }
    lines.extend(options.users.iter().map(|user| format!("user {user}")));
    lines.extend(options.settings.iter().cloned());
    lines.join("\n") + "\n"
}

/// A process that ends with the test, even one that panics.
#[derive(Debug)]
struct Process(Child);

impl Process {
    /// Starts the server of that directory; `None` if another program has taken its port.
    async fn start(directory: &Path) -> Option<Self> {
        let _ = fs::remove_file(socket(directory));
        let program = env::var(PROGRAM).unwrap_or_else(|_| "redis-server".to_owned());
        let child = Command::new(&program)
            .arg("redis.conf")
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        let mut process = match child {
            Ok(child) => Self(child),
            Err(error) if error.kind() == io::ErrorKind::NotFound => panic!(
                "`{program}` is missing; install it (`apt-get install redis-server`, `brew install redis`), or name it in {PROGRAM}"
            ),
            Err(error) => panic!("`{program}` can't be started: {error}"),
        };
        let deadline = Instant::now() + START;
        // The server opens its socket after its port, so a socket that answers proves the port its own.
        while connect(&socket(directory)).await.is_err() {
            let log = || fs::read_to_string(directory.join("redis.log")).unwrap_or_default();
            match process.0.try_wait() {
                Ok(None) => {}
                _ if log().contains("Address already in use") => return None,
                status => panic!("`{program}` ended at once ({status:?}):\n{}", log()),
            }
            assert!(
                Instant::now() < deadline,
                "`{program}` does not answer after {START:?}:\n{}",
                log()
            );
            sleep(Duration::from_millis(5)).await;
        }
        Some(process)
    }

    fn kill(&mut self) {
        // It fails where the process has ended already, which is what was wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The ids of the connections that are not the fixture's.
async fn clients(connection: &mut MultiplexedConnection) -> Vec<String> {
    let list: String = redis::cmd("CLIENT")
        .arg("LIST")
        .query_async(connection)
        .await
        .expect("the server lists its clients");
    let ours = format!(" user={USER} ");
    let others = list.lines().filter(|client| !client.contains(&ours));
    others
        .filter_map(|client| Some(client.strip_prefix("id=")?.split(' ').next()?.to_owned()))
        .collect()
}

async fn connect(socket: &Path) -> RedisResult<MultiplexedConnection> {
    let url = format!("redis+unix://{}?user={USER}&pass=", socket.display());
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(START));
    let mut connection = Client::open(url)?
        .get_multiplexed_async_connection_with_config(&config)
        .await?;
    // No PING: a server that can not save refuses that.
    redis::cmd("ECHO")
        .arg("")
        .exec_async(&mut connection)
        .await?;
    Ok(connection)
}

fn socket(directory: &Path) -> PathBuf {
    directory.join("redis.sock")
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("the loopback interface has a free port")
        .port()
}
