//! Cloud threads that meet at barriers, reduce, and hold locks, in processes that somebody kills or freezes.
//!
//! Prints what came of it, a line at a time.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crucial::{Barrier, Error, Mutex, Reduction, Vector};
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
            let (mut led, mut first) = (0, None);
            for (cycle, come) in (0_u64..).zip(come.iter()) {
                come.fetch_add(1, Ordering::Relaxed);
                // One party tells the other processes.
                if party == 0 {
                    meeting.begun.fetch_add(1).await?;
                }
                let wait = meeting.barrier.wait().await?;
                let first = *first.get_or_insert(wait.generation());
                let early = wait.generation() != first + cycle
                    || come.load(Ordering::Relaxed) != parties
                    || (party == 0 && meeting.begun.load().await? < (cycle + 1) * processes);
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

/// Reduces so often with the parties of those numbers, all of them in this process.
///
/// What a party brings is in the result of its own round and no other, so a right result is none that came early.
#[crucial::cloud_thread]
async fn reduce(
    cycles: u32,
    own: Range<u32>,
    parties: u32,
    vector: Vector<i64>,
) -> crucial::Result<()> {
    let tasks = own.map(|party| {
        let vector = vector.clone();
        tokio::spawn(async move {
            let count = i64::from(parties);
            for cycle in (0..cycles).map(i64::from) {
                let part = [1, i64::from(party), cycle];
                let all = vector.reduce(parties, &part, Reduction::Sum).await?;
                if all != [count, count * (count - 1) / 2, count * cycle] {
                    return Err(Error::other(format!("cycle {cycle} gives {all:?}")));
                }
            }
            Ok(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.map_err(Error::other)??;
    }
    Ok(())
}

/// Meets at the barrier again and again, until it breaks.
#[crucial::cloud_thread]
async fn meet(meeting: Meeting) -> crucial::Result<()> {
    // Whoever has not come yet is not missed.
    meeting.barrier.wait().await?;
    meeting.processes.push_back(std::process::id()).await?;
    loop {
        match meeting.barrier.wait().await {
            Ok(_) => {}
            Err(Error::BrokenBarrier { .. }) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Reduces again and again, until the round breaks.
#[crucial::cloud_thread]
async fn gather(parties: u32, vector: Vector<i64>, meeting: Meeting) -> crucial::Result<()> {
    vector.reduce(parties, &[1; 3], Reduction::Sum).await?;
    meeting.processes.push_back(std::process::id()).await?;
    loop {
        match vector.reduce(parties, &[1; 3], Reduction::Sum).await {
            Ok(_) => {}
            Err(Error::BrokenRound { .. }) => return Ok(()),
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

/// Reduces so often with so many parties in so many processes.
async fn reduce_in(
    processes: u32,
    cycles: u32,
    parties: u32,
    vector: &Vector<i64>,
) -> crucial::Result<()> {
    let processes = processes.min(parties);
    let first = |process| parties * process / processes;
    let threads = (0..processes).map(|process| {
        let own = first(process)..first(process + 1);
        reduce::spawn(cycles, own, parties, vector.clone())
    });
    try_join_all(threads).await?;
    Ok(())
}

/// Meets so often with so many parties in so many processes; how many leaders there were.
async fn meet_in(
    processes: u32,
    cycles: u32,
    parties: u32,
    meeting: &Meeting,
) -> crucial::Result<u64> {
    let processes = parties.min(processes);
    let threads = (0..processes).map(|process| {
        let own = (parties + process) / processes;
        let (cycles, processes) = (u64::from(cycles), u64::from(processes));
        cycle::spawn(cycles, own, processes, meeting.clone())
    });
    Ok(try_join_all(threads).await?.into_iter().sum())
}

/// Prints the processes of threads that meet until somebody is missed, and how each thread ended.
async fn until_broken(
    threads: impl Iterator<Item = crucial::JoinHandle<()>>,
    meeting: &Meeting,
) -> crucial::Result<()> {
    let mut threads: FuturesUnordered<_> = threads.collect();
    introduce(meeting, threads.len()).await?;
    while let Some(ended) = threads.next().await {
        println!("{}", if ended.is_ok() { "broken" } else { "dead" });
    }
    Ok(())
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
                let led = meet_in(*processes, *cycles, *parties, &meeting).await?;
                println!("{parties} parties: {led} leaders");
            }
        }
        ("reduce", [cycles, processes, parties @ ..]) => {
            for parties in parties {
                let vector = Vector::create(&format!("vector-{parties}"), vec![0; 3]).await?;
                reduce_in(*processes, *cycles, *parties, &vector).await?;
                println!("{parties} parties: all right");
            }
        }
        ("meet", [processes]) => {
            let meeting = meeting("meeting", *processes).await?;
            let threads = (0..*processes).map(|_| meet::spawn(meeting.clone()));
            until_broken(threads, &meeting).await?;
            meeting.barrier.reset().await?;
            meet_in(*processes, 3, *processes, &meeting).await?;
            println!("whole again");
        }
        ("gather", [processes]) => {
            let meeting = meeting("meeting", *processes).await?;
            let vector = Vector::create("vector", vec![0; 3]).await?;
            let threads =
                (0..*processes).map(|_| gather::spawn(*processes, vector.clone(), meeting.clone()));
            until_broken(threads, &meeting).await?;
            vector.reset_rounds().await?;
            reduce_in(*processes, 3, *processes, &vector).await?;
            println!("whole again");
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
                "usage: parties cycle|reduce CYCLES PROCESSES PARTIES… | meet|gather PROCESSES | hold SUCCESSORS",
            ));
        }
    }
    Ok(())
}
