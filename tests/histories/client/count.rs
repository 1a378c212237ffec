//! Calls whose replies tell whether they ran once: each is noted before it is made and once it is answered.

use std::fs::File;
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crucial::{Atomic, Map, Runtime};
use crucial_tests_histories::{Doom, TallyProxy, doom, now};
use futures_util::future::try_join_all;

use crate::{Failure, runtime};

/// Counts until it is told to `stop`; `abort` ends it in the middle of a call, `abort N` N microseconds later.
pub(crate) async fn count(url: &str, directory: &str, tasks: &str) -> Result<(), Failure> {
    let tasks: u32 = tasks.parse()?;
    let runtime = runtime(|| Runtime::builder().store(url).application("count")).await?;
    let _entered = runtime.enter();
    let process = std::process::id();
    let notes = Arc::new(Notes(File::create_new(
        Path::new(directory).join(format!("{process}.notes")),
    )?));
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            match line.split_once(' ') {
                None if line == "abort" => doom(Doom::Now),
                Some(("abort", micros)) => doom(Doom::Later(Duration::from_micros(
                    micros.parse().unwrap_or_default(),
                ))),
                _ => break,
            }
        }
        told.store(true, Ordering::Relaxed);
    });
    let clients = (0..tasks).map(|task| {
        let (notes, stop) = (Arc::clone(&notes), Arc::clone(&stop));
        tokio::spawn(async move { client(&notes, &stop, format!("{process}-{task}")).await })
    });
    println!("ready");
    for outcome in try_join_all(clients).await? {
        outcome?;
    }
    runtime.shutdown().await?;
    println!("done");
    Ok(())
}

async fn client(notes: &Notes, stop: &AtomicBool, name: String) -> Result<(), Failure> {
    let application = Runtime::current()?.application().clone();
    let counter = <Atomic<u64> as crucial::Shared>::open_at(application.key("counter")?).await?;
    let map = <Map<String, u32> as crucial::Shared>::open_at(application.key("map")?).await?;
    let tally = <TallyProxy as crucial::Shared>::open_at(application.key("tally")?).await?;
    for call in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        notes.call("counter", counter.fetch_add(1)).await?;
        // The key is this call's own: it is there before only if the call ran twice.
        let key = format!("{name}-{call}");
        let insert = async { Ok(u64::from(map.insert(key, call).await?.is_some())) };
        notes.call("map", insert).await?;
        notes.call("tally", tally.add()).await?;
    }
    Ok(())
}

/// A file, written line by line so that nothing is lost with the process.
struct Notes(File);

impl Notes {
    async fn call(
        &self,
        what: &str,
        call: impl Future<Output = crucial::Result<u64>>,
    ) -> Result<(), Failure> {
        let began = now();
        self.line(&format!("? {what}\n"))?;
        let reply = call.await?;
        let (began, ended) = (began.as_nanos(), now().as_nanos());
        self.line(&format!("= {what} {reply} {began} {ended}\n"))
    }

    fn line(&self, line: &str) -> Result<(), Failure> {
        Ok((&self.0).write_all(line.as_bytes())?)
    }
}
