//! What was called, when, and what came back; and whether that is what was promised.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::sim::doom;
use super::ledger::Entry;
use super::plan::FROZEN;

/// How long a task may wait for a process that stands still, and for its own calls, ms: two leases, each for what was
/// under way and for what was wished for, and as much again for large calls to travel.
const WAITED: u64 = 4_000;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It ran, and gave a place in a life of the ledger: that of an entry, or the number of entries.
    Placed(u64, u32),
    /// It ran, and gave a number.
    Number(i64),
    /// It did not run.
    Refused(String),
    /// Nobody knows.
    InDoubt,
}

/// What was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Append(Entry),
    /// An append that is to leave no trace.
    Vain(Entry),
    /// An append that ends the process that runs it.
    Deadly(Entry),
    Length,
    Mark(u32),
    Count,
    Counted,
    Create(u64),
    CreateCounter,
    Destroy,
}

/// One call.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) process: usize,
    pub(super) task: usize,
    pub(super) asked: Asked,
    /// Whether it waits for what others do.
    pub(super) waits: bool,
    pub(super) start: u64,
    /// None where the process died before.
    pub(super) end: Option<(u64, Outcome)>,
}

impl Record {
    fn place(&self) -> Option<(u64, u32)> {
        match self.end {
            Some((_, Outcome::Placed(life, place))) => Some((life, place)),
            _ => None,
        }
    }

    fn number(&self) -> Option<i64> {
        match self.end {
            Some((_, Outcome::Number(number))) => Some(number),
            _ => None,
        }
    }

    /// Whether it may have run although nobody was told.
    fn is_in_doubt(&self) -> bool {
        matches!(self.end, None | Some((_, Outcome::InDoubt)))
    }

    /// Whether it was over before the other began.
    fn is_before(&self, other: &Self) -> bool {
        self.end.as_ref().is_some_and(|(end, _)| *end < other.start)
    }
}

/// Everything that was called.
#[derive(Debug, Clone, Default)]
pub(super) struct History(Arc<Mutex<Vec<Record>>>);

/// The state at the end, as a process finds it that comes after everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Final {
    pub(super) life: u64,
    pub(super) log: Vec<Entry>,
    pub(super) count: i64,
}

impl History {
    /// Notes that a call begins.
    pub(super) fn begin(&self, record: Record) -> usize {
        let mut records = self.lock();
        records.push(record);
        records.len() - 1
    }

    /// Notes what came back, unless the process is no more.
    pub(super) fn end(&self, record: usize, end: u64, outcome: Outcome) {
        if !doom::is_struck() {
            self.lock()[record].end = Some((end, outcome));
        }
    }

    pub(super) fn records(&self) -> Vec<Record> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether what came back is what was promised.
///
/// # Errors
///
/// What was not.
pub(super) fn check(records: &[Record], last: &Final) -> Result<(), String> {
    entries_ran_once(records, last)?;
    writers_kept_their_order(last)?;
    lives_were_begun(records, last)?;
    lives_follow_one_another(records)?;
    places_respect_time(records, last)?;
    marks_rise(records)?;
    counts_are_exact(records, last)
}

/// What travels with a call that ends processes runs all the same: where nothing else goes wrong, nobody is blamed for
/// what another call did.
pub(super) fn only_the_deadly_are_given_up(records: &[Record]) -> Result<(), String> {
    let given_up = |record: &&Record| match &record.end {
        Some((_, Outcome::Refused(reason))) => {
            reason.contains("it is not run again") && !matches!(record.asked, Asked::Deadly(_))
        }
        _ => false,
    };
    match records.iter().find(given_up) {
        Some(record) => Err(format!(
            "it was given up without a fault of its own: {record:?}"
        )),
        None => Ok(()),
    }
}

/// One process that stands still keeps each task of the others waiting for a lease or two, not at each of their calls.
pub(super) fn nobody_waited_often(records: &[Record]) -> Result<(), String> {
    let mut waited: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    for record in records {
        if let Some((end, _)) = record.end
            && let took = end - record.start
            && took < FROZEN / 2
        {
            *waited.entry((record.process, record.task)).or_default() += took;
        }
    }
    match waited.iter().max_by_key(|(_, waited)| **waited) {
        Some(((process, task), waited)) if *waited > WAITED => Err(format!(
            "task {task} of process {process} waited for {waited} ms"
        )),
        _ => Ok(()),
    }
}

/// Acknowledged: exactly once. In doubt: at most once. Refused: not at all.
fn entries_ran_once(records: &[Record], last: &Final) -> Result<(), String> {
    let mut places = BTreeSet::new();
    let mut may_be_there = BTreeSet::new();
    for record in records {
        let (Asked::Append(entry) | Asked::Deadly(entry)) = record.asked else {
            continue;
        };
        if let Some((life, place)) = record.place() {
            if !places.insert((life, place)) {
                return Err(format!("two calls were given place {place}: {record:?}"));
            }
            may_be_there.insert(entry);
            if life == last.life && last.log.get(usize::try_from(place).unwrap()) != Some(&entry) {
                return Err(format!(
                    "an acknowledged entry is not where it was put: {record:?}"
                ));
            }
        } else if record.is_in_doubt() {
            may_be_there.insert(entry);
        }
    }
    let mut found = BTreeSet::new();
    for entry in &last.log {
        if !found.insert(entry) {
            return Err(format!("{entry:?} was written twice"));
        }
        if !may_be_there.contains(entry) {
            return Err(format!(
                "{entry:?} was written though it was refused, or by nobody"
            ));
        }
    }
    Ok(())
}

fn writers_kept_their_order(last: &Final) -> Result<(), String> {
    let mut latest: BTreeMap<u32, u32> = BTreeMap::new();
    for (writer, index) in &last.log {
        if latest
            .insert(*writer, *index)
            .is_some_and(|before| before >= *index)
        {
            return Err(format!(
                "{index} of writer {writer} came after a later one of theirs"
            ));
        }
    }
    Ok(())
}

/// Nobody finds a life whose creator was told that there was one already.
fn lives_were_begun(records: &[Record], last: &Final) -> Result<(), String> {
    for record in records {
        let Asked::Create(life) = record.asked else {
            continue;
        };
        let is_seen = |seen: &Record| seen.place().is_some_and(|(seen, _)| seen == life);
        let is_there = last.life == life || records.iter().any(is_seen);
        if is_there && record.number() == Some(0) {
            return Err(format!("it was created after all: {record:?}"));
        }
    }
    Ok(())
}

/// Once a later life was seen, an earlier one is not seen again.
fn lives_follow_one_another(records: &[Record]) -> Result<(), String> {
    for first in records {
        let Some((life, _)) = first.place() else {
            continue;
        };
        for between in records.iter().filter(|between| first.is_before(between)) {
            let Some((other, _)) = between.place().filter(|(other, _)| *other != life) else {
                continue;
            };
            let again = records.iter().find(|again| {
                between.is_before(again) && again.place().is_some_and(|(again, _)| again == life)
            });
            if let Some(again) = again {
                return Err(format!(
                    "life {life} was seen again after {other}: {again:?}"
                ));
            }
        }
    }
    Ok(())
}

/// A call that began after another had ended sees it: places rise, and so do lengths.
fn places_respect_time(records: &[Record], last: &Final) -> Result<(), String> {
    // Those in doubt that were found at the end have a place as well, but nobody knows since when.
    let mut placed: Vec<(&Record, u64, u32)> = records
        .iter()
        .filter_map(|record| record.place().map(|(life, place)| (record, life, place)))
        .collect();
    for record in records.iter().filter(|record| record.is_in_doubt()) {
        if let Asked::Append(entry) | Asked::Deadly(entry) = record.asked
            && let Some(place) = last.log.iter().position(|found| *found == entry)
        {
            placed.push((record, last.life, u32::try_from(place).unwrap()));
        }
    }
    for (first, life, place) in &placed {
        for (second, other, then) in &placed {
            if life != other || !first.is_before(second) || first.is_in_doubt() {
                continue;
            }
            // A length counts entries, so it is one more than the place of the last that it saw.
            let fine = if first.asked == Asked::Length && second.asked != Asked::Length {
                then >= place
            } else if first.asked == Asked::Length || second.asked != Asked::Length {
                then > place || first.asked == Asked::Length && then == place
            } else {
                then > place
            };
            if !fine {
                return Err(format!("{second:?} does not see {first:?}, which was over"));
            }
        }
    }
    Ok(())
}

/// What one call marked, those that began later see.
fn marks_rise(records: &[Record]) -> Result<(), String> {
    if records.iter().any(|record| record.asked == Asked::Destroy) {
        return Ok(());
    }
    let marks = || {
        records.iter().filter_map(|record| match record.asked {
            Asked::Mark(mark) => record.number().map(|seen| (record, i64::from(mark), seen)),
            _ => None,
        })
    };
    for (first, mark, seen) in marks() {
        if seen < mark {
            return Err(format!("it does not see its own mark: {first:?}"));
        }
        if let Some((second, ..)) =
            marks().find(|(second, _, later)| first.is_before(second) && *later < seen)
        {
            return Err(format!("{second:?} does not see {first:?}, which was over"));
        }
    }
    Ok(())
}

/// Each increment ran once, and in the order of time.
fn counts_are_exact(records: &[Record], last: &Final) -> Result<(), String> {
    // A full server takes back what it can't note as one of the job's objects.
    let taken_back = |record: &Record| {
        record.asked == Asked::CreateCounter && !matches!(record.end, Some((_, Outcome::Number(_))))
    };
    if records.iter().any(taken_back) {
        return Ok(());
    }
    let mut before = BTreeSet::new();
    let mut in_doubt = 0;
    for record in records.iter().filter(|record| record.asked == Asked::Count) {
        match record.number() {
            Some(number) if !before.insert(number) => {
                return Err(format!("two increments found {number}: {record:?}"));
            }
            Some(number) if number >= last.count => {
                return Err(format!(
                    "an increment is lost: {record:?}, {} in all",
                    last.count
                ));
            }
            Some(_) => {}
            None => in_doubt += i64::from(record.is_in_doubt()),
        }
    }
    let acknowledged = i64::try_from(before.len()).unwrap();
    if !(acknowledged..=acknowledged + in_doubt).contains(&last.count) {
        return Err(format!(
            "{acknowledged} increments were acknowledged, {in_doubt} are in doubt, {} were counted",
            last.count
        ));
    }
    let counts = || {
        records
            .iter()
            .filter(|record| matches!(record.asked, Asked::Count | Asked::Counted))
            .filter_map(|record| record.number().map(|number| (record, number)))
    };
    for (first, number) in counts() {
        // An increment tells what it found; what comes after finds at least one more.
        let least = number + i64::from(first.asked == Asked::Count);
        if let Some((second, _)) =
            counts().find(|(second, then)| first.is_before(second) && *then < least)
        {
            return Err(format!("{second:?} does not see {first:?}, which was over"));
        }
    }
    Ok(())
}
