//! Where objects live: one narrow contract, and the stores that keep it.

#[cfg(test)]
#[path = "../../unit/store/conformance/mod.rs"]
mod conformance;
mod details;
mod embedded;
#[cfg(feature = "redis")]
pub(crate) mod redis;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/store/redis_cached.rs"]
mod redis_cached;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/store/redis_contended/mod.rs"]
mod redis_contended;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/store/redis_evolution.rs"]
mod redis_evolution;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/store/redis_faults/mod.rs"]
mod redis_faults;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/store/redis_records.rs"]
mod redis_records;
mod watch;

use std::fmt::Debug;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::object::{Call, Key, Namespace, Value};

pub use details::Life;
pub(crate) use details::{Details, Stored};
pub(crate) use embedded::EmbeddedStore;
#[cfg(feature = "redis")]
pub(crate) use redis::{Options, RedisStore};
pub(crate) use watch::{Change, Changes, Watch};

/// What a store remembers of an object besides its state.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Description {
    /// The name of its type, which must be the same for whoever opens it.
    pub(crate) object: String,
    /// The type in full, for people.
    pub(crate) detail: String,
}

/// Where objects live.
///
/// Calls on one object take effect one at a time, each between its start and its reply
/// (linearizable), and each exactly once, whatever happens to connections meanwhile.
/// A store sees bytes and state machines, never a user's type.
#[async_trait]
pub(crate) trait Store: Debug + Send + Sync + 'static {
    /// Runs one call. [`Poll::Pending`]: the method waits for a change of the object; [`watch`](Self::watch) and call again.
    async fn call(&self, call: Call) -> Result<Poll<Value>>;

    /// Creates the object with the arguments of its `init`; `false` if the key is taken.
    async fn create(&self, init: Call, description: Description) -> Result<bool>;

    /// What is stored under the key, if anything is.
    async fn describe(&self, key: &Key) -> Result<Option<Description>>;

    /// Removes the object; `false` if there was none.
    async fn destroy(&self, key: &Key) -> Result<bool>;

    /// Removes the object after so long, or never with `None`; `false` if there is none.
    async fn expire(&self, key: &Key, after: Option<Duration>) -> Result<bool>;

    /// What is known of the objects besides their states; nothing of those that are not there.
    async fn details(&self, keys: &[Key]) -> Result<Vec<Option<Details>>>;

    /// The beginning of what is stored for the object, as it is stored: at most so many elements of it.
    async fn stored(&self, key: &Key, count: usize) -> Result<Option<Stored>>;

    /// Some of the objects of a namespace, about so many from a place on (`0` for the first), and the place of the next.
    async fn objects(
        &self,
        namespace: &Namespace,
        place: &[u8],
        count: usize,
    ) -> Result<(Vec<Key>, Option<Bytes>)>;

    /// All namespaces, in their order, and how many objects each has.
    async fn namespaces(&self) -> Result<Vec<(Namespace, usize, Life)>>;

    /// Announces changes of the object from now on. A change made before this returns may be missed; one made after is not.
    async fn watch(&self, key: &Key) -> Result<Watch>;

    /// Announces what an object has to say to that inbox alone; [`watch`](Self::watch) announces the rest.
    async fn watch_inbox(&self, key: &Key, inbox: &str) -> Result<Watch>;

    /// Keeps the objects of a job's namespace alive for so long from now.
    async fn renew(&self, namespace: &Namespace, lease: Duration) -> Result<()>;

    /// Keeps the objects of a job alive for so long from now if it has been begun and not ended; whether it has.
    #[cfg_attr(
        not(feature = "lambda"),
        allow(dead_code, reason = "workers ask, and tests")
    )]
    async fn prolong(&self, namespace: &Namespace, lease: Duration) -> Result<bool>;

    /// Removes all objects of a namespace, and with it the job. This process creates no more of them.
    ///
    /// Where `others` may not know of that yet, they create none once the lease that they know of has ended, and whoever
    /// connects to the store later removes what they left.
    async fn clear(&self, namespace: &Namespace, others: bool) -> Result<()>;

    /// Finishes what is under way, or leaves it to others: this process is about to end or to be frozen.
    async fn quiesce(&self);

    /// Whether an object that is not there has been: this process has had an answer of it, and has not removed it.
    fn has_lost(&self, _key: &Key) -> bool {
        false
    }

    /// Runs what makes many calls; what they send travels together, where that saves anything.
    async fn together<'a>(&'a self, calls: BoxFuture<'a, ()>) {
        calls.await;
    }

    /// The address, without secrets, as errors name it and tasks carry it.
    fn address(&self) -> &str;

    /// Whether processes other than this one can reach it.
    fn is_shared(&self) -> bool;
}
