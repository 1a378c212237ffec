//! The network between hosts and the server: what is on its way, when it arrives, and what becomes of it.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use redis::{PushInfo, PushKind, RedisError, RedisResult};
use tokio::sync::{Notify, oneshot};

use super::database::{Connection, Push};
use super::dice::Dice;
use super::doom;
use super::reply::Reply;
use super::server::Server;
use super::trouble::{Climate, Trouble};
use crate::store::redis::wire::Pushes;

/// When the simulation begins, for the server: milliseconds since 1970.
pub(in crate::store::redis) const EPOCH_MS: u64 = 1_800_000_000_000;

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
        let mut server = Server::default();
        server.database.now_ms = EPOCH_MS;
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

    // What the world does.

    /// When something happens next.
    pub(super) fn next(&self) -> Option<u64> {
        self.events.first_key_value().map(|((at, _), _)| *at)
    }

    /// When the host sent something, if it did since this was last asked.
    pub(super) fn take_sent(&mut self, host: HostId) -> Option<u64> {
        self.hosts[host].sent_at.take()
    }

    pub(super) fn take_inputs(&mut self, host: HostId) -> Vec<Input> {
        std::mem::take(&mut self.hosts[host].inbox)
    }

    pub(super) fn has_inputs(&self, host: HostId) -> bool {
        !self.hosts[host].inbox.is_empty()
    }

    pub(super) fn take_orders(&mut self) -> Vec<Order> {
        std::mem::take(&mut self.orders)
    }

    /// Lets everything happen that happens until then; says whether anything did.
    pub(super) fn advance(&mut self, until: u64) -> bool {
        let mut any = false;
        while let Some(entry) = self.events.first_entry() {
            if entry.key().0 > until {
                break;
            }
            let ((at, number), event) = entry.remove_entry();
            any = true;
            self.set_now(at);
            self.happen(number, event);
        }
        self.set_now(until);
        any
    }

    fn set_now(&mut self, at: u64) {
        self.now = self.now.max(at);
        self.server.database.now_ms = EPOCH_MS + self.now;
    }

    fn happen(&mut self, number: u64, event: Event) {
        match event {
            Event::Request { .. } | Event::Connect(..) if self.now < self.paused_until => {
                self.events.insert((self.paused_until, number), event);
            }
            Event::Request { id, upto } => self.execute(number, id, upto),
            Event::Replies { id } => self.reply(id),
            Event::Push(push) => {
                let Some(line) = self.lines.get(&push.to).filter(|line| line.open_at_client) else {
                    return;
                };
                let info = PushInfo {
                    kind: PushKind::Message,
                    data: vec![
                        redis::Value::BulkString(push.channel.to_vec()),
                        redis::Value::BulkString(push.payload.to_vec()),
                    ],
                };
                let input = Input::Push(Arc::clone(&line.pushes), info);
                let host = line.host;
                self.note(|| format!("host {host} hears {}", word(&push.payload)));
                self.hosts[host].inbox.push(input);
            }
            Event::Connect(host, pushes, waiting) => {
                let connection = self.number();
                let line = Line {
                    host,
                    pushes,
                    up: self.now,
                    down: self.now,
                    open_at_client: true,
                    open_at_server: true,
                };
                self.lines.insert(connection, line);
                let arrives = self.now + self.delay();
                self.plan(arrives, Event::Connected(host, waiting, connection));
            }
            Event::Connected(host, waiting, connection) => {
                self.note(|| format!("host {host} is connected as {connection}"));
                let input = Input::Connected(waiting, connection);
                self.hosts[host].inbox.push(input);
            }
            Event::Broken(connection) => self.tell_broken(connection),
            Event::Gone(connection) => self.hang_up(connection),
            Event::RoomAgain => {
                if self.now >= self.full_until {
                    self.note(|| "the server has room again".to_owned());
                    self.server.database.full = false;
                }
            }
        }
    }

    fn execute(&mut self, number: u64, id: RequestId, upto: usize) {
        let Some(from) = self.requests.get(&id).map(|request| request.from) else {
            return;
        };
        if !self
            .lines
            .get(&from)
            .is_some_and(|line| line.open_at_server)
        {
            return;
        }
        self.parts += 1;
        if let Some(trouble) = self.troubles.remove(&self.parts)
            && self.strike(trouble, from, (number, id, upto))
        {
            return;
        }
        loop {
            let Some(request) = self.requests.get(&id) else {
                return;
            };
            let done = request.replies.len();
            if done >= upto {
                break;
            }
            let reply = self.server.execute(from, &request.commands[done]);
            let full = self.server.database.full;
            if let Some(trace) = &mut self.trace {
                let full = if full { " (full)" } else { "" };
                trace.push(format!(
                    "{:>7} #{id} {}{full} -> {}",
                    self.now,
                    shown(std::slice::from_ref(&request.commands[done])),
                    told(&reply)
                ));
            }
            for push in self.server.pushes() {
                self.send_push(push);
            }
            if let Some(request) = self.requests.get_mut(&id) {
                request.replies.push(reply);
            }
        }
        let whole = self
            .requests
            .get(&id)
            .is_some_and(|request| request.replies.len() == request.commands.len());
        if whole && let Some(arrives) = self.downward(from) {
            self.plan(arrives, Event::Replies { id });
        }
    }

    fn send_push(&mut self, push: Push) {
        if self.dice.happens(self.climate.lost_pushes) {
            self.note(|| format!("an announcement is lost: {}", word(&push.payload)));
            return;
        }
        if let Some(arrives) = self.downward(push.to) {
            self.plan(arrives, Event::Push(push));
        }
    }

    /// When the next message to the client of that connection arrives, if it does.
    fn downward(&mut self, connection: Connection) -> Option<u64> {
        let delay = self.delay();
        let now = self.now;
        let line = self.lines.get_mut(&connection)?;
        if self.hosts[line.host].silent_until > now {
            return None;
        }
        line.down = line.down.max(now + delay);
        Some(line.down)
    }

    fn reply(&mut self, id: RequestId) {
        let Some(mut request) = self.requests.remove(&id) else {
            return;
        };
        let Some(line) = self
            .lines
            .get(&request.from)
            .filter(|line| line.open_at_client)
        else {
            return;
        };
        let host = line.host;
        if let Some(waiting) = request.waiting.take() {
            let replies = request.replies.into_iter().map(Reply::into_value).collect();
            self.hosts[host]
                .inbox
                .push(Input::Replies(waiting, Ok(replies)));
        }
    }

    // What goes wrong.

    /// Lets something go wrong; says whether the part of a request that was about to be executed is not to be.
    fn strike(
        &mut self,
        trouble: Trouble,
        from: Connection,
        (number, id, upto): (u64, RequestId, usize),
    ) -> bool {
        let Some(host) = self.lines.get(&from).map(|line| line.host) else {
            return false;
        };
        self.note(|| format!("TROUBLE for host {host}: {trouble:?}"));
        match trouble {
            // The first process sees to it that the others' waiting ends.
            Trouble::Death { arriving, late } if host != 0 => {
                self.orders.push(Order::Kill(host));
                let lines: Vec<Connection> = self.lines_of(host);
                for line in lines {
                    let part = (line == from).then_some((id, upto));
                    self.cut(line, part, arriving, late);
                }
                true
            }
            Trouble::Cut { arriving, late } | Trouble::Death { arriving, late } => {
                self.cut(from, Some((id, upto)), arriving, late);
                let heard = self.now + self.delay();
                self.plan(heard, Event::Broken(from));
                true
            }
            Trouble::Closed { heard_after } => {
                self.hang_up(from);
                let heard = self.now + heard_after.max(1);
                self.plan(heard, Event::Broken(from));
                true
            }
            Trouble::Freeze { life, cut } => {
                if cut {
                    let now = self.now;
                    self.plan(now, Event::Broken(from));
                    self.plan(now + 1, Event::Gone(from));
                }
                self.orders.push(Order::Freeze(host, self.now + life));
                false
            }
            Trouble::Pause(life) => {
                self.paused_until = self.paused_until.max(self.now + life);
                // By its number it stays before what was sent after it.
                let part = Event::Request { id, upto };
                self.events.insert((self.paused_until, number), part);
                true
            }
            Trouble::Silence(life) => {
                let state = &mut self.hosts[host];
                state.silent_until = state.silent_until.max(self.now + life);
                true
            }
            Trouble::Full(life) => {
                self.full_until = self.full_until.max(self.now + life);
                self.server.database.full = true;
                self.plan(self.full_until, Event::RoomAgain);
                false
            }
            Trouble::Forget => {
                self.server.forget_scripts();
                false
            }
        }
    }

    fn lines_of(&self, host: HostId) -> Vec<Connection> {
        let lines = self.lines.iter();
        lines
            .filter(|(_, line)| line.host == host)
            .map(|(connection, _)| *connection)
            .collect()
    }

    /// Cuts a connection: some parts of what is on its way to the server still arrive, later; the others never do.
    fn cut(
        &mut self,
        connection: Connection,
        part: Option<(RequestId, usize)>,
        arriving: usize,
        late: u64,
    ) {
        let mut parts: Vec<(RequestId, usize)> = part.into_iter().collect();
        let requests = &self.requests;
        let is_of_it = |event: &Event| {
            matches!(event, Event::Request { id, .. }
                if requests.get(id).is_some_and(|request| request.from == connection))
        };
        let coming: Vec<(u64, u64)> = self
            .events
            .iter()
            .filter(|(_, event)| is_of_it(event))
            .map(|(at, _)| *at)
            .collect();
        for at in coming {
            if let Some(Event::Request { id, upto }) = self.events.remove(&at) {
                parts.push((id, upto));
            }
        }
        let mut at = self.now + late;
        for (id, upto) in parts.into_iter().take(arriving) {
            self.plan(at, Event::Request { id, upto });
            at += 1;
        }
        // The client hears of it and closes its end; what is late arrives all the same.
        if let Some(line) = self.lines.get_mut(&connection) {
            line.up = line.up.max(at);
        }
        self.plan(at, Event::Gone(connection));
    }

    /// The client learns that the connection is gone.
    fn tell_broken(&mut self, connection: Connection) {
        let Some(line) = self.lines.get_mut(&connection) else {
            return;
        };
        if !std::mem::take(&mut line.open_at_client) {
            return;
        }
        let (host, pushes) = (line.host, Arc::clone(&line.pushes));
        self.note(|| format!("host {host} hears that {connection} broke"));
        let inbox = &mut self.hosts[host].inbox;
        for request in self.requests.values_mut() {
            if request.from == connection
                && let Some(waiting) = request.waiting.take()
            {
                inbox.push(Input::Replies(waiting, Err(broken())));
            }
        }
        let push = PushInfo {
            kind: PushKind::Disconnection,
            data: Vec::new(),
        };
        inbox.push(Input::Push(pushes, push));
    }

    /// The server forgets the connection.
    fn hang_up(&mut self, connection: Connection) {
        self.server.disconnect(connection);
        if let Some(line) = self.lines.get_mut(&connection) {
            line.open_at_server = false;
        }
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

/// Commands as traces show them.
fn shown(commands: &[Vec<Bytes>]) -> String {
    let shown = commands.iter().map(|command| {
        let words: Vec<String> = command.iter().map(word).collect();
        words.join(" ")
    });
    shown.collect::<Vec<_>>().join(" | ")
}

fn word(bytes: &Bytes) -> String {
    let text = bytes.escape_ascii().to_string();
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…({} bytes)", &text[..end], bytes.len()),
        None if text.is_empty() => "''".to_owned(),
        None => text,
    }
}

fn told(reply: &Reply) -> String {
    match reply {
        Reply::Bulk(bytes) => word(bytes),
        Reply::List(replies) | Reply::Set(replies) => {
            let told: Vec<String> = replies.iter().map(told).collect();
            format!("[{}]", told.join(", "))
        }
        other => format!("{other:?}"),
    }
}
