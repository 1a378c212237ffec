//! The fixtures keep their promises, since every other test rests on them.

use crucial_tests::{Options, RedisServer};
use redis::{Client, RedisResult};

async fn ping(url: &str) -> RedisResult<()> {
    let mut connection = Client::open(url)?
        .get_multiplexed_async_connection()
        .await?;
    redis::cmd("PING").exec_async(&mut connection).await
}

#[tokio::test]
async fn a_server_lets_in_whom_its_options_name() {
    let server = RedisServer::start(Options {
        password: Some("secret".to_owned()),
        users: vec!["reader on >word ~* +@all".to_owned()],
        ..Options::default()
    })
    .await;
    assert!(ping(&server.url()).await.is_ok());
    assert!(ping(&server.url_as("reader", "word")).await.is_ok());
    assert!(ping(&server.url_as("reader", "other")).await.is_err());
    assert!(
        ping(&format!("redis://127.0.0.1:{}", server.port()))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn killing_clients_spares_the_fixture() {
    let server = RedisServer::start(Options::default()).await;
    let mut ours = server.connection().await;
    let mut cut = Client::open(server.url())
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    assert_eq!(server.kill_clients().await, 1);
    assert!(redis::cmd("PING").exec_async(&mut cut).await.is_err());
    assert!(redis::cmd("PING").exec_async(&mut ours).await.is_ok());
}

#[tokio::test]
async fn a_restarted_server_has_its_data_and_its_port() {
    let mut server = RedisServer::start(Options::default()).await;
    let port = server.port();
    let mut connection = server.connection().await;
    redis::cmd("SET")
        .arg("k")
        .arg(7)
        .exec_async(&mut connection)
        .await
        .unwrap();
    server.restart().await;
    let mut connection = server.connection().await;
    let value: i32 = redis::cmd("GET")
        .arg("k")
        .query_async(&mut connection)
        .await
        .unwrap();
    assert_eq!((value, server.port()), (7, port));
}

#[tokio::test]
async fn a_server_with_tls_refuses_plain_connections() {
    let options = Options {
        tls: true,
        ..Options::default()
    };
    let server = RedisServer::start(options).await;
    assert!(server.url().starts_with("rediss://localhost:"));
    assert!(
        ping(&format!("redis://127.0.0.1:{}", server.port()))
            .await
            .is_err()
    );
    let authority = &server.certificates().unwrap().authority;
    assert!(authority.is_file());
}
