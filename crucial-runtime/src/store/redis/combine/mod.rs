//! User objects: their methods run here, on the cached state, and one commit stores what a whole batch did.
//!
//! The engine's first gear, for the process that is alone with an object: a batch of calls runs on the version that
//! is cached, and is committed in one round trip if that version is still the stored one. Otherwise the stored state
//! is fetched and the same batch runs again. Nothing has been answered until the commit is confirmed, so running
//! again is invisible.

mod install;
mod published;
mod replica;

use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use self::install::Install;
pub(super) use self::published::Published;
use self::replica::Replica;
use super::core::Core;
use super::fault::Fault;
use super::lane::{Answer, Operation};
use super::names::Names;
use super::{CALL_LIMIT, value};
use crate::codec::CodecError;
use crate::object::{Call, MethodKind, ObjectType, Refusal, State, Value};
use crate::store::Description;

/// What is known of the state of a user's object.
#[derive(Debug, Default)]
pub(super) struct Combining {
    cached: Option<Replica>,
}

/// How a commit ended.
enum Commit {
    Done,
    Overtaken,
}

impl Combining {
    /// Runs a batch of operations of one object type, and publishes the state that they leave.
    pub(super) async fn fly(
        &mut self,
        core: &Core,
        names: &Names,
        published: &Published,
        operations: &[Operation],
    ) -> Vec<Answer> {
        let answers = match operations {
            [Operation::Create(call, description)] => self
                .create(core, names, call, description)
                .await
                .map(|done| vec![Ok(done)]),
            operations => self.run(core, names, operations).await,
        };
        let answers = answers.unwrap_or_else(|fault| {
            // After a fault nobody knows what is stored.
            self.cached = None;
            operations.iter().map(|_| Err(fault.clone())).collect()
        });
        if let Some(operation) = operations.first() {
            published.note(operation.call().object, self.cached.as_ref());
        }
        answers
    }

    /// Forgets the state: the object is being removed.
    pub(super) fn forget(&mut self, published: &Published) {
        self.cached = None;
        published.forget();
    }

    async fn run(
        &mut self,
        core: &Core,
        names: &Names,
        operations: &[Operation],
    ) -> Result<Vec<Answer>, Fault> {
        let Some(object) = operations.first().map(|operation| operation.call().object) else {
            return Ok(Vec::new());
        };
        let calls: Vec<&Call> = operations.iter().map(Operation::call).collect();
        let reads = calls
            .iter()
            .all(|call| call.method.kind == MethodKind::Read);
        let recorded = calls
            .iter()
            .any(|call| call.method.kind == MethodKind::Update);
        let deadline = Instant::now() + CALL_LIMIT;
        let mut pause = Duration::from_micros(200);
        loop {
            let replica = if reads && !self.is_fresh_enough(&calls) {
                self.fresh(core, names, object).await?
            } else {
                self.known(core, names, object).await?
            };
            let (answers, changed) = replica.run(&calls)?;
            if !changed {
                // Updates that changed nothing (all of them wait, or failed) still have to have seen the latest state.
                if reads || self.fresh_since(core, names, object).await? {
                    return Ok(answers);
                }
                continue;
            }
            match self.commit(core, names, object, recorded).await? {
                Commit::Done => return Ok(answers),
                Commit::Overtaken if Instant::now() >= deadline => {
                    return Err(Fault::Server(format!(
                        "other processes changed the object each time this call was about to, for {CALL_LIMIT:?}"
                    )));
                }
                Commit::Overtaken => {
                    self.cached = None;
                    sleep(pause.mul_f64(rand::random_range(0.0..1.0))).await;
                    pause = (pause * 2).min(Duration::from_millis(20));
                }
            }
        }
    }

    /// Whether the cached state is as young as all of the calls want it.
    fn is_fresh_enough(&self, calls: &[&Call]) -> bool {
        self.cached.as_ref().is_some_and(|cached| {
            let age = cached.confirmed.elapsed();
            let bounds = calls.iter().map(|call| call.method.stale);
            bounds.into_iter().all(|bound| bound >= Some(age))
        })
    }

    /// The cached state, whatever its age, or the stored one.
    async fn known(
        &mut self,
        core: &Core,
        names: &Names,
        object: &ObjectType,
    ) -> Result<&mut Replica, Fault> {
        if self.cached.is_none() {
            self.cached = Some(fetch(core, names, object).await?);
        }
        self.cached.as_mut().ok_or(Fault::Absent)
    }

    /// The stored state; its version alone travels if that is the cached one.
    async fn fresh(
        &mut self,
        core: &Core,
        names: &Names,
        object: &ObjectType,
    ) -> Result<&mut Replica, Fault> {
        self.fresh_since(core, names, object).await?;
        self.known(core, names, object).await
    }

    /// Forgets the cached state unless it is the stored one; says whether it was.
    async fn fresh_since(
        &mut self,
        core: &Core,
        names: &Names,
        object: &ObjectType,
    ) -> Result<bool, Fault> {
        // A copy: a decoded state may not be lent across an await.
        let Some(known) = self
            .cached
            .as_ref()
            .map(|cached| cached.version.to_be_bytes())
        else {
            return Ok(false);
        };
        let asked = Instant::now();
        let version = core
            .ask(
                redis::cmd("GETRANGE")
                    .arg(names.state())
                    .arg(0)
                    .arg(7)
                    .clone(),
            )
            .await?;
        let Value::Bytes(version) = value::plain(version)? else {
            return Err(garbled("no version"));
        };
        let current = version[..] == known;
        if let Some(cached) = self.cached.as_mut().filter(|_| current) {
            cached.confirmed = asked;
        } else {
            self.cached = None;
            if version.is_empty() {
                return Err(absent(core, names, object).await);
            }
        }
        Ok(current)
    }

    /// Stores what the cached state has become.
    async fn commit(
        &mut self,
        core: &Core,
        names: &Names,
        object: &'static ObjectType,
        recorded: bool,
    ) -> Result<Commit, Fault> {
        let Some(replica) = &mut self.cached else {
            return Ok(Commit::Overtaken);
        };
        let stored = object.encode(&replica.state).map_err(unencodable)?;
        let version = replica.version.wrapping_add(1);
        let before = replica.version.to_be_bytes();
        let before = before.as_slice();
        let install = Install {
            object,
            before,
            version,
            stored: &stored,
            recorded,
            create: None,
        };
        let asked = Instant::now();
        match install.send(core, names).await?.as_slice() {
            b"D" => {
                replica.confirmed = asked;
                replica.version = version;
                replica.stored = stored;
                Ok(Commit::Done)
            }
            b"N" => Ok(Commit::Overtaken),
            b"A" => Err(absent(core, names, object).await),
            _ => Err(garbled("an unknown answer to a commit")),
        }
    }

    async fn create(
        &mut self,
        core: &Core,
        names: &Names,
        call: &Call,
        description: &Description,
    ) -> Answer {
        let object = call.object;
        let state = object.init(&call.args).map_err(Fault::Refused)?;
        let stored = object.encode(&state).map_err(unencodable)?;
        // Versions of one object's successive lives never meet.
        let version = u64::from(rand::random::<u32>()) << 32;
        let create = Some((call, description));
        let confirmed = Instant::now();
        let install = Install {
            object,
            before: &[],
            version,
            stored: &stored,
            recorded: true,
            create,
        };
        let created = match install.send(core, names).await?.as_slice() {
            b"D" => true,
            b"E" => false,
            _ => return Err(garbled("an unknown answer to a creation")),
        };
        self.cached = created.then_some(Replica {
            version,
            stored,
            state,
            confirmed,
        });
        Ok(Poll::Ready(created.into()))
    }
}

/// The state as it is stored.
async fn fetch(core: &Core, names: &Names, object: &ObjectType) -> Result<Replica, Fault> {
    let confirmed = Instant::now();
    let stored = match value::plain(
        core.ask(redis::cmd("GET").arg(names.state()).clone())
            .await?,
    )? {
        Value::Nil => return Err(absent(core, names, object).await),
        Value::Bytes(bytes) => bytes,
        _ => return Err(garbled("no bytes")),
    };
    let Some((version, stored)) = stored
        .split_first_chunk::<8>()
        .map(|(version, _)| (*version, stored.slice(8..)))
    else {
        return Err(garbled("fewer than the 8 bytes of a version"));
    };
    let state = decode(object, &stored)?;
    Ok(Replica {
        version: u64::from_be_bytes(version),
        stored,
        state,
        confirmed,
    })
}

/// Why there is no state: no object, or one of another kind.
async fn absent(core: &Core, names: &Names, object: &ObjectType) -> Fault {
    match super::describe(core, names).await {
        Ok(Some(found)) if found.object != object.name => Fault::WrongType {
            expected: format!("a `{}`", object.name),
            found: format!("a `{}`", found.detail),
        },
        Ok(Some(_)) => garbled("a description without a state"),
        Ok(None) => Fault::Absent,
        Err(fault) => fault,
    }
}

fn decode(object: &ObjectType, stored: &[u8]) -> Result<State, Fault> {
    object
        .decode(stored)
        .map_err(|error| Fault::Corrupt(error.to_string()))
}

#[expect(clippy::needless_pass_by_value, reason = "it maps an error")]
fn unencodable(error: CodecError) -> Fault {
    Fault::Refused(Refusal::Reply(error.to_string()))
}

fn garbled(what: &str) -> Fault {
    Fault::Corrupt(format!("the server holds {what}"))
}
