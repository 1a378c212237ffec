//! A cyclic barrier with all parties in one process: from the last arrival to each release.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crucial::Barrier;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::Result;
use crate::samples::{percentile, rounded};
use crate::server::Server;

const PARTIES: u32 = 1_800;
/// For the last but one to fall asleep after it has been counted.
const SETTLE: Duration = Duration::from_millis(5);

pub(crate) async fn run(quick: bool) -> Result<Value> {
    let rounds = if quick { 10 } else { 100 };
    let server = Server::start().await;
    let (runtime, _entered) = server.runtime().await?;

    let shared = Barrier::create("barrier", PARTIES).await?;
    let waiting = shared.clone();
    let mut ours = Parties::gather(move || {
        let barrier = shared.clone();
        async move { barrier.wait().await.is_ok() }
    });
    let tokio = Arc::new(tokio::sync::Barrier::new(PARTIES as usize));
    let mut baseline = Parties::gather(move || {
        let barrier = Arc::clone(&tokio);
        async move {
            barrier.wait().await;
            true
        }
    });

    let (mut our_samples, mut base_samples) = (Vec::new(), Vec::new());
    // The first round pays for tasks and scripts.
    for round in 0..=rounds {
        let base = baseline.round().await?;
        ours.all_but_the_last().await;
        while waiting.waiting().await? < PARTIES - 1 {
            tokio::task::yield_now().await;
        }
        let our = ours.round().await?;
        if round > 0 {
            base_samples.extend(base);
            our_samples.extend(our);
        }
    }
    println!("from the last arrival to each of {PARTIES} releases, {rounds} rounds, ms");
    println!("                        p50      p99      max");
    print("tokio::sync::Barrier", &mut base_samples);
    print("crucial::Barrier", &mut our_samples);
    let ms = |part: f64, samples: &mut [Duration]| {
        rounded(percentile(samples, part).as_secs_f64() * 1e3)
    };
    let figures = json!({
        "p50_ms": ms(0.5, &mut our_samples),
        "p99_ms": ms(0.99, &mut our_samples),
    });
    drop((ours, baseline));
    runtime.shutdown().await?;
    Ok(figures)
}

fn print(name: &str, samples: &mut [Duration]) {
    let ms = |part, samples: &mut [Duration]| percentile(samples, part).as_secs_f64() * 1e3;
    println!(
        "{name:<20} {:>8.3} {:>8.3} {:>8.3}",
        ms(0.5, samples),
        ms(0.99, samples),
        ms(1.0, samples)
    );
}

/// The parties of one barrier: all but one wait at it again and again, the last comes when it is told to.
struct Parties {
    /// How many have come to the barrier, in all rounds.
    come: Arc<AtomicUsize>,
    rounds: usize,
    last: Box<dyn Fn() -> Pass + Send>,
    released: mpsc::UnboundedReceiver<Option<Instant>>,
}

/// One party's way through the barrier; when it was released, unless the barrier failed.
type Pass = std::pin::Pin<Box<dyn Future<Output = Option<Instant>> + Send>>;

impl Parties {
    fn gather<F>(wait: impl Fn() -> F + Clone + Send + 'static) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        let come = Arc::new(AtomicUsize::new(0));
        let (sender, released) = mpsc::unbounded_channel();
        for _ in 1..PARTIES {
            let (come, sender, wait) = (Arc::clone(&come), sender.clone(), wait.clone());
            tokio::spawn(async move {
                loop {
                    come.fetch_add(1, Ordering::Relaxed);
                    let passed = wait().await.then(Instant::now);
                    if sender.send(passed).is_err() || passed.is_none() {
                        return;
                    }
                }
            });
        }
        let last = Box::new(move || {
            let passing = wait();
            Box::pin(async move { passing.await.then(Instant::now) }) as Pass
        });
        Self {
            come,
            rounds: 0,
            last,
            released,
        }
    }

    async fn all_but_the_last(&self) {
        let expected = (PARTIES as usize - 1) * (self.rounds + 1);
        while self.come.load(Ordering::Relaxed) < expected {
            tokio::task::yield_now().await;
        }
    }

    /// Lets the last party come; how long each was released after that.
    async fn round(&mut self) -> Result<Vec<Duration>> {
        self.all_but_the_last().await;
        tokio::time::sleep(SETTLE).await;
        self.rounds += 1;
        let start = Instant::now();
        let last = (self.last)().await;
        let mut samples = vec![last.ok_or("the barrier broke")? - start];
        for _ in 1..PARTIES {
            let released = self.released.recv().await.flatten();
            samples.push(released.ok_or("the barrier broke")? - start);
        }
        Ok(samples)
    }
}
