//! The processes of one function, and the events that wait for them.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc, watch};

use super::{Casualty, Function, Reply, Request, process};

/// The processes of one function. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Pool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    function: Function,
    invoke_api: SocketAddr,
    // A plain mutex: it guards a few counters and is never held across an await.
    state: Mutex<State>,
    /// An event has been put into the queue.
    queued: Notify,
    /// Who hears of events that failed and that nobody waits for.
    casualties: Mutex<Option<mpsc::UnboundedSender<Casualty>>>,
    closing: watch::Sender<bool>,
    /// How many processes there are.
    live: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Request>,
    /// Processes that handle no event: they wait for one, or start, or have just answered one.
    free: usize,
    /// The processes by their numbers, with their ids once they have one.
    processes: BTreeMap<u64, Option<u32>>,
    last: u64,
    /// Whether any process has ever asked for work: the program is one that does.
    proven: bool,
}

impl Pool {
    pub(super) fn new(function: Function, invoke_api: SocketAddr) -> Self {
        Self(Arc::new(Shared {
            function,
            invoke_api,
            state: Mutex::default(),
            queued: Notify::new(),
            casualties: Mutex::new(None),
            closing: watch::Sender::new(false),
            live: watch::Sender::new(0),
        }))
    }

    pub(crate) fn name(&self) -> &str {
        self.0.function.name()
    }

    pub(super) fn function(&self) -> &Function {
        &self.0.function
    }

    pub(super) fn invoke_api(&self) -> SocketAddr {
        self.0.invoke_api
    }

    /// From now on tells of events that failed and that nobody waits for.
    pub(crate) fn casualties(&self) -> mpsc::UnboundedReceiver<Casualty> {
        let (sender, receiver) = mpsc::unbounded_channel();
        *self.lock_casualties() = Some(sender);
        receiver
    }

    /// Gives an event to a process: an idle one, or a new one, or the next that has time.
    pub(crate) fn submit(&self, request: Request) {
        let mut state = self.lock();
        if *self.0.closing.borrow() {
            drop(state);
            return self.finish(request, Reply::NotStarted("it was shut down".to_owned()));
        }
        state.queue.push_back(request);
        let full = state.queue.len() > state.processes.len() + self.function().processes;
        self.refill(state);
        self.0.queued.notify_one();
        if full {
            tracing::debug!(
                function = self.name(),
                "all processes are busy; events wait"
            );
        }
    }

    /// Whether another event would find a process, or room for one.
    pub(super) fn has_room(&self) -> bool {
        let state = self.lock();
        let room = self.function().processes - state.processes.len();
        state.queue.len() < state.free + room
    }

    /// The next event for a process that has time. Cancel safe.
    pub(super) async fn next(&self) -> Request {
        loop {
            let queued = self.0.queued.notified();
            {
                let mut state = self.lock();
                if let Some(request) = state.queue.pop_front() {
                    state.free -= 1;
                    return request;
                }
            }
            queued.await;
        }
    }

    /// A process has answered and will ask for another event.
    pub(super) fn freed(&self) {
        self.lock().free += 1;
    }

    /// Tells whoever is concerned what came of an event.
    pub(super) fn finish(&self, request: Request, reply: Reply) {
        match request.answer {
            // Whoever asked may have left.
            Some(answer) => drop(answer.send(reply)),
            None => {
                if let Reply::Returned(_) = reply {
                    return;
                }
                // Threads write their ends before their processes answer, so that a driver which has heard of all of
                // them may end the processes first. The others are detached threads, which end with their job.
                let (name, closing) = (self.name(), *self.0.closing.borrow());
                match &reply {
                    Reply::ShutDown(_) => tracing::debug!(name, ?reply, "an event was cut off"),
                    Reply::NotStarted(_) if closing => {
                        tracing::debug!(name, ?reply, "an event was not begun");
                    }
                    _ => tracing::warn!(function = name, ?reply, "an event failed"),
                }
                if let Some(casualties) = &*self.lock_casualties() {
                    let payload = request.payload;
                    let _ = casualties.send(Casualty { payload, reply });
                }
            }
        }
    }

    /// A process has its id.
    pub(super) fn started(&self, number: u64, id: Option<u32>) {
        self.lock().processes.insert(number, id);
    }

    /// A process asks for its first event.
    pub(super) fn ready(&self) {
        self.lock().proven = true;
    }

    /// A process is gone, `free` or over an event; `failure` says why it never asked for one, if it didn't.
    pub(super) fn gone(&self, number: u64, free: bool, failure: Option<&str>) {
        let mut state = self.lock();
        state.processes.remove(&number);
        if free {
            state.free -= 1;
        }
        let mut victims = VecDeque::new();
        if failure.is_some() {
            if !state.proven {
                // No process of this program can be expected to do better.
                victims = std::mem::take(&mut state.queue);
            } else if state.queue.len() > state.free {
                victims.extend(state.queue.pop_front());
            }
        }
        self.refill(state);
        for request in victims {
            let reason = failure.unwrap_or_default().to_owned();
            self.finish(request, Reply::NotStarted(reason));
        }
        self.0.live.send_modify(|live| *live -= 1);
    }

    /// The ids of the processes there are.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.lock().processes.values().copied().flatten().collect()
    }

    /// Begins to end the processes.
    pub(crate) fn close(&self) {
        self.0.closing.send_replace(true);
        let queue = std::mem::take(&mut self.lock().queue);
        for request in queue {
            self.finish(request, Reply::NotStarted("it was shut down".to_owned()));
        }
    }

    /// Ends the processes and waits until they are gone; the listener hears the last casualty, and the end.
    pub(crate) async fn shutdown(&self) {
        self.close();
        // The sender is `self`, so the channel is open.
        let _ = self.0.live.subscribe().wait_for(|live| *live == 0).await;
        *self.lock_casualties() = None;
    }

    /// Returns when the processes are to end.
    pub(super) async fn closing(&self) {
        let _ = self
            .0
            .closing
            .subscribe()
            .wait_for(|closing| *closing)
            .await;
    }

    /// Starts processes for the events that find none.
    fn refill(&self, mut state: MutexGuard<'_, State>) {
        if *self.0.closing.borrow() {
            return;
        }
        while state.queue.len() > state.free && state.processes.len() < self.function().processes {
            state.last += 1;
            state.free += 1;
            let number = state.last;
            state.processes.insert(number, None);
            self.0.live.send_modify(|live| *live += 1);
            tokio::spawn(process::run(self.clone(), number));
        }
    }

    fn lock_casualties(&self) -> MutexGuard<'_, Option<mpsc::UnboundedSender<Casualty>>> {
        self.0
            .casualties
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
