//! `#[crucial::cloud_thread]`.

use std::fmt;

use crucial::{JoinFailure, Runtime};

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
