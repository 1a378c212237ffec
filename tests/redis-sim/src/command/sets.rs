//! Sets.

use bytes::Bytes;

use super::super::database::{Data, Database};
use super::super::reply::Reply;
use super::integer_of;

fn set<'a>(database: &'a mut Database, key: &Bytes) -> Result<Option<&'a mut Vec<Bytes>>, Reply> {
    match database.get(key) {
        Some(Data::Set(elements)) => Ok(Some(elements)),
        Some(_) => Err(Reply::wrong_type()),
        None => Ok(None),
    }
}

pub(super) fn sadd(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    if database.get(&args[0]).is_none() {
        database.put(&args[0], Data::Set(Vec::new()));
    }
    let elements = set(database, &args[0])?.ok_or_else(Reply::wrong_type)?;
    let before = elements.len();
    for element in &args[1..] {
        if !elements.contains(element) {
            elements.push(element.clone());
        }
    }
    Ok(Reply::count(elements.len() - before))
}

pub(super) fn srem(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let Some(elements) = set(database, &args[0])? else {
        return Ok(Reply::Int(0));
    };
    let before = elements.len();
    elements.retain(|element| !args[1..].contains(element));
    let removed = before - elements.len();
    database.remove_if_empty(&args[0]);
    Ok(Reply::count(removed))
}

pub(super) fn scard(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    Ok(Reply::count(
        set(database, &args[0])?.map_or(0, |elements| elements.len()),
    ))
}

pub(super) fn sismember(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let found = set(database, &args[0])?.is_some_and(|elements| elements.contains(&args[1]));
    Ok(Reply::Int(found.into()))
}

pub(super) fn smembers(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let elements = set(database, &args[0])?.cloned().unwrap_or_default();
    Ok(Reply::Set(elements.into_iter().map(Reply::Bulk).collect()))
}

pub(super) fn spop(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let most = match args.get(1) {
        Some(count) => Some(
            integer_of(count)
                .ok()
                .and_then(|count| usize::try_from(count).ok())
                .ok_or_else(|| Reply::error("ERR value is out of range, must be positive"))?,
        ),
        None => None,
    };
    let here = set(database, &args[0])?.map_or(0, |elements| elements.len());
    let mut drawn = Vec::new();
    for left in (1..=here).rev().take(most.unwrap_or(1)) {
        let lot = database.lot(left);
        drawn.extend(set(database, &args[0])?.map(|elements| elements.remove(lot)));
    }
    database.remove_if_empty(&args[0]);
    Ok(match most {
        None => Reply::bulk_or_nil(drawn.pop()),
        Some(_) => Reply::Set(drawn.into_iter().map(Reply::Bulk).collect()),
    })
}
