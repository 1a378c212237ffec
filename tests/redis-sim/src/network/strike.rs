//! What goes wrong.

use std::sync::Arc;

use redis::{PushInfo, PushKind};

use super::{Event, HostId, Input, Network, Order, RequestId, broken};
use crate::database::Connection;
use crate::trouble::Trouble;

impl Network {
    /// Lets something go wrong; says whether the part of a request that was about to be executed is not to be.
    pub(super) fn strike(
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
            Trouble::Deaf { heard_after } => {
                let heard = self.now + heard_after.max(1);
                for line in self.lines_of(host) {
                    if self.server.listens(line) {
                        self.hang_up(line);
                        self.plan(heard, Event::Broken(line));
                    }
                }
                false
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
            Trouble::Evict => {
                self.server.database.evict();
                false
            }
            Trouble::Forget => {
                self.server.forget_scripts();
                false
            }
        }
    }

    pub(super) fn lines_of(&self, host: HostId) -> Vec<Connection> {
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
    pub(super) fn tell_broken(&mut self, connection: Connection) {
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
    pub(super) fn hang_up(&mut self, connection: Connection) {
        self.server.disconnect(connection);
        if let Some(line) = self.lines.get_mut(&connection) {
            line.open_at_server = false;
        }
    }
}
