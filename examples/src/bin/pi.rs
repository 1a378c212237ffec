//! π by throwing points at a square: each cloud thread counts those that hit the circle inside.
//!
//! ```text
//! cargo run --release --bin pi
//! cargo run --release --bin pi -- --points 10000000000 --threads 1000
//! ```
//!
//! Every thread adds its count to one shared counter, with one `fetch_add`, and returns it as well:
//! both sums must agree. `CRUCIAL_STORE` and `CRUCIAL_EXECUTOR` say where it runs; nothing here does.

use clap::Parser;
use crucial::Atomic;
use crucial_examples::points_inside;
use futures_util::TryStreamExt;
use futures_util::stream::FuturesUnordered;
use indicatif::ProgressBar;

/// One cloud thread: throws points, adds the hits to the counter and returns them.
#[crucial::cloud_thread]
async fn throw(seed: u64, points: u64, hits: Atomic<u64>) -> crucial::Result<u64> {
    // Counting may take minutes, and tokio has other things to do meanwhile.
    let inside = tokio::task::block_in_place(|| points_inside(seed, points));
    hits.fetch_add(inside).await?;
    Ok(inside)
}

#[derive(Parser)]
#[command(about = "π on cloud threads")]
struct Flags {
    /// How many points in all
    #[arg(long, default_value_t = 100_000_000)]
    points: u64,
    /// How many cloud threads
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    threads: u64,
}

#[crucial::main]
async fn main() -> crucial::Result<()> {
    let Flags { points, threads } = Flags::parse();
    let hits = Atomic::create("hits", 0).await?;

    let share = |id| points / threads + u64::from(id < points % threads);
    // In the order in which they end: a thread that fails is heard of at once.
    let mut running: FuturesUnordered<_> = (0..threads)
        .map(|id| throw::spawn(id, share(id), hits.clone()))
        .collect();
    let progress = ProgressBar::new(threads);
    let mut returned = 0;
    while let Some(inside) = running.try_next().await? {
        returned += inside;
        progress.inc(1);
    }
    progress.finish_and_clear();

    let counted = hits.load().await?;
    println!("counter {counted}, returned {returned}");
    println!("pi is about {:.6}", 4.0 * counted as f64 / points as f64);
    if counted == returned {
        Ok(())
    } else {
        Err(crucial::Error::other(
            "the counter and the threads disagree",
        ))
    }
}
