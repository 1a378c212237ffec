//! Cloud threads of this process, started and joined, over plain tokio tasks.

use std::time::Instant;

use crucial::Runtime;
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use crate::Result;
use crate::samples::{median, rounded};

const THREADS: u32 = 10_000;

#[crucial::cloud_thread]
async fn identity(n: u32) -> u32 {
    n
}

pub(crate) async fn run(quick: bool) -> Result<Value> {
    let rounds = if quick { 3 } else { 15 };
    let runtime = Runtime::builder().build().await?;
    let _entered = runtime.enter();
    let (mut tasks, mut threads) = (Vec::new(), Vec::new());
    println!("round   tokio task   cloud thread   (us each, of {THREADS})");
    for round in 1..=rounds {
        let start = Instant::now();
        let returned =
            try_join_all((0..THREADS).map(|n| tokio::spawn(std::future::ready(n)))).await?;
        tasks.push(each(start));
        check(&returned)?;

        let start = Instant::now();
        let returned = try_join_all((0..THREADS).map(identity::spawn)).await?;
        threads.push(each(start));
        check(&returned)?;
        println!(
            "{round:>5}   {:>10.2}   {:>12.2}",
            tasks[tasks.len() - 1],
            threads[threads.len() - 1]
        );
    }
    runtime.shutdown().await?;
    Ok(json!({ "us_per_thread": rounded(median(&mut threads)) }))
}

fn each(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e6 / f64::from(THREADS)
}

fn check(returned: &[u32]) -> Result<()> {
    if returned.iter().copied().eq(0..THREADS) {
        Ok(())
    } else {
        Err("threads returned other values than they were given".into())
    }
}
