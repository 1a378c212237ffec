//! k-means on cloud threads: each holds a part of the rows, all share the centroids.
//!
//! ```text
//! cargo run --release --bin kmeans
//! cargo run --release --bin kmeans -- --threads 80 --png digits.png
//! cargo run --release --bin kmeans -- --data iris.csv --columns 0..4 --k 3
//! ```
//!
//! Lloyd's algorithm with squared Euclidean distances, from the first k rows until no row changes
//! its cluster. `CRUCIAL_STORE` and `CRUCIAL_EXECUTOR` say where it runs; nothing here does.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use crucial::Poll;
use crucial_examples::{Part, Points, Table, columns, write_pictures};
use futures_util::future::try_join_all;
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};

/// Plain data, plain methods: a shared object. Each method runs atomically where the object lives.
#[derive(Default, Serialize, Deserialize)]
pub struct Centroids {
    current: Points,
    threads: usize,
    found: Part,
    round: u32,
    finished: bool,
    inertia: f64,
}

#[crucial::shared]
impl Centroids {
    /// Takes in what one thread found; the last of them moves the centroids.
    pub fn accumulate(&mut self, part: Part) {
        self.found += part;
        if self.found.parts == self.threads {
            let found = std::mem::take(&mut self.found);
            found.move_centroids(&mut self.current);
            self.round += 1;
            self.finished = found.moved == 0;
            self.inertia = found.inertia;
        }
    }

    /// Waits for round `n` to begin: its centroids, or `None` once no row has moved.
    pub fn round(&self, n: u32) -> Poll<Option<Points>> {
        if self.finished {
            Poll::Ready(None)
        } else if self.round < n {
            Poll::Pending
        } else {
            Poll::Ready(Some(self.current.clone()))
        }
    }
}

/// What every thread gets: the centroids by reference, the local fields as they are.
#[crucial::shared]
pub struct KMeans {
    centroids: Centroids,
    #[shared(local)]
    table: Table,
    #[shared(local)]
    threads: usize,
    #[shared(local)]
    max_iterations: u32,
}

/// One cloud thread: in each round it finds the nearest centroids of its own rows.
#[crucial::cloud_thread]
async fn worker(id: usize, state: KMeans) -> crucial::Result<()> {
    let rows = state.table.part(id, state.threads)?;
    let mut clusters = vec![usize::MAX; rows.len()];
    for n in 0..state.max_iterations {
        let Some(centroids) = state.centroids.round(n).await? else {
            break;
        };
        let part = Part::of(&rows, &centroids, &mut clusters);
        state.centroids.accumulate(part).await?;
    }
    Ok(())
}

#[derive(Parser)]
#[command(about = "k-means on cloud threads")]
struct Flags {
    /// A CSV file, .gz or plain, at the same path wherever threads run [default: digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Its columns, counted from 0
    #[arg(long, default_value = "0..64", value_parser = columns)]
    columns: Range<usize>,
    /// How many clusters
    #[arg(long, default_value = "10")]
    k: NonZeroUsize,
    /// How many cloud threads
    #[arg(long, default_value = "8")]
    threads: NonZeroUsize,
    /// How many rounds at the most
    #[arg(long, default_value_t = 300)]
    max_iterations: u32,
    /// Where to draw the centroids, each as a square picture
    #[arg(long)]
    png: Option<PathBuf>,
}

#[crucial::main]
async fn main() -> crucial::Result<()> {
    let flags = Flags::parse();
    let threads = flags.threads.get();
    let table = Table {
        path: flags.data,
        columns: flags.columns,
    };
    let init = KMeansInit {
        centroids: Centroids {
            current: table.first(flags.k.get())?,
            threads,
            ..Centroids::default()
        },
        table,
        threads,
        max_iterations: flags.max_iterations,
    };
    let state = KMeans::create("kmeans", init).await?;

    let spinner = ProgressBar::new_spinner();
    spinner.set_message(format!("{threads} cloud threads"));
    spinner.enable_steady_tick(Duration::from_millis(100));
    try_join_all((0..threads).map(|id| worker::spawn(id, state.clone()))).await?;
    spinner.finish_and_clear();

    let result = state.centroids.snapshot().await?;
    println!("{} iterations, inertia {:.7}", result.round, result.inertia);
    if let Some(path) = flags.png {
        write_pictures(&path, &result.current)?;
    }
    Ok(())
}
