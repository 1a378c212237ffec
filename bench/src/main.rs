//! Benchmarks. Each runs its baseline and ours interleaved in one process, prints a table for people
//! and, as its last line, one JSON object for programs.
//!
//! ```text
//! cargo run --release -p crucial-bench -- counter
//! cargo run --release -p crucial-bench -- barrier --quick
//! ```
//!
//! The server is one of its own on loopback, unless `CRUCIAL_STORE` names another.

mod barrier;
mod counter;
mod delay;
mod map;
mod method;
mod objects;
mod queue;
mod samples;
mod server;
mod spawn;

use clap::{Parser, ValueEnum};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
#[command(about = "Benchmarks of Crucial")]
struct Flags {
    /// Which benchmark
    name: Name,
    /// Fewer repetitions: a look, no figure to publish
    #[arg(long)]
    quick: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    /// `Atomic::fetch_add` over the server's own `INCR`
    Counter,
    /// 1,800 parties at one barrier: of one process, and of eight
    Barrier,
    /// `Map::insert`, `get` and `extend` over the server's own `HSET`, `HGET` and a pipeline
    Map,
    /// A method of a user's object, called from many processes, over compare-and-set with backoff
    Method,
    /// Calls with 1, 1,000 and 100,000 live objects, and what an object takes on the server
    Objects,
    /// `Queue::put` and `take` over the server's own `LPUSH` and `BRPOP`
    Queue,
    /// 10,000 cloud threads of this process, started and joined
    Spawn,
}

#[tokio::main]
async fn main() -> Result<()> {
    if let Some(party) = barrier::party() {
        return barrier::attend(&party).await;
    }
    let Flags { name, quick } = Flags::parse();
    let figures = match name {
        Name::Counter => counter::run(quick).await?,
        Name::Barrier => barrier::run(quick).await?,
        Name::Map => map::run(quick).await?,
        Name::Method => method::run(quick).await?,
        Name::Objects => objects::run(quick).await?,
        Name::Queue => queue::run(quick).await?,
        Name::Spawn => spawn::run(quick).await?,
    };
    println!("{figures}");
    Ok(())
}
