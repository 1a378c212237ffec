//! A program that sets its limits in the source, and prints those that it and a thread of it have.

use std::time::Duration;

use crucial_tests_threads::{limits, limits_deep};

#[crucial::main(
    max_value_bytes = 10 * 1_000,
    wait_limit = "20s",
    thread_limit = "3min",
    method_limit = "4000ms",
    lease = "5s"
)]
async fn main() -> crucial::Result<()> {
    if std::env::args().nth(1).as_deref() == Some("builder") {
        let builder = crucial::Builder::from_env()?.wait_limit(Duration::from_secs(33));
        println!("{}", builder.build().await?.scope(limits()).await?);
        return Ok(());
    }
    println!("{}", limits().await?);
    println!("{}", limits::spawn().await?);
    println!("{}", limits_deep::spawn().await?);
    Ok(())
}
