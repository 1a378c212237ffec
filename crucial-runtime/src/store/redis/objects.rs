//! The objects that this process uses: what it knows of each, and the lanes of its calls.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::acquaintance::Acquaintance;
use super::answer::Answer;
use super::engine::Engine;
use super::lane::Lane;
use super::names::Names;
use super::operation::Operation;
use crate::object::{Call, Key, Namespace};

/// How many objects on which nothing is under way may be known before they are forgotten.
const IDLE: usize = 10_000;

/// The objects that this process uses.
#[derive(Debug, Default)]
pub(super) struct Objects {
    // Held for a look-up, never across an await.
    used: Mutex<HashMap<Key, Arc<Used>>>,
}

/// An object that this process uses. It has a lane for each engine that has served calls on it: one in the end, and one more
/// for reads that need no script, since those don't wait for calls that do.
#[derive(Debug)]
pub(super) struct Used {
    names: Names,
    pub(super) acquaintance: Acquaintance,
    native: OnceLock<Arc<Lane>>,
    scripted: OnceLock<Arc<Lane>>,
    combined: OnceLock<Arc<Lane>>,
}

impl Objects {
    /// The object under that key, used from now on.
    pub(super) fn of(&self, key: &Key) -> Arc<Used> {
        let mut used = self.lock();
        if let Some(object) = used.get(key) {
            return Arc::clone(object);
        }
        if used.len() >= IDLE {
            used.retain(|_, object| Arc::strong_count(object) > 1 || !object.is_idle());
        }
        let object = Arc::new(Used::new(Names::of(key)));
        used.insert(key.clone(), Arc::clone(&object));
        object
    }

    /// The objects of a namespace have been removed here.
    pub(super) fn removed(&self, namespace: &Namespace) {
        let used = self.lock();
        let of_it = used
            .iter()
            .filter(|(key, _)| key.namespace() == namespace.as_str());
        of_it.for_each(|(_, object)| object.acquaintance.removed());
    }

    /// Waits until nothing that the server remembers is under way.
    pub(super) async fn idle(&self) {
        let objects: Vec<Arc<Used>> = self.lock().values().map(Arc::clone).collect();
        for object in objects {
            for lane in [&object.scripted, &object.combined] {
                if let Some(lane) = lane.get() {
                    lane.queue.idle().await;
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Used>>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Used {
    fn new(names: Names) -> Self {
        Self {
            names,
            acquaintance: Acquaintance::default(),
            native: OnceLock::new(),
            scripted: OnceLock::new(),
            combined: OnceLock::new(),
        }
    }

    /// The lane of an operation.
    pub(super) fn lane(&self, operation: &Operation) -> &Arc<Lane> {
        // The combining engine may keep a copy of the state, to be forgotten with the object. Where this process has made
        // scripted calls alone it keeps none, and the removal comes after those calls.
        let of_removal = || match (self.scripted.get(), self.combined.get()) {
            (Some(_), None) => Engine::Scripted,
            _ => Engine::Combined,
        };
        let engine = operation.engine().unwrap_or_else(of_removal);
        let lane = match engine {
            Engine::Native => &self.native,
            Engine::Scripted => &self.scripted,
            Engine::Combined => &self.combined,
        };
        lane.get_or_init(|| Lane::new(self.names.clone(), engine))
    }

    /// The answer to a call that may read what is not the newest, if it is known here.
    pub(super) fn answer(&self, call: &Call) -> Option<Answer> {
        self.combined.get()?.answer(call)
    }

    /// Whether nothing is under way, so that the object may be forgotten.
    fn is_idle(&self) -> bool {
        let lanes = [&self.native, &self.scripted, &self.combined];
        lanes
            .iter()
            .filter_map(|lane| lane.get())
            .all(|lane| lane.queue.is_idle())
    }
}
