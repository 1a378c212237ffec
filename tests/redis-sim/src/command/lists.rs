//! Lists.

use bytes::Bytes;

use super::super::database::{Data, Database};
use super::super::reply::Reply;
use super::{integer_of, selected};

fn list<'a>(database: &'a mut Database, key: &Bytes) -> Result<Option<&'a mut Vec<Bytes>>, Reply> {
    match database.get(key) {
        Some(Data::List(elements)) => Ok(Some(elements)),
        Some(_) => Err(Reply::wrong_type()),
        None => Ok(None),
    }
}

/// Where an index that counts from the back where negative points to.
fn place(len: usize, index: i64) -> Option<usize> {
    let len = i64::try_from(len).unwrap();
    let index = if index < 0 { len + index } else { index };
    usize::try_from(index).ok().filter(|_| index < len)
}

pub(super) fn lindex(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let index = integer_of(&args[1]);
    let Some(elements) = list(database, &args[0])? else {
        return Ok(Reply::Nil);
    };
    let found = place(elements.len(), index?).map(|index| elements[index].clone());
    Ok(Reply::bulk_or_nil(found))
}

pub(super) fn llen(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    Ok(Reply::count(
        list(database, &args[0])?.map_or(0, |elements| elements.len()),
    ))
}

pub(super) fn lrange(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let (start, end) = (integer_of(&args[1])?, integer_of(&args[2])?);
    let elements = list(database, &args[0])?.cloned().unwrap_or_default();
    let range = selected(elements.len(), start, end);
    Ok(Reply::list(elements[range].iter().cloned()))
}

pub(super) fn ltrim(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let (start, end) = (integer_of(&args[1])?, integer_of(&args[2])?);
    if let Some(elements) = list(database, &args[0])? {
        let range = selected(elements.len(), start, end);
        *elements = elements[range].to_vec();
    }
    database.remove_if_empty(&args[0]);
    Ok(Reply::ok())
}

pub(super) fn lset(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let Some(elements) = list(database, &args[0])? else {
        return Err(Reply::error("ERR no such key"));
    };
    let index = integer_of(&args[1])?;
    let index = place(elements.len(), index);
    let index = index.ok_or_else(|| Reply::error("ERR index out of range"))?;
    elements[index] = args[2].clone();
    Ok(Reply::ok())
}

pub(super) fn lpos(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let found = list(database, &args[0])?
        .and_then(|elements| elements.iter().position(|element| *element == args[1]));
    Ok(found.map_or(Reply::Nil, Reply::count))
}

pub(super) fn lrem(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    let limit = integer_of(&args[1])?;
    let Some(elements) = list(database, &args[0])? else {
        return Ok(Reply::Int(0));
    };
    let most = match limit {
        0 => usize::MAX,
        limit => usize::try_from(limit.unsigned_abs()).unwrap(),
    };
    let mut removed = 0;
    if limit < 0 {
        elements.reverse();
    }
    elements.retain(|element| {
        let goes = *element == args[2] && removed < most;
        removed += usize::from(goes);
        !goes
    });
    if limit < 0 {
        elements.reverse();
    }
    database.remove_if_empty(&args[0]);
    Ok(Reply::count(removed))
}

pub(super) fn rpush(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    push(database, args, |elements, element| elements.push(element))
}

pub(super) fn lpush(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    push(database, args, |elements, element| {
        elements.insert(0, element);
    })
}

fn push(
    database: &mut Database,
    args: &[Bytes],
    put: fn(&mut Vec<Bytes>, Bytes),
) -> Result<Reply, Reply> {
    if database.get(&args[0]).is_none() {
        database.put(&args[0], Data::List(Vec::new()));
    }
    let elements = list(database, &args[0])?.ok_or_else(Reply::wrong_type)?;
    for element in &args[1..] {
        put(elements, element.clone());
    }
    Ok(Reply::count(elements.len()))
}

pub(super) fn lpop(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    pop(database, args, |elements| elements.remove(0))
}

pub(super) fn rpop(database: &mut Database, args: &[Bytes]) -> Result<Reply, Reply> {
    pop(database, args, |elements| elements.pop().unwrap())
}

fn pop(
    database: &mut Database,
    args: &[Bytes],
    take: fn(&mut Vec<Bytes>) -> Bytes,
) -> Result<Reply, Reply> {
    let count = match args.get(1) {
        Some(count) => Some(
            integer_of(count)
                .ok()
                .and_then(|count| usize::try_from(count).ok())
                .ok_or_else(|| Reply::error("ERR value is out of range, must be positive"))?,
        ),
        None => None,
    };
    let Some(elements) = list(database, &args[0])? else {
        return Ok(Reply::Nil);
    };
    let reply = match count {
        None => Reply::Bulk(take(elements)),
        Some(count) => {
            let count = count.min(elements.len());
            Reply::list((0..count).map(|_| take(elements)).collect::<Vec<_>>())
        }
    };
    database.remove_if_empty(&args[0]);
    Ok(reply)
}
