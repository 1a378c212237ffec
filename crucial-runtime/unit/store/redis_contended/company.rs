//! What many processes do at one object: everything once, in order, whatever travels.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use crucial_tests::{Options, RedisServer};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::ledger::{AUDIT, ECHO, FEED, LaterLedger, Ledger, POST, POST_OR_PANIC, SUM};
use super::{Process, count, number, received, server};
use crate::error::Error;
use crate::object::Value;

/// Posts from all processes at once, `tasks` each, and checks that each took effect once, in the order of its caller.
async fn posts_are_exact(processes: &[Arc<Process>], tasks: usize, posts: usize) {
    let before = processes[0].post(0).await.unwrap();
    let mut all = Vec::new();
    for process in processes {
        for _ in 0..tasks {
            let process = Arc::clone(process);
            all.push(tokio::spawn(async move {
                let mut replies = Vec::new();
                for _ in 0..posts {
                    replies.push(process.post(1).await.unwrap());
                }
                assert!(replies.is_sorted(), "one caller's calls are in its order");
                replies
            }));
        }
    }
    let mut replies = Vec::new();
    for task in all {
        replies.extend(task.await.unwrap());
    }
    replies.sort_unstable();
    let expected: Vec<u64> = (before + 1..)
        .take(processes.len() * tasks * posts)
        .collect();
    assert!(replies == expected, "every call saw a state of its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_many_processes_take_effect_once_and_in_order() {
    // States that travel in the answer to a call, and states that are fetched.
    for ballast in [0, 100_000] {
        let server = server().await;
        let processes = Process::many(&server, 12).await;
        assert!(processes[0].create(ballast).await);
        posts_are_exact(&processes, 1, 40).await;
        posts_are_exact(&processes[..3], 8, 20).await;
        assert!(
            count(&server, "publish").await > 0,
            "some were run by others"
        );
        let sum = processes[1].call::<Ledger>(&SUM, &0_u64).await.unwrap();
        assert_eq!(number(sum).unwrap(), 12 * 40 + 3 * 8 * 20);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_without_functions_serve_as_well() {
    let server = RedisServer::start(Options {
        settings: vec!["rename-command FUNCTION \"\"".to_owned()],
        ..Options::default()
    })
    .await;
    let processes = Process::many(&server, 6).await;
    assert!(processes[0].create(0).await);
    // Each has tried one.
    let tried = count(&server, "fcall").await;
    posts_are_exact(&processes, 2, 20).await;
    assert_eq!(count(&server, "fcall").await, tried);
    assert!(count(&server, "evalsha").await > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn panics_stay_with_their_caller_in_company() {
    let server = server().await;
    let processes = Process::many(&server, 6).await;
    assert!(processes[0].create(0).await);
    let calls: Vec<_> = (0..60)
        .map(|n| processes[n % 6].call::<Ledger>(&POST_OR_PANIC, &1_u64))
        .collect();
    let (mut done, mut panicked) = (0, 0);
    for call in calls {
        match call.await.unwrap() {
            Ok(_) => done += 1,
            Err(Error::Panicked { method, panic, .. }) => {
                assert!(method == "post_or_panic" && panic.message.contains("seven"));
                panicked += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((done, panicked), (6, 54));
    assert_eq!(processes[3].post(2).await.unwrap(), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_calls_and_replies_come_whole() {
    let server = server().await;
    let processes = Process::many(&server, 8).await;
    assert!(processes[0].create(10).await);
    let mut sum = 0;
    // Sent to the leader, too many bytes to be fetched unseen, too many to be sent at all.
    for bytes in [10_000, 200_000, 400_000] {
        let calls: Vec<_> = (1..=32_u8)
            .map(|n| {
                let food = Bytes::from(vec![n; bytes]);
                processes[usize::from(n) % 8].call::<Ledger>(&FEED, &food)
            })
            .collect();
        for call in calls {
            number(call.await.unwrap()).unwrap();
        }
        sum += (1..=32).sum::<u64>();
        let echoes: Vec<_> = (1..=32_u64)
            .map(|n| (n, processes[(n % 8) as usize].call::<Ledger>(&ECHO, &n)))
            .collect();
        for (n, echo) in echoes {
            let expected = Bytes::from(vec![u8::try_from(n).unwrap(); 50_000]);
            let Poll::Ready(Value::Bytes(reply)) = echo.await.unwrap().unwrap() else {
                panic!("no bytes")
            };
            assert!(reply == expected, "the reply to echo {n}");
            sum += 1;
        }
    }
    assert_eq!(processes[5].post(0).await.unwrap(), sum);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_large_calls_of_each_process_make_the_lease_move() {
    let server = server().await;
    let processes = Process::many(&server, 3).await;
    assert!(processes[0].create(10).await);
    let mut calls = Vec::new();
    for round in 0..5 {
        for process in &processes {
            for _ in 0..40 {
                let food = Bytes::from(vec![1_u8; 5_000 + round]);
                calls.push(process.call::<Ledger>(&FEED, &food));
            }
        }
    }
    for call in calls {
        number(call.await.unwrap()).unwrap();
    }
    assert_eq!(processes[0].post(0).await.unwrap(), 600);
    // Three megabytes of arguments stayed where they were.
    let sent = received(&server).await;
    assert!(sent < 1_000_000, "{sent} bytes");
}

/// Each process always has so many calls that the lease is to come to them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_wishes_to_lead_has_its_turn() {
    // What waits is a hash, which small ones list in the order of coming: this one is never small.
    let server = RedisServer::start(Options {
        settings: vec!["hash-max-listpack-entries 0".to_owned()],
        ..Options::default()
    })
    .await;
    let processes = Process::many(&server, 5).await;
    assert!(processes[0].create(10).await);
    let enough = Arc::new(AtomicBool::new(false));
    let (mut tasks, mut turns) = (Vec::new(), Vec::new());
    for process in &processes {
        let turn = Arc::new(Semaphore::new(0));
        for _ in 0..40 {
            let (process, turn) = (Arc::clone(process), Arc::clone(&turn));
            let enough = Arc::clone(&enough);
            tasks.push(tokio::spawn(async move {
                let food = Bytes::from(vec![1_u8; 5_000]);
                while !enough.load(Ordering::Relaxed) {
                    let fed = process.call::<Ledger>(&FEED, &food).await.unwrap();
                    number(fed).unwrap();
                    turn.add_permits(1);
                }
            }));
        }
        turns.push(turn);
    }
    for turn in turns {
        let some = timeout(Duration::from_secs(30), turn.acquire_many(400)).await;
        some.expect("a process waits in vain").unwrap().forget();
    }
    enough.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_of_different_code_leave_each_others_calls_alone() {
    let server = server().await;
    let processes = Process::many(&server, 6).await;
    assert!(processes[0].create(0).await);
    let calls: Vec<_> = (0..300)
        .map(|n| {
            let process = &processes[n % 6];
            match n % 2 {
                0 => process.call::<Ledger>([&POST, &POST_OR_PANIC][n / 2 % 2], &2_u64),
                _ => process.call::<LaterLedger>([&POST, &AUDIT][n / 2 % 2], &2_u64),
            }
        })
        .collect();
    let mut done = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(_) => done += 1,
            Err(Error::Panicked { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert!(done > 200, "{done}");
    assert_eq!(processes[0].post(0).await.unwrap(), 2 * done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_and_paused_connections_lose_nothing_in_company() {
    let server = server().await;
    let processes = Process::many(&server, 6).await;
    assert!(processes[0].create(0).await);
    let done = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = processes
        .iter()
        .map(|process| {
            let (process, done) = (Arc::clone(process), Arc::clone(&done));
            tokio::spawn(async move {
                let mut replies = Vec::new();
                while !done.load(Ordering::Relaxed) {
                    replies.push(process.post(1).await.unwrap());
                }
                assert!(replies.is_sorted());
                replies
            })
        })
        .collect();
    let mut connection = server.connection().await;
    for round in 0..30 {
        let before = processes[0].post(0).await.unwrap();
        if round % 3 == 0 {
            redis::cmd("CLIENT")
                .arg("PAUSE")
                .arg(20)
                .exec_async(&mut connection)
                .await
                .unwrap();
        }
        server.kill_clients().await;
        while processes[1].post(0).await.unwrap() < before + 20 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    done.store(true, Ordering::Relaxed);
    let mut replies = Vec::new();
    for task in tasks {
        replies.extend(task.await.unwrap());
    }
    replies.sort_unstable();
    let expected: Vec<u64> = (1..).take(replies.len()).collect();
    assert!(replies == expected, "each acknowledged call ran once");
}
