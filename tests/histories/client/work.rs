//! Calls on every kind of object, recorded.

use std::io::BufRead;
use std::path::Path;
use std::time::Duration;

use crucial::Runtime;
use crucial::linearizability::Recorder;
use crucial_tests_histories::{Dice, chosen};
use futures_util::future::try_join_all;

use crate::{Failure, runtime};

/// How many tasks of this process use each object.
const TASKS: u64 = 2;
/// How long a call waits for its object.
const WAIT: Duration = Duration::from_millis(10);

pub(crate) async fn work(url: &str, directory: &str, seed: &str) -> Result<(), Failure> {
    let mut dice = Dice::of(seed.parse()?);
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (round, calls) = line.split_once(' ').ok_or("a line has two words")?;
        let recorder = Recorder::into_directory(Path::new(directory).join(round))?;
        let builder = || {
            Runtime::builder()
                .store(url)
                .application(format!("round-{round}"))
                .wait_limit(WAIT)
                .recorder(&recorder)
        };
        let runtime = runtime(builder).await?;
        let entered = runtime.enter();
        play(&runtime, &mut dice, calls.parse()?).await?;
        drop(entered);
        runtime.shutdown().await?;
        println!("done {round}");
    }
    Ok(())
}

/// Every object, used by some tasks at the same time.
async fn play(runtime: &Runtime, dice: &mut Dice, calls: u32) -> Result<(), Failure> {
    let mut tasks = Vec::new();
    for workload in chosen() {
        let key = runtime.application().key(workload.name)?;
        for _ in 0..TASKS {
            let work = (workload.work)(key.clone(), dice.value(), calls);
            tasks.push(tokio::spawn(async move {
                let failed = |error| Failure::from(format!("{}: {error}", workload.name));
                work.await.map_err(failed)
            }));
        }
    }
    for outcome in try_join_all(tasks).await? {
        outcome?;
    }
    Ok(())
}
