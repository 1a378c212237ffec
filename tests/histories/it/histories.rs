//! Histories of every object, recorded under faults, are linearizable.

use std::env;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crucial::linearizability::{CheckError, Checked, Recording};
use crucial_tests::{Options, RedisServer};
use crucial_tests_histories::{Dice, Ledger, chosen, now};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{interval, sleep};

use crate::client::{Client, Said};

/// How many operations are checked at least, all in all.
const OPERATIONS: &str = "CRUCIAL_TEST_OPERATIONS";
/// Enough for each kind of object to meet each kind of fault; `test.sh` asks for a million.
const A_FEW: usize = 40_000;
/// How many processes share the objects of a round.
const CLIENTS: usize = 4;
/// How many calls each task of a client makes on each object of a round.
const CALLS: u32 = 100;
/// How many clients are killed in a round: what they had under way stays in doubt.
const KILLED: usize = 2;
/// How long places are kept that are lent to a client which is dead or frozen, at the least. The check knows no time, so
/// that what comes later is left out. Longer than others wait for one who led and died.
const LENT: Duration = Duration::from_millis(1_800);
/// After how many tries an object is left undecided: seconds, not minutes.
const TRIES: usize = 200_000;
/// What a round may take; none is stopped for being slow, but one that hangs is reported.
const LIMIT: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_object_is_linearizable_under_faults() {
    let wanted = env::var(OPERATIONS).map_or(A_FEW, |text| text.parse().unwrap());
    let seed = env::var("CRUCIAL_TEST_SEED").map_or(1, |text| text.parse().unwrap());
    let (said, hear) = mpsc::unbounded_channel();
    let mut stage = Stage {
        server: RedisServer::start(Options::default()).await,
        directory: tempfile::tempdir().unwrap().keep(),
        clients: Vec::new(),
        said,
        hear,
        dice: Dice::of(seed),
        faults: Faults::default(),
    };
    let began = Instant::now();
    for _ in 0..CLIENTS {
        let client = stage.client(stage.clients.len());
        stage.clients.push(client);
    }
    let (mut checked, mut undecided) = (Checked::default(), Vec::new());
    let mut check: Option<JoinHandle<Verdict>> = None;
    for round in 0.. {
        let (recorded, until) = stage.round(round).await;
        // A round is checked while the next is played.
        if let Some(check) = check.replace(tokio::task::spawn_blocking(move || {
            verdict(&recorded, until)
        })) {
            let verdict = check.await.unwrap();
            checked += verdict.checked;
            undecided.extend(verdict.undecided);
        }
        if checked.operations >= wanted {
            break;
        }
    }
    let verdict = check.unwrap().await.unwrap();
    checked += verdict.checked;
    undecided.extend(verdict.undecided);
    println!("{checked:?}, {:?}, {:?}", stage.faults, began.elapsed());
    println!("not found out of {undecided:?}");
    assert!(checked.operations >= wanted);
    assert!(undecided.len() <= 1 + checked.objects / 100);
    // Every kind of fault and of answer occurred.
    let Faults {
        cuts,
        pauses,
        freezes,
        kills,
    } = stage.faults;
    assert!(cuts.min(pauses).min(freezes).min(kills) > 0);
    assert!(checked.pending > 0 && checked.in_doubt > 0);
    std::fs::remove_dir_all(&stage.directory).unwrap();
}

/// What came of the checks.
#[derive(Debug, Default)]
struct Verdict {
    checked: Checked,
    /// Objects of which it was not found out: too many calls in doubt at a time, which can be put in too many orders.
    undecided: Vec<String>,
}

/// Checks what was recorded in a directory until that time, and removes it.
fn verdict(directory: &Path, until: Duration) -> Verdict {
    let mut verdict = Verdict::default();
    let mut check = || -> Result<(), CheckError> {
        let recording = Recording::read(directory)?
            .object::<Ledger>()
            .until(until)
            .give_up_after(TRIES);
        for key in recording.objects() {
            match recording.check_only(&key) {
                Ok(checked) => verdict.checked += checked,
                Err(CheckError::Undecided { .. }) => verdict.undecided.push(key.to_string()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    };
    if let Err(error) = check() {
        let directory = directory.display();
        let until = u64::try_from(until.as_nanos()).unwrap_or(u64::MAX);
        panic!("{error}\nto check it again: crucial-test-client check {directory} {until}");
    }
    let checked = verdict.checked;
    assert!(checked.objects > chosen().len() / 2, "{checked:?}");
    std::fs::remove_dir_all(directory).unwrap();
    verdict
}

/// A server, clients, and what happens to them.
struct Stage {
    server: RedisServer,
    directory: PathBuf,
    clients: Vec<Client>,
    said: mpsc::UnboundedSender<Said>,
    hear: mpsc::UnboundedReceiver<Said>,
    dice: Dice,
    faults: Faults,
}

/// How often what was done.
#[derive(Debug, Default)]
struct Faults {
    cuts: usize,
    pauses: usize,
    freezes: usize,
    kills: usize,
}

impl Stage {
    fn client(&mut self, number: usize) -> Client {
        let seed = self.dice.value().to_string();
        let directory = self.directory.to_str().unwrap();
        let args = ["work", &self.server.url(), directory, &seed];
        Client::start(number, &args, &self.said)
    }

    /// Lets all clients use the objects of a round, troubles them meanwhile, and says where their records are, and
    /// until when they tell all.
    async fn round(&mut self, round: u32) -> (PathBuf, Duration) {
        let deadline = Instant::now() + LIMIT;
        let task = format!("{round} {CALLS}");
        for client in &mut self.clients {
            client.tell(&task).await;
        }
        let mut done = [false; CLIENTS];
        let mut killed = 0;
        let mut until = Duration::MAX;
        let mut ticks = interval(Duration::from_millis(100));
        while done != [true; CLIENTS] {
            assert!(Instant::now() < deadline, "round {round} hangs");
            tokio::select! {
                said = self.hear.recv() => match said.unwrap() {
                    (number, Some(line)) if line == format!("done {round}") => done[number] = true,
                    (_, Some(line)) => panic!("in round {round} a client {line}"),
                    (number, None) => {
                        // It was killed; another one takes its part.
                        let status = self.clients[number].ended().await;
                        assert!(status.code().is_none(), "a client ended by itself: {status}");
                        self.clients[number] = self.client(number);
                        self.clients[number].tell(&task).await;
                        done[number] = false;
                    }
                },
                _ = ticks.tick() => if let Some(lost) = self.trouble(killed < KILLED).await {
                    killed += 1;
                    until = until.min(lost + LENT);
                },
            }
        }
        self.clear().await;
        (self.directory.join(round.to_string()), until)
    }

    /// Does something bad; when a client was lost, or was frozen for so long that others took what it held.
    async fn trouble(&mut self, may_kill: bool) -> Option<Duration> {
        let unlucky = self.dice.below(CLIENTS as u32) as usize;
        let moment = Duration::from_millis(self.dice.below(150).into());
        match self.dice.below(6) {
            0 | 1 => {
                self.server.kill_clients().await;
                self.faults.cuts += 1;
            }
            2 => {
                self.server.pause();
                sleep(moment).await;
                self.server.resume();
                self.faults.pauses += 1;
            }
            3 => {
                // Beyond the lease of one who leads, now and then.
                let from = now();
                self.clients[unlucky].freeze();
                sleep(if self.dice.below(4) == 0 {
                    10 * moment
                } else {
                    moment
                })
                .await;
                self.clients[unlucky].thaw();
                self.faults.freezes += 1;
                // A machine that is busy may oversleep.
                return (now() - from > LENT).then_some(from);
            }
            4 if may_kill => {
                self.clients[unlucky].kill();
                self.faults.kills += 1;
                return Some(now());
            }
            _ => {}
        }
        None
    }

    /// Forgets the objects of the round, whose clients have gone.
    async fn clear(&self) {
        let mut connection = self.server.connection().await;
        redis::cmd("FLUSHALL")
            .exec_async(&mut connection)
            .await
            .unwrap();
    }
}
