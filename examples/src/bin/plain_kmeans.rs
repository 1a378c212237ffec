//! k-means on threads: each holds a part of the rows, all share the centroids.
//!
//! ```text
//! cargo run --release --bin plain_kmeans
//! ```
//!
//! `kmeans` is the same program on cloud threads.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, thread};

use clap::Parser;
use crucial_examples::{Part, Points, Table, columns, write_pictures};
use indicatif::ProgressBar;

#[derive(Default)]
struct Centroids {
    current: Points,
    threads: usize,
    found: Part,
    round: u32,
    finished: bool,
    inertia: f64,
}

impl Centroids {
    /// Takes in what one thread found; the last of them moves the centroids.
    fn accumulate(&mut self, part: Part) {
        self.found += part;
        if self.found.parts == self.threads {
            let found = std::mem::take(&mut self.found);
            found.move_centroids(&mut self.current);
            self.round += 1;
            self.finished = found.moved == 0;
            self.inertia = found.inertia;
        }
    }
}

/// The state that all threads share.
struct KMeans {
    centroids: Mutex<Centroids>,
    moved: Condvar,
    table: Table,
    threads: usize,
    max_iterations: u32,
}

impl KMeans {
    fn accumulate(&self, part: Part) {
        self.lock().accumulate(part);
        self.moved.notify_all();
    }

    /// Waits for round `n` to begin: its centroids, or `None` once no row has moved.
    fn round(&self, n: u32) -> Option<Points> {
        let is_pending = |centroids: &mut Centroids| !centroids.finished && centroids.round < n;
        let centroids = self.moved.wait_while(self.lock(), is_pending);
        let centroids = centroids.unwrap_or_else(PoisonError::into_inner);
        (!centroids.finished).then(|| centroids.current.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Centroids> {
        self.centroids
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thread: in each round it finds the nearest centroids of its own rows.
fn worker(id: usize, state: &KMeans) -> io::Result<()> {
    let rows = state.table.part(id, state.threads)?;
    let mut clusters = vec![usize::MAX; rows.len()];
    for n in 0..state.max_iterations {
        let Some(centroids) = state.round(n) else {
            break;
        };
        let part = Part::of(&rows, &centroids, &mut clusters);
        state.accumulate(part);
    }
    Ok(())
}

#[derive(Parser)]
#[command(about = "k-means on threads")]
struct Flags {
    /// A CSV file, .gz or plain [default: digits]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Its columns, counted from 0
    #[arg(long, default_value = "0..64", value_parser = columns)]
    columns: Range<usize>,
    /// How many clusters
    #[arg(long, default_value = "10")]
    k: NonZeroUsize,
    /// How many threads
    #[arg(long, default_value = "8")]
    threads: NonZeroUsize,
    /// How many rounds at the most
    #[arg(long, default_value_t = 300)]
    max_iterations: u32,
    /// Where to draw the centroids, each as a square picture
    #[arg(long)]
    png: Option<PathBuf>,
}

fn main() -> io::Result<()> {
    let flags = Flags::parse();
    let threads = flags.threads.get();
    let table = Table {
        path: flags.data,
        columns: flags.columns,
    };
    let state = Arc::new(KMeans {
        centroids: Mutex::new(Centroids {
            current: table.first(flags.k.get())?,
            threads,
            ..Centroids::default()
        }),
        moved: Condvar::new(),
        table,
        threads,
        max_iterations: flags.max_iterations,
    });

    let spinner = ProgressBar::new_spinner();
    spinner.set_message(format!("{threads} threads"));
    spinner.enable_steady_tick(Duration::from_millis(100));
    let running: Vec<_> = (0..threads)
        .map(|id| {
            let state = Arc::clone(&state);
            thread::spawn(move || worker(id, &state))
        })
        .collect();
    for thread in running {
        thread
            .join()
            .map_err(|_| io::Error::other("a thread panicked"))??;
    }
    spinner.finish_and_clear();

    let result = state.lock();
    println!("{} iterations, inertia {:.7}", result.round, result.inertia);
    if let Some(path) = flags.png {
        write_pictures(&path, &result.current)?;
    }
    Ok(())
}
