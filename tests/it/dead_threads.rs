//! Threads that end badly end with an error that says how, and nothing hangs.

use std::fs;
use std::process::Command;
use std::time::Duration;

use tokio::time::{Instant, interval, timeout};

use crate::ways::Ways;

/// Far more than any of these takes, far less than a lost thread's silence would.
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_says_how_it_ended() {
    let ways = Ways::new().await;
    for way in ways.all("trouble").await {
        for (kind, parts) in [
            (
                "panics",
                &[
                    "`trouble::panics` panicked",
                    "the roof is on fire",
                    "trouble.rs:",
                ][..],
            ),
            ("fails", &["`trouble::fails` failed: the file has no rows"]),
            ("exits", &["`trouble::exits` is lost", "exited with code 3"]),
            ("aborts", &["`trouble::aborts` is lost", "died (signal 6)"]),
        ] {
            // In the client's own process they take it with them, as threads do; Lambda tells nobody why a
            // process is gone, so there it is the silence that counts.
            if ["exits", "aborts"].contains(&kind) && !way.name.contains("process") {
                continue;
            }
            let what = format!("{}, {kind}", way.name);
            let output = timeout(LIMIT, way.run("trouble", &[kind])).await;
            let output = output.unwrap_or_else(|_| panic!("{what}: it hangs"));
            let text = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{what}: {text}");
            for part in parts {
                assert!(
                    text.contains(part),
                    "{what}: {part:?} is missing in: {text}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_is_named_by_the_thread_that_it_ran() {
    let ways = Ways::new().await;
    // Long enough that nobody ends before the kill.
    let flags = ["--threads", "4", "--points", "1000000000000"];
    let mut command = ways.process().command("pi", &flags);
    let pi = command
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let client = pi.id().unwrap();

    let mut ticks = interval(Duration::from_millis(20));
    let deadline = Instant::now() + LIMIT;
    let (victim, workers) = loop {
        let workers = children(client);
        // A process that has worked for so long is in the middle of its thread.
        let victim = workers.iter().find(|worker| worker.hundredths > 30);
        if let Some(victim) = victim {
            break (victim.id, workers);
        }
        assert!(Instant::now() < deadline, "no worker comes");
        ticks.tick().await;
    };
    let killed = Command::new("kill")
        .args(["-9", &victim.to_string()])
        .status();
    assert!(killed.unwrap().success());

    let output = timeout(LIMIT, pi.wait_with_output()).await;
    let output = output.expect("it ends").unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for part in [
        "cloud thread `pi::throw` is lost",
        "its process",
        "died (signal 9)",
    ] {
        assert!(text.contains(part), "{part:?} is missing in: {text}");
    }
    for Worker { id, .. } in workers {
        let alive = worker(id).is_some_and(|worker| worker.state != "Z");
        assert!(!alive, "worker {id} outlives its client");
    }
}

/// A process, as the kernel sees it.
struct Worker {
    id: u32,
    state: String,
    parent: u32,
    /// How long it has been computing, in hundredths of a second.
    hundredths: u64,
}

fn worker(id: u32) -> Option<Worker> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The program's name, in parentheses, may hold anything.
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<_> = fields.split_whitespace().collect();
    Some(Worker {
        id,
        state: (*fields.first()?).to_owned(),
        parent: fields.get(1)?.parse().ok()?,
        hundredths: fields.get(11)?.parse().ok()?,
    })
}

/// The processes that this one has started.
fn children(parent: u32) -> Vec<Worker> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|entry| worker(entry.file_name().to_str()?.parse().ok()?))
        .filter(|worker| worker.parent == parent)
        .collect()
}
