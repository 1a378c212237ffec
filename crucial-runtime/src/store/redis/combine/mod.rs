//! User objects: their methods run here, on the cached state, and one commit stores what a whole batch did.
//!
//! Three gears, one after the other as a process meets others at an object:
//!
//! * **alone**: a batch of calls runs on the version that is cached, and is [installed](install) in one round trip if
//!   that version is still the stored one;
//! * **in company**: calls are [submitted](submit); one process [leads](lead), runs everybody's calls and
//!   [commits](commit) them with the replies, which are pushed to their callers' [inboxes](inbox);
//! * **with many callers in each process**: the lease moves to the calls, where they are more than the state.
//!
//! Nothing has been answered until the commit is confirmed, so running a batch again is invisible. What holds it
//! together: a commit names the version that it was made from and the token of its lease, and each call has a number
//! that the server records with its reply.

mod batch;
mod commit;
mod inbox;
mod install;
mod keeper;
mod lead;
mod parcel;
mod published;
mod pulse;
mod reads;
mod replica;
mod stage;
mod submit;

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

pub(super) use self::inbox::Inbox;
use self::inbox::News;
use self::install::{Install, Installed};
pub(super) use self::keeper::Keeper;
use self::keeper::ms;
use self::lead::{Lead, Turn};
pub(super) use self::published::Published;
use self::pulse::{Leased, Pulse};
use self::replica::{Replica, Work};
use self::submit::{Submission, Submitted};
use super::core::{Core, Earlier};
use super::fault::Fault;
use super::lane::{Answer, Lane, Operation, Slot};
use super::names::Names;
use super::{CALL_LIMIT, value};
use crate::chance;
use crate::object::{Call, MethodKind, ObjectType, State};
use crate::store::Description;

/// Batches of one process for one object come one after the other.
const SLOT: Slot = 0;
/// How many bytes of a state or of replies may go through a script, which pays for each.
const INLINE: usize = 8 * 1024;
/// Calls that are larger are not sent to whoever leads: the lease comes to them.
const SENT: usize = 256 * 1024;
/// How many calls, and how many bytes, a process must have for the lease to come to them rather than they to it.
const MANY: usize = 16;
const MUCH: usize = 16 * 1024;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// How long a process leads without a sign of life. While a leader is dead, others wait for so long.
    pub(crate) lease: Duration,
    /// How long one call may run before it counts as one that does not end.
    pub(crate) method_limit: Duration,
    /// How many bytes a state may take.
    pub(crate) value_bytes: usize,
}

#[cfg(test)]
impl Default for Options {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(1),
            method_limit: Duration::from_secs(30),
            value_bytes: usize::MAX,
        }
    }
}

/// Where a batch is run for.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) core: &'a Core,
    pub(super) names: &'a Names,
    pub(super) lane: &'a Lane,
}

/// What is known of a user's object.
#[derive(Debug, Default)]
pub(super) struct Combining {
    object: Option<&'static ObjectType>,
    cached: Option<Replica>,
    lead: Option<Lead>,
    /// Whether others were about lately.
    contended: bool,
    /// How long the next lease is to be; longer than usual after one was too short.
    lease: Duration,
    pulse: Option<Arc<Pulse>>,
}

/// What a call gave in an attempt that was refused. It goes with the call wherever that goes: a repeat of it may be
/// under way and yet succeed, and then the call has run.
#[derive(Debug)]
pub(super) struct Attempt {
    seq: String,
    answers: Vec<Answer>,
    earlier: Earlier,
}

/// The calls of this process that are being seen to.
struct Own<'a> {
    seq: String,
    calls: Vec<&'a Call>,
    /// What the first of them gave in an attempt that was refused. A repeat of it may be under way and yet succeed.
    attempt: Option<Vec<Answer>>,
    /// The answers to those before them.
    answered: Vec<Answer>,
    /// What the server may know of them.
    earlier: Earlier,
}

impl<'a> Own<'a> {
    /// Calls, the first of which may have been attempted before.
    fn of(core: &Core, calls: Vec<&'a Call>, attempt: Option<Attempt>) -> Self {
        let (seq, attempt, earlier) = match attempt {
            Some(attempt) => (attempt.seq, Some(attempt.answers), attempt.earlier),
            None => (core.next_seq(), None, Earlier::default()),
        };
        Self {
            seq,
            calls,
            attempt,
            answered: Vec::new(),
            earlier,
        }
    }

    /// Gives the calls that are left a number of which the server knows nothing.
    fn begin_anew(&mut self, core: &Core) {
        self.seq = core.next_seq();
        self.attempt = None;
        self.earlier = Earlier::default();
    }

    fn reads_only(&self) -> bool {
        self.calls.iter().all(|call| is_read(call))
    }

    /// Takes the answers to the first of the calls that are left.
    fn take_answers(&mut self, answers: Vec<Answer>) {
        self.calls.drain(..answers.len().min(self.calls.len()));
        self.answered.extend(answers);
    }

    /// Answers all calls that are left.
    fn answer_all(&mut self, answer: impl FnMut(&Call) -> Answer) {
        self.answered.extend(self.calls.drain(..).map(answer));
    }
}

impl Combining {
    /// Does one operation, if that takes nobody else; what it gave in an attempt that was refused, if it was attempted.
    pub(super) async fn alone(
        &mut self,
        site: &Site<'_>,
        operation: &Operation,
    ) -> Result<Answer, Option<Attempt>> {
        let mut attempt = None;
        let done = match operation {
            Operation::Create(call, description) => {
                let created = self.create(site, call, description).await;
                created.map(|done| Some(vec![Ok(done)]))
            }
            operation if self.contended && !operation.is_read() => return Err(None),
            operation => {
                let mut own = Own::of(site.core, vec![operation.call()], None);
                let done = self.by_itself(site, &mut own).await;
                attempt = own.attempt.map(|answers| Attempt {
                    seq: own.seq,
                    answers,
                    earlier: own.earlier,
                });
                done
            }
        };
        let answers = self.landed(site, std::slice::from_ref(operation), done);
        answers.and_then(|mut answers| answers.pop()).ok_or(attempt)
    }

    /// Does operations on objects of one type, the first of which may have been attempted before; without any, what a
    /// leader has to do.
    pub(super) async fn fly(
        &mut self,
        site: &Site<'_>,
        operations: &[Operation],
        attempt: Option<Attempt>,
    ) -> Vec<Answer> {
        let done = match operations {
            [] => self.round(site, None).await.map(|_| Vec::new()),
            [Operation::Create(call, description)] => {
                let created = self.create(site, call, description).await;
                created.map(|done| vec![Ok(done)])
            }
            operations => {
                let calls = operations.iter().map(Operation::call).collect();
                Ok(self.run(site, Own::of(site.core, calls, attempt)).await)
            }
        };
        self.landed(site, operations, done.map(Some))
            .unwrap_or_default()
    }

    /// Whether there is more to do, though nobody here waits.
    pub(super) fn leads(&self) -> bool {
        self.lead.is_some()
    }

    /// Forgets the state: the object is being removed.
    pub(super) fn forget(&mut self, published: &Published) {
        self.cached = None;
        self.lead = None;
        if let Some(pulse) = &self.pulse {
            pulse.let_go();
        }
        published.forget();
    }

    /// Publishes the state that operations leave, and gives an answer to each.
    fn landed(
        &mut self,
        site: &Site<'_>,
        operations: &[Operation],
        done: Result<Option<Vec<Answer>>, Fault>,
    ) -> Option<Vec<Answer>> {
        let answers = done.unwrap_or_else(|fault| {
            // After a fault nobody knows what is stored.
            self.cached = None;
            Some(operations.iter().map(|_| Err(fault.clone())).collect())
        });
        if let Some(operation) = operations.first() {
            self.object = Some(operation.call().object);
        }
        if let Some(object) = self.object {
            site.lane.published.note(object, self.cached.as_ref());
        }
        answers
    }

    /// Does calls, in whichever gear. After a fault those that had been answered by then keep their answers.
    async fn run(&mut self, site: &Site<'_>, mut own: Own<'_>) -> Vec<Answer> {
        while !own.calls.is_empty() {
            if let Err(fault) = self.go_on(site, &mut own).await {
                // Nobody knows what is stored.
                self.cached = None;
                own.answer_all(|_| Err(fault.clone()));
            }
        }
        own.answered
    }

    /// One step towards the answers to calls: by itself, as the leader, or by asking who leads.
    async fn go_on(&mut self, site: &Site<'_>, own: &mut Own<'_>) -> Result<(), Fault> {
        let replies = if self.lead.is_some() {
            // A commit that comes back as too late may have been done when it was sent first.
            own.earlier.since.get_or_insert_with(Instant::now);
            match self.round(site, Some(own)).await? {
                Turn::Ran(answers) => {
                    own.take_answers(answers);
                    return Ok(());
                }
                Turn::Recorded => Some(recorded(site, own).await?.ok_or_else(unrecorded)?),
                Turn::Later => {
                    own.earlier.doubt = true;
                    None
                }
            }
        } else if self.contended && !own.reads_only() {
            self.submit(site, own).await?
        } else {
            if let Some(answers) = self.by_itself(site, own).await? {
                own.take_answers(answers);
            }
            None
        };
        match replies {
            Some(replies) => self.settle(site, own, &replies).await,
            None => Ok(()),
        }
    }

    /// Does calls with a commit of their own; `None` where others are about.
    async fn by_itself(
        &mut self,
        site: &Site<'_>,
        own: &mut Own<'_>,
    ) -> Result<Option<Vec<Answer>>, Fault> {
        let (core, names) = (site.core, site.names);
        let Some(object) = own.calls.first().map(|call| call.object) else {
            return Ok(Some(Vec::new()));
        };
        let works: Vec<Work<'_>> = own.calls.iter().map(|call| Work::of(call)).collect();
        let reads = own.reads_only();
        let pulse = self.pulse(site);
        loop {
            if reads && self.cached.is_some() && !self.is_fresh_enough(&own.calls) {
                self.is_current(core, names).await?;
            }
            // What is fetched now is the latest.
            let fresh = self.cached.is_none();
            let asked = Instant::now();
            let replica = self.known(core, names, object).await?;
            let limit = core.options.value_bytes;
            let (answers, stored) = replica.run(object, &works, limit, &pulse)?;
            let Some(stored) = stored else {
                // Updates that changed nothing (all of them wait, or failed) still have to have seen the latest state.
                if reads || fresh || self.is_current(core, names).await? {
                    return Ok(Some(answers));
                }
                continue;
            };
            let version = replica.version.wrapping_add(1);
            let install = Install {
                object,
                seq: &own.seq,
                before: &replica.version.to_be_bytes(),
                version,
                stored: &stored,
                recorded: own
                    .calls
                    .iter()
                    .any(|call| call.method.kind == MethodKind::Update),
                create: None,
            };
            match install.send(core, names, &mut own.earlier).await? {
                Installed::Done => {
                    if let Some(replica) = &mut self.cached {
                        replica.confirmed = asked;
                        replica.version = version;
                        replica.stored = stored;
                    }
                    return Ok(Some(answers));
                }
                Installed::Gone => {
                    self.cached = None;
                    reads::missing(core, names, object).await?;
                    continue;
                }
                Installed::Overtaken => self.cached = None,
                Installed::Led => {
                    if let Some(replica) = &mut self.cached {
                        replica.rewind(object)?;
                    }
                }
                Installed::Exists => return Err(garbled("an unknown answer to a commit")),
            }
            self.contended = true;
            own.attempt = Some(answers);
            return Ok(None);
        }
    }

    /// Leaves calls to whoever leads, and gives the replies; or leads.
    async fn submit(&mut self, site: &Site<'_>, own: &mut Own<'_>) -> Result<Option<Bytes>, Fault> {
        let core = site.core;
        let updates: Vec<&Call> = own
            .calls
            .iter()
            .copied()
            .filter(|call| !is_read(call))
            .collect();
        let Some(object) = updates.first().map(|call| call.object) else {
            return Ok(None);
        };
        core.inbox.listen(core).await?;
        let mut awaited = core.inbox.wait_for(&own.seq);
        let parcel = if self.would_rather_lead(&updates) {
            own.seq.as_bytes().to_vec()
        } else {
            parcel::pack(&own.seq, object, &updates)?
        };
        let started = Instant::now();
        let limit = CALL_LIMIT + core.options.method_limit * 4;
        let (mut put, mut handed) = (true, None);
        loop {
            let submission = Submission {
                object,
                seq: &own.seq,
                parcel: put.then_some(&parcel[..]),
                known: self.cached.as_ref().map(|cached| cached.version),
                handed: handed.take(),
                lease_ms: ms(self.lease(site)),
            };
            put = false;
            let asked = Instant::now();
            let submitted = submission.send(site, &mut own.earlier).await?;
            // Whoever leads may have seen it.
            own.earlier.doubt = true;
            let replies = match submitted {
                Submitted::Replies(replies) => Some(replies),
                Submitted::Recorded => recorded(site, own).await?,
                Submitted::Queued(left) => {
                    let jitter = chance::factor(0.001..0.02);
                    let left = Duration::from_millis(left) + Duration::from_secs_f64(jitter);
                    match awaited.next(left).await {
                        News::Replies(replies) => Some(replies),
                        News::Recorded => recorded(site, own).await?,
                        News::Failed(fault) => return Err(parcel::unpack_fault(&fault)),
                        News::Lead(version, little) => {
                            handed = Some((version, little));
                            None
                        }
                        News::Look if started.elapsed() >= limit => {
                            return Err(Fault::InDoubt(started.elapsed()));
                        }
                        News::Look => None,
                    }
                }
                Submitted::Unknown => {
                    put = true;
                    None
                }
                Submitted::Absent => {
                    reads::missing(core, site.names, object).await?;
                    // There is another one by now. That number has been answered, and would be again.
                    own.begin_anew(core);
                    self.cached = None;
                    return Ok(None);
                }
                Submitted::Granted(lead, state) => {
                    self.lead(site, own, lead, state.map(|state| (state, asked)))
                        .await?;
                    return Ok(None);
                }
            };
            if replies.is_some() {
                // Others have changed it.
                self.cached = None;
                return Ok(replies);
            }
        }
    }

    /// Begins to lead.
    async fn lead(
        &mut self,
        site: &Site<'_>,
        own: &Own<'_>,
        mut lead: Lead,
        state: Option<(Bytes, Instant)>,
    ) -> Result<(), Fault> {
        if !self
            .cached
            .as_ref()
            .is_some_and(|cached| lead.is_of(cached))
        {
            lead.in_company();
            self.cached = None;
        }
        if let Some((state, asked)) = state {
            match Replica::read(lead.object(), &state, asked) {
                Ok(replica) => self.cached = Some(replica),
                Err(fault) => {
                    return Err(commit::abandon(site, &lead, Some(own), fault).await);
                }
            }
        }
        let lease_ms = ms(self.lease(site));
        self.pulse(site).lead(Leased {
            key: site.names.lease(),
            token: lead.token().clone(),
            lease_ms,
        });
        self.lead = Some(lead);
        Ok(())
    }

    /// Takes the answers to calls that have run from their record.
    async fn settle(
        &mut self,
        site: &Site<'_>,
        own: &mut Own<'_>,
        replies: &[u8],
    ) -> Result<(), Fault> {
        if replies.is_empty() {
            // The attempt has succeeded after all: what it gave was kept here.
            let attempt = own.attempt.take().ok_or_else(unrecorded)?;
            own.take_answers(attempt);
            own.begin_anew(site.core);
            return Ok(());
        }
        let (reads, updates): (Vec<&Call>, Vec<&Call>) =
            own.calls.iter().partition(|call| is_read(call));
        let mut updated = parcel::answers(replies, updates.len())?.into_iter();
        let mut reads = Own {
            seq: String::new(),
            calls: reads,
            attempt: None,
            answered: Vec::new(),
            earlier: Earlier::default(),
        };
        // What becomes of them is no matter of the updates, which have run.
        let mut read = match self.by_itself(site, &mut reads).await {
            Ok(read) => read.unwrap_or_default(),
            Err(fault) => {
                self.cached = None;
                vec![Err(fault); reads.calls.len()]
            }
        }
        .into_iter();
        own.answer_all(|call| {
            let answer = if is_read(call) {
                read.next()
            } else {
                updated.next()
            };
            answer.unwrap_or_else(|| Err(unrecorded()))
        });
        Ok(())
    }

    /// Whether so many calls are better run where they are than sent.
    fn would_rather_lead(&self, calls: &[&Call]) -> bool {
        let bytes: usize = calls
            .iter()
            .flat_map(|call| &call.args)
            .map(Bytes::len)
            .sum();
        let state = self.cached.as_ref().map_or(0, |cached| cached.stored.len());
        bytes > SENT || (calls.len() >= MANY && bytes > MUCH && bytes > 2 * state)
    }

    /// How long the next lease is to be.
    fn lease(&self, site: &Site<'_>) -> Duration {
        self.lease.max(site.core.options.lease)
    }

    fn pulse(&mut self, site: &Site<'_>) -> Arc<Pulse> {
        let pulse = self.pulse.get_or_insert_with(|| {
            let (keeper, clock) = (site.core.keeper.clone(), Arc::clone(&site.core.link.clock));
            let pulse = Arc::new(Pulse::new(site.lane.this(), keeper, clock));
            site.core.keeper.watch(&pulse);
            pulse
        });
        Arc::clone(pulse)
    }

    async fn create(&mut self, site: &Site<'_>, call: &Call, description: &Description) -> Answer {
        let (object, asked) = (call.object, Instant::now());
        let state = object.init(&call.args).map_err(Fault::Refused)?;
        let stored = object
            .encode_within(&state, site.core.options.value_bytes)
            .map_err(Fault::Refused)?;
        // Versions of one object's successive lives never meet.
        let version = chance::number() << 32;
        let install = Install {
            object,
            seq: &site.core.next_seq(),
            before: &[],
            version,
            stored: &stored,
            recorded: true,
            create: Some((call, description)),
        };
        let mut first = Earlier::default();
        match install.send(site.core, site.names, &mut first).await? {
            Installed::Done => {
                self.lead = None;
                self.contended = false;
                self.cached = Some(Replica {
                    version,
                    stored,
                    state,
                    confirmed: asked,
                });
                Ok(Poll::Ready(true.into()))
            }
            Installed::Exists => Ok(Poll::Ready(false.into())),
            _ => Err(garbled("an unknown answer to a creation")),
        }
    }
}

/// The replies as the server recorded them.
async fn recorded(site: &Site<'_>, own: &Own<'_>) -> Result<Option<Bytes>, Fault> {
    let mut command = redis::cmd("GET");
    command.arg(site.names.record(&site.core.session, SLOT));
    Ok(match value::plain(site.core.ask(command).await?)? {
        crate::object::Value::Bytes(record) => parcel::numbered(&record)
            .filter(|(seq, _)| *seq == own.seq)
            .map(|(_, replies)| replies),
        _ => None,
    })
}

fn is_read(call: &Call) -> bool {
    call.method.kind == MethodKind::Read
}

/// The replies of a pipeline, unless one of them is an error: the first is the cause of those after it.
fn all_well(replies: Vec<redis::Value>) -> Result<Vec<redis::Value>, Fault> {
    match replies.iter().find_map(|reply| match reply {
        redis::Value::ServerError(error) => Some(Fault::of(error)),
        _ => None,
    }) {
        Some(fault) => Err(fault),
        None => Ok(replies),
    }
}

fn decode(object: &ObjectType, stored: &[u8]) -> Result<State, Fault> {
    object
        .decode(stored)
        .map_err(|error| Fault::Corrupt(error.to_string()))
}

fn garbled(what: &str) -> Fault {
    Fault::Corrupt(format!("the server holds {what}"))
}

fn unrecorded() -> Fault {
    Fault::Server("the replies to calls that have run are gone".to_owned())
}
