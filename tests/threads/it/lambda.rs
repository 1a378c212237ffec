//! The executor `lambda:<name>` with the real AWS SDK, against the emulator.

use crucial::emulator::{Emulator, Function};
use crucial::{JoinError, JoinFailure};
use crucial_tests::{Options, RedisServer};
use crucial_tests_threads as threads;
use futures_util::future::{join_all, try_join_all};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::meeting::{Meeting, SOON};
use crate::{Stage, WORKER, errors_arrive};

/// An emulator of a function `threads` on that server, and a runtime whose threads run there.
async fn stage(server: RedisServer) -> (Emulator, Stage) {
    let function = Function::new("threads", WORKER)
        .env("CRUCIAL_STORE", server.url())
        .processes(4);
    let address = "127.0.0.1:0".parse().unwrap();
    let emulator = Emulator::start(address, [function]).await.unwrap();
    let url = emulator.url();
    let stage = Stage::on(server, |builder| {
        builder.executor("lambda:threads").lambda_endpoint(url)
    })
    .await;
    (emulator, stage)
}

async fn server() -> RedisServer {
    RedisServer::start(Options::default()).await
}

/// How a thread ends that can't start where that executor looks.
async fn refused(executor: &str, endpoint: &str) -> JoinError {
    let stage = Stage::new(|builder| builder.executor(executor).lambda_endpoint(endpoint)).await;
    let ends = join_all((0..3).map(threads::double::spawn));
    let mut ends = timeout(SOON, ends).await.expect("nothing hangs");
    let error = ends.remove(0).unwrap_err();
    for end in ends {
        assert_eq!(end.unwrap_err().failure, error.failure);
    }
    stage.runtime.shutdown().await.unwrap();
    error
}

#[tokio::test]
async fn threads_return_what_they_return() {
    let (emulator, stage) = stage(server().await).await;
    let doubled = try_join_all((0..20).map(threads::double::spawn))
        .await
        .unwrap();
    assert_eq!(doubled, (0..20).map(|n| n * 2).collect::<Vec<_>>());
    let panicked = threads::panics::spawn("oh no".to_owned())
        .await
        .unwrap_err();
    assert!(panicked.to_string().contains("oh no"), "{panicked}");
    let failed = threads::fail::spawn("no luck".to_owned())
        .await
        .unwrap_err();
    assert_eq!(failed.failure, JoinFailure::Failed("no luck".to_owned()));
    assert_eq!(threads::delegate::spawn(4).await.unwrap().0, 8);
    let bytes = vec![3_u8; 3 << 20];
    assert_eq!(
        threads::measure::spawn(bytes).await.unwrap(),
        (3 << 20, 9 << 20)
    );
    stage.runtime.shutdown().await.unwrap();
    emulator.shutdown().await;
}

#[tokio::test]
async fn errors_arrive_as_they_were() {
    let (emulator, stage) = stage(server().await).await;
    errors_arrive().await;
    stage.runtime.shutdown().await.unwrap();
    emulator.shutdown().await;
}

#[tokio::test]
async fn a_killed_process_is_missed() {
    let (emulator, stage) = stage(server().await).await;
    let meeting = Meeting::new().await;
    let thread = threads::meet::spawn(meeting.place());
    meeting.guest().await.kill();
    let error = timeout(SOON, thread)
        .await
        .expect("nothing hangs")
        .unwrap_err();
    assert!(matches!(error.failure, JoinFailure::Lost(_)), "{error}");
    stage.runtime.shutdown().await.unwrap();
    emulator.shutdown().await;
}

#[tokio::test]
async fn an_unknown_function_is_not_started() {
    let (emulator, stage) = stage(server().await).await;
    let url = emulator.url();
    let error = refused("lambda:other", &url).await;
    let text = error.to_string();
    assert!(
        matches!(error.failure, JoinFailure::NotStarted(_)),
        "{text}"
    );
    assert!(text.contains("`other`") && text.contains(&url), "{text}");
    stage.runtime.shutdown().await.unwrap();
    emulator.shutdown().await;
}

#[tokio::test]
async fn an_endpoint_that_nobody_listens_at_is_not_started() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = refused("lambda:threads", &url).await;
    let text = error.to_string();
    assert!(
        matches!(error.failure, JoinFailure::NotStarted(_)),
        "{text}"
    );
    assert!(
        text.contains(&url) && text.contains("AWS_ENDPOINT_URL_LAMBDA"),
        "{text}"
    );
}

#[tokio::test]
async fn a_function_on_another_store_can_not_serve_the_job() {
    let (emulator, stage) = stage(server().await).await;
    // The same function, called by a job on another server.
    let error = refused("lambda:threads", &emulator.url()).await;
    let text = error.to_string();
    assert!(
        matches!(error.failure, JoinFailure::NotStarted(_)),
        "{text}"
    );
    let port = format!(":{}", stage.server.port());
    assert!(
        text.contains(&port) && text.contains("CRUCIAL_STORE"),
        "{text}"
    );
    stage.runtime.shutdown().await.unwrap();
    emulator.shutdown().await;
}

/// The thread of that name, as another version of the program has it.
#[crucial::cloud_thread(name = "crucial_tests_threads::double")]
async fn triple(n: u64) -> u64 {
    n * 3
}

/// A thread that the program of the processes does not have.
#[crucial::cloud_thread]
async fn unknown(n: u64) -> u64 {
    n
}

#[tokio::test]
async fn a_thread_that_the_worker_knows_otherwise_is_skewed() {
    let (emulator, stage) = stage(server().await).await;
    for (thread, name, reason) in [
        (
            triple::task(1),
            "crucial_tests_threads::double",
            "signature",
        ),
        (unknown::task(1), "it::lambda::unknown", "knows no thread"),
    ] {
        let error = thread.spawn().await.unwrap_err();
        let text = error.to_string();
        assert!(matches!(error.failure, JoinFailure::Skew(_)), "{text}");
        assert!(text.contains(reason) && text.contains(name), "{text}");
    }
    stage.runtime.shutdown().await.unwrap();
    emulator.shutdown().await;
}
