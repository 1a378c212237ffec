//! Objects on a Redis-compatible server.
//!
//! Data flow: [`RedisStore`] finds the object's [`lane`]; the lane batches the calls of this process; the batch is
//! sent as one [script](scripted) call or as one commit of the [combining](combine) engine; [`core`] sends it until
//! the server has answered; [`link`] keeps the connection and its [`subscriptions`];
//! the [`wire`] is that connection.

mod admin;
mod capabilities;
mod clock;
mod combine;
mod core;
mod fault;
mod folding;
mod gather;
mod jobs;
mod lane;
mod link;
#[cfg(test)]
mod model;
mod names;
mod native;
mod operation;
mod script;
mod scripted;
#[cfg(test)]
mod sim;
mod subscriptions;
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
use tokio::time::timeout;
use url::Url;

pub(crate) use self::combine::Options;
use self::core::Core;
use self::fault::Fault;
use self::lane::Lane;
use self::link::Link;
use self::names::Names;
use self::operation::Operation;
use super::{Description, Details, Life, Store, Stored, Watch};
use crate::error::{Error, Result};
use crate::object::{Call, Key, Method, Namespace, Object, ObjectType, Refusal, Value};

/// How long a call is tried again after the connection has broken.
const CALL_LIMIT: Duration = Duration::from_secs(60);
/// How long the server remembers what a session did last. Longer than a call is tried.
const RECORD_LIFE: Duration = Duration::from_secs(600);
/// How old that memory may get before a call makes it new: doing so at each call would cost the server as much as half a
/// command.
const RECORD_RENEWAL: Duration = Duration::from_secs(60);
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
    /// Connects to `redis://[user:password@]host[:port][/database]`, or `rediss://…` for TLS.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`], [`Error::Login`], and [`Error::Unsupported`] for a server that is too old, a cluster,
    /// or no server of this kind.
    pub(crate) async fn connect(url: &Url, options: Options) -> Result<Self> {
        Self::over(Link::connect(url).await?, options, Some(url)).await
    }

    /// The store behind a connection; without its `url`, leases are not lengthened, however long methods run.
    async fn over(link: Arc<Link>, options: Options, url: Option<&Url>) -> Result<Self> {
        let core = Arc::new(Core::new(link, options, url));
        let sweeping = Arc::clone(&core);
        tokio::spawn(async move {
            if let Err(fault) = jobs::sweep(&sweeping).await {
                tracing::warn!(?fault, "what dead jobs left could not be removed");
            }
        });
        Ok(Self {
            core,
            lanes: Mutex::default(),
            readers: Mutex::default(),
        })
    }

    fn lane(&self, key: &Key) -> Arc<Lane> {
        lane_of(&self.lanes, key)
    }

    async fn run(&self, key: &Key, method: &str, operation: Operation) -> Result<Poll<Value>> {
        // Reads that need no script don't wait for those that do.
        let lane = match operation.call().method.native {
            Some(_) => lane_of(&self.readers, key),
            None => self.lane(key),
        };
        match lane.run(&self.core, operation).await {
            Err(fault @ Fault::WrongType { .. }) => {
                let fault = Box::pin(self.told_apart(key, fault)).await;
                Err(fault.into_error(key, method))
            }
            other => other.map_err(|fault| fault.into_error(key, method)),
        }
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
        scripted::flag(answer).map_err(|fault| fault.into_error(&key, "create"))
    }

    async fn describe(&self, key: &Key) -> Result<Option<Description>> {
        describe(&self.core, &Names::of(key))
            .await
            .map_err(|fault| fault.into_error(key, "describe"))
    }

    async fn destroy(&self, key: &Key) -> Result<bool> {
        static DESTROY: Method = Method::update("destroy");
        let call = Call {
            key: key.clone(),
            object: ObjectType::of::<Anything>(),
            method: &DESTROY,
            args: Vec::new(),
        };
        let answer = self.run(key, "destroy", Operation::Destroy(call)).await?;
        scripted::flag(answer).map_err(|fault| fault.into_error(key, "destroy"))
    }

    async fn expire(&self, key: &Key, after: Option<Duration>) -> Result<bool> {
        let names = Names::of(key);
        let mut pipeline = Pipeline::new();
        for name in [
            names.description(),
            names.data().to_owned(),
            names.index(),
            names.state(),
            names.lease(),
            names.queue(),
            names.waiting(),
            names.suspects(),
        ] {
            let mut command = redis::cmd(if after.is_some() {
                "PEXPIRE"
            } else {
                "PERSIST"
            });
            command.arg(name);
            if let Some(after) = after {
                command.arg(u64::try_from(after.as_millis()).unwrap_or(u64::MAX).max(1));
            }
            pipeline.add_command(command);
        }
        // The description tells whether there is an object; it also has to be there without a time to persist.
        pipeline.add_command(redis::cmd("EXISTS").arg(names.description()).clone());
        let replies = self
            .core
            .exchange(None, |_| pipeline.clone())
            .await
            .and_then(|replies| {
                replies
                    .into_iter()
                    .map(value::plain)
                    .collect::<Result<Vec<_>, _>>()
            });
        match replies {
            Ok(replies) => Ok(replies.last() == Some(&Value::Int(1))),
            Err(fault) => Err(fault.into_error(key, "expire")),
        }
    }

    async fn details(&self, keys: &[Key]) -> Result<Vec<Option<Details>>> {
        let Some(first) = keys.first() else {
            return Ok(Vec::new());
        };
        let details = admin::details(&self.core, keys).await;
        details.map_err(|fault| fault.into_error(first, "details"))
    }

    async fn stored(&self, key: &Key, count: usize) -> Result<Option<Stored>> {
        let stored = admin::stored(&self.core, key, count).await;
        stored.map_err(|fault| fault.into_error(key, "stored"))
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
                Err(fault.into_error(&all, "namespaces"))
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
        jobs::prolong(&self.core, namespace, lease)
            .await
            .map_err(|fault| self.of_job(fault, namespace))
    }

    async fn clear(&self, namespace: &Namespace) -> Result<()> {
        jobs::clear(&self.core, namespace)
            .await
            .map_err(|fault| self.of_job(fault, namespace))
    }

    async fn quiesce(&self) {
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
        // A process that is frozen may not know for how long.
        self.core.link.clock.distrust();
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

/// What is stored under the keys, if anything is.
async fn describe(core: &Core, names: &Names) -> Result<Option<Description>, Fault> {
    let found = core
        .ask(
            redis::cmd("HMGET")
                .arg(names.description())
                .arg("type")
                .arg("detail")
                .clone(),
        )
        .await?;
    value::plain(found).map(admin::description)
}

/// The type of an object that is to be removed, whatever it is.
#[derive(serde::Serialize, serde::Deserialize)]
struct Anything;

impl Object for Anything {
    const NAME: &'static str = "anything";
    const METHODS: &'static [Method] = &[];

    fn apply(&mut self, method: &str, _: &[Bytes]) -> Result<Poll<Value>, Refusal> {
        Err(Refusal::no_such_method(method))
    }
}
