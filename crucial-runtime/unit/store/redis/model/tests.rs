//! The schedules that are run.

use super::super::sim::Trouble;
use super::plan::{Bias, Plan};
use super::schedule::{self, Failure};

/// How many schedules each of the tests runs, unless `CRUCIAL_MODEL_SCHEDULES` says otherwise.
const SCHEDULES: u64 = 400;

fn fail(failure: &Failure, bias: Bias) -> ! {
    let replayed = schedule::run(failure.seed, bias, None, true);
    let trace = replayed.map_or_else(|failure| failure.trace, |summary| summary.trace);
    panic!(
        "schedule {seed} failed: {}\n{}\n\nto run it again: CRUCIAL_MODEL_SEED={seed} CRUCIAL_MODEL_BIAS={bias:?} cargo nextest run -p crucial-runtime model::tests::one",
        failure.reason,
        trace.join("\n"),
        seed = failure.seed,
    );
}

/// What schedules are biased to.
const BIASES: [Bias; 6] = [
    Bias::Deadly,
    Bias::Forgotten,
    Bias::Cut,
    Bias::Lives,
    Bias::Frozen,
    Bias::Evicting,
];

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
    )
}

/// Runs schedules that no other part runs.
fn run_part(part: u64) {
    let count = number("CRUCIAL_MODEL_SCHEDULES").unwrap_or(SCHEDULES);
    let seeds = part * 1_000_000..part * 1_000_000 + count;
    let run = |seed| schedule::run(seed, Bias::None, None, false).err();
    // A handful of failures says more than the first.
    let failures: Vec<Failure> = seeds.filter_map(run).take(8).collect();
    for Failure { seed, reason, .. } in &failures {
        let reason = reason.lines().next().unwrap_or_default();
        println!("schedule {seed} failed: {reason}");
    }
    if let Some(failure) = failures.first() {
        fail(failure, Bias::None);
    }
}

macro_rules! schedules {
    ($($name:ident: $part:literal,)+) => {
        $(#[test]
        fn $name() {
            run_part($part);
        })+
    };
}

schedules! {
    schedules_0: 0,
    schedules_1: 1,
    schedules_2: 2,
    schedules_3: 3,
    schedules_4: 4,
    schedules_5: 5,
    schedules_6: 6,
    schedules_7: 7,
    schedules_8: 8,
    schedules_9: 9,
}

/// What mistakes are looked for with is fair to what is right.
#[test]
fn biased() {
    for bias in BIASES {
        for seed in 0..100 {
            if let Err(failure) = schedule::run(seed, bias, None, false) {
                fail(&failure, bias);
            }
        }
    }
}

/// The schedule of `CRUCIAL_MODEL_SEED` and `CRUCIAL_MODEL_BIAS`, if there is one.
#[test]
fn one() {
    let wanted = std::env::var("CRUCIAL_MODEL_BIAS").unwrap_or_default();
    let named = BIASES
        .into_iter()
        .find(|bias| format!("{bias:?}") == wanted);
    let bias = named.unwrap_or(Bias::None);
    if let Some(seed) = number("CRUCIAL_MODEL_SEED")
        && let Err(failure) = schedule::run(seed, bias, None, false)
    {
        fail(&failure, bias);
    }
}

/// Schedules would otherwise begin with sending scripts.
#[test]
fn a_server_in_use_knows_all_scripts() {
    let is_known = |seed: &u64| {
        let climate = Plan::of(*seed, Bias::Cut).climate;
        let forgets = |(_, trouble): &(u64, Trouble)| {
            // A full server runs the text of a script where it does not run the function.
            matches!(trouble, Trouble::Forget | Trouble::Full(_))
        };
        !climate.new_server && !climate.troubles.iter().any(forgets)
    };
    let known: Vec<u64> = (0..100).filter(is_known).collect();
    assert!(!known.is_empty());
    for seed in known {
        let ran = schedule::run(seed, Bias::Cut, None, true);
        let trace = ran
            .unwrap_or_else(|failure| fail(&failure, Bias::Cut))
            .trace;
        let sent = trace
            .iter()
            .find(|line| line.contains(" LOAD #!") || line.contains("SCRIPT LOAD"));
        assert_eq!(sent, None, "seed {seed}");
    }
}

#[test]
fn a_seed_gives_the_same_schedule_again() {
    for seed in 0..100 {
        let run = || match schedule::run(seed, Bias::None, None, true) {
            Ok(summary) => summary,
            Err(failure) => fail(&failure, Bias::None),
        };
        let (first, second) = (run(), run());
        assert!(first.calls > 0 && first.took > 0 && !first.trace.is_empty());
        let mut both = first.trace.iter().zip(&second.trace);
        assert_eq!(both.find(|(one, two)| one != two), None, "seed {seed}");
        assert_eq!(first, second, "seed {seed}");
    }
}
