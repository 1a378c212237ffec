//! Calls take effect exactly once, though connections are cut while they are under way.

use std::time::Duration;

use tokio::time::{Instant, interval};

use crate::ways::{PROCESSES, Ways, printed};

const CUTS: usize = 30;
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_count_to_eight_thousand_while_connections_are_cut() {
    let ways = Ways::new().await;
    let mut program = ways.process().command("hammer", &["8", "1000"]);
    let run = tokio::spawn(async move { program.output().await.unwrap() });

    // Cutting begins when the client and all workers are there: a process that is only connecting is told
    // that the server is out of reach, which is another story.
    let mut ticks = interval(Duration::from_millis(20));
    let deadline = Instant::now() + LIMIT;
    while ways.server().clients().await <= PROCESSES {
        ticks.tick().await;
        assert!(
            !run.is_finished(),
            "the program ended before it was disturbed"
        );
        assert!(Instant::now() < deadline, "the workers do not come");
    }
    let mut cut = 0;
    for _ in 0..CUTS {
        cut += ways.server().kill_clients().await;
        ticks.tick().await;
    }
    assert!(!run.is_finished(), "the program ended before the last cut");
    assert!(cut > CUTS, "only {cut} connections were cut");

    let text = printed("hammer", run.await.unwrap());
    assert_eq!(text, "counter 8000, tally 8000\n");
}
