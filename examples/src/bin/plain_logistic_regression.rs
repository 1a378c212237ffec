//! Logistic regression on threads: each holds a part of the rows, together they add up the gradient.
//!
//! ```text
//! cargo run --release --bin plain_logistic_regression
//! ```
//!
//! `logistic_regression` is the same program on cloud threads.

use std::num::NonZeroU32;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use std::{io, thread};

use clap::Parser;
use crucial_examples::{Fit, Samples, Table, columns, write_history};
use indicatif::ProgressBar;

/// Adds up what so many threads found, round by round, as MPI's `Allreduce` does.
struct AllReduce {
    parties: u32,
    rounds: Mutex<Rounds>,
    whole: Condvar,
}

/// The round that gathers now, and the sum of the round before.
#[derive(Default)]
struct Rounds {
    number: u64,
    came: u32,
    gathered: Vec<f64>,
    sum: Vec<f64>,
}

impl AllReduce {
    fn new(parties: u32) -> Self {
        Self {
            parties,
            rounds: Mutex::default(),
            whole: Condvar::new(),
        }
    }

    /// Brings a part to the round that gathers now, and waits for the sum of all parts.
    fn reduce(&self, part: &[f64]) -> Vec<f64> {
        let mut rounds = self.rounds.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = rounds.number;
        rounds.gathered.resize(part.len(), 0.0);
        for (sum, number) in rounds.gathered.iter_mut().zip(part) {
            *sum += number;
        }
        rounds.came += 1;
        if rounds.came == self.parties {
            rounds.sum = std::mem::take(&mut rounds.gathered);
            rounds.came = 0;
            rounds.number += 1;
            self.whole.notify_all();
        }
        let is_gathering = |rounds: &mut Rounds| rounds.number == mine;
        let rounds = self.whole.wait_while(rounds, is_gathering);
        let rounds = rounds.unwrap_or_else(PoisonError::into_inner);
        rounds.sum.clone()
    }
}

/// One thread: in each round it adds what its rows say, and takes the step that all others take too.
fn worker(id: u32, threads: u32, mut fit: Fit, sums: &AllReduce) -> io::Result<Fit> {
    let rows = fit.samples.part(id, threads)?;
    while !fit.is_finished() {
        let part = fit.part(&rows);
        let sum = sums.reduce(&part);
        fit.step(&sum);
    }
    Ok(fit)
}

#[derive(Parser)]
#[command(about = "Logistic regression")]
struct Flags {
    /// A CSV file, .gz or plain; the default is compiled in
    #[arg(long, default_value = "breast_cancer.csv")]
    data: PathBuf,
    /// Its columns, counted from 0: features, and in the last the label, 0 or 1
    #[arg(long, default_value = "0..31", value_parser = columns)]
    columns: Range<usize>,
    /// How many rows to make up, instead of a file
    #[arg(long)]
    rows: Option<usize>,
    /// How many features the made-up rows have
    #[arg(long, default_value_t = 100)]
    features: usize,
    /// How many threads
    #[arg(long, default_value = "8")]
    threads: NonZeroU32,
    /// How long the gradient may be in the end
    #[arg(long, default_value_t = 1e-4)]
    tolerance: f64,
    /// How many iterations at the most
    #[arg(long, default_value_t = 10_000)]
    max_iterations: usize,
    /// Where to draw how the objective fell, as SVG
    #[arg(long)]
    picture: Option<PathBuf>,
}

fn main() -> io::Result<()> {
    let flags = Flags::parse();
    let threads = flags.threads.get();
    let samples = match flags.rows {
        None => Samples::File(Table {
            path: Some(flags.data),
            columns: flags.columns,
        }),
        Some(rows) => Samples::Random {
            rows,
            features: flags.features,
        },
    };
    let mut fit = Fit::new(samples, flags.tolerance, flags.max_iterations);
    let sums = Arc::new(AllReduce::new(threads));

    let spinner = ProgressBar::new_spinner();
    spinner.set_message(format!("{threads} threads"));
    spinner.enable_steady_tick(Duration::from_millis(100));
    let running: Vec<_> = (0..threads)
        .map(|id| {
            let (fit, sums) = (fit.clone(), Arc::clone(&sums));
            thread::spawn(move || worker(id, threads, fit, &sums))
        })
        .collect();
    for thread in running {
        // All threads come to the same weights.
        fit = thread
            .join()
            .map_err(|_| io::Error::other("a thread panicked"))??;
    }
    spinner.finish_and_clear();

    println!(
        "{} iterations, objective {:.7}",
        fit.objectives.len(),
        fit.objective()
    );
    println!(
        "accuracy {:.5}, intercept {:.4}",
        fit.accuracy,
        fit.intercept()
    );
    if let Some(path) = flags.picture {
        write_history(&path, &fit.objectives)?;
    }
    Ok(())
}
