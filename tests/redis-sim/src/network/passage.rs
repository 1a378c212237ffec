//! What arrives, in the order of time.

use std::sync::Arc;

use redis::{PushInfo, PushKind};

use super::shown::{shown, told, word};
use super::{EPOCH_MS, Event, HostId, Input, Line, Network, Order, RequestId};
use crate::database::{Connection, Push};
use crate::reply::Reply;

impl Network {
    /// When something happens next.
    pub(crate) fn next(&self) -> Option<u64> {
        self.events.first_key_value().map(|((at, _), _)| *at)
    }

    /// When the host sent something, if it did since this was last asked.
    pub(crate) fn take_sent(&mut self, host: HostId) -> Option<u64> {
        self.hosts[host].sent_at.take()
    }

    pub(crate) fn take_inputs(&mut self, host: HostId) -> Vec<Input> {
        std::mem::take(&mut self.hosts[host].inbox)
    }

    pub(crate) fn has_inputs(&self, host: HostId) -> bool {
        !self.hosts[host].inbox.is_empty()
    }

    pub(crate) fn take_orders(&mut self) -> Vec<Order> {
        std::mem::take(&mut self.orders)
    }

    /// Lets everything happen that happens until then; says whether anything did.
    pub(crate) fn advance(&mut self, until: u64) -> bool {
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

    pub(super) fn reply(&mut self, id: RequestId) {
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
}
