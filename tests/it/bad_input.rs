//! Bad input: every error names the thing and the mend.

mod objects;
mod servers;
mod settings;
mod states;
mod threads;

use crucial::{Result, Runtime};
use crucial_tests::{Options, RedisServer};

/// The text has all of these parts.
fn check(what: &str, text: &str, parts: &[&str]) {
    for part in parts {
        assert!(
            text.contains(part),
            "{what}: {part:?} is missing in: {text}"
        );
    }
}

async fn refusal(store: &str, executor: &str) -> String {
    let built = Runtime::builder()
        .store(store)
        .executor(executor)
        .build()
        .await;
    match built {
        Ok(_) => format!("{store:?} with {executor:?} was accepted"),
        Err(error) => error.to_string(),
    }
}

/// Runs the cases on both stores.
async fn on_both(cases: impl AsyncFn(String) -> Result<()>) {
    let server = RedisServer::start(Options::default()).await;
    for store in ["embedded:".to_owned(), server.url()] {
        println!("on {store}");
        cases(store).await.unwrap();
    }
}
