//! Servers that are not there, let nobody in, or will not do.

use crucial_tests::{Options, RedisServer};

use super::{check, refusal};
use crate::old_server::OldServer;

#[tokio::test]
async fn servers() {
    let server = RedisServer::start(Options {
        password: Some("right".to_owned()),
        users: vec!["reader on >word ~crucial:* &crucial:* +get".to_owned()],
        ..Options::default()
    })
    .await;
    let old = OldServer::start().await;
    let private = RedisServer::start(Options {
        tls: true,
        password: Some("right".to_owned()),
        ..Options::default()
    })
    .await;
    let port = server.port();
    for (store, parts) in [
        // Port 1 is reserved: nobody listens there.
        (
            "redis://127.0.0.1:1".to_owned(),
            &["redis://127.0.0.1:1", "can't be reached", "firewall"][..],
        ),
        (
            format!("redis://127.0.0.1:{port}"),
            &["refused the log-in", "CRUCIAL_STORE"],
        ),
        (
            server.url_as("reader", "wrong"),
            &["refused the log-in", "//***@", "CRUCIAL_STORE"],
        ),
        (
            server.url_as("reader", "word"),
            &["refused the log-in", "INFO"],
        ),
        (
            format!("redis://:wrong@127.0.0.1:{}", private.port()),
            &["speaks TLS", "`rediss://` instead of `redis://`", "***@"],
        ),
        (old.url(), &["won't do", "6.0.16", "6.2 or later"]),
    ] {
        let text = refusal(&store, "local").await;
        check(&store, &text, parts);
        for secret in ["wrong", "reader:word"] {
            assert!(!text.contains(secret), "a password in: {text}");
        }
    }
}
