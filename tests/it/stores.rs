//! Addresses of stores: passwords, users with few rights, databases, TLS.

use std::path::Path;

use crucial_tests::{Options, RedisServer, program};
use tokio::process::Command;

/// What the errors of missing rights tell people to grant.
const RIGHTS: &str = "~crucial:* &crucial:* +@all -@dangerous +info";

/// Runs pi on that store; what it printed if it succeeded, its error otherwise.
async fn run(url: &str, authority: Option<&Path>) -> Result<String, String> {
    let mut command = Command::from(program("pi"));
    command.args(["--threads", "4", "--points", "1000"]);
    run_on(command, url, authority).await
}

async fn run_on(
    mut command: Command,
    url: &str,
    authority: Option<&Path>,
) -> Result<String, String> {
    command
        .env("CRUCIAL_STORE", url)
        .env_remove("SSL_CERT_FILE")
        .env_remove("SSL_CERT_DIR")
        .kill_on_drop(true);
    if let Some(authority) = authority {
        command.env("SSL_CERT_FILE", authority);
    }
    let output = command.output().await.unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

fn check(what: &str, result: Result<String, String>) {
    let text = result.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(
        text.starts_with("counter 798, returned 798\n"),
        "{what}: {text}"
    );
}

#[tokio::test]
async fn a_plain_server() {
    let server = RedisServer::start(Options {
        password: Some("secret".to_owned()),
        users: vec![format!("worker on >word {RIGHTS}")],
        ..Options::default()
    })
    .await;
    for url in [
        server.url(),
        server.url_as("worker", "word"),
        server.url() + "/",
        server.url() + "/5",
    ] {
        check(&url, run(&url, None).await);
    }
    // Each run has taken away what it brought, but for the scripts and the short memory of calls on what it removed.
    let mut connection = server.connection().await;
    for database in [0, 5] {
        redis::cmd("SELECT")
            .arg(database)
            .exec_async(&mut connection)
            .await
            .unwrap();
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg("*")
            .query_async(&mut connection)
            .await
            .unwrap();
        let left: Vec<_> = keys.iter().filter(|key| !key.ends_with("}:r")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[tokio::test]
async fn a_server_that_speaks_tls() {
    let options = |password| Options {
        tls: true,
        password,
        ..Options::default()
    };
    for password in [None, Some("secret".to_owned())] {
        let server = RedisServer::start(options(password)).await;
        let authority = server.certificates().unwrap().authority.clone();
        check("trusted", run(&server.url(), Some(&authority)).await);

        let stranger = RedisServer::start(options(None)).await;
        let other = stranger.certificates().unwrap().authority.clone();
        let error = run(&server.url(), Some(&other)).await.unwrap_err();
        for part in ["can't be reached", "certificate"] {
            assert!(
                error.to_lowercase().contains(part),
                "{part:?} is missing in: {error}"
            );
        }
    }
}

#[tokio::test]
async fn a_user_of_a_server_that_speaks_tls() {
    const SECRETS: [&str; 3] = ["p4ssword", "w0rd", "gu3ss"];
    let server = RedisServer::start(Options {
        tls: true,
        password: Some("p4ssword".to_owned()),
        users: vec![
            format!("worker on >w0rd {RIGHTS}"),
            format!("deaf on >w0rd {RIGHTS} -subscribe"),
            format!("unread on >w0rd {RIGHTS} -publish"),
            "reader on >w0rd ~crucial:* &crucial:* +@read +@connection".to_owned(),
        ],
        ..Options::default()
    })
    .await;
    let authority = server.certificates().unwrap().authority.clone();
    let tour = async |url: &str| {
        let said = run_on(Command::from(program("tour")), url, Some(&authority)).await;
        for secret in SECRETS {
            let (Ok(text) | Err(text)) = &said;
            assert!(!text.contains(secret), "{secret} in: {text}");
        }
        said
    };
    for url in [server.url_as("worker", "w0rd"), server.url()] {
        let said = tour(&url).await.unwrap_or_else(|error| panic!("{error}"));
        let came = "\ntook 7, met 1 times, heard hello, counted 40\n";
        assert!(said.ends_with(came), "{said}");
        assert!(said.contains("//***@localhost"), "{said}");
    }
    let log_in = ["refused the log-in", "CRUCIAL_STORE", "Login {"];
    let rules = [
        "access rules forbid",
        "+@all -@dangerous +info ~crucial:* &crucial:*",
    ];
    for (url, parts, more) in [
        (
            server.url_as("worker", "gu3ss"),
            &log_in[..],
            "//***@localhost",
        ),
        (server.url_as("nobody", "gu3ss"), &log_in, "//***@localhost"),
        (
            server.url_as("default", "gu3ss"),
            &log_in,
            "//***@localhost",
        ),
        (
            format!("rediss://localhost:{}", server.port()),
            &log_in,
            "NOAUTH",
        ),
        // At the first look at the server, and at the first call that needs what is forbidden.
        (
            server.url_as("reader", "w0rd"),
            &["access rules"],
            "//***@localhost",
        ),
        (
            server.url_as("unread", "w0rd"),
            &["access rules"],
            "PUBLISH",
        ),
        (server.url_as("deaf", "w0rd"), &rules, "app/queue"),
    ] {
        let error = tour(&url).await.expect_err(&url);
        for part in parts.iter().chain([&more]) {
            assert!(
                error.contains(part),
                "{url}: {part:?} is missing in: {error}"
            );
        }
    }
}
