//! The simulated server against a real one: the same commands, the same replies.

use std::sync::Arc;

use bytes::Bytes;
use crucial_tests::{Options, RedisServer};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use redis::{Pipeline, Value};
use url::Url;

use super::Server;
use crate::store::redis::wire::{Connector, RESPONSE_LIMIT, RedisClient, Wire};

type Words = Vec<Bytes>;

/// What goes wrong without a type error is hard to see, so keys are few and of all types.
const KEYS: [&str; 4] = ["a", "b", "c", "d"];
const WORDS: [&str; 14] = [
    "",
    "0",
    "1",
    "-1",
    "2",
    "10",
    "x",
    "y",
    "yy",
    "1.5",
    "9007199254740993",
    "\u{0}",
    " 1",
    "-0",
];

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(&KEYS[..]).prop_map(str::to_owned)
}

fn any_word() -> impl Strategy<Value = String> {
    prop::sample::select(&WORDS[..]).prop_map(str::to_owned)
}

fn whole() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (-4_i64..5).prop_map(|number| number.to_string()),
        1 => any_word(),
        1 => prop::sample::select(vec![i64::MAX, i64::MIN, 1 << 53]).prop_map(|number| number.to_string()),
    ]
}

/// Lives are so long that none ends meanwhile.
fn life() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["100000", "200000", "-1", "0", "x"]).prop_map(str::to_owned)
}

/// Commands by the kinds of their arguments: `k` key, `w` word, `n` whole number, `l` life, `*` more of the same.
const COMMANDS: [(&str, &str); 59] = [
    ("APPEND", "kw"),
    ("GET", "k"),
    ("GETDEL", "k"),
    ("GETRANGE", "knn"),
    ("INCR", "k"),
    ("INCRBY", "kn"),
    ("MGET", "kk"),
    ("SET", "kw"),
    ("SET", "kw"),
    ("SETNX", "kw"),
    ("SETRANGE", "kow"),
    ("STRLEN", "k"),
    ("SET PX", "kl"),
    ("SET KEEPTTL", "kw"),
    ("SET NX", "kw"),
    ("SET XX", "kw"),
    ("SET GET", "kw"),
    ("HDEL", "kww"),
    ("HEXISTS", "kw"),
    ("HGET", "kw"),
    ("HGETALL", "k"),
    ("HINCRBY", "kwn"),
    ("HKEYS", "k"),
    ("HLEN", "k"),
    ("HMGET", "kww"),
    ("HRANDFIELD", "k"),
    ("HSET", "kww"),
    ("HSET", "kwwww"),
    ("HSET", "kwwww"),
    ("HSETNX", "kww"),
    ("HSTRLEN", "kw"),
    ("HVALS", "k"),
    ("LINDEX", "kn"),
    ("LLEN", "k"),
    ("LPOP", "k"),
    ("LPOP", "kn"),
    ("LPOS", "kw"),
    ("LPUSH", "kww"),
    ("LRANGE", "knn"),
    ("LREM", "knw"),
    ("LSET", "knw"),
    ("LTRIM", "knn"),
    ("RPOP", "k"),
    ("RPUSH", "kww"),
    ("RPUSH", "kwww"),
    ("SADD", "kww"),
    ("SADD", "kwww"),
    ("SCARD", "k"),
    ("SISMEMBER", "kw"),
    ("SMEMBERS", "k"),
    ("SREM", "kww"),
    ("DEL", "kk"),
    ("EXISTS", "kkk"),
    ("PERSIST", "k"),
    ("PEXPIRE", "kl"),
    ("PTTL", "k"),
    ("RENAME", "kk"),
    ("TYPE", "k"),
    ("GET", "kk"),
];

fn command() -> impl Strategy<Value = Words> {
    prop::sample::select(&COMMANDS[..]).prop_flat_map(|(name, kinds)| {
        let args: Vec<BoxedStrategy<String>> = kinds
            .chars()
            .map(|kind| match kind {
                'k' => key().boxed(),
                'n' => whole().boxed(),
                'o' => (0_u8..6).prop_map(|offset| offset.to_string()).boxed(),
                'l' => life().boxed(),
                _ => any_word().boxed(),
            })
            .collect();
        args.prop_map(move |mut args| {
            let (name, option) = name.split_once(' ').unwrap_or((name, ""));
            if option == "PX" {
                args.insert(1, "valued".to_owned());
                args.insert(2, option.to_owned());
            } else if !option.is_empty() {
                args.push(option.to_owned());
            }
            let words = std::iter::once(name.to_owned()).chain(args);
            words.map(Bytes::from).collect()
        })
    })
}

/// Scripts about what scripts may see: conversions, errors, libraries.
const SCRIPTS: [&str; 34] = [
    "return {1, 2.9, -2.9, 'x', false, true, nil, 4}",
    "return {ok = 'FINE'}",
    "return {err = 'MY error'}",
    "return redis.error_reply('MY error')",
    "return redis.error_reply('-MY error')",
    "return redis.error_reply('bare')",
    "return redis.status_reply('FINE')",
    "return {{1, {2, {ok = 'deep'}}}, {}, {err = 'MY inner'}}",
    "return redis.call('GET', KEYS[1])",
    "return redis.pcall('GET', KEYS[1])",
    "local reply = redis.pcall('HGET', KEYS[1], ARGV[1]) if type(reply) == 'table' then return reply.err end return reply",
    "local done, raised = pcall(redis.call, 'LPUSH', KEYS[1], ARGV[1]) return {done, type(raised), type(raised) == 'table' and raised.err or raised}",
    "return redis.call('HGETALL', KEYS[1])",
    "return redis.call('SET', KEYS[1], 3.5)",
    "redis.call('SET', KEYS[1], 12345678901234567) return redis.call('GET', KEYS[1])",
    "redis.call('SET', KEYS[1], 0.1) return redis.call('GET', KEYS[1])",
    "return 1 .. ' ' .. 2 ^ 53 .. ' ' .. 0.1 .. ' ' .. 1e100",
    "return tostring(nil) .. tostring(true) .. type(redis.call('GET', 'nothing'))",
    "return redis.call('NONSENSE')",
    "return redis.call('GET')",
    "return redis.call('GET', {})",
    "return undefined",
    "undefined = 1",
    "return nil + 1",
    "error('raised')",
    "error({err = 'MY raised'})",
    "local done, raised = pcall(error, {err = 'MY raised'}) return raised.err",
    "return cmsgpack.pack({1, -1, 200, -200, 70000, -70000, 5000000000, 1.5, 0.1, 'x', true, {a = 'b'}, {}})",
    "return cmsgpack.unpack(cmsgpack.pack({1, -1, 200, -200, 70000, -70000, 5000000000, 'x', {'y'}, string.rep('z', 300)}))",
    "return {struct.pack('<d', 1.5), struct.pack('>I8', 258), struct.pack('<f', -2), (struct.unpack('<d', struct.pack('<d', -1.25))) * 100}",
    "return {bit.band(12, 10), bit.bor(12, 10), bit.bxor(12, 10), bit.band(4294967295, 4294967295)}",
    "return {redis.sha1hex('x'), string.format('%.0f', 2 ^ 60), string.sub('abc', -2), math.floor(-1.5)}",
    "local all = {} for key, value in ipairs(ARGV) do all[key] = key .. value end return {#ARGV, #KEYS, unpack(all)}",
    "local list = redis.call('LRANGE', KEYS[1], 0, -1) return {#list, list}",
];

fn script() -> impl Strategy<Value = Words> {
    (prop::sample::select(&SCRIPTS[..]), key(), any_word()).prop_map(|(text, key, word)| {
        let words = ["EVAL", text, "1", &key, &word];
        words
            .map(|word| Bytes::copy_from_slice(word.as_bytes()))
            .to_vec()
    })
}

/// Commands one by one, or a transaction of some.
fn step() -> impl Strategy<Value = Vec<Words>> {
    let word = |text: &'static str| vec![Bytes::from_static(text.as_bytes())];
    prop_oneof![
        8 => command().prop_map(|command| vec![command]),
        3 => script().prop_map(|script| vec![script]),
        1 => prop::collection::vec(prop_oneof![command(), script()], 0..4).prop_map(move |commands| {
            let mut all = vec![word("MULTI")];
            all.extend(commands);
            all.push(word("EXEC"));
            all
        }),
        1 => prop::sample::select(vec!["EXEC", "DISCARD", "NONSENSE"]).prop_map(move |name| vec![word(name)]),
    ]
}

/// A reply in words that do not depend on the order of sets, on chance and on the moment.
fn comparable(command: &Words, value: &Value) -> String {
    let name = String::from_utf8_lossy(&command[0]).into_owned();
    match value {
        Value::ServerError(error) => {
            let details = error.details().unwrap_or_default();
            let details = details.split(" script: ").next().unwrap_or_default();
            // Lines and the words of the interpreter differ between its versions.
            if details.contains("user_script")
                || details.contains("attempt")
                || details.contains("global")
            {
                return format!("{} of a script", error.code());
            }
            format!("{} {details}", error.code())
        }
        Value::Set(elements) => {
            let mut elements: Vec<String> = elements
                .iter()
                .map(|element| format!("{element:?}"))
                .collect();
            elements.sort();
            format!("{elements:?}")
        }
        Value::Array(replies) if name == "EXEC" => {
            let replies: Vec<String> = replies
                .iter()
                .map(|reply| comparable(command, reply))
                .collect();
            format!("{replies:?}")
        }
        // Within a transaction it may be what is left of a life.
        Value::Int(left)
            if (name == "PTTL" && *left > 0)
                || (name == "EXEC" && (90_000..300_000).contains(left)) =>
        {
            "to come".to_owned()
        }
        Value::BulkString(_) if name == "HRANDFIELD" || name == "EXEC" => "something".to_owned(),
        other => format!("{other:?}"),
    }
}

async fn really(wire: &dyn Wire, command: &Words) -> Value {
    let mut pipeline = Pipeline::new();
    let mut words = command.iter();
    let mut packed = redis::cmd(std::str::from_utf8(words.next().unwrap()).unwrap());
    for word in words {
        packed.arg(&word[..]);
    }
    pipeline.add_command(packed);
    wire.send(&pipeline).await.unwrap().remove(0)
}

#[test]
fn the_simulated_server_answers_as_a_real_one() {
    let tokio = tokio::runtime::Runtime::new().unwrap();
    let (server, wire) = tokio.block_on(async {
        let server = RedisServer::start(Options::default()).await;
        let client = RedisClient::of(&Url::parse(&server.url()).unwrap()).unwrap();
        let wire = client
            .connect(Arc::new(|_| {}), RESPONSE_LIMIT)
            .await
            .unwrap();
        (server, wire)
    });
    let config = Config {
        cases: 1500,
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Config::default()
    };
    let runner = TestRunner::new(config).run(&prop::collection::vec(step(), 1..25), |steps| {
        let mut simulated = Server::at(super::EPOCH_MS);
        let flush = vec![Bytes::from_static(b"FLUSHALL")];
        tokio.block_on(async {
            let cleared = really(wire.as_ref(), &flush).await;
            prop_assert_eq!(cleared, Value::Okay);
            for command in steps.iter().flatten() {
                let real = really(wire.as_ref(), command).await;
                let ours = simulated.answer(1, command);
                prop_assert_eq!(
                    comparable(command, &ours),
                    comparable(command, &real),
                    "to {:?}",
                    command
                );
            }
            Ok(())
        })
    });
    drop(server);
    if let Err(error) = runner {
        panic!("{error}");
    }
}
