//! The network between hosts and the server: what is on its way, when it arrives, and what becomes of it.

mod passage;
mod shown;
mod strike;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use redis::{PushInfo, RedisError, RedisResult};
use tokio::sync::{Notify, oneshot};

use self::shown::shown;
use super::database::{Connection, Push};
use super::dice::Dice;
use super::doom;
use super::reply::Reply;
use super::server::Server;
use super::trouble::{Climate, Trouble};
use super::wire::Pushes;

/// When the simulation begins, for the server: milliseconds since 1970.
pub const EPOCH_MS: u64 = 1_800_000_000_000;

/// A host, by number.
pub(super) type HostId = usize;

type RequestId = u64;

/// The network, as hosts and the world share it.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Network>>);

impl Shared {
    pub(super) fn new(network: Network) -> Self {
        Self(Arc::new(Mutex::new(network)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Network> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that happens to a host.
pub(super) enum Input {
    Replies(
        oneshot::Sender<RedisResult<Vec<redis::Value>>>,
        RedisResult<Vec<redis::Value>>,
    ),
    Connected(oneshot::Sender<Connection>, Connection),
    Push(Pushes, PushInfo),
}

impl Input {
    /// Must run on the host.
    pub(super) fn apply(self) {
        match self {
            // Whoever waited may have gone.
            Self::Replies(waiting, replies) => drop(waiting.send(replies)),
            Self::Connected(waiting, connection) => drop(waiting.send(connection)),
            Self::Push(pushes, push) => pushes(push),
        }
    }
}

/// Something that is going to happen.
enum Event {
    /// A part of a request reaches the server: all commands up to that one.
    Request {
        id: RequestId,
        upto: usize,
    },
    Replies {
        id: RequestId,
    },
    Push(Push),
    Connect(HostId, Pushes, oneshot::Sender<Connection>),
    Connected(HostId, oneshot::Sender<Connection>, Connection),
    /// The client learns that its connection is gone.
    Broken(Connection),
    /// The server learns that a connection is gone.
    Gone(Connection),
    RoomAgain,
}

struct Request {
    from: Connection,
    commands: Vec<Vec<Bytes>>,
    replies: Vec<Reply>,
    waiting: Option<oneshot::Sender<RedisResult<Vec<redis::Value>>>>,
}

/// A connection as both sides see it.
struct Line {
    host: HostId,
    pushes: Pushes,
    /// When the last message in each direction arrives: nothing overtakes.
    up: u64,
    down: u64,
    open_at_client: bool,
    open_at_server: bool,
}

#[derive(Default)]
struct HostState {
    inbox: Vec<Input>,
    /// When it last sent something.
    sent_at: Option<u64>,
    sent: Arc<Notify>,
    /// Until when nothing gets through to it or from it.
    silent_until: u64,
}

/// What the world has to do to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Freeze(HostId, u64),
    Kill(HostId),
}

/// Messages on their way.
pub(super) struct Network {
    pub(super) server: Server,
    pub(super) dice: Dice,
    climate: Climate,
    troubles: BTreeMap<u64, Trouble>,
    /// How many parts of requests have reached the server.
    parts: u64,
    now: u64,
    events: BTreeMap<(u64, u64), Event>,
    numbers: u64,
    lines: BTreeMap<Connection, Line>,
    requests: BTreeMap<RequestId, Request>,
    hosts: Vec<HostState>,
    paused_until: u64,
    full_until: u64,
    orders: Vec<Order>,
    trace: Option<Vec<String>>,
}

impl Network {
    pub(super) fn new(climate: Climate, dice: Dice, traced: bool) -> Self {
        let mut server = Server::at(EPOCH_MS);
        server.without_functions = climate.without_functions;
        Self {
            server,
            dice,
            troubles: climate.troubles.iter().copied().collect(),
            climate,
            parts: 0,
            now: 0,
            events: BTreeMap::new(),
            numbers: 0,
            lines: BTreeMap::new(),
            requests: BTreeMap::new(),
            hosts: Vec::new(),
            paused_until: 0,
            full_until: 0,
            orders: Vec::new(),
            trace: traced.then(Vec::new),
        }
    }

    /// Nothing goes wrong from now on, but for what is under way.
    pub(super) fn calm_down(&mut self) {
        self.climate = Climate {
            without_functions: self.climate.without_functions,
            ..Climate::default()
        };
        self.troubles.clear();
    }

    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        let now = self.now;
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{now:>7} {}", line()));
        }
    }

    pub(super) fn take_trace(&mut self) -> Vec<String> {
        self.trace.take().unwrap_or_default()
    }

    // What hosts do.

    pub(super) fn add_host(&mut self) -> (HostId, Arc<Notify>) {
        let state = HostState::default();
        let sent = Arc::clone(&state.sent);
        self.hosts.push(state);
        (self.hosts.len() - 1, sent)
    }

    pub(super) fn connect(
        &mut self,
        host: HostId,
        at: u64,
        pushes: Pushes,
        waiting: oneshot::Sender<Connection>,
    ) {
        if doom::is_struck() {
            return;
        }
        self.sends(host, at);
        if self.hosts[host].silent_until > at {
            return;
        }
        let arrives = at + self.delay();
        self.plan(arrives, Event::Connect(host, pushes, waiting));
    }

    pub(super) fn request(
        &mut self,
        host: HostId,
        at: u64,
        from: Connection,
        commands: Vec<Vec<Bytes>>,
        waiting: oneshot::Sender<RedisResult<Vec<redis::Value>>>,
    ) {
        if doom::is_struck() {
            return;
        }
        self.sends(host, at);
        let id = self.number();
        self.note(|| format!("host {host} sends #{id} on {from}: {}", shown(&commands)));
        let silent = self.hosts[host].silent_until > at;
        let Some(line) = self.lines.get(&from) else {
            return;
        };
        if !line.open_at_client {
            drop(waiting.send(Err(broken())));
            return;
        }
        let count = commands.len();
        // What the server does not take any more gets lost, and so does what is sent into silence.
        let lost = !line.open_at_server || silent;
        self.requests.insert(
            id,
            Request {
                from,
                commands,
                replies: Vec::new(),
                waiting: Some(waiting),
            },
        );
        if lost {
            return;
        }
        let split = (count > 1 && self.dice.happens(self.climate.split))
            .then(|| 1 + self.dice.index(count - 1));
        for upto in split.into_iter().chain([count]) {
            let delay = self.delay();
            let Some(line) = self.lines.get_mut(&from) else {
                return;
            };
            line.up = line.up.max(at + delay);
            let arrives = line.up;
            self.plan(arrives, Event::Request { id, upto });
        }
    }

    /// The client has closed the connection; what it sent still arrives.
    pub(super) fn close(&mut self, connection: Connection, at: u64) {
        if let Some(line) = self.lines.get_mut(&connection) {
            line.open_at_client = false;
            let after = line.up.max(at) + 1;
            self.plan(after, Event::Gone(connection));
        }
    }

    /// The process is gone; what it sent still arrives.
    pub(super) fn hang_up_all(&mut self, host: HostId) {
        for connection in self.lines_of(host) {
            self.close(connection, self.now);
        }
    }

    fn sends(&mut self, host: HostId, at: u64) {
        let state = &mut self.hosts[host];
        state.sent_at = Some(at);
        state.sent.notify_one();
    }

    // Numbers and times.

    fn delay(&mut self) -> u64 {
        if self.dice.happens(self.climate.very_slow) {
            self.dice.between(20..=800)
        } else if self.dice.happens(self.climate.slow) {
            self.dice.between(3..=20)
        } else {
            self.dice.between(1..=2)
        }
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn plan(&mut self, at: u64, event: Event) {
        let number = self.number();
        self.events.insert((at, number), event);
    }
}

fn broken() -> RedisError {
    io::Error::from(io::ErrorKind::BrokenPipe).into()
}
