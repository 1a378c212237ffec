//! The commands of the simulated server that work on keys, told by their names.

mod hashes;
mod keys;
mod lists;
mod sets;
mod strings;

use bytes::Bytes;

use super::database::Database;
use super::reply::Reply;

/// Runs a command on its arguments, of which there are enough. Errors are replies; they come out of `Err` as well as
/// `Ok`, so that the commands can use `?`.
type Run = fn(&mut Database, &[Bytes]) -> Result<Reply, Reply>;

/// One command.
#[derive(Clone, Copy)]
pub(super) struct Command {
    /// Fewest and most arguments.
    arity: (usize, usize),
    /// Whether a full server refuses it.
    pub(super) needs_memory: bool,
    run: Run,
}

impl Command {
    /// Whether it changes anything.
    pub(super) fn writes(name: &str) -> bool {
        !matches!(
            name,
            "GET"
                | "GETRANGE"
                | "MGET"
                | "STRLEN"
                | "HEXISTS"
                | "HGET"
                | "HGETALL"
                | "HKEYS"
                | "HLEN"
                | "HMGET"
                | "HRANDFIELD"
                | "HSTRLEN"
                | "HVALS"
                | "LINDEX"
                | "LLEN"
                | "LPOS"
                | "LRANGE"
                | "SCARD"
                | "SISMEMBER"
                | "SMEMBERS"
                | "EXISTS"
                | "PTTL"
                | "PUBLISH"
                | "SPUBLISH"
                | "TIME"
                | "TYPE"
        )
    }

    pub(super) fn takes(&self, count: usize) -> bool {
        (self.arity.0..=self.arity.1).contains(&count)
    }

    pub(super) fn run(&self, database: &mut Database, args: &[Bytes]) -> Reply {
        (self.run)(database, args).unwrap_or_else(|error| error)
    }
}

const fn needs_memory(arity: (usize, usize), run: Run) -> Option<Command> {
    Some(Command {
        arity,
        needs_memory: true,
        run,
    })
}

const fn always(arity: (usize, usize), run: Run) -> Option<Command> {
    Some(Command {
        arity,
        needs_memory: false,
        run,
    })
}

/// Any number of arguments.
const ANY: usize = usize::MAX;

/// The command of a name, in capitals.
pub(super) fn named(name: &str) -> Option<Command> {
    match name {
        "APPEND" => needs_memory((2, 2), strings::append),
        "GET" => always((1, 1), strings::get),
        "GETDEL" => always((1, 1), strings::getdel),
        "GETRANGE" => always((3, 3), strings::getrange),
        "INCR" => needs_memory((1, 1), strings::incr),
        "INCRBY" => needs_memory((2, 2), strings::incrby),
        "MGET" => always((1, ANY), strings::mget),
        "SET" => needs_memory((2, ANY), strings::set),
        "SETNX" => needs_memory((2, 2), strings::setnx),
        "SETRANGE" => needs_memory((3, 3), strings::setrange),
        "STRLEN" => always((1, 1), strings::strlen),
        "HDEL" => always((2, ANY), hashes::hdel),
        "HEXISTS" => always((2, 2), hashes::hexists),
        "HGET" => always((2, 2), hashes::hget),
        "HGETALL" => always((1, 1), hashes::hgetall),
        "HINCRBY" => needs_memory((3, 3), hashes::hincrby),
        "HKEYS" => always((1, 1), hashes::hkeys),
        "HLEN" => always((1, 1), hashes::hlen),
        "HMGET" => always((2, ANY), hashes::hmget),
        "HRANDFIELD" => always((1, 2), hashes::hrandfield),
        "HSET" => needs_memory((3, ANY), hashes::hset),
        "HSETNX" => needs_memory((3, 3), hashes::hsetnx),
        "HSTRLEN" => always((2, 2), hashes::hstrlen),
        "HVALS" => always((1, 1), hashes::hvals),
        "LINDEX" => always((2, 2), lists::lindex),
        "LLEN" => always((1, 1), lists::llen),
        "LPOP" => always((1, 2), lists::lpop),
        "LPOS" => always((2, 2), lists::lpos),
        "LPUSH" => needs_memory((2, ANY), lists::lpush),
        "LRANGE" => always((3, 3), lists::lrange),
        "LREM" => always((3, 3), lists::lrem),
        "LSET" => needs_memory((3, 3), lists::lset),
        "LTRIM" => always((3, 3), lists::ltrim),
        "RPOP" => always((1, 2), lists::rpop),
        "RPUSH" => needs_memory((2, ANY), lists::rpush),
        "SADD" => needs_memory((2, ANY), sets::sadd),
        "SCARD" => always((1, 1), sets::scard),
        "SISMEMBER" => always((2, 2), sets::sismember),
        "SMEMBERS" => always((1, 1), sets::smembers),
        "SPOP" => always((1, 2), sets::spop),
        "SREM" => always((2, ANY), sets::srem),
        "DEL" | "UNLINK" => always((1, ANY), keys::del),
        "EXISTS" => always((1, ANY), keys::exists),
        "EXPIRE" => always((2, 2), keys::expire),
        "PERSIST" => always((1, 1), keys::persist),
        "PEXPIRE" => always((2, 2), keys::pexpire),
        "PEXPIREAT" => always((2, 2), keys::pexpireat),
        "PTTL" => always((1, 1), keys::pttl),
        "PUBLISH" | "SPUBLISH" => always((2, 2), |database, args| {
            Ok(database.publish(&args[0], &args[1]))
        }),
        "RENAME" => always((2, 2), keys::rename),
        "TIME" => always((0, 0), |database, _| {
            let (seconds, micros) = (database.now_ms / 1000, database.now_ms % 1000 * 1000);
            Ok(Reply::list([
                seconds.to_string().into(),
                micros.to_string().into(),
            ]))
        }),
        "TYPE" => always((1, 1), |database, args| {
            let kind = database.get(&args[0]).map_or("none", |data| data.kind());
            Ok(Reply::Status(kind.to_owned()))
        }),
        _ => None,
    }
}

/// A whole number, as the server reads them: no sign but `-`, no zeros in front, no spaces.
fn integer(text: &[u8]) -> Option<i64> {
    let digits = std::str::from_utf8(text).ok()?;
    let number: i64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

fn integer_of(text: &[u8]) -> Result<i64, Reply> {
    integer(text).ok_or_else(Reply::not_an_integer)
}

/// Which elements an inclusive range selects, whose ends count from the back where negative.
fn selected(len: usize, start: i64, end: i64) -> std::ops::Range<usize> {
    let len = i64::try_from(len).unwrap();
    let from_front = |index: i64| {
        if index < 0 {
            len.saturating_add(index)
        } else {
            index
        }
    };
    let start = from_front(start).max(0);
    let end = from_front(end).min(len - 1);
    if start > end {
        return 0..0;
    }
    usize::try_from(start).unwrap()..usize::try_from(end + 1).unwrap()
}
