//! Hashes.

use bytes::Bytes;

use super::super::database::{Data, Database};
use super::super::reply::Reply;
use super::{integer, integer_of};

type Entries = Vec<(Bytes, Bytes)>;

fn hash<'a>(database: &'a mut Database, key: &Bytes) -> Result<Option<&'a mut Entries>, Reply> {
    match database.get(key) {
        Some(Data::Hash(entries)) => Ok(Some(entries)),
        Some(_) => Err(Reply::wrong_type()),
        None => Ok(None),
    }
}

/// The hash to put something into, made where there was nothing.
fn hash_to_fill<'a>(database: &'a mut Database, key: &Bytes) -> Result<&'a mut Entries, Reply> {
    if database.get(key).is_none() {
        database.put(key, Data::Hash(Vec::new()));
    }
    hash(database, key)?.ok_or_else(Reply::wrong_type)
}

fn value(entries: &Entries, field: &Bytes) -> Option<Bytes> {
    let found = entries.iter().find(|(name, _)| name == field);
    found.map(|(_, value)| value.clone())
}

fn store(entries: &mut Entries, field: &Bytes, value: Bytes) -> bool {
    match entries.iter_mut().find(|(name, _)| name == field) {
        Some((_, stored)) => {
            *stored = value;
            false
        }
        None => {
            entries.push((field.clone(), value));
            true
        }
    }
}

pub(super) fn hget(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let found = hash(database, &args[0])?.and_then(|entries| value(entries, &args[1]));
    Ok(Reply::bulk_or_nil(found))
}

pub(super) fn hmget(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let entries = hash(database, &args[0])?.cloned().unwrap_or_default();
    let values = args[1..].iter().map(|field| value(&entries, field));
    Ok(Reply::List(values.map(Reply::bulk_or_nil).collect()))
}

pub(super) fn hexists(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let found = hash(database, &args[0])?.and_then(|entries| value(entries, &args[1]));
    Ok(Reply::Int(found.is_some().into()))
}

pub(super) fn hstrlen(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let found = hash(database, &args[0])?.and_then(|entries| value(entries, &args[1]));
    Ok(Reply::count(found.map_or(0, |value| value.len())))
}

pub(super) fn hlen(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    Ok(Reply::count(
        hash(database, &args[0])?.map_or(0, |entries| entries.len()),
    ))
}

pub(super) fn hgetall(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let entries = hash(database, &args[0])?.cloned().unwrap_or_default();
    let bulk = |(field, value)| (Reply::Bulk(field), Reply::Bulk(value));
    Ok(Reply::Map(entries.into_iter().map(bulk).collect()))
}

pub(super) fn hkeys(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let entries = hash(database, &args[0])?.cloned().unwrap_or_default();
    Ok(Reply::list(entries.into_iter().map(|(field, _)| field)))
}

pub(super) fn hvals(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let entries = hash(database, &args[0])?.cloned().unwrap_or_default();
    Ok(Reply::list(entries.into_iter().map(|(_, value)| value)))
}

pub(super) fn hrandfield(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let mut fields: Vec<Bytes> = hash(database, &args[0])?
        .into_iter()
        .flatten()
        .map(|(field, _)| field.clone())
        .collect();
    let Some(count) = args.get(1) else {
        let lot = (!fields.is_empty()).then(|| database.lot(fields.len()));
        return Ok(Reply::bulk_or_nil(lot.map(|lot| fields.swap_remove(lot))));
    };
    let Ok(count) = usize::try_from(integer_of(count)?) else {
        return Err(Reply::error("ERR none with repetitions here"));
    };
    let mut drawn = Vec::new();
    while drawn.len() < count && !fields.is_empty() {
        let lot = database.lot(fields.len());
        drawn.push(fields.swap_remove(lot));
    }
    Ok(Reply::list(drawn))
}

pub(super) fn hset(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let [key, entries @ ..] = args else {
        return Err(Reply::syntax());
    };
    if entries.len() % 2 == 1 {
        return Err(Reply::error(
            "ERR wrong number of arguments for 'hset' command",
        ));
    }
    let stored = hash_to_fill(database, key)?;
    let mut new = 0;
    for entry in entries.chunks_exact(2) {
        new += usize::from(store(stored, &entry[0], entry[1].clone()));
    }
    Ok(Reply::count(new))
}

pub(super) fn hsetnx(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let stored = hash_to_fill(database, &args[0])?;
    if value(stored, &args[1]).is_some() {
        return Ok(Reply::Int(0));
    }
    store(stored, &args[1], args[2].clone());
    Ok(Reply::Int(1))
}

pub(super) fn hincrby(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let addend = integer_of(&args[2])?;
    let before = match hash(database, &args[0])?.and_then(|entries| value(entries, &args[1])) {
        Some(text) => {
            integer(&text).ok_or_else(|| Reply::error("ERR hash value is not an integer"))?
        }
        None => 0,
    };
    let sum = before
        .checked_add(addend)
        .ok_or_else(|| Reply::error("ERR increment or decrement would overflow"))?;
    let stored = hash_to_fill(database, &args[0])?;
    store(stored, &args[1], sum.to_string().into());
    Ok(Reply::Int(sum))
}

pub(super) fn hdel(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let Some(entries) = hash(database, &args[0])? else {
        return Ok(Reply::Int(0));
    };
    let before = entries.len();
    entries.retain(|(name, _)| !args[1..].contains(name));
    let removed = before - entries.len();
    database.remove_if_empty(&args[0]);
    Ok(Reply::count(removed))
}
