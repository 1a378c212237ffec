//! The second gear: the process leaves its calls to the leader, or takes the lead.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::combining::Combining;
use super::inbox::News;
use super::lead::Lead;
use super::own::Own;
use super::pulse::Leased;
use super::recorded::recorded;
use super::replica::Replica;
use super::site::Site;
use super::submit::{Submission, Submitted};
use super::{commit, parcel, reads};
use crate::chance;
use crate::object::{Call, milliseconds};
use crate::store::redis::fault::Fault;
use crate::store::redis::operation::is_read;
use crate::store::redis::times::CALL_LIMIT;

/// Larger calls are not sent to the leader: the lease comes to them.
const SENT: usize = 256 * 1024;
/// How many calls, and how many bytes, a process must have for the lease to come to them rather than they to it.
const MANY: usize = 16;
const MUCH: usize = 16 * 1024;

impl Combining {
    /// Leaves calls to the leader, and gives the replies; or takes the lead.
    pub(super) async fn submit(
        &mut self,
        site: &Site<'_>,
        own: &mut Own<'_>,
    ) -> Result<Option<Bytes>, Fault> {
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
        site.inbox.listen(core).await?;
        let mut awaited = site.inbox.wait_for(&own.sent.seq);
        let parcel = if self.would_rather_lead(&updates) {
            own.sent.seq.as_bytes().to_vec()
        } else {
            parcel::pack(&own.sent.seq, object, &updates)?
        };
        let started = Instant::now();
        let limit = CALL_LIMIT + core.options.method_limit * 4;
        let (mut put, mut handed) = (true, None);
        loop {
            let submission = Submission {
                object,
                seq: &own.sent.seq,
                parcel: put.then_some(&parcel[..]),
                known: self.cached.as_ref().map(|cached| cached.version),
                handed: handed.take(),
                lease_ms: milliseconds(self.lease(site)),
            };
            put = false;
            let asked = Instant::now();
            let submitted = submission.send(site, &mut own.sent.earlier).await?;
            // The leader may have seen it.
            own.sent.earlier.doubt = true;
            let replies = match submitted {
                Submitted::Replies(replies) => Some(replies),
                Submitted::Recorded => Some(recorded(site, own).await?),
                Submitted::Queued(left) => {
                    let jitter = chance::factor(0.001..0.02);
                    let left = Duration::from_millis(left) + Duration::from_secs_f64(jitter);
                    match awaited.next(left).await {
                        News::Replies(replies) => Some(replies),
                        News::Recorded => Some(recorded(site, own).await?),
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
        let lease_ms = milliseconds(self.lease(site));
        self.pulse(site).lead(Leased {
            key: site.names.lease(),
            token: lead.token().clone(),
            lease_ms,
        });
        self.lead = Some(lead);
        Ok(())
    }

    /// Takes the answers to calls that have run from their record.
    pub(super) async fn settle(
        &mut self,
        site: &Site<'_>,
        own: &mut Own<'_>,
        replies: &[u8],
    ) -> Result<(), Fault> {
        if replies.is_empty() {
            // The attempt has succeeded after all: what it gave was kept here.
            let attempt = own.sent.attempt.take().ok_or_else(|| own.in_doubt())?;
            own.take_answers(attempt);
            own.begin_anew(site.core);
            return Ok(());
        }
        let (reads, updates): (Vec<&Call>, Vec<&Call>) =
            own.calls.iter().partition(|call| is_read(call));
        let mut updated = parcel::answers(replies, updates.len())?.into_iter();
        let mut reads = Own::reads(reads);
        // The updates have run, and are answered even if a read fails.
        let mut read = match self.by_itself(site, &mut reads).await {
            Ok(read) => read.unwrap_or_default(),
            Err(fault) => {
                self.cached = None;
                vec![Err(fault); reads.calls.len()]
            }
        }
        .into_iter();
        let missing = own.in_doubt();
        own.answer_all(|call| {
            let answer = if is_read(call) {
                read.next()
            } else {
                updated.next()
            };
            answer.unwrap_or_else(|| Err(missing.clone()))
        });
        Ok(())
    }

    /// Whether the calls are better run where they are than sent to the leader.
    fn would_rather_lead(&self, calls: &[&Call]) -> bool {
        let bytes: usize = calls
            .iter()
            .flat_map(|call| &call.args)
            .map(Bytes::len)
            .sum();
        let state = self.cached.as_ref().map_or(0, |cached| cached.stored.len());
        bytes > SENT || (calls.len() >= MANY && bytes > MUCH && bytes > 2 * state)
    }
}
