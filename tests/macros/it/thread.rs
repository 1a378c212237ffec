//! `#[crucial::cloud_thread]`.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crucial::{JoinError, JoinFailure, JoinHandle, Runtime, Task, cloud_closure};
use serde::{Deserialize, Serialize};

use crate::entered;

#[crucial::cloud_thread]
async fn double(n: u32) -> u32 {
    n * 2
}

/// Blocks.
#[crucial::cloud_thread]
fn join_words(words: Vec<String>, mut separator: String, (): ()) -> String {
    separator.push(' ');
    words.join(&separator)
}

#[derive(Debug)]
struct Odd(u32);

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is odd", self.0)
    }
}

#[crucial::cloud_thread]
async fn half(n: u32) -> Result<u32, Odd> {
    if n.is_multiple_of(2) {
        Ok(n / 2)
    } else {
        Err(Odd(n))
    }
}

#[crucial::cloud_thread]
fn half_blocking(half_blocking: u32) -> Result<u32, &'static str> {
    if half_blocking.is_multiple_of(2) {
        Ok(half_blocking / 2)
    } else {
        Err("odd")
    }
}

#[crucial::cloud_thread]
async fn quarter(n: u32) -> crucial::Result<u32> {
    let half = half::spawn(n).await?;
    Ok(half::spawn(half).await?)
}

/// An error that travels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Refusal<T> {
    Odd(T),
    Large { at_most: T },
}

impl<T: fmt::Display> fmt::Display for Refusal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Odd(n) => write!(f, "{n} is odd"),
            Self::Large { at_most } => write!(f, "larger than {at_most}"),
        }
    }
}

impl StdError for Refusal<u32> {}

type Refused<T> = Refusal<T>;

mod checked {
    /// A `Result` by the same name.
    pub(super) type Result<T> = std::result::Result<T, super::Refused<u32>>;
}

#[crucial::cloud_thread]
async fn third(n: u32) -> Result<u32, Refusal<u32>> {
    match n {
        100.. => Err(Refusal::Large { at_most: 99 }),
        n if n.is_multiple_of(2) => Ok(n / 2),
        n => Err(Refusal::Odd(n)),
    }
}

#[crucial::cloud_thread]
fn third_blocking(n: u32) -> checked::Result<u32> {
    if n > 7 { Err(Refusal::Odd(n)) } else { Ok(n) }
}

#[crucial::cloud_thread]
async fn relays(n: u32) -> Result<u32, JoinError<Refusal<u32>>> {
    third::spawn(n).await
}

#[crucial::cloud_thread]
async fn shares() -> Result<(), Arc<Refusal<u32>>> {
    Err(Arc::new(Refusal::Odd(1)))
}

#[crucial::cloud_thread]
async fn boxes() -> Result<(), Box<dyn StdError + Send + Sync>> {
    Err("boxed".into())
}

/// An error that serde can only read where its bytes live for ever.
#[derive(Debug, Serialize, Deserialize)]
struct Fixed(&'static str);

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[crucial::cloud_thread]
async fn fixed() -> Result<(), Fixed> {
    Err(Fixed("fixed"))
}

/// An error whose text panics.
#[derive(Debug, Serialize, Deserialize)]
struct Mute;

impl fmt::Display for Mute {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no text")
    }
}

#[crucial::cloud_thread]
fn mute() -> Result<(), Mute> {
    Err(Mute)
}

#[crucial::cloud_thread(name = "no-op")]
pub(crate) async fn nothing() {}

#[crucial::cloud_thread]
async fn unlucky(message: String) -> u8 {
    panic!("{message}")
}

#[tokio::test]
async fn a_function_stays_callable_as_written() {
    assert_eq!(double(4).await, 8);
    assert_eq!(half_blocking(4), Ok(2));
    assert_eq!(half(3).await.unwrap_err().0, 3);
}

#[tokio::test]
async fn threads_return_values() {
    entered!();
    assert_eq!(double::spawn(4).await.unwrap(), 8);
    let words = vec!["a".to_owned(), "b".to_owned()];
    let joined = join_words::spawn(words, ",".to_owned(), ());
    assert_eq!(joined.await.unwrap(), "a, b");
    assert_eq!(half_blocking::spawn(4).await.unwrap(), 2);
    assert_eq!(quarter::spawn(8).await.unwrap(), 2);
    nothing::task().spawn().await.unwrap();
}

/// The runtime of one future is that of the threads it spawns, though no runtime is entered.
#[tokio::test]
async fn a_scope_is_enough() {
    let runtime = Runtime::builder().build().await.unwrap();
    let ended = runtime.scope(async {
        let failed = half::spawn(3).await.unwrap_err();
        (quarter::spawn(8).await, failed)
    });
    let (quarter, failed) = ended.await;
    assert_eq!(quarter.unwrap(), 2);
    assert_eq!(failed.failure, JoinFailure::Failed("3 is odd".to_owned()));
}

#[tokio::test]
async fn threads_say_what_ended_them() {
    entered!();
    let error = half::spawn(3).await.unwrap_err();
    assert_eq!(error.failure, JoinFailure::Failed("3 is odd".to_owned()));
    let error = half_blocking::spawn(3).await.unwrap_err();
    assert_eq!(error.failure, JoinFailure::Failed("odd".to_owned()));
    let error = quarter::task(6).name("q").spawn().await.unwrap_err();
    assert!(
        error.to_string().starts_with("cloud thread `q` failed"),
        "{error}"
    );
    let error = unlucky::spawn("Friday".to_owned()).await.unwrap_err();
    assert!(
        error.to_string().contains("panicked: Friday (at"),
        "{error}"
    );
}

/// An error with a source.
#[derive(Debug)]
struct Row(std::num::ParseIntError);

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("row 1 is no number")
    }
}

impl std::error::Error for Row {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Fails by `?` with an error of std or serde_json.
fn reads(kind: &str, text: &str) -> crucial::Result<()> {
    match kind {
        "integer" => drop(text.parse::<u8>()?),
        "float" => drop(text.parse::<f64>()?),
        "bool" => drop(text.parse::<bool>()?),
        "char" => drop(text.parse::<char>()?),
        "narrower" => drop(u8::try_from(text.len())?),
        "UTF-8" => drop(std::str::from_utf8(&[text.as_bytes(), &[0xff]].concat())?),
        "a string" => drop(String::from_utf8([text.as_bytes(), &[0xff]].concat())?),
        "JSON" => drop(serde_json::from_str::<Vec<u8>>(text)?),
        "a file" => drop(std::fs::read(text)?),
        _ => Err(crucial::Error::other(text))?,
    }
    Ok(())
}

#[crucial::cloud_thread]
async fn reader(kind: String, text: String) -> crucial::Result<()> {
    reads(&kind, &text)
}

#[tokio::test]
async fn errors_of_std_become_errors_of_threads() {
    entered!();
    for (kind, text, expected) in [
        ("integer", "seven", "invalid digit found in string"),
        ("float", "seven", "invalid float literal"),
        ("bool", "seven", "provided string was not `true` or `false`"),
        ("char", "seven", "too many characters in string"),
        ("narrower", &"x".repeat(256), "out of range integral type"),
        ("UTF-8", "seven", "invalid utf-8 sequence of 1 bytes"),
        ("a string", "seven", "invalid utf-8 sequence of 1 bytes"),
        ("JSON", "[1, 300]", "invalid value: integer `300`"),
        ("a file", "/there/is/none", "No such file or directory"),
        ("a text", "the file has no rows", "the file has no rows"),
    ] {
        let error = reads(kind, text).unwrap_err();
        assert!(matches!(error, crucial::Error::Other(_)), "{error:?}");
        let told = error.to_string();
        assert!(told.contains(expected), "{kind}: {told}");
        let joined = reader::spawn(kind.to_owned(), text.to_owned()).await;
        assert_eq!(joined.unwrap_err().failure, JoinFailure::Failed(told));
    }
    let row = Row("x".parse::<u8>().unwrap_err());
    let error = crucial::Error::from(std::io::Error::other(row));
    assert_eq!(error.to_string(), "row 1 is no number");
    let source = std::error::Error::source(&error);
    assert!(source.is_some_and(|source| source.is::<std::num::ParseIntError>()));
}

#[crucial::cloud_thread]
async fn reader_in_context(text: String) -> anyhow::Result<u8> {
    let read = || anyhow::Context::context(text.parse::<u8>(), "row 7");
    anyhow::Context::with_context(read(), || format!("{text:?}"))
}

#[crucial::cloud_thread]
fn anyhow_from_ours(kind: String, text: String) -> anyhow::Result<()> {
    anyhow::ensure!(!text.is_empty(), "there is no {kind}");
    Ok(reads(&kind, &text)?)
}

#[crucial::cloud_thread]
async fn boxed(text: String) -> Result<u8, Box<dyn std::error::Error + Send + Sync>> {
    if text.is_empty() {
        return Err("there is no text".into());
    }
    reads("char", &text)?;
    let read: u8 = text.parse()?;
    Ok(double::spawn(read.into()).await?.try_into()?)
}

#[tokio::test]
async fn threads_return_errors_that_hold_any_other() {
    entered!();
    let text = |text: &str| text.to_owned();
    assert_eq!(reader_in_context::spawn(text("7")).await.unwrap(), 7);
    assert_eq!(boxed::spawn(text("7")).await.unwrap(), 14);
    anyhow_from_ours::spawn(text("float"), text("7.5"))
        .await
        .unwrap();
    let closure = cloud_closure!(|text: String| anyhow::Ok(text.parse::<u8>()?));
    assert_eq!(closure.spawn(text("7")).await.unwrap(), 7);
    for (failed, expected) in [
        (
            reader_in_context::spawn(text("x")).await,
            "\"x\": row 7: invalid digit found in string",
        ),
        (
            anyhow_from_ours::spawn(text("float"), text("x"))
                .await
                .map(|()| 0),
            "invalid float literal",
        ),
        (
            anyhow_from_ours::spawn(text("float"), text(""))
                .await
                .map(|()| 0),
            "there is no float",
        ),
        (boxed::spawn(text("")).await, "there is no text"),
        (
            boxed::spawn(text("12")).await,
            "too many characters in string",
        ),
        (
            boxed::spawn(text("x")).await,
            "invalid digit found in string",
        ),
        (
            closure.spawn(text("x")).await,
            "invalid digit found in string",
        ),
    ] {
        let failure = failed.unwrap_err().failure;
        assert_eq!(failure, JoinFailure::Failed(text(expected)));
    }
}

/// The types that joining gives: the error itself where it can travel, its text otherwise.
#[tokio::test]
async fn errors_of_threads_keep_their_types() {
    entered!();
    let task: Task<u32, Refusal<u32>> = third::task(3);
    let handle: JoinHandle<u32, Refusal<u32>> = task.name("third").spawn();
    assert_eq!(handle.name(), "third");
    let error: JoinError<Refusal<u32>> = handle.await.unwrap_err();
    assert_eq!(error.failed(), Some(&Refusal::Odd(3)));
    assert_eq!(error.failure, JoinFailure::Failed(Refusal::Odd(3)));
    assert_eq!(error.to_string(), "cloud thread `third` failed: 3 is odd");
    let large = third::spawn(100).await.unwrap_err().try_into_failed();
    assert_eq!(large, Ok(Refusal::Large { at_most: 99 }));

    let handle: JoinHandle<u32, Refusal<u32>> = third_blocking::spawn(8);
    assert_eq!(handle.await.unwrap_err().failed(), Some(&Refusal::Odd(8)));
    let handle: JoinHandle<u32, JoinError<Refusal<u32>>> = relays::spawn(3);
    let inner = handle.await.unwrap_err().try_into_failed().unwrap();
    assert_eq!(inner.try_into_failed(), Ok(Refusal::Odd(3)));
    assert_eq!(relays::spawn(4).await.unwrap(), 2);

    let texts: [(JoinHandle<()>, &str); 3] = [
        (shares::spawn(), "1 is odd"),
        (boxes::spawn(), "boxed"),
        (fixed::spawn(), "fixed"),
    ];
    for (handle, text) in texts {
        assert_eq!(handle.await.unwrap_err().failed().unwrap(), text);
    }
    let handle: JoinHandle<u32> = half::spawn(3);
    assert_eq!(handle.await.unwrap_err().failed().unwrap(), "3 is odd");
    let twos: [JoinHandle<u32>; 3] = [half_blocking::spawn(4), double::spawn(1), quarter::spawn(8)];
    for two in twos {
        assert_eq!(two.await.unwrap(), 2);
    }
}

#[tokio::test]
async fn joins_end_functions_by_a_question_mark() {
    async fn ours(n: u32) -> crucial::Result<u32> {
        Ok(third::spawn(n).await? + half::spawn(n).await? + double::spawn(n).await?)
    }
    async fn anybodys(n: u32) -> Result<u32, Box<dyn StdError + Send + Sync>> {
        Ok(third::spawn(n).await? + double::spawn(n).await?)
    }
    entered!();
    assert_eq!(ours(4).await.unwrap(), 12);
    let text = "cloud thread `it::thread::third` failed: 3 is odd";
    let error = ours(3).await.unwrap_err();
    assert_eq!(error.to_string(), text);
    let crucial::Error::Join(error) = error else {
        panic!("{error:?}")
    };
    assert_eq!(error.failed().unwrap(), "3 is odd");
    assert_eq!(anybodys(4).await.unwrap(), 10);
    let error = anybodys(3).await.unwrap_err();
    assert_eq!(error.to_string(), text);
    let error: &JoinError<Refusal<u32>> = error.downcast_ref().unwrap();
    assert_eq!(error.failed(), Some(&Refusal::Odd(3)));
}

#[tokio::test]
async fn a_join_error_tells_what_ended_its_thread() {
    entered!();
    let panicked = unlucky::spawn("Friday".to_owned()).await.unwrap_err();
    assert!(panicked.is_panic() && !panicked.is_timeout() && !panicked.is_cancelled());
    assert_eq!(panicked.failed(), None);
    assert_eq!(panicked.clone().try_into_failed(), Err(panicked.clone()));
    assert_eq!(panicked.into_panic().message, "Friday");
    let late = never::task().timeout(Duration::from_millis(5)).spawn();
    let late = late.await.unwrap_err();
    assert!(late.is_timeout() && !late.is_panic());
    assert_eq!(late.clone().try_into_panic(), Err(late));
    let failed = third::spawn(3).await.unwrap_err();
    let asked = std::panic::catch_unwind(|| failed.into_panic()).unwrap_err();
    let said = asked.downcast::<String>().unwrap();
    assert_eq!(*said, "cloud thread `it::thread::third` did not panic");
    // The text of an error is code of the user's.
    let mute = mute::spawn().await.unwrap_err();
    assert_eq!(mute.into_panic().message, "no text");
}

#[test]
fn threads_are_registered_by_their_path_or_a_name() {
    let by_path = format!("{:?}", double::task(1));
    assert!(by_path.contains("\"it::thread::double\""), "{by_path}");
    let by_name = format!("{:?}", nothing::task());
    assert!(by_name.contains("\"no-op\""), "{by_name}");
}

#[tokio::test]
async fn functions_in_bodies_run_too() {
    entered!();
    #[crucial::cloud_thread]
    async fn inner(n: u32) -> u32 {
        n + 1
    }
    assert_eq!(inner::spawn(1).await.unwrap(), 2);
}

#[tokio::test]
async fn functions_of_one_path_are_told_apart_or_refused() {
    entered!();
    let first = {
        #[crucial::cloud_thread]
        async fn twin(n: u8) -> u8 {
            n
        }
        twin::spawn(1)
    };
    let second = {
        #[crucial::cloud_thread]
        async fn twin(n: u8) -> u8 {
            n + 1
        }
        twin::spawn(1)
    };
    let third = {
        #[crucial::cloud_thread]
        async fn twin(n: u16) -> u16 {
            n + 2
        }
        twin::spawn(1)
    };
    for ambiguous in [first, second] {
        let error = ambiguous.await.unwrap_err().to_string();
        assert!(
            error.contains("two functions are called `it::thread::twin`, at "),
            "{error}"
        );
    }
    assert_eq!(third.await.unwrap(), 3, "its signature is another");
}

#[tokio::test]
async fn a_handle_that_is_awaited_again_gives_the_same_end() {
    let runtime = Runtime::builder().build().await.unwrap();
    let _entered = runtime.enter();
    let (mut good, mut bad) = (double::spawn(4), unlucky::spawn("no".to_owned()));
    for _ in 0..3 {
        assert_eq!((&mut good).await.unwrap(), 8);
        let failure = (&mut bad).await.unwrap_err().failure;
        assert!(matches!(failure, JoinFailure::Panicked(_)), "{failure:?}");
        assert!(good.is_finished() && bad.is_finished());
    }
}

#[crucial::cloud_thread]
async fn never() -> u8 {
    std::future::pending().await
}

fn tokio() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// A runtime, and what that returns on a tokio runtime which is then shut down.
fn outlived<T>(spawn: impl AsyncFnOnce() -> T) -> (Runtime, T) {
    let tokio = tokio();
    tokio.block_on(async {
        let runtime = Runtime::builder().build().await.unwrap();
        let spawned = runtime.scope(spawn()).await;
        (runtime, spawned)
    })
}

#[test]
fn a_handle_that_outlives_its_tokio_runtime_says_so() {
    // At work, and not even begun.
    let (_runtime, threads) = outlived(async || {
        double::spawn(1).await.unwrap();
        let (one, other) = (never::spawn(), never::spawn());
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        [one, other]
    });
    let (_other, begun) = outlived(async || [never::spawn(), never::spawn()]);
    tokio().block_on(async {
        for thread in threads.into_iter().chain(begun) {
            let failure = thread.await.unwrap_err().failure;
            let text = failure.to_string();
            assert!(matches!(failure, JoinFailure::Lost(_)), "{text}");
            assert!(text.contains("was shut down"), "{text}");
        }
    });
}

#[test]
fn ends_are_heard_on_the_next_tokio_runtime() {
    let (runtime, ended) = outlived(async || double::spawn(1).await.unwrap());
    assert_eq!(ended, 2);
    tokio().block_on(runtime.scope(async {
        let threads: Vec<_> = (0..20).map(double::spawn).collect();
        for (n, thread) in (0..).zip(threads) {
            assert_eq!(thread.await.unwrap(), n * 2);
        }
    }));
}
