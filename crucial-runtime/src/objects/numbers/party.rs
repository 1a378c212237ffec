//! A party of a round: it brings its part, waits for the others, and gives the round up when it is gone.

use bytes::Bytes;
use tokio::time::Instant;

use super::sessions::Tenancy;
use super::{Borrowed, Contribution, Element, End, Numbers, Part};
use crate::codec;
use crate::error::{Error, Result};
use crate::object::{Errand, Handle, Method, Object, Refusal};
use crate::objects::argument::{self, instant, parse};

/// An object that has rounds, and its methods for them.
pub(in crate::objects) trait Reducing: Object {
    /// What it is made of.
    type Element: Element;
    /// Takes a [`Part`] and gives a [`Contribution`].
    const CONTRIBUTE: &'static Method;
    /// Waits for the [`End`] of a round.
    const REDUCED: &'static Method;
    /// Breaks a round, unless it has ended: gives its [`End`] then.
    const GIVE_UP: &'static Method;
    /// Renews the lease of a process whose parties have come; see [`Leases`](crate::object::Leases).
    const RENEW: &'static Method;
    /// Ends that lease in good order.
    const LEAVE: &'static Method;
}

/// What [`Reducing::CONTRIBUTE`] is called with, the time last: nothing, for the time where the object lives.
pub(in crate::objects) fn contribution<T: Element>(
    args: &[Bytes],
) -> Result<(Part<Numbers<T>>, Tenancy), Refusal> {
    let [part, session, length, now] = args else {
        return Err(Refusal::args("a part, a session, a length and a time"));
    };
    let tenancy = renewal(&[session.clone(), length.clone(), now.clone()])?;
    Ok((codec::decode(part)?, tenancy))
}

/// What [`Reducing::RENEW`] is called with.
pub(in crate::objects) fn renewal(args: &[Bytes]) -> Result<Tenancy, Refusal> {
    let [session, length, now] = args else {
        return Err(Refusal::args("a session, a length and a time"));
    };
    Ok(Tenancy {
        session: String::from_utf8_lossy(session).into_owned(),
        length: parse(length)?,
        now: instant(now)?,
    })
}

/// What [`Reducing::LEAVE`] is called with.
pub(in crate::objects) fn session(args: &[Bytes]) -> Result<String, Refusal> {
    match args {
        [session, _] => Ok(String::from_utf8_lossy(session).into_owned()),
        _ => Err(Refusal::args("a session and a time")),
    }
}

/// Brings a part to the round that gathers now, and waits for what all parts give.
pub(in crate::objects) async fn reduce<O: Reducing>(
    handle: &Handle<O>,
    part: Part<Borrowed<'_, O::Element>>,
) -> Result<Vec<O::Element>> {
    if part.parties == 0 {
        return Err(refused(
            handle,
            "a round of no parties never begins; there is at least the one that asks".to_owned(),
        ));
    }
    let came = Party::come(handle, &part).await?;
    let party = match came {
        Came::Whole(numbers) => return Ok(numbers),
        Came::First(party) => party,
    };
    match party.wait().await {
        Err(timed_out @ Error::TimedOut { .. }) => match party.give_up().await? {
            // All came at the last moment.
            Some(end) => party.leave(end),
            None => {
                party.stay_away();
                Err(timed_out)
            }
        },
        Ok(end) => party.leave(end),
        Err(error) => Err(error),
    }
}

/// What became of a party that came.
enum Came<O: Reducing> {
    /// It was the last one of its round.
    Whole(Vec<O::Element>),
    /// Others are still to come.
    First(Party<O>),
}

/// A party that waits for others. Dropped while it does, it breaks the round: the next one would wait for it in vain.
struct Party<O: Reducing> {
    handle: Handle<O>,
    round: u64,
    /// What tells the store in that case; `None` once the party has left.
    errand: Option<Errand>,
}

impl<O: Reducing> Party<O> {
    /// Brings the part. If the future is dropped meanwhile, what has come is given up in the background.
    async fn come(handle: &Handle<O>, part: &Part<Borrowed<'_, O::Element>>) -> Result<Came<O>> {
        let errand = Errand::here()?;
        let (later, handle) = (errand.clone(), handle.clone());
        let leases = errand.runtime().leases();
        let member = leases.tenant(errand.runtime(), &handle, O::RENEW, Some(O::LEAVE));
        let args = vec![
            handle.encode_own("the part", part)?,
            leases.session(),
            leases.length_ms(),
            argument::now(),
        ];
        let coming = async move {
            let sent = Instant::now();
            let reply = handle.call(O::CONTRIBUTE, args).await?;
            let became = handle.decode_value("what became of the part", &reply)?;
            if let Contribution::Came { left, .. } | Contribution::Whole { left, .. } = &became {
                member.confirmed(sent, 0, *left);
                member.stay();
            }
            match became {
                Contribution::Came { round, .. } => Ok(Came::First(Self {
                    handle,
                    round,
                    errand: Some(later),
                })),
                Contribution::Whole { numbers, .. } => Ok(Came::Whole(numbers.0)),
                Contribution::Broken { round } => Err(broken(&handle, round)),
                Contribution::Misfit { reason } => Err(refused(&handle, reason)),
            }
        };
        errand.finish(coming).await
    }

    async fn wait(&self) -> Result<End<O::Element>> {
        self.handle.ask_waiting(O::REDUCED, (self.round,)).await
    }

    /// Breaks the round; its end, if it has ended.
    async fn give_up(&self) -> Result<Option<End<O::Element>>> {
        self.handle.ask(O::GIVE_UP, (self.round,)).await
    }

    /// Leaves a round that has ended.
    fn leave(mut self, end: End<O::Element>) -> Result<Vec<O::Element>> {
        self.errand = None;
        match end {
            End::Whole {
                numbers: Numbers(numbers),
            } => Ok(numbers),
            End::Broken => Err(broken(&self.handle, self.round)),
            End::Forgotten => Err(refused(
                &self.handle,
                format!(
                    "round {} is over, and so is the one after it; do more parties call than the rounds have?",
                    self.round
                ),
            )),
        }
    }

    /// Leaves a round that this party has broken.
    fn stay_away(mut self) {
        self.errand = None;
    }
}

impl<O: Reducing> Drop for Party<O> {
    fn drop(&mut self) {
        let Some(errand) = self.errand.take() else {
            return;
        };
        let (handle, round) = (self.handle.clone(), self.round);
        errand.spawn(async move {
            let told: Result<Option<End<O::Element>>> = handle.ask(O::GIVE_UP, (round,)).await;
            if let Err(error) = told {
                tracing::warn!(%error, object = %handle.key(), round, "a party is gone and the others could not be told");
            }
        });
    }
}

fn broken<O>(handle: &Handle<O>, round: u64) -> Error
where
    O: Object,
{
    Error::BrokenRound {
        key: handle.key().clone(),
        round,
    }
}

fn refused<O: Object>(handle: &Handle<O>, reason: String) -> Error {
    Error::Refused {
        key: handle.key().clone(),
        method: "reduce".to_owned(),
        reason,
    }
}
