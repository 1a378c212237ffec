//! Objects on a Redis-compatible server.
//!
//! Data flow: [`RedisStore`] finds the object's [`lane`]; the lane batches the calls of this process; the batch is
//! sent as one [script](scripted) call or as one commit of the [combining](combine) engine; [`core`] sends it until
//! the server has answered; [`link`] keeps the connection that calls share, and [`subscriptions`] one of their own, each
//! [renewed] when it breaks; a [`wire`] is such a connection.

mod acquaintance;
mod admin;
mod answer;
mod capabilities;
mod clock;
mod combine;
mod core;
mod description;
mod earlier;
mod entry;
mod fault;
mod folding;
mod gather;
mod jobs;
mod lane;
mod limits;
mod link;
mod loss;
#[cfg(test)]
#[path = "../../../unit/store/redis/model/mod.rs"]
mod model;
mod names;
mod native;
mod operation;
mod options;
mod records;
mod registration;
mod removal;
mod renewed;
mod scan;
mod script;
mod scripted;
#[cfg(test)]
#[path = "../../../unit/store/redis/sim/mod.rs"]
mod sim;
mod slots;
mod subscriptions;
mod terms;
mod times;
mod value;
mod wire;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use redis::Pipeline;
use tokio::time::{Instant, timeout};
use url::Url;

use self::answer::flag;
use self::core::Core;
use self::description::describe;
use self::fault::Fault;
use self::lane::Lane;
use self::link::Link;
use self::names::Names;
use self::operation::Operation;
pub(crate) use self::options::Options;
use self::times::CALL_LIMIT;
use super::{Description, Details, Life, Store, Stored, Watch};
use crate::error::{Error, Result};
use crate::object::{Call, Key, Namespace, Value, milliseconds};
use crate::pause::Pause;

/// How long calls that are under way are waited for when a process is about to end or to be frozen.
const QUIESCE_LIMIT: Duration = Duration::from_secs(5);
/// How many lanes may lie idle before they are forgotten.
const IDLE_LANES: usize = 10_000;

/// Objects on a Redis-compatible server.
#[derive(Debug)]
pub(crate) struct RedisStore {
    core: Arc<Core>,
    // Held for a look-up, never across an await.
    lanes: Mutex<Lanes>,
    readers: Mutex<Lanes>,
}

type Lanes = HashMap<Key, Arc<Lane>>;

impl RedisStore {
    /// Connects to the server of an address of scheme `redis`, `rediss` or `unix`.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`], [`Error::Login`], and [`Error::Unsupported`] for a server that is too old, a cluster,
    /// or no server of this kind.
    pub(crate) async fn connect(url: &Url, options: Options) -> Result<Self> {
        let link = Link::connect(url).await?;
        Ok(Self::over(Core::new(link, options, Some(url))))
    }

    /// The store behind a connection.
    fn over(core: Core) -> Self {
        let core = Arc::new(core);
        tokio::spawn(jobs::sweep(Arc::downgrade(&core), core.options.job_lease));
        Self {
            core,
            lanes: Mutex::default(),
            readers: Mutex::default(),
        }
    }

    /// Waits until all that has been sent is answered.
    async fn landed(&self) {
        let _quiescing = self.core.quiesce();
        let lanes: Vec<Arc<Lane>> = {
            let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            lanes.values().map(Arc::clone).collect()
        };
        let all = async {
            for lane in lanes {
                lane.idle().await;
            }
        };
        // A method that goes on for longer keeps its lease until it ends, or others take that when it has run out.
        if timeout(QUIESCE_LIMIT, all).await.is_err() {
            tracing::debug!("calls are still under way");
        }
    }

    fn lane(&self, key: &Key) -> Arc<Lane> {
        lane_of(&self.lanes, key)
    }

    async fn run(&self, key: &Key, method: &str, operation: Operation) -> Result<Poll<Value>> {
        // Reads that need no script don't wait for those that do.
        let lane = match operation.is_native() {
            true => lane_of(&self.readers, key),
            false => self.lane(key),
        };
        let read = operation.read().cloned();
        let asked = Instant::now();
        match Arc::clone(&lane).run(&self.core, operation).await {
            Ok(answer) => {
                // Readers have lanes of their own.
                if lane.acquaintance.answered(&answer) {
                    self.lane(key).acquaintance.seen();
                }
                Ok(answer)
            }
            // Seldom, so that what is not stays small.
            Err(fault) => Box::pin(self.failed(&lane, key, method, read, asked, fault)).await,
        }
    }

    /// What becomes of a call that failed. One that only reads is never in doubt: it is made again.
    async fn failed(
        &self,
        lane: &Arc<Lane>,
        key: &Key,
        method: &str,
        read: Option<Call>,
        asked: Instant,
        fault: Fault,
    ) -> Result<Poll<Value>> {
        let mut fault = fault;
        let mut pause = Pause::new(Duration::from_millis(1), Duration::from_secs(1));
        while let (Some(call), Fault::InDoubt(waited)) = (&read, &mut fault) {
            *waited = asked.elapsed();
            if *waited >= CALL_LIMIT {
                break;
            }
            pause.wait().await;
            let again = Operation::Call(call.clone());
            fault = match Arc::clone(lane).run(&self.core, again).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
        }
        let fault = match fault {
            fault @ Fault::WrongType { .. } => self.told_apart(key, fault).await,
            Fault::Cut { waited, reason } => Fault::Cut {
                waited,
                reason: format!(
                    "{reason}; {}",
                    limits::of(&self.core, &Names::of(key)).await
                ),
            },
            fault => fault,
        };
        if let Fault::Absent = fault {
            let (key, lost) = (key.clone(), self.has_lost(key));
            return Err(Error::NotFound { key, lost });
        }
        Err(match read {
            Some(_) => fault.into_read_error(key, method),
            None => fault.into_error(key, method),
        })
    }

    /// The same fault with the names of the types, if the server knows them.
    async fn told_apart(&self, key: &Key, fault: Fault) -> Fault {
        match (describe(&self.core, &Names::of(key)).await, fault) {
            (Ok(Some(found)), Fault::WrongType { expected, .. }) => Fault::WrongType {
                expected,
                found: format!("a `{}`", found.detail),
            },
            (_, fault) => fault,
        }
    }
}

#[async_trait]
impl Store for RedisStore {
    async fn call(&self, call: Call) -> Result<Poll<Value>> {
        let (key, method) = (call.key.clone(), call.method);
        if method.stale.is_some()
            && let Some(answer) = self.lane(&key).answer(&call)
        {
            return answer.map_err(|fault| fault.into_error(&key, method.name));
        }
        self.run(&key, method.name, Operation::Call(call)).await
    }

    async fn create(&self, init: Call, description: Description) -> Result<bool> {
        let key = init.key.clone();
        let answer = self
            .run(&key, "create", Operation::Create(init, description))
            .await?;
        let created = flag(answer).map_err(|fault| fault.into_error(&key, "create"))?;
        let acquaintance = &self.lane(&key).acquaintance;
        if created {
            // It does not end when the one before it would have.
            acquaintance.removed();
        }
        acquaintance.seen();
        Ok(created)
    }

    async fn describe(&self, key: &Key) -> Result<Option<Description>> {
        let found = describe(&self.core, &Names::of(key)).await;
        if let Ok(Some(_)) = found {
            self.lane(key).acquaintance.seen();
        }
        found.map_err(|fault| fault.into_read_error(key, "describe"))
    }

    async fn destroy(&self, key: &Key) -> Result<bool> {
        let answer = self.run(key, "destroy", Operation::Destroy).await?;
        self.lane(key).acquaintance.removed();
        flag(answer).map_err(|fault| fault.into_error(key, "destroy"))
    }

    async fn expire(&self, key: &Key, after: Option<Duration>) -> Result<bool> {
        let script = self.core.scripts.alone(include_str!("expire.lua"));
        let keys = Names::of(key).all();
        let life = after.map_or_else(String::new, |after| milliseconds(after).to_string());
        let replies = self.core.exchange(Some(&script), |sending| {
            let mut command = sending.run(&script, &keys, 0);
            command.arg(&life);
            let mut pipeline = Pipeline::new();
            pipeline.add_command(command);
            pipeline
        });
        let reply = replies.await.and_then(|replies| {
            let reply = replies.into_iter().next();
            value::plain(reply.unwrap_or(redis::Value::Nil))
        });
        match reply {
            Ok(reply) => {
                let is_there = reply == Value::Int(1);
                if is_there {
                    self.lane(key).acquaintance.expires(after.is_some());
                }
                Ok(is_there)
            }
            Err(fault) => Err(fault.into_error(key, "expire")),
        }
    }

    async fn details(&self, keys: &[Key]) -> Result<Vec<Option<Details>>> {
        let Some(first) = keys.first() else {
            return Ok(Vec::new());
        };
        let details = admin::details(&self.core, keys).await;
        details.map_err(|fault| fault.into_read_error(first, "details"))
    }

    async fn stored(&self, key: &Key, count: usize) -> Result<Option<Stored>> {
        let stored = admin::stored(&self.core, key, count).await;
        stored.map_err(|fault| fault.into_read_error(key, "stored"))
    }

    async fn objects(
        &self,
        namespace: &Namespace,
        place: &[u8],
        count: usize,
    ) -> Result<(Vec<Key>, Option<Bytes>)> {
        let objects = admin::objects(&self.core, namespace, place, count).await;
        objects.map_err(|fault| self.of_job(fault, namespace))
    }

    async fn namespaces(&self) -> Result<Vec<(Namespace, usize, Life)>> {
        match admin::namespaces(&self.core).await {
            Ok(namespaces) => Ok(namespaces),
            Err(fault) => {
                let all = Namespace::new("crucial")?.key("jobs")?;
                Err(fault.into_read_error(&all, "namespaces"))
            }
        }
    }

    async fn watch(&self, key: &Key) -> Result<Watch> {
        let link = &self.core.link;
        let watch = link
            .subscriptions
            .watch(link, Names::of(key).channel())
            .await;
        watch.map_err(|fault| fault.into_error(key, "watch"))
    }

    async fn watch_inbox(&self, key: &Key, inbox: &str) -> Result<Watch> {
        let (link, channel) = (&self.core.link, Names::of(key).inbox(inbox));
        let watch = link.subscriptions.watch(link, channel).await;
        watch.map_err(|fault| fault.into_error(key, "watch"))
    }

    async fn renew(&self, namespace: &Namespace, lease: Duration) -> Result<()> {
        jobs::renew(&self.core, namespace, lease)
            .await
            .map_err(|fault| self.of_job(fault, namespace))
    }

    async fn prolong(&self, namespace: &Namespace, lease: Duration) -> Result<bool> {
        let prolonged = async {
            let kept = jobs::prolong(&self.core, namespace, lease).await?;
            if !kept && self.core.terms.lost(namespace.as_str()) {
                // It has ended elsewhere, or a fail-over lost its lease: two looks will tell.
                jobs::haunted(&self.core, namespace).await?;
                tokio::spawn(jobs::sweep(Arc::downgrade(&self.core), lease));
            }
            Ok::<bool, Fault>(kept)
        };
        prolonged
            .await
            .map_err(|fault| self.of_job(fault, namespace))
    }

    async fn clear(&self, namespace: &Namespace, others: bool) -> Result<()> {
        if self.core.terms.ended(namespace.as_str()) {
            // What was sent before it ended has arrived before its objects are removed.
            self.landed().await;
        }
        {
            let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            let of_it = lanes
                .iter()
                .filter(|(key, _)| key.namespace() == namespace.as_str());
            of_it.for_each(|(_, lane)| lane.acquaintance.removed());
        }
        jobs::clear(&self.core, namespace, others)
            .await
            .map_err(|fault| self.of_job(fault, namespace))
    }

    async fn quiesce(&self) {
        self.landed().await;
        // A process that is frozen may not know for how long.
        self.core.link.clock.distrust();
    }

    fn has_lost(&self, key: &Key) -> bool {
        self.lane(key).acquaintance.is_lost()
    }

    async fn together<'a>(&'a self, calls: BoxFuture<'a, ()>) {
        gather::together(calls).await;
    }

    fn address(&self) -> &str {
        self.core.link.address()
    }

    fn is_shared(&self) -> bool {
        true
    }
}

impl RedisStore {
    fn of_job(&self, fault: Fault, namespace: &Namespace) -> Error {
        match namespace.key("job") {
            Ok(key) => fault.into_error(&key, "renew"),
            Err(error) => error,
        }
    }
}

fn lane_of(lanes: &Mutex<Lanes>, key: &Key) -> Arc<Lane> {
    let mut lanes = lanes.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(lane) = lanes.get(key) {
        return Arc::clone(lane);
    }
    if lanes.len() >= IDLE_LANES {
        lanes.retain(|_, lane| Arc::strong_count(lane) > 1 || !lane.is_idle());
    }
    let lane = Lane::new(Names::of(key));
    lanes.insert(key.clone(), Arc::clone(&lane));
    lane
}
