//! One of the processes that share objects: it does what its parent says, a line at a time, and says when it is done.
//!
//! `crucial-test-client work URL DIRECTORY SEED` reads lines `ROUND CALLS` and answers `done ROUND`.
//! `crucial-test-client check DIRECTORY UNTIL` checks a recording once more, object by object, up to that nanosecond.
//! `crucial-test-client count URL …` is the test of exactly once, in [`count`].

mod count;
mod work;

use std::process::ExitCode;

use crucial::linearizability::Recording;
use crucial_tests_histories::Ledger;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args.as_slice() {
        ["work", url, directory, seed] => work::work(url, directory, seed).await,
        ["check", directory, until] => check(directory, until),
        ["count", url, directory, tasks] => count::count(url, directory, tasks).await,
        _ => Err(format!("there is no way to run it with {args:?}").into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Checks a recording that is there, object by object, and says how long each takes.
fn check(directory: &str, until: &str) -> Result<(), Failure> {
    let until = std::time::Duration::from_nanos(until.parse()?);
    let recording = Recording::read(directory)?.object::<Ledger>().until(until);
    for key in recording.objects() {
        let began = std::time::Instant::now();
        println!("{key}");
        match recording.check_only(&key) {
            Ok(checked) => println!("    {checked:?} in {:?}", began.elapsed()),
            Err(error) => println!("    {error}\n    in {:?}", began.elapsed()),
        }
    }
    Ok(())
}

/// What ends a client: it is told to its parent.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A runtime on the server of the test, however often its connection is cut on the way.
async fn runtime(builder: impl Fn() -> crucial::Builder) -> crucial::Result<crucial::Runtime> {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        match builder().build().await {
            Err(crucial::Error::Unreachable { .. } | crucial::Error::InDoubt { .. })
                if tokio::time::Instant::now() < deadline => {}
            built => return built,
        }
    }
}
