//! Cloud threads that count, call after call: on a counter of the library and on an object of the user's.
//!
//! Prints both counts. Every reply has to be another one; a call that was lost or ran twice shows in a reply
//! that is missing or doubled.

mod tally;

use futures_util::future::try_join_all;

use self::tally::Tally;

/// What the threads share.
#[crucial::shared]
pub struct State {
    counter: u64,
    tally: Tally,
}

#[crucial::cloud_thread]
async fn hammer(times: u32, state: State) -> crucial::Result<(Vec<u64>, Vec<u64>)> {
    let (mut counted, mut tallied) = (Vec::new(), Vec::new());
    for _ in 0..times {
        counted.push(state.counter.fetch_add(1).await?);
        tallied.push(state.tally.add().await?);
    }
    Ok((counted, tallied))
}

#[crucial::main]
async fn main() -> crucial::Result<()> {
    let number = |place| std::env::args().nth(place).and_then(|arg| arg.parse().ok());
    let (Some(threads), Some(times)) = (number(1), number(2)) else {
        return Err(crucial::Error::other("usage: hammer THREADS TIMES"));
    };
    let state = State::create("hammer", StateInit::default()).await?;
    let threads = (0..threads).map(|_| hammer::spawn(times, state.clone()));
    let (counted, tallied): (Vec<_>, Vec<_>) = try_join_all(threads).await?.into_iter().unzip();
    check("counter", counted.concat())?;
    check("tally", tallied.concat())?;
    println!(
        "counter {}, tally {}",
        state.counter.load().await?,
        state.tally.snapshot().await?.count
    );
    Ok(())
}

/// Exactly once is: the replies are the numbers from 0, each once.
fn check(what: &str, mut replies: Vec<u64>) -> crucial::Result<()> {
    replies.sort_unstable();
    match (0..)
        .zip(&replies)
        .find(|(expected, reply)| expected != *reply)
    {
        None => Ok(()),
        Some((expected, reply)) => Err(crucial::Error::other(format!(
            "{what}: {expected} should have been answered, not {reply}"
        ))),
    }
}
