//! A simulation: processes, a server and the network between them, in a time of their own.
//!
//! Each process runs alone for a while, then the network delivers what was sent. A message takes at least a
//! millisecond, so nothing that one process does can reach another within two: as long as anything goes on, turns are
//! that short, and the order of everything is as if all had run side by side. When nothing goes on turns get longer,
//! and end as soon as something does.

use redis::Cmd;

use super::dice::Dice;
use super::doom;
use super::host::{Clock, Host};
use super::mutant::Mutant;
use super::network::{Network, Order, Shared};
use super::reply::Reply;
use super::trouble::Climate;
use super::wire::{Socket, words};

/// How long a turn takes at least, ms.
const TURN: u64 = 2;
/// How long a turn takes at the most while somebody waits for something, unless nothing has gone on for long: then it
/// takes a part of that time.
const LONG_TURN: u64 = 64;
const PART_OF_QUIET: u64 = 8;
/// How far a process may lag behind that has nothing to do, ms. What it then sends, it sends a little late.
const LAG: u64 = 8;
/// The same for a process that is done, which only hears what others tell it.
const LONG_LAG: u64 = 512;

/// A simulation.
pub struct World {
    network: Shared,
    hosts: Vec<Host>,
    now: u64,
    turn: u64,
    /// Since when nothing has gone on.
    quiet_since: u64,
    /// How many processes were ended by what they ran.
    deaths: u32,
}

impl World {
    /// A world without processes yet. The same seed gives the same run; the server has the mistake of that mutant in its
    /// scripts; what happens is noted if it is `traced`.
    pub fn new(seed: u64, climate: Climate, mutant: Option<&'static Mutant>, traced: bool) -> Self {
        let mut network = Network::new(climate, Dice::of(seed), traced);
        network.server.mutant = mutant;
        Self {
            network: Shared::new(network),
            hosts: Vec::new(),
            now: 0,
            turn: TURN,
            quiet_since: 0,
            deaths: 0,
        }
    }

    /// Has the server run a command before anything begins.
    pub fn prepare(&mut self, command: &Cmd) {
        let mut network = self.network.lock();
        let done = network.server.execute(0, &words(command));
        assert!(!matches!(done, Reply::Error(_)), "it answered {done:?}");
    }

    /// Starts a process.
    pub fn start<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        main: impl FnOnce(Socket, Clock) -> F,
    ) {
        self.hosts.push(Host::start(&self.network, self.now, main));
    }

    /// Starts a process that ends when it is done, if it is told to.
    pub fn start_mortal<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        ends: bool,
        main: impl FnOnce(Socket, Clock) -> F,
    ) {
        self.start(main);
        if let Some(host) = self.hosts.last_mut() {
            host.ends = ends;
        }
    }

    /// How long it has lasted, ms.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Lets time pass until all processes are done or dead.
    ///
    /// # Errors
    ///
    /// What went wrong: a process panicked, or some are not done at that time.
    pub fn run(&mut self, limit: u64) -> Result<(), String> {
        while self.hosts.iter().any(|host| !host.is_finished()) {
            if self.now >= limit {
                return Err(format!("not all processes are done after {limit} ms"));
            }
            self.take_turn()?;
        }
        for host in &mut self.hosts {
            host.pass_on_panic()?;
        }
        Ok(())
    }

    /// Lets so much time pass.
    ///
    /// # Errors
    ///
    /// What went wrong: a process panicked.
    pub fn run_for(&mut self, life: u64) -> Result<(), String> {
        let end = self.now + life;
        self.turn = life;
        while self.now < end {
            self.take_turn()?;
        }
        Ok(())
    }

    /// Nothing goes wrong from now on.
    pub fn calm_down(&mut self) {
        self.network.lock().calm_down();
    }

    /// What has been noted, a line each.
    pub fn take_trace(&mut self) -> Vec<String> {
        self.network.lock().take_trace()
    }

    /// How many processes were ended by what they ran.
    pub fn deaths(&self) -> u32 {
        self.deaths
    }

    /// The keys on the server, in order, and whether they end by themselves.
    pub fn keys(&self) -> Vec<(String, bool)> {
        let keys = self.network.lock().server.database.keys();
        keys.into_iter()
            .map(|(key, ends)| (String::from_utf8_lossy(&key).into_owned(), ends.is_some()))
            .collect()
    }

    fn take_turn(&mut self) -> Result<(), String> {
        for host in &mut self.hosts {
            if host.frozen_until.is_some_and(|until| until <= self.now) {
                let hears_first = self.network.lock().dice.happens(500);
                host.thaw(self.now, hears_first);
                self.turn = TURN;
            }
        }
        let thaw = self.hosts.iter().filter_map(|host| host.frozen_until).min();
        let next = self.network.lock().next();
        let mut end = self.now + self.turn;
        for earlier in [thaw, next].into_iter().flatten() {
            end = end.min(earlier.max(self.now + 1));
        }
        let mut busy = false;
        for host in self.hosts.iter_mut().filter(|host| host.is_awake()) {
            let heard = self.network.lock().has_inputs(host.id);
            let until = if heard { end.max(host.now + 1) } else { end };
            let lag = match host.is_finished() {
                true => LONG_LAG,
                false if host.is_idle => LAG,
                false => 0,
            };
            if until <= host.now || (!heard && end < host.now + lag) {
                continue;
            }
            if heard && host.now < self.now {
                host.catch_up(self.now);
            }
            host.run(until, self.turn > TURN);
            host.is_idle = !heard;
            let doomed = doom::take();
            self.deaths += u32::from(doomed);
            if doomed || (host.ends && host.is_finished()) {
                host.exit()?;
            }
            if let Some(sent) = self.network.lock().take_sent(host.id) {
                busy = true;
                host.is_idle = false;
                // Those who come after may be reached by that.
                end = end.min((sent + TURN).max(self.now + 1));
            }
        }
        self.now = end;
        let orders = {
            let mut network = self.network.lock();
            busy |= network.advance(end);
            network.take_orders()
        };
        for order in orders {
            match order {
                Order::Kill(host) => self.hosts[host].kill(),
                Order::Freeze(host, until) => {
                    let host = &mut self.hosts[host];
                    host.frozen_until = host.frozen_until.max(Some(until));
                }
            }
        }
        let somebody_waits = self
            .hosts
            .iter()
            .any(|host| host.is_awake() && !host.is_finished());
        self.turn = match (busy, somebody_waits) {
            (true, _) => {
                self.quiet_since = self.now;
                TURN
            }
            (false, true) => {
                let quiet = self.now - self.quiet_since;
                (self.turn * 2).min(LONG_TURN.max(quiet / PART_OF_QUIET))
            }
            (false, false) => self.turn * 2,
        };
        Ok(())
    }
}
