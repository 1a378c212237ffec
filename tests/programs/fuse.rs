//! One of the processes at an object whose methods may end whoever runs them: itself, or others that run its calls.
//!
//! It reads what to do, a line at a time: `count` once, `work` until it is told to `stop`, `hold` the object until it
//! is told to `go`, `burn`. It prints what the object said.

use std::io::BufRead;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use crucial::{Error, Runtime, Shared};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Whether this process has been told to go on with what it holds.
static GO: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());
static STOP: AtomicBool = AtomicBool::new(false);

/// A count, and ways to harm whoever keeps it.
#[derive(Default, Serialize, Deserialize)]
pub struct Fuse {
    count: u64,
}

#[crucial::shared]
impl Fuse {
    /// Counts one more.
    pub fn count(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Takes as long as the process that runs it is not told to go on.
    pub fn hold(&mut self) {
        println!("holding");
        let gone = GO.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(GO.1.wait_while(gone, |gone| !*gone));
        self.count += 1;
    }

    /// Ends the process that runs it.
    pub fn burn(&mut self) {
        std::process::abort()
    }
}

async fn work(fuse: &FuseProxy) -> crucial::Result<u64> {
    let mut calls = 0;
    while !STOP.load(Ordering::Relaxed) {
        fuse.count().await?;
        calls += 1;
    }
    Ok(calls)
}

async fn act(fuse: FuseProxy, what: String) {
    let done = match what.as_str() {
        "count" => fuse.count().await.map(|count| format!("counted {count}")),
        "work" => work(&fuse).await.map(|calls| format!("worked {calls}")),
        // It has said so itself.
        "hold" => return drop(fuse.hold().await),
        "burn" => fuse.burn().await.map(|()| "burnt".to_owned()),
        _ => Err(Error::other(
            "usage: count | work | stop | hold | go | burn",
        )),
    };
    match done {
        Ok(done) => println!("{done}"),
        Err(error @ Error::Poison { .. }) => println!("poison: {error}"),
        Err(error) => println!("failed: {error}"),
    }
}

#[tokio::main]
async fn main() -> crucial::Result<()> {
    let runtime = Runtime::from_env().await?;
    let _entered = runtime.enter();
    let key = runtime.application().key("fuse")?;
    let fuse = FuseProxy::open_or_create_at(key, Fuse::default()).await?;
    println!("ready");
    let (sender, mut lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            match line.as_str() {
                "stop" => STOP.store(true, Ordering::Relaxed),
                "go" => {
                    *GO.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
                    GO.1.notify_all();
                }
                _ => drop(sender.send(line)),
            }
        }
    });
    while let Some(line) = lines.recv().await {
        tokio::spawn(act(fuse.clone(), line));
    }
    Ok(())
}
