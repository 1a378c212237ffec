//! Keys, whatever is under them.

use bytes::Bytes;

use super::super::database::Database;
use super::super::reply::Reply;
use super::integer_of;

pub(super) fn del(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let removed = args.iter().filter_map(|key| database.remove(key));
    Ok(Reply::count(removed.count()))
}

pub(super) fn exists(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let found = args.iter().filter(|key| database.get(key).is_some());
    Ok(Reply::count(found.count()))
}

pub(super) fn rename(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    if database.rename(&args[0], &args[1]) {
        Ok(Reply::ok())
    } else {
        Err(Reply::error("ERR no such key"))
    }
}

pub(super) fn persist(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let had = database.ends(&args[0]).flatten().is_some();
    database.set_end(&args[0], None);
    Ok(Reply::Int(had.into()))
}

pub(super) fn pttl(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    Ok(Reply::Int(match database.ends(&args[0]) {
        None => -2,
        Some(None) => -1,
        Some(Some(ends)) => i64::try_from(ends.saturating_sub(database.now_ms)).unwrap(),
    }))
}

pub(super) fn pexpire(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let life = integer_of(&args[1])?;
    end_at(
        database,
        &args[0],
        life.checked_add_unsigned(database.now_ms),
    )
}

pub(super) fn expire(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let life = integer_of(&args[1])?.checked_mul(1000);
    let ends = life.and_then(|life| life.checked_add_unsigned(database.now_ms));
    end_at(database, &args[0], ends)
}

pub(super) fn pexpireat(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let ends = integer_of(&args[1])?;
    end_at(database, &args[0], Some(ends))
}

fn end_at(database: &mut Database, key: &Bytes, ends: Option<i64>) -> Result<Reply, Reply> {
    let ends = ends.ok_or_else(|| Reply::error("ERR invalid expire time"))?;
    if database.get(key).is_none() {
        return Ok(Reply::Int(0));
    }
    match u64::try_from(ends) {
        Ok(ends) if ends > database.now_ms => database.set_end(key, Some(ends)),
        // A key whose time is over already goes at once.
        _ => drop(database.remove(key)),
    }
    Ok(Reply::Int(1))
}
