//! The store: what is asked of it becomes an operation in a lane of the object, or a question to the server.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use redis::Pipeline;
use tokio::time::{Instant, timeout};
use url::Url;

use super::answer::flag;
use super::combine::Keeper;
use super::core::Core;
use super::description::describe;
use super::fault::Fault;
use super::lane::Lane;
use super::link::Link;
use super::names::Names;
use super::objects::Objects;
use super::operation::Operation;
use super::options::Options;
use super::process::Process;
use super::times::CALL_LIMIT;
use super::{admin, gather, jobs, limits, value};
use crate::error::{Error, Result};
use crate::object::{Call, Key, Namespace, Value, milliseconds};
use crate::pause::Pause;
use crate::store::{Description, Details, Life, Store, Stored, Watch};

/// How long calls that are under way are waited for when a process is about to end or to be frozen.
const QUIESCE_LIMIT: Duration = Duration::from_secs(5);

/// Objects on a Redis-compatible server.
#[derive(Debug)]
pub(crate) struct RedisStore {
    pub(super) process: Arc<Process>,
    pub(super) objects: Objects,
}

impl RedisStore {
    /// Connects to the server of an address of scheme `redis`, `rediss` or `unix`.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`], [`Error::Login`], and [`Error::Unsupported`] for a server that is too old, a cluster,
    /// or no server of this kind.
    pub(crate) async fn connect(url: &Url, options: Options) -> Result<Self> {
        let core = Core::new(Link::connect(url).await?, options);
        let keeper = Keeper::of(url.clone(), core.session.clone(), options);
        Ok(Self::over(core, keeper))
    }

    /// The store behind a connection.
    pub(super) fn over(core: Core, keeper: Keeper) -> Self {
        let process = Process::new(core, keeper);
        let core = &process.core;
        tokio::spawn(jobs::sweep(Arc::downgrade(core), core.options.job_lease));
        Self {
            process,
            objects: Objects::default(),
        }
    }

    fn core(&self) -> &Arc<Core> {
        &self.process.core
    }

    /// Waits until all that has been sent is answered.
    async fn landed(&self) {
        let _quiescing = self.core().quiesce();
        // A method that goes on for longer keeps its lease until it ends, or others take that when it has run out.
        if timeout(QUIESCE_LIMIT, self.objects.idle()).await.is_err() {
            tracing::debug!("calls are still under way");
        }
    }

    async fn run(&self, key: &Key, method: &str, operation: Operation) -> Result<Poll<Value>> {
        let object = self.objects.of(key);
        let lane = object.lane(&operation);
        let read = operation.read().cloned();
        let asked = Instant::now();
        match Arc::clone(lane).run(&self.process, operation).await {
            Ok(answer) => {
                object.acquaintance.answered(&answer);
                Ok(answer)
            }
            // Seldom, so that what is not stays small.
            Err(fault) => Box::pin(self.failed(lane, key, method, read, asked, fault)).await,
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
            fault = match Arc::clone(lane).run(&self.process, again).await {
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
                    limits::of(self.core(), &Names::of(key)).await
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
        match (describe(self.core(), &Names::of(key)).await, fault) {
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
            && let Some(answer) = self.objects.of(&key).answer(&call)
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
        let acquaintance = &self.objects.of(&key).acquaintance;
        if created {
            // It does not end when the one before it would have.
            acquaintance.removed();
        }
        acquaintance.seen();
        Ok(created)
    }

    async fn describe(&self, key: &Key) -> Result<Option<Description>> {
        let found = describe(self.core(), &Names::of(key)).await;
        if let Ok(Some(_)) = found {
            self.objects.of(key).acquaintance.seen();
        }
        found.map_err(|fault| fault.into_read_error(key, "describe"))
    }

    async fn destroy(&self, key: &Key) -> Result<bool> {
        let answer = self.run(key, "destroy", Operation::Destroy).await?;
        self.objects.of(key).acquaintance.removed();
        flag(answer).map_err(|fault| fault.into_error(key, "destroy"))
    }

    async fn expire(&self, key: &Key, after: Option<Duration>) -> Result<bool> {
        let script = self.core().scripts.alone(include_str!("expire.lua"));
        let keys = Names::of(key).all();
        let life = after.map_or_else(String::new, |after| milliseconds(after).to_string());
        let replies = self.core().exchange(Some(&script), |sending| {
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
                    self.objects.of(key).acquaintance.expires(after.is_some());
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
        let details = admin::details(self.core(), keys).await;
        details.map_err(|fault| fault.into_read_error(first, "details"))
    }

    async fn stored(&self, key: &Key, count: usize) -> Result<Option<Stored>> {
        let stored = admin::stored(self.core(), key, count).await;
        stored.map_err(|fault| fault.into_read_error(key, "stored"))
    }

    async fn objects(
        &self,
        namespace: &Namespace,
        place: &[u8],
        count: usize,
    ) -> Result<(Vec<Key>, Option<Bytes>)> {
        let objects = admin::objects(self.core(), namespace, place, count).await;
        objects.map_err(|fault| self.of_job(fault, namespace))
    }

    async fn namespaces(&self) -> Result<Vec<(Namespace, usize, Life)>> {
        match admin::namespaces(self.core()).await {
            Ok(namespaces) => Ok(namespaces),
            Err(fault) => {
                let all = Namespace::new("crucial")?.key("jobs")?;
                Err(fault.into_read_error(&all, "namespaces"))
            }
        }
    }

    async fn watch(&self, key: &Key) -> Result<Watch> {
        let link = &self.core().link;
        let watch = link
            .subscriptions
            .watch(link, Names::of(key).channel())
            .await;
        watch.map_err(|fault| fault.into_error(key, "watch"))
    }

    async fn watch_inbox(&self, key: &Key, inbox: &str) -> Result<Watch> {
        let (link, channel) = (&self.core().link, Names::of(key).inbox(inbox));
        let watch = link.subscriptions.watch(link, channel).await;
        watch.map_err(|fault| fault.into_error(key, "watch"))
    }

    async fn renew(&self, namespace: &Namespace, lease: Duration) -> Result<()> {
        jobs::renew(self.core(), namespace, lease)
            .await
            .map_err(|fault| self.of_job(fault, namespace))
    }

    async fn prolong(&self, namespace: &Namespace, lease: Duration) -> Result<bool> {
        let prolonged = async {
            let kept = jobs::prolong(self.core(), namespace, lease).await?;
            if !kept && self.core().terms.lost(namespace.as_str()) {
                // It has ended elsewhere, or a fail-over lost its lease: two looks will tell.
                jobs::haunted(self.core(), namespace).await?;
                tokio::spawn(jobs::sweep(Arc::downgrade(self.core()), lease));
            }
            Ok::<bool, Fault>(kept)
        };
        prolonged
            .await
            .map_err(|fault| self.of_job(fault, namespace))
    }

    async fn clear(&self, namespace: &Namespace, others: bool) -> Result<()> {
        if self.core().terms.ended(namespace.as_str()) {
            // What was sent before it ended has arrived before its objects are removed.
            self.landed().await;
        }
        self.objects.removed(namespace);
        jobs::clear(self.core(), namespace, others)
            .await
            .map_err(|fault| self.of_job(fault, namespace))
    }

    async fn quiesce(&self) {
        self.landed().await;
        // A process that is frozen may not know for how long.
        self.core().link.clock.distrust();
    }

    fn has_lost(&self, key: &Key) -> bool {
        self.objects.of(key).acquaintance.is_lost()
    }

    async fn together<'a>(&'a self, calls: BoxFuture<'a, ()>) {
        gather::together(calls).await;
    }

    fn address(&self) -> &str {
        self.core().link.address()
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
