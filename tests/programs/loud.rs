//! A job in which all goes well, in each process of which warnings and errors of Crucial are printed.
//!
//! `loud work` runs threads that count, meet, lock, hand over and spawn others, one of which nobody joins; `loud warn` warns
//! here and in a thread. Prints what was counted.

mod tally;

use std::fmt::{Debug, Write};

use crucial::{Barrier, Mutex, Queue, QueueInit};
use futures_util::future::try_join_all;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use self::tally::Tally;

/// How many threads meet: as many as there are processes.
const THREADS: u32 = 4;

/// Prints each warning and error as a line.
struct Warnings;

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Line(String);

        impl Visit for Line {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                let _ = write!(self.0, " {}={value:?}", field.name());
            }
        }

        let metadata = event.metadata();
        let mut line = Line(format!("{} {}:", metadata.level(), metadata.target()));
        event.record(&mut line);
        eprintln!("{}", line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// From now on warnings are printed in this process; a process runs several threads.
fn listen() {
    let _ = tracing::subscriber::set_global_default(Warnings);
}

/// What the threads share.
#[crucial::shared]
struct State {
    count: u64,
    tally: Tally,
    met: Barrier,
    last: Mutex<u32>,
    words: Queue<String>,
}

#[crucial::cloud_thread]
async fn work(number: u32, state: State) -> crucial::Result<u32> {
    listen();
    state.count.fetch_add(1).await?;
    state.tally.add().await?;
    state.met.wait().await?;
    *state.last.lock().await? = number;
    state.words.put(number.to_string()).await?;
    double::spawn(number).await.map_err(crucial::Error::other)
}

#[crucial::cloud_thread]
async fn double(number: u32) -> u32 {
    listen();
    number * 2
}

/// Waits for others who do not come.
#[crucial::cloud_thread]
async fn lasting(state: State) -> crucial::Result<()> {
    listen();
    state.words.put("here".to_owned()).await?;
    state.met.wait().await.map(drop)
}

#[crucial::cloud_thread]
async fn warns() {
    listen();
    tracing::warn!("a thread warns");
}

#[crucial::main]
async fn main() -> crucial::Result<()> {
    listen();
    if std::env::args().nth(1).as_deref() == Some("warn") {
        tracing::error!("the driver warns");
        return warns::spawn().await.map_err(crucial::Error::other);
    }
    let init = StateInit {
        met: THREADS,
        words: QueueInit::default(),
        ..StateInit::default()
    };
    let state = State::create("loud", init).await?;
    let threads = (0..THREADS).map(|number| work::spawn(number, state.clone()));
    let doubled = try_join_all(threads).await.map_err(crucial::Error::other)?;
    // Nobody joins this one, which is at work when the program ends.
    drop(lasting::spawn(state.clone()));
    while state.words.take().await? != "here" {}
    let snapshot = state.count.load().await? + state.tally.snapshot().await?.count;
    println!("{snapshot} {}", doubled.iter().sum::<u32>());
    Ok(())
}
