//! Cloud threads that meet at barriers and hold locks, in processes that somebody kills or freezes.
//!
//! Prints what came of it, a line at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crucial::{Barrier, Error, Mutex};
use futures_util::StreamExt;
use futures_util::future::try_join_all;
use futures_util::stream::FuturesUnordered;

/// What the threads share.
#[crucial::shared]
pub struct Meeting {
    barrier: Barrier,
    /// How many processes have begun a cycle, in all cycles.
    begun: u64,
    lock: Mutex<u32>,
    /// The processes that are there.
    processes: VecDeque<u32>,
}

/// Meets at the barrier so often with so many parties of this process; how often one of them was the leader.
#[crucial::cloud_thread]
async fn cycle(
    cycles: u64,
    parties: u32,
    processes: u64,
    meeting: Meeting,
) -> crucial::Result<u64> {
    let come: Arc<Vec<_>> = Arc::new((0..cycles).map(|_| AtomicU32::new(0)).collect());
    let tasks = (0..parties).map(|party| {
        let (come, meeting) = (Arc::clone(&come), meeting.clone());
        tokio::spawn(async move {
            let mut led = 0;
            for (cycle, come) in (0_u64..).zip(come.iter()) {
                come.fetch_add(1, Ordering::Relaxed);
                // One party tells the other processes.
                if party == 0 {
                    meeting.begun.fetch_add(1).await?;
                }
                let wait = meeting.barrier.wait().await?;
                let early = wait.generation() != cycle
                    || come.load(Ordering::Relaxed) != parties
                    || (party == 0 && meeting.begun.get().await? < (cycle + 1) * processes);
                if early {
                    return Err(Error::other(format!("early release from cycle {cycle}")));
                }
                led += u64::from(wait.is_leader());
            }
            Ok(led)
        })
    });
    let mut led = 0;
    for task in tasks.collect::<Vec<_>>() {
        led += task.await.map_err(Error::other)??;
    }
    Ok(led)
}

/// Meets at the barrier again and again, until it breaks.
#[crucial::cloud_thread]
async fn meet(meeting: Meeting) -> crucial::Result<()> {
    meeting.processes.push_back(std::process::id()).await?;
    loop {
        match meeting.barrier.wait().await {
            Ok(_) => {}
            Err(Error::BrokenBarrier { .. }) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Holds the lock for ever, or until it is lost; then the error of writing under it.
#[crucial::cloud_thread]
async fn hold(meeting: Meeting) -> crucial::Result<String> {
    let mut guard = meeting.lock.lock().await?;
    *guard = 1;
    meeting.processes.push_back(std::process::id()).await?;
    guard.lost().await;
    match guard.unlock().await {
        Err(Error::LeaseLost { .. }) => Ok("lease lost".to_owned()),
        other => Ok(format!("{other:?}")),
    }
}

/// Takes the lock when it is its turn, and writes under it.
#[crucial::cloud_thread]
async fn succeed(meeting: Meeting) -> crucial::Result<()> {
    let mut guard = meeting.lock.lock().await?;
    *guard += 10;
    guard.unlock().await
}

async fn meeting(name: &str, parties: u32) -> crucial::Result<Meeting> {
    let barrier = parties;
    Meeting::create(
        name,
        MeetingInit {
            barrier,
            ..MeetingInit::default()
        },
    )
    .await
}

/// Prints the processes once so many are there.
async fn introduce(meeting: &Meeting, count: usize) -> crucial::Result<()> {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    while meeting.processes.len().await? < count {
        ticks.tick().await;
    }
    for process in meeting.processes.snapshot().await? {
        println!("process {process}");
    }
    Ok(())
}

#[crucial::main]
async fn main() -> crucial::Result<()> {
    let mut args = std::env::args().skip(1);
    let what = args.next().unwrap_or_default();
    let numbers: Vec<u32> = args.filter_map(|arg| arg.parse().ok()).collect();
    match (what.as_str(), &numbers[..]) {
        ("cycle", [cycles, processes, parties @ ..]) => {
            for parties in parties {
                let meeting = meeting(&format!("meeting-{parties}"), *parties).await?;
                let processes = *parties.min(processes);
                let threads = (0..processes).map(|process| {
                    let own = (parties + process) / processes;
                    let (cycles, processes) = (u64::from(*cycles), u64::from(processes));
                    cycle::spawn(cycles, own, processes, meeting.clone())
                });
                let led: u64 = try_join_all(threads).await?.into_iter().sum();
                println!("{parties} parties: {led} leaders");
            }
        }
        ("meet", [processes]) => {
            let meeting = meeting("meeting", *processes).await?;
            let threads = (0..*processes).map(|_| meet::spawn(meeting.clone()));
            let mut threads: FuturesUnordered<_> = threads.collect();
            introduce(&meeting, *processes as usize).await?;
            while let Some(ended) = threads.next().await {
                println!("{}", if ended.is_ok() { "broken" } else { "dead" });
            }
        }
        ("hold", [successors]) => {
            let meeting = meeting("meeting", 1).await?;
            let holder = hold::spawn(meeting.clone());
            introduce(&meeting, 1).await?;
            try_join_all((0..*successors).map(|_| succeed::spawn(meeting.clone()))).await?;
            println!("succeeded");
            match holder.await {
                Ok(end) => println!("{end}"),
                Err(_) => println!("dead"),
            }
            println!("value {}", meeting.lock.snapshot().await?);
        }
        _ => {
            return Err(Error::other(
                "usage: parties cycle CYCLES PROCESSES PARTIES… | meet PROCESSES | hold SUCCESSORS",
            ));
        }
    }
    Ok(())
}
