//! The program whose processes the tests start. As a client it runs a few threads and prints what they return.

use std::process::ExitCode;

use crucial_tests_threads::{double, exit, meet, say};
use futures_util::future::try_join_all;

#[crucial::main]
async fn main() -> Result<ExitCode, crucial::JoinError> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("exit") => exit::spawn(3).await?,
        Some("say") => {
            say::task("hello".to_owned())
                .name("a talker")
                .spawn()
                .await?
        }
        Some("meet") => {
            let place = arguments.next().and_then(|place| place.parse().ok());
            meet::spawn(place.expect("an address")).await?;
        }
        _ => {
            let doubled = try_join_all((0..20).map(double::spawn)).await?;
            println!("{}", doubled.iter().sum::<u32>());
        }
    }
    Ok(ExitCode::SUCCESS)
}
