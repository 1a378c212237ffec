//! How long and how large things may get.

use std::time::Duration;

use super::{Builder, LAMBDA_LIMIT, LEASE, LEASE_LENGTH, LONGEST_LEASE, SHORTEST_LEASE};
use crate::error::{Error, Result};
use crate::object::LONGEST;
use crate::runtime::Limits;

/// A value that is larger takes seconds to move and belongs in an object of its own.
const VALUE_BYTES: usize = 64 * 1024 * 1024;
/// A method that takes longer holds up everybody else at its object for too long.
const METHOD_LIMIT: Duration = Duration::from_secs(30);
/// How long the callers of an object wait for a process that died running their calls.
const LEAD: Duration = Duration::from_secs(1);

/// Refuses what is no length of a lease.
pub(super) fn check_lease(length: Duration) -> Result<()> {
    if (SHORTEST_LEASE..=LONGEST_LEASE).contains(&length) {
        return Ok(());
    }
    Err(Error::Config {
        setting: LEASE,
        reason: format!(
            "{length:?} is no length of a lease; it takes from {SHORTEST_LEASE:?} to {LONGEST_LEASE:?}"
        ),
    })
}

impl Limits {
    /// Those that the store keeps.
    #[cfg(feature = "lambda")]
    pub(crate) fn of_store(&self) -> (Duration, Duration, Duration, usize) {
        (self.lead, self.method, self.job, self.value_bytes)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wait: LAMBDA_LIMIT,
            thread: LAMBDA_LIMIT,
            value_bytes: VALUE_BYTES,
            lease: LEASE_LENGTH,
            method: METHOD_LIMIT,
            lead: LEAD,
            job: crate::job::LEASE,
        }
    }
}

impl Builder {
    /// How long a call may wait that was given no limit of its own; 15 minutes otherwise (as `CRUCIAL_WAIT_LIMIT`, in
    /// seconds). It [travels](Self#what-travels-with-a-job) with the job.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let limit = std::time::Duration::from_millis(20);
    /// let runtime = crucial::Runtime::builder().wait_limit(limit).build().await?;
    /// let _entered = runtime.enter();
    /// let latch = crucial::Latch::create("latch", 1).await?;
    /// assert!(matches!(latch.wait().await, Err(crucial::Error::TimedOut { waited, .. }) if waited >= limit));
    /// # Ok(()) }
    /// ```
    pub fn wait_limit(mut self, limit: Duration) -> Self {
        self.limits.wait = limit;
        self
    }

    /// How long a cloud thread may take that was given no limit of its own; 15 minutes otherwise (as
    /// `CRUCIAL_THREAD_LIMIT`, in seconds). It [travels](Self#what-travels-with-a-job) with the job, to the threads that
    /// its threads spawn. On AWS Lambda a thread ends with its function's time at the latest.
    ///
    /// ```
    /// #[crucial::cloud_thread]
    /// async fn forever() {
    ///     std::future::pending().await
    /// }
    ///
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let limit = std::time::Duration::from_millis(20);
    /// let runtime = crucial::Runtime::builder().thread_limit(limit).build().await?;
    /// let _entered = runtime.enter();
    /// assert!(forever::spawn().await.is_err_and(|error| error.is_timeout()));
    /// # Ok(()) }
    /// ```
    pub fn thread_limit(mut self, limit: Duration) -> Self {
        self.limits.thread = limit;
        self
    }

    /// How long one method of a shared object may run before it counts as one that never ends; 30 seconds otherwise (as
    /// `CRUCIAL_METHOD_LIMIT`, in seconds). It [travels](Self#what-travels-with-a-job) with the job.
    ///
    /// Callers are then told ([`Error::Poison`](crate::Error::Poison)) instead of waiting on. A method that blocks or computes for longer
    /// belongs in a cloud thread.
    ///
    /// ```
    /// # use crucial::Error;
    /// # use serde::{Deserialize, Serialize};
    /// # static GATE: std::sync::Barrier = std::sync::Barrier::new(2);
    /// # #[derive(Clone, Serialize, Deserialize)]
    /// # struct Model {
    /// #     steps: u32,
    /// # }
    /// # #[crucial::shared]
    /// # impl Model {
    /// #     pub fn fit(&mut self) {
    /// #         GATE.wait();
    /// #         GATE.wait();
    /// #         self.steps += 1;
    /// #     }
    /// #     pub fn steps(&self) -> u32 {
    /// #         self.steps
    /// #     }
    /// # }
    /// # #[tokio::main(worker_threads = 4)] async fn main() -> crucial::Result<()> {
    /// let limit = std::time::Duration::from_millis(20);
    /// let runtime = crucial::Runtime::builder().method_limit(limit).build().await?;
    /// # let _entered = runtime.enter();
    /// # let model = ModelProxy::create("model", Model { steps: 0 }).await?;
    /// # let fitting = model.clone();
    /// # let fitting = tokio::spawn(async move { fitting.fit().await });
    /// # GATE.wait();
    /// // While another task runs `model.fit()`, which takes long:
    /// let told = model.steps().await;
    /// assert!(matches!(told, Err(Error::Poison { method, .. }) if method == "steps"));
    /// # GATE.wait();
    /// # assert!(fitting.await.is_ok_and(|fitted| fitted.is_ok()));
    /// assert_eq!(model.steps().await?, 1); // it has ended after all
    /// # Ok(()) }
    /// ```
    pub fn method_limit(mut self, limit: Duration) -> Self {
        self.limits.method = limit.min(LONGEST);
        self
    }

    /// How long callers wait for a process that died running their calls; one second otherwise.
    #[cfg(all(test, feature = "redis"))]
    pub(crate) fn lead(mut self, lease: Duration) -> Self {
        self.limits.lead = lease;
        self
    }

    /// How long a job lives on without a sign of its driver; a minute otherwise.
    #[cfg(all(test, feature = "redis"))]
    pub(crate) fn job_lease(mut self, lease: Duration) -> Self {
        self.limits.job = lease;
        self
    }

    /// How many bytes the arguments of a call or a thread may take, and the state of a user's object; 64 MiB otherwise
    /// (as `CRUCIAL_MAX_VALUE_BYTES`). It [travels](Self#what-travels-with-a-job) with the job.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let runtime = crucial::Runtime::builder().max_value_bytes(1_000).build().await?;
    /// let _entered = runtime.enter();
    /// let notes = crucial::List::create("notes", Vec::new()).await?;
    /// let refused = notes.push_back("x".repeat(2_000)).await;
    /// assert!(matches!(refused, Err(crucial::Error::TooLarge { limit: 1_000, .. })));
    /// # Ok(()) }
    /// ```
    pub fn max_value_bytes(mut self, limit: usize) -> Self {
        self.limits.value_bytes = limit;
        self
    }

    /// How long what this process holds of an object (a permit, a lock, a place in a queue or at a
    /// barrier) stays its own after it was last heard of; 10 seconds otherwise (as `CRUCIAL_LEASE`, in
    /// seconds). It takes from 50 milliseconds to a day, and [travels](Self#what-travels-with-a-job) with the job.
    ///
    /// While the process runs and reaches the store it renews its leases, each third of that time and at
    /// least every three seconds, by one call an object. If it dies, or is frozen or cut off for longer, what it
    /// held goes to others. So does what is held by futures that compute for longer without awaiting anything,
    /// on all of the threads of tokio: leave one free, or ask for more time here. In a store inside the process
    /// leases end only if asked for.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use crucial::Runtime;
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let patient = Runtime::builder().lease(Duration::from_secs(60)).build().await;
    /// assert!(patient.is_ok());
    /// let refused = Runtime::builder().lease(Duration::from_millis(1)).build().await; // too short
    /// assert!(matches!(refused, Err(crucial::Error::Config { setting: "CRUCIAL_LEASE", .. })));
    /// # Ok(()) }
    /// ```
    pub fn lease(mut self, length: Duration) -> Self {
        self.lease = Some(length);
        self
    }
}
