//! Logistic regression on cloud threads: each holds a part of the rows, together they add up the gradient.
//!
//! ```text
//! cargo run --release --bin logistic_regression
//! cargo run --release --bin logistic_regression -- --threads 80 --picture objective.svg
//! cargo run --release --bin logistic_regression -- --rows 100000 --features 100
//! ```
//!
//! Full-batch gradient descent with Nesterov's momentum. Every thread has the weights and takes the same steps, so that an
//! iteration is one call of each thread. The data are 569 tumours, malignant or benign, unless flags say otherwise.
//! `CRUCIAL_STORE` and `CRUCIAL_EXECUTOR` say where it runs; nothing here does. `plain_logistic_regression` is the same
//! program with threads of the standard library.

use std::num::NonZeroU32;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use crucial::{Reduction, Vector};
use crucial_examples::{Fit, Samples, Table, columns, write_history};
use indicatif::ProgressBar;

/// One cloud thread: in each round it adds what its rows say, and takes the step that all others take too.
#[crucial::cloud_thread]
async fn worker(id: u32, threads: u32, mut fit: Fit, sums: Vector<f64>) -> crucial::Result<Fit> {
    let rows = fit.samples.part(id, threads)?;
    while !fit.is_finished() {
        let part = fit.part(&rows);
        let sum = sums.reduce(threads, &part, Reduction::Sum).await?;
        fit.step(&sum);
    }
    Ok(fit)
}

#[derive(Parser)]
#[command(about = "Logistic regression")]
struct Flags {
    /// A CSV file, .gz or plain, at the same path wherever threads run; the default is compiled in
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

#[crucial::main]
async fn main() -> crucial::Result<()> {
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
    let sums = Vector::create("sums", vec![0.0; fit.part_len()]).await?;

    let spinner = ProgressBar::new_spinner();
    spinner.set_message(format!("{threads} threads"));
    spinner.enable_steady_tick(Duration::from_millis(100));
    let running: Vec<_> = (0..threads)
        .map(|id| worker::spawn(id, threads, fit.clone(), sums.clone()))
        .collect();
    for thread in running {
        // All threads come to the same weights.
        fit = thread.await?;
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
