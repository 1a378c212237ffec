//! Connections that break, are refused and are made anew.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use redis::{Pipeline, RedisError, RedisResult, ServerErrorKind, Value};

use super::*;
use crate::store::redis::entry::Greeting;
use crate::store::redis::wire::Pushes;

/// A door that stays shut to so many who come, for that reason.
#[derive(Debug)]
struct Door {
    came: Arc<AtomicU32>,
    shut: u32,
    reason: Reason,
    tls: bool,
}

#[derive(Debug, Clone)]
enum Reason {
    Broken(std::io::ErrorKind),
    Unknown,
    Says(&'static str),
    /// Says so when nothing is asked, and breaks the connection.
    Greets(Greeting),
}

#[async_trait]
impl Connector for Door {
    async fn connect(&self, _: Pushes, _: Duration) -> RedisResult<Arc<dyn Wire>> {
        if self.came.fetch_add(1, Ordering::Relaxed) >= self.shut {
            return Ok(Arc::new(Inside));
        }
        let broken = |kind| RedisError::from(std::io::Error::from(kind));
        Err(match &self.reason {
            Reason::Broken(kind) => broken(*kind),
            Reason::Unknown => std::io::Error::other(
                "failed to lookup address information: Name or service not known",
            )
            .into(),
            Reason::Says(words) => RedisError::from((
                ServerErrorKind::ResponseError.into(),
                "the server",
                (*words).to_owned(),
            )),
            Reason::Greets(_) => broken(std::io::ErrorKind::BrokenPipe),
        })
    }

    async fn greeting(&self) -> Option<Greeting> {
        match &self.reason {
            Reason::Greets(greeting) => Some(greeting.clone()),
            _ => None,
        }
    }

    fn is_tls(&self) -> bool {
        self.tls
    }
}

/// A server that says no more than it must.
struct Inside;

#[async_trait]
impl Wire for Inside {
    fn send<'a>(&'a self, _: &'a Pipeline) -> BoxFuture<'a, RedisResult<Vec<Value>>> {
        let info = "redis_version:7.0.0\r\nrole:master\r\nrun_id:1\r\n".to_owned();
        let nothing = Value::Int(0);
        let replies = vec![
            Value::SimpleString(info),
            Value::Array(vec![Value::Int(1), Value::Int(1)]),
            nothing.clone(),
            nothing.clone(),
            nothing,
        ];
        Box::pin(async { Ok(replies) })
    }

    async fn subscribe(&self, _: &[String]) -> RedisResult<()> {
        Ok(())
    }

    async fn unsubscribe(&self, _: &str) -> RedisResult<()> {
        Ok(())
    }
}

/// How often it came, and what became of it.
async fn come(reason: Reason, tls: bool, shut: u32) -> (u32, Result<Arc<Link>>) {
    let came = Arc::new(AtomicU32::new(0));
    let door = Door {
        came: Arc::clone(&came),
        shut,
        reason,
        tls,
    };
    let entered = Link::over(Box::new(door), "redis://here".to_owned()).await;
    (came.load(Ordering::Relaxed), entered)
}

#[tokio::test(start_paused = true)]
async fn what_another_moment_mends_is_tried_again_for_a_while() {
    use std::io::ErrorKind;
    let words = |words: &str| Reason::Greets(Greeting::Words(words.to_owned()));
    // Pauses double from 20 ms to a second and are of random length: so many tries fit into three and ten seconds.
    let (once, some, many) = (1..=1, 8..=14, 15..=27);
    for (reason, tls, tries, part) in [
        (
            Reason::Broken(ErrorKind::ConnectionRefused),
            false,
            &some,
            "is the server running",
        ),
        (
            Reason::Broken(ErrorKind::BrokenPipe),
            false,
            &some,
            "firewall",
        ),
        (
            Reason::Unknown,
            false,
            &some,
            "no machine is known by that name",
        ),
        (
            words("-ERR max number of clients reached"),
            false,
            &many,
            "`maxclients`",
        ),
        (
            words("-ERR max number of clients reached"),
            true,
            &many,
            "`maxclients`",
        ),
        (
            Reason::Says("LOADING Redis is loading the dataset in memory"),
            false,
            &many,
            "read its data",
        ),
        (
            Reason::Says("MASTERDOWN Link with MASTER is down"),
            false,
            &many,
            "the primary",
        ),
        (
            Reason::Says("DB index is out of range"),
            false,
            &once,
            "smaller database number",
        ),
        (
            words("-DENIED Redis is running in protected mode"),
            false,
            &once,
            "`requirepass`",
        ),
        (
            Reason::Says("WRONGPASS invalid username-password pair"),
            false,
            &once,
            "percent-encoded",
        ),
        (
            Reason::Says("NOAUTH HELLO must be called"),
            false,
            &once,
            "asks for a password",
        ),
        (
            Reason::Greets(Greeting::Tls),
            false,
            &once,
            "write `rediss://`",
        ),
        (words("+PONG"), true, &once, "write `redis://` instead"),
    ] {
        let (came, refused) = come(reason.clone(), tls, u32::MAX).await;
        let error = refused.expect_err("the door is shut").to_string();
        assert!(tries.contains(&came), "{reason:?}: {came} tries, {error}");
        assert!(error.contains(part), "{reason:?}: {error}");
        assert!(error.contains("redis://here"), "{error}");
        let told = error.contains(&format!("tried {came} times"));
        assert_eq!(told, came > 1, "{error}");
        // What the server said is quoted.
        if let Reason::Says(words) = reason {
            assert!(error.contains(words), "{error}");
        }
        let (came, entered) = come(reason.clone(), tls, 3).await;
        assert_eq!(
            (came, entered.is_ok()),
            if tries == &once {
                (1, false)
            } else {
                (4, true)
            }
        );
    }
}
