//! π by throwing points at a square: each thread counts those that hit the circle inside.
//!
//! ```text
//! cargo run --release --bin plain_pi
//! ```
//!
//! `pi` is the same program on cloud threads.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use clap::Parser;
use crucial_examples::points_inside;
use indicatif::ProgressBar;

/// One thread: throws points, adds the hits to the counter and returns them.
fn throw(seed: u64, points: u64, hits: &AtomicU64) -> u64 {
    let inside = points_inside(seed, points);
    hits.fetch_add(inside, Ordering::Relaxed);
    inside
}

#[derive(Parser)]
#[command(about = "π on threads")]
struct Flags {
    /// How many points in all
    #[arg(long, default_value_t = 100_000_000)]
    points: u64,
    /// How many threads
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    threads: u64,
}

fn main() -> io::Result<()> {
    let Flags { points, threads } = Flags::parse();
    let hits = Arc::new(AtomicU64::new(0));

    let share = |id| points / threads + u64::from(id < points % threads);
    let running: Vec<_> = (0..threads)
        .map(|id| {
            let (share, hits) = (share(id), Arc::clone(&hits));
            thread::spawn(move || throw(id, share, &hits))
        })
        .collect();
    let progress = ProgressBar::new(threads);
    let mut returned = 0;
    for thread in running {
        returned += thread
            .join()
            .map_err(|_| io::Error::other("a thread panicked"))?;
        progress.inc(1);
    }
    progress.finish_and_clear();

    let counted = hits.load(Ordering::Relaxed);
    println!("counter {counted}, returned {returned}");
    println!("pi is about {:.6}", 4.0 * counted as f64 / points as f64);
    if counted == returned {
        Ok(())
    } else {
        Err(io::Error::other("the counter and the threads disagree"))
    }
}
