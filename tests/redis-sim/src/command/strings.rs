//! Strings.

use bytes::Bytes;

use super::super::database::{Data, Database};
use super::super::reply::Reply;
use super::{integer, integer_of, selected};

fn text(database: &mut Database, key: &Bytes) -> Result<Option<Bytes>, Reply> {
    match database.get(key) {
        Some(Data::Text(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Reply::wrong_type()),
        None => Ok(None),
    }
}

/// Puts a text in place of another, whose end it keeps.
fn replace(database: &mut Database, key: &Bytes, text: Bytes) {
    let ends = database.ends(key).flatten();
    database.put(key, Data::Text(text));
    database.set_end(key, ends);
}

pub(super) fn get(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    Ok(Reply::bulk_or_nil(text(database, &args[0])?))
}

pub(super) fn getdel(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let found = text(database, &args[0])?;
    database.remove(&args[0]);
    Ok(Reply::bulk_or_nil(found))
}

pub(super) fn mget(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let replies = args.iter().map(|key| text(database, key).unwrap_or(None));
    Ok(Reply::List(replies.map(Reply::bulk_or_nil).collect()))
}

pub(super) fn getrange(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let (start, end) = (integer_of(&args[1])?, integer_of(&args[2])?);
    let found = text(database, &args[0])?.unwrap_or_default();
    // Unlike with lists, an end before the first byte is the first byte.
    let len = i64::try_from(found.len()).unwrap();
    if start < 0 && end < 0 && start > end {
        return Ok(Reply::Bulk(Bytes::new()));
    }
    let end = if end < 0 { (len + end).max(0) } else { end };
    Ok(Reply::Bulk(found.slice(selected(found.len(), start, end))))
}

pub(super) fn strlen(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    Ok(Reply::count(
        text(database, &args[0])?.map_or(0, |text| text.len()),
    ))
}

pub(super) fn append(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let mut bytes = text(database, &args[0])?.unwrap_or_default().to_vec();
    bytes.extend_from_slice(&args[1]);
    let count = bytes.len();
    replace(database, &args[0], bytes.into());
    Ok(Reply::count(count))
}

pub(super) fn setrange(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let offset = integer_of(&args[1])?;
    let offset = usize::try_from(offset).map_err(|_| Reply::error("ERR offset is out of range"))?;
    let mut bytes = text(database, &args[0])?.unwrap_or_default().to_vec();
    if !args[2].is_empty() {
        let end = offset + args[2].len();
        bytes.resize(bytes.len().max(end), 0);
        bytes[offset..end].copy_from_slice(&args[2]);
        replace(database, &args[0], bytes.clone().into());
    }
    Ok(Reply::count(bytes.len()))
}

pub(super) fn setnx(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    if database.get(&args[0]).is_some() {
        return Ok(Reply::Int(0));
    }
    database.put(&args[0], Data::Text(args[1].clone()));
    Ok(Reply::Int(1))
}

pub(super) fn set(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let [key, value, options @ ..] = args else {
        return Err(Reply::syntax());
    };
    let (mut life, mut keep, mut only_if, mut give) = (None, false, None, false);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match option.to_ascii_uppercase().as_slice() {
            b"PX" | b"EX" if life.is_some() || keep => return Err(Reply::syntax()),
            unit @ (b"PX" | b"EX") => {
                let life_of = integer_of(options.next().ok_or_else(Reply::syntax)?)?;
                if life_of <= 0 {
                    return Err(Reply::error("ERR invalid expire time in 'set' command"));
                }
                life = Some(u64::try_from(life_of).unwrap() * if unit == b"EX" { 1000 } else { 1 });
            }
            b"KEEPTTL" if life.is_none() => keep = true,
            b"NX" if only_if != Some(true) => only_if = Some(false),
            b"XX" if only_if != Some(false) => only_if = Some(true),
            b"GET" => give = true,
            _ => return Err(Reply::syntax()),
        }
    }
    let before = if give { text(database, key)? } else { None };
    let refused = only_if.is_some_and(|there| there != database.get(key).is_some());
    if !refused {
        let ends = match life {
            Some(life) => Some(database.now_ms + life),
            None if keep => database.ends(key).flatten(),
            None => None,
        };
        database.put(key, Data::Text(value.clone()));
        database.set_end(key, ends);
    }
    Ok(match (give, refused) {
        (true, _) => Reply::bulk_or_nil(before),
        (false, true) => Reply::Nil,
        (false, false) => Reply::ok(),
    })
}

pub(super) fn incr(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    add(database, &args[0], 1)
}

pub(super) fn incrby(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let addend = integer_of(&args[1])?;
    add(database, &args[0], addend)
}

fn add(database: &mut Database, key: &Bytes, addend: i64) -> Result<Reply, Reply> {
    let before = match text(database, key)? {
        Some(text) => integer(&text).ok_or_else(Reply::not_an_integer)?,
        None => 0,
    };
    let sum = before
        .checked_add(addend)
        .ok_or_else(|| Reply::error("ERR increment or decrement would overflow"))?;
    replace(database, key, sum.to_string().into());
    Ok(Reply::Int(sum))
}
