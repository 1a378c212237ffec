//! The attributes, and the macro for closures, with their documentation.

/// Makes a shared object of a type, or a struct of shared state.
///
/// # On an `impl`: a shared object
///
/// The attribute goes on one inherent `impl` of a struct or an enum that implements
/// `serde::Serialize` and `serde::Deserialize`. The `impl` stays as it is, so the type remains an
/// ordinary Rust type; beside it stands a proxy, `NameProxy`, with a method for each `pub`
/// method, which gives a [`Call`](crate::Call): a future with `.timeout(limit)` and `.blocking()`. A proxy holds a key: it clones and travels to cloud threads freely.
///
/// | method | on the proxy |
/// |---|---|
/// | `pub fn f(&self, …) -> R` | `fn f(&self, …) -> Call<…>`, which gives a `crucial::Result<R>`; reads |
/// | `pub fn f(&mut self, …) -> R` | the same; runs atomically and exactly once, whatever happens to connections |
/// | `… -> Poll<R>` | the same, and waits until the method is ready; dropped, it waits no more |
/// | `… -> Result<T, E>` | `crucial::Result<Result<T, E>>`: an `Err` is the caller's value and undoes nothing |
/// | `#[shared(idempotent)] pub fn f(&mut self, …)` | `f`, without the record that makes it run exactly once: for methods that may run twice; see below |
/// | `#[shared(read = "cached")] pub fn f(&self, …)` | `f`, which may read a copy that is a little old; see below |
/// | `#[shared(skip)] pub fn f(…)` | left out, as are functions without `self` and those that are not `pub` |
///
/// The methods have to be deterministic, since they run wherever the object is worked on. A call is
/// one round trip, two more each time another process has changed the object meanwhile; one that waits is two more at first,
/// and one more each time the object has changed. The calls of one process on one object travel together. A panic in a method is an error of
/// its caller, [`Error::Panicked`](crate::Error::Panicked), and leaves the object as it was. So does a state that
/// has become too large ([`Error::TooLarge`](crate::Error::TooLarge), see
/// [`max_value_bytes`](crate::Builder::max_value_bytes)); a method that does not end is named to those who wait behind
/// it ([`Error::Poison`](crate::Error::Poison), see [`method_limit`](crate::Builder::method_limit)).
///
/// Derive `Clone` where you can: to be able to take back what a failed method did, the embedded store clones the state
/// before each change, and encodes it where there is no `Clone`, which takes up to a hundred times as long. A clone
/// must be a state of its own (no `Arc<Mutex<…>>`).
///
/// A method that takes `&self` reads what is stored when it is called: one round trip, which carries no state unless
/// that has changed. With `#[shared(read = "cached")]` it may read the copy that this process keeps, as long as that was
/// the stored state no longer than 100 ms ago, or as long ago as `#[shared(read = "cached", max_age = "2s")]` allows
/// (a whole number of `ms`, `s` or `min`): then it takes no round trip, and does not wait for others who work on the
/// object. Within one process it still never goes back in time and sees what the process itself has changed; a
/// change of another process it may see that much later, even if it has heard of it in another way. The embedded store
/// always reads the state itself. For a model that is read at every step, or a progress bar; not for decisions.
///
/// A method marked `#[shared(idempotent)]` leaves no record on the server, which saves one for each process that calls it.
/// Where a connection breaks it may take effect twice before it is answered, and what others did in between is undone:
/// an `add(1)` that was answered 6 after the first effect of a `set(5)` is lost with the second. So it is for methods with which
/// others do not interfere, such as noting that a part is done; not for those that replace what others change.
///
/// To drop the future of a call does not take it back once it is on its way: it takes effect, or not, and nobody hears of it.
/// One that waits is made again and again; while it is not ready it leaves the object as it was, whatever the method has done
/// before it returned `Poll::Pending`, so whoever is dropped while waiting has changed nothing.
///
/// The state is stored as MessagePack with named fields, which people can read and which evolves: give fields that you
/// add `#[serde(default)]`. It has one nil, so in a state (not in arguments and results) `Some(None)` and `Some(())`
/// come back as `None`; give such cases an enum of their own.
///
/// Every proxy also has `create`, `open`, `open_or_create`, `at`, `key`, `snapshot`, `exists`,
/// `expire`, `expires_in` and `destroy`. It implements [`Shared`](crate::Shared), and the type
/// [`Field`](crate::Field), so that it may stand in a struct of shared state.
///
/// ```
/// use crucial::Poll;
/// use serde::{Deserialize, Serialize};
///
/// /// Offers, until somebody has offered enough.
/// #[derive(Default, Serialize, Deserialize)]
/// struct Auction {
///     best: u64,
/// }
///
/// #[crucial::shared]
/// impl Auction {
///     /// Whether this is the best offer now.
///     pub fn offer(&mut self, amount: u64) -> bool {
///         let better = amount > self.best;
///         self.best = self.best.max(amount);
///         better
///     }
///
///     /// The first offer of at least that much.
///     pub fn reached(&self, amount: u64) -> Poll<u64> {
///         if self.best >= amount {
///             Poll::Ready(self.best)
///         } else {
///             Poll::Pending
///         }
///     }
/// }
///
/// # #[crucial::main]
/// # async fn main() -> crucial::Result<()> {
/// assert!(Auction::default().offer(3), "an ordinary type");
///
/// let auction = AuctionProxy::create("vase", Auction::default()).await?;
/// let waiting = tokio::spawn({
///     let auction = auction.clone();
///     async move { auction.reached(10).await }
/// });
/// assert!(auction.offer(7).await?);
/// assert!(!auction.offer(5).await?);
/// assert!(auction.offer(12).await?);
/// assert_eq!(waiting.await.expect("it does not panic")?, 12);
/// # Ok(()) }
/// ```
///
/// # On a struct: shared state
///
/// Each field becomes the proxy that stands for its type: [`Atomic`](crate::Atomic) for numbers,
/// `bool`, `char`, `String` and `Option`, [`List`](crate::List) for `Vec` and `VecDeque`,
/// [`Map`](crate::Map) for `HashMap`, [`SortedMap`](crate::SortedMap) for `BTreeMap`,
/// [`Set`](crate::Set) for `HashSet`; an object of the library, or another shared struct, stays
/// itself; a type with `#[crucial::shared]` on its `impl` becomes its
/// proxy. The struct itself clones, and travels to cloud threads by reference.
///
/// | attribute of a field | |
/// |---|---|
/// | `#[shared(local)]` | it stays a value, and a copy travels with the struct |
/// | `#[shared(init = expression)]` | what it starts from unless `create` is told otherwise |
/// | `#[shared(key = "…")]` | what its object is called within the struct; the field's name otherwise |
/// | `#[shared(persistent)]` | its object belongs to the application and outlives the job: the first run creates it, later ones open it |
///
/// Beside the struct `Name` stands `NameInit`, the plain values that it starts from, with a
/// `Default` where all of its fields have one. `Name` has `create`, `open`, `open_or_create`,
/// `snapshot` and `destroy`, and implements [`Shared`](crate::Shared).
///
/// ```
/// use std::collections::HashMap;
///
/// #[crucial::shared]
/// struct Survey {
///     answers: HashMap<String, u32>,
///     total: u64,
///     #[shared(init = 1.0)]
///     weight: f64,
///     #[shared(local)]
///     question: String,
/// }
///
/// # #[crucial::main]
/// # async fn main() -> crucial::Result<()> {
/// let init = SurveyInit {
///     question: "Tea or coffee?".to_owned(),
///     ..SurveyInit::default()
/// };
/// let survey = Survey::create("drinks", init).await?;
/// survey.answers.insert("tea".to_owned(), 1).await?;
/// survey.total.fetch_add(1).await?;
///
/// let same = Survey::open("drinks").await?;
/// assert_eq!(same.question, "Tea or coffee?");
/// let values = same.snapshot().await?;
/// assert_eq!((values.total, values.weight, values.answers["tea"]), (1, 1.0, 1));
/// # Ok(()) }
/// ```
///
/// # The crate by another name
///
/// `#[crucial::shared(crate = path)]` says where generated code finds this crate.
///
/// # What is refused
///
/// Generics, borrowed arguments and results, `async` and `unsafe` methods, `self` by value, and
/// methods called as the proxy's own functions are; structs without named fields. Each is told at
/// its place, with the reason, and all at once.
///
/// So are types that mean sharing within one process (`Arc`, `Mutex`, atomics, `Cell`, channels), with the object to take
/// instead: the [guide](crate::guide::choosing#what-does-not-travel) has the list. Within the state itself, a type of
/// yours, the macro can't see them: what such a field shares in one process is copied here, so leave it out.
pub use crucial_macros::shared;

/// Makes a cloud thread of a function, async or not.
///
/// The function stays callable as it is written. Beside it stands a type of its name, which is
/// imported along with it, with two functions:
///
/// * `name::spawn(arguments…)` starts the thread at once, as [`std::thread::spawn`] does, and gives a
///   [`JoinHandle`](crate::JoinHandle), a future of what the function returns;
/// * `name::task(arguments…)` gives a [`Task`](crate::Task), to be set up before it is spawned.
///
/// Arguments and result are any owned types that `serde` can encode, proxies and shared structs
/// among them, which travel by reference. A function that is not async runs on the pool for
/// blocking work. Where the return type is called `Result`, its error ends the thread with
/// [`JoinFailure::Failed`](crate::JoinFailure::Failed); see [below](#errors-of-your-own).
///
/// ```
/// /// Whether a number is prime; by trying.
/// #[crucial::cloud_thread]
/// fn is_prime(n: u64) -> bool {
///     n > 1 && (2..n).all(|d| n % d != 0)
/// }
///
/// #[crucial::cloud_thread]
/// async fn primes(from: u64, to: u64) -> crucial::Result<u64> {
///     let threads: Vec<_> = (from..to).map(is_prime::spawn).collect();
///     let mut primes = 0;
///     for thread in threads {
///         primes += u64::from(thread.await?);
///     }
///     Ok(primes)
/// }
///
/// # #[crucial::main]
/// # async fn main() -> crucial::Result<()> {
/// assert!(is_prime(7), "an ordinary function");
/// assert_eq!(primes::spawn(0, 20).await?, 8);
/// # Ok(()) }
/// ```
///
/// A thread is known by the function's path; another process runs it only if its signature is the
/// same there, and otherwise answers [`JoinFailure::Skew`](crate::JoinFailure::Skew). Functions may
/// stand in the bodies of others; as these have the same path, two that are called alike in one
/// module need a name: `#[crucial::cloud_thread(name = "…")]`. `crate = path` says where generated
/// code finds this crate.
///
/// For closures there is [`cloud_closure!`](crate::cloud_closure).
///
/// # Errors of any kind
///
/// In a thread that returns a [`crucial::Result`](crate::Result) `?` takes the errors of Crucial and
/// [those of std](crate::Error::Other). One that meets others too may return an `anyhow::Result<T>` or a
/// `Result<T, Box<dyn std::error::Error + Send + Sync>>`: the caller that joins it gets the text that `{:#}` writes of the
/// error, so of an `anyhow::Error` all of its contexts and causes.
///
/// ```
/// use anyhow::Context;
///
/// #[crucial::cloud_thread]
/// async fn total(prices: Vec<String>) -> anyhow::Result<u32> {
///     let mut total = 0;
///     for price in &prices {
///         total += price.parse::<u32>().with_context(|| format!("the price {price:?}"))?;
///     }
///     Ok(total)
/// }
///
/// #[crucial::cloud_thread]
/// async fn sold(hits: crucial::Atomic<u32>, by: String) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
///     if by.is_empty() {
///         return Err("nothing was sold".into());
///     }
///     let by: u32 = by.parse()?;
///     Ok(hits.fetch_add(by).await? + by)
/// }
///
/// # #[crucial::main]
/// # async fn main() -> anyhow::Result<()> {
/// let hits = crucial::Atomic::create("hits", 3).await?;
/// assert_eq!(sold::spawn(hits.clone(), "4".to_owned()).await?, 7);
/// let error = sold::task(hits, String::new()).name("till").spawn().await.unwrap_err();
/// assert_eq!(error.to_string(), "cloud thread `till` failed: nothing was sold");
///
/// let prices = vec!["3".to_owned(), "four".to_owned()];
/// let error = total::task(prices).name("sum").spawn().await.unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"cloud thread `sum` failed: the price "four": invalid digit found in string"#
/// );
/// # Ok(()) }
/// ```
///
/// # Errors of your own
///
/// A function that returns `Result<T, E>` gives a `JoinHandle<T, E>`, and awaiting that a `Result<T, JoinError<E>>`, if `E`
/// can travel ([`Portable`](crate::Portable)): the process that joins the thread has the error as it was.
/// Any other error (`anyhow::Error`, `Box<dyn Error>`, [`crucial::Error`](crate::Error), a `&'static str`) arrives as its
/// text, and `E` is `String`. So does one in an `Arc` or an `Rc`. An error type that has a lifetime and serde's traits
/// does not compile; it must own its data.
///
/// | the function returns | `spawn` gives | awaiting it gives |
/// |---|---|---|
/// | `u32` | `JoinHandle<u32>` | `Result<u32, JoinError>` |
/// | `Result<u32, Odd>`, where `Odd` has serde's traits | `JoinHandle<u32, Odd>` | `Result<u32, JoinError<Odd>>` |
/// | `Result<u32, String>` | `JoinHandle<u32>`, which is `JoinHandle<u32, String>` | `Result<u32, JoinError>` |
/// | `anyhow::Result<u32>`, `crucial::Result<u32>` | `JoinHandle<u32>` | `Result<u32, JoinError>` |
///
/// Each error must implement `Display`: the text of a [`JoinError`](crate::JoinError), the list of threads and the answer to
/// an event by hand show it. With `Debug` too, the `JoinError<E>` is a [`std::error::Error`]. `?` turns a `JoinError<E>` into a
/// [`crucial::Error`](crate::Error) or an `anyhow::Error`.
///
/// An error travels as a result does. One that would not come back as it was, and one that is larger than
/// [`max_value_bytes`](crate::Builder::max_value_bytes), arrive as a [`JoinFailure::Codec`](crate::JoinFailure::Codec)
/// that has the error's text.
///
/// ```
/// use crucial::{JoinError, JoinFailure};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
/// #[error("row {row} has {columns} columns")]
/// struct BadRow {
///     row: usize,
///     columns: usize,
/// }
///
/// #[crucial::cloud_thread]
/// async fn sum(rows: Vec<Vec<u32>>) -> Result<u32, BadRow> {
///     match rows.iter().position(|row| row.len() != 2) {
///         Some(row) => Err(BadRow { row, columns: rows[row].len() }),
///         None => Ok(rows.iter().flatten().sum()),
///     }
/// }
///
/// # #[crucial::main]
/// # async fn main() -> crucial::Result<()> {
/// assert_eq!(sum::spawn(vec![vec![1, 2]]).await?, 3);
/// match sum::spawn(vec![vec![1, 2], vec![3]]).await {
///     Err(JoinError { failure: JoinFailure::Failed(bad), .. }) => assert_eq!(bad, BadRow { row: 1, columns: 1 }),
///     other => panic!("{other:?}"),
/// }
/// # Ok(()) }
/// ```
///
/// # What is refused
///
/// Generic, `unsafe`, `extern` and `const` functions, methods with `self`, borrowed arguments and
/// results.
///
/// Types that mean sharing within one process (`Arc`, `Mutex`, atomics, `Cell`, channels) are refused too, with the object
/// to take instead: the [guide](crate::guide::choosing#what-does-not-travel) has the list. The macro does not see the
/// fields of your own types; what these share in one process arrives as a copy.
pub use crucial_macros::cloud_thread;

/// Makes the program's `main` the client of a job. It may be an `async fn`, or a plain `fn` that
/// [blocks](crate::Call::blocking).
///
/// The program runs on tokio, in a [`Runtime`](crate::Runtime) as the environment asks for
/// (`CRUCIAL_STORE`, `CRUCIAL_EXECUTOR`); without any, all state and all threads are in the process
/// itself. When AWS Lambda, or the executor `process`, starts the same program, it runs cloud
/// threads instead, and `main` is not called.
///
/// `main` may return nothing, an `ExitCode`, or a `Result` of either whose error implements
/// `Display` (`anyhow::Result<()>`, `crucial::Result<()>`): the text that `{:#}` writes of it is printed, and the process
/// ends with 1. When `main` returns or panics, the job's
/// objects are removed, except persistent ones.
///
/// # Signals
///
/// SIGINT (Ctrl-C) and SIGTERM (`docker stop`, systemd, `timeout`) drop `main`, stop the job's threads
/// and remove its objects. That takes two seconds at the most, also if the server does not answer or
/// `main` never yields; what could not be removed is said. The process then ends with the code 130 or
/// 143. A second signal ends it at once.
///
/// A process that is killed (SIGKILL) cleans up nothing. The processes of the executor `process`, which
/// outlive their driver for a moment, then end the job. If the job's threads ran in the driver itself
/// or on Lambda, its objects stay until programs that connect to the server later remove them: the job
/// must be found without a sign of life twice, a minute apart.
///
/// ```
/// #[crucial::main]
/// async fn main() -> crucial::Result<()> {
///     let hits = crucial::Atomic::<u64>::create("hits", 0).await?;
///     hits.fetch_add(1).await?;
///     println!("{}", hits.load().await?);
///     Ok(())
/// }
/// ```
///
/// # Settings in the source
///
/// Arguments set what a program needs wherever it runs: `max_value_bytes` (a number), and, as a text with
/// `ms`, `s` or `min`, `wait_limit`, `thread_limit`, `method_limit` and `lease`. Each is the method of
/// [`Builder`](crate::Builder) of that name, which says what it means, and
/// [travels](crate::Builder#what-travels-with-a-job) to the job's threads. A variable of the environment
/// (`CRUCIAL_WAIT_LIMIT`, …) overrides the argument.
///
/// ```
/// #[crucial::main(wait_limit = "20ms", max_value_bytes = 16 * 1024 * 1024)]
/// async fn main() -> crucial::Result<()> {
///     let latch = crucial::Latch::create("latch", 1).await?;
///     assert!(matches!(latch.wait().await, Err(crucial::Error::TimedOut { .. })));
///     Ok(())
/// }
/// ```
///
/// `#[crucial::main(crate = path)]` says where generated code finds this crate.
pub use crucial_macros::main;

/// Makes a cloud thread of a closure: [`#[cloud_thread]`](macro@crate::cloud_thread) for code that
/// stands where it is used.
///
/// The parameters have their types written out, as has what the closure captures, in brackets
/// before it. The macro gives a value with `spawn(arguments…)` and `task(arguments…)`.
///
/// ```
/// # #[crucial::main]
/// # async fn main() -> crucial::Result<()> {
/// let sum = crucial::Atomic::<u64>::create("sum", 0).await?;
///
/// let add = crucial::cloud_closure!([sum: crucial::Atomic<u64>] |n: u64| async move {
///     sum.fetch_add(n).await
/// });
/// let threads: Vec<_> = (1..=10).map(|n| add.spawn(n)).collect();
/// for thread in threads {
///     thread.await?;
/// }
/// assert_eq!(sum.load().await?, 55);
///
/// let square = crucial::cloud_closure!(|n: u64| n * n);
/// assert_eq!(square.spawn(7).await?, 49);
/// # Ok(()) }
/// ```
///
/// What is captured is cloned, so that the variable stays usable. A variable that is used without
/// having been captured is an error ("can't capture dynamic environment"). A closure whose body is
/// an `async` block is an async thread; any other runs on the pool for blocking work. The error of a `Result`
/// ends the thread as it does [with the attribute](macro@crate::cloud_thread#errors-of-your-own), if it implements `Display`;
/// a `Result` of any other error is a value.
///
/// The thread is known by its place in the source, and another process runs it only if its text is
/// the same there. The body is compiled twice: once to run, and once to find out the type of its
/// result, which can't be written down.
///
/// Types that mean sharing within one process are refused as they are [there](macro@crate::cloud_thread#what-is-refused). Of a
/// result that is not written (`|n: u64| -> u64 { … }`) the type as a whole is looked at, not what is in it.
///
/// It is not called `cloud_thread!` because Rust has one name space for attributes and macros.
#[macro_export]
macro_rules! cloud_closure {
    ($($closure:tt)*) => {
        $crate::__private::cloud_closure! { $crate; $($closure)* }
    };
}
