//! What the server tells of namespaces and objects. Everything goes in pages: nothing holds the server up.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use redis::{Cmd, Pipeline};

use super::core::Core;
use super::description::description;
use super::fault::Fault;
use super::names::{self, ALL_OBJECTS, JOBS, Names};
use super::{scan, value};
use crate::object::{Key, Namespace, Value};
use crate::store::{Details, Life, Stored};

/// About how many keys the server looks at a round trip.
const CHUNK: usize = 1000;

/// All namespaces that have objects or are jobs, and how many objects they have.
pub(super) async fn namespaces(core: &Core) -> Result<Vec<(Namespace, usize, Life)>, Fault> {
    let mut found = BTreeSet::new();
    let jobs = redis::cmd("SSCAN").arg(JOBS).clone();
    scan_all(core, &jobs, &[], |job| found.extend(namespace(job))).await?;
    let keys = redis::cmd("SCAN");
    scan_all(core, &keys, &["MATCH", ALL_OBJECTS], |key| {
        found.extend(names::namespace_of_objects(key));
    })
    .await?;
    let found: Vec<Namespace> = found.into_iter().collect();
    let mut all = Vec::new();
    for chunk in found.chunks(CHUNK) {
        let mut pipeline = Pipeline::new();
        for namespace in chunk {
            let name = namespace.as_str();
            pipeline.add_command(redis::cmd("SCARD").arg(names::objects(namespace)).clone());
            pipeline.add_command(redis::cmd("PTTL").arg(names::job(name)).clone());
            pipeline.add_command(redis::cmd("SISMEMBER").arg(JOBS).arg(name).clone());
        }
        let replies = ask_all(core, pipeline).await?;
        for (namespace, replies) in chunk.iter().zip(replies.chunks(3)) {
            let numbers: Vec<i64> = replies.iter().filter_map(number).collect();
            let [objects, lease, job] = numbers[..] else {
                return Err(Fault::Server("it does not count objects".to_owned()));
            };
            let life = match (u64::try_from(lease), job) {
                (Ok(lease), _) => Life::Job {
                    lease: Duration::from_millis(lease),
                },
                (_, 0) => Life::Application,
                _ => Life::Dead,
            };
            let objects = usize::try_from(objects).unwrap_or(0);
            all.push((namespace.clone(), objects, life));
        }
    }
    Ok(all)
}

/// Some of the objects of a namespace, from a place on, and the place of the next.
pub(super) async fn objects(
    core: &Core,
    namespace: &Namespace,
    place: &[u8],
    count: usize,
) -> Result<(Vec<Key>, Option<Bytes>), Fault> {
    let names = redis::cmd("SSCAN").arg(names::objects(namespace)).clone();
    let place = Bytes::copy_from_slice(place);
    let (next, names) = page(value::plain(
        scan::page(core, &names, &place, &[], count).await?,
    )?)?;
    let keys = names.iter().filter_map(|name| {
        let name = std::str::from_utf8(name).ok()?;
        namespace.key(name).ok()
    });
    Ok((keys.collect(), next))
}

/// What is known of the objects; nothing of those that are not there.
pub(super) async fn details(core: &Core, keys: &[Key]) -> Result<Vec<Option<Details>>, Fault> {
    const PARTS: usize = 6;
    let mut pipeline = Pipeline::new();
    for key in keys {
        let names = Names::of(key);
        let description = names.description();
        let mut described = redis::cmd("HMGET");
        described.arg(&description).arg("type").arg("detail");
        pipeline.add_command(described);
        pipeline.add_command(redis::cmd("PTTL").arg(&description).clone());
        for name in [&description, names.data(), &names.index(), &names.state()] {
            pipeline.add_command(redis::cmd("MEMORY").arg("USAGE").arg(name).clone());
        }
    }
    let replies = core.exchange(None, |_| pipeline.clone()).await?;
    let mut replies = replies.into_iter().map(value::plain);
    let mut all = Vec::with_capacity(keys.len());
    for _ in keys {
        let mut replies: Vec<_> = replies.by_ref().take(PARTS).collect();
        // A user who may not ask for sizes still sees the rest.
        let sizes: Vec<Option<Value>> = replies.drain(2..).map(Result::ok).collect();
        let mut replies = replies.into_iter();
        let described = replies.next().transpose()?;
        let left = replies.next().transpose()?;
        all.push(described.and_then(description).map(|description| {
            Details {
                description,
                bytes: bytes(&sizes),
                expires_in: left
                    .as_ref()
                    .and_then(number)
                    .and_then(|left| u64::try_from(left).ok())
                    .map(Duration::from_millis),
            }
        }));
    }
    Ok(all)
}

/// The beginning of what is stored for the object, at most so many elements of it.
pub(super) async fn stored(core: &Core, key: &Key, count: usize) -> Result<Option<Stored>, Fault> {
    let names = Names::of(key);
    let mut pipeline = Pipeline::new();
    pipeline.add_command(
        redis::cmd("GETRANGE")
            .arg(names.state())
            .arg(8)
            .arg(-1)
            .clone(),
    );
    pipeline.add_command(redis::cmd("TYPE").arg(names.data()).clone());
    let mut replies = core.exchange(None, |_| pipeline.clone()).await?.into_iter();
    let state = replies.next().unwrap_or(redis::Value::Nil);
    if let Value::Bytes(state) = value::plain(state)?
        && !state.is_empty()
    {
        return Ok(Some(Stored::State(state)));
    }
    let kind = match replies.next() {
        Some(redis::Value::SimpleString(kind)) => kind,
        _ => return Ok(None),
    };
    let data = |command: &str| redis::cmd(command).arg(names.data()).clone();
    let ask = async |command: Cmd| value::plain(core.ask(command).await?);
    Ok(match kind.as_str() {
        "string" => match ask(data("GET")).await? {
            Value::Bytes(text) => Some(Stored::Text(text)),
            _ => None,
        },
        "list" => {
            // One more than wanted tells whether there are more.
            let elements = ask(data("LRANGE").arg(0).arg(count).clone()).await?;
            let mut first = value::strings(elements);
            let complete = first.len() <= count;
            first.truncate(count);
            Some(Stored::Elements { first, complete })
        }
        "set" => {
            let elements = data("SSCAN").arg(0).arg("COUNT").arg(count).clone();
            let (next, first) = page(ask(elements).await?)?;
            let complete = next.is_none();
            Some(Stored::Elements { first, complete })
        }
        "hash" => {
            let entries = data("HSCAN").arg(0).arg("COUNT").arg(count).clone();
            let (next, first) = page(ask(entries).await?)?;
            let pairs = first.chunks_exact(2);
            let first = pairs
                .map(|pair| (pair[0].clone(), pair[1].clone()))
                .collect();
            let complete = next.is_none();
            Some(Stored::Entries { first, complete })
        }
        _ => None,
    })
}

/// Scans all of something, a page after the other.
async fn scan_all(
    core: &Core,
    command: &Cmd,
    options: &[&str],
    mut see: impl FnMut(&[u8]),
) -> Result<(), Fault> {
    let mut place = Some(Bytes::from_static(b"0"));
    while let Some(from) = place {
        let reply = scan::page(core, command, &from, options, CHUNK).await?;
        let (next, found) = page(value::plain(reply)?)?;
        found.iter().for_each(|found| see(found));
        place = next;
    }
    Ok(())
}

/// What a scanning command answers with: the place of the next page, and what is on this one.
fn page(reply: Value) -> Result<(Option<Bytes>, Vec<Bytes>), Fault> {
    if let Value::List(parts) = reply
        && let Ok([Value::Bytes(next), found]) = <[Value; 2]>::try_from(parts)
    {
        return Ok(((next != "0").then_some(next), value::strings(found)));
    }
    Err(Fault::Server("it gave no page to a scan".to_owned()))
}

fn namespace(name: &[u8]) -> Option<Namespace> {
    Namespace::new(std::str::from_utf8(name).ok()?).ok()
}

/// The sum of the sizes of those keys that there are, if the server tells.
fn bytes(sizes: &[Option<Value>]) -> Option<u64> {
    let sizes = sizes.iter().map(|size| match size {
        Some(Value::Nil) => Some(0),
        Some(Value::Int(size)) => u64::try_from(*size).ok(),
        _ => None,
    });
    sizes.sum()
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

async fn ask_all(core: &Core, pipeline: Pipeline) -> Result<Vec<Value>, Fault> {
    let replies = core.exchange(None, |_| pipeline.clone()).await?;
    replies.into_iter().map(value::plain).collect()
}
