//! The program whose processes the tests start. As a client it runs a few threads and prints what they return.

use std::process::ExitCode;

use crucial::{Atomic, Latch};
use crucial_tests_threads::{double, exit, meet, meet_blocking, say};
use futures_util::future::try_join_all;

#[crucial::main]
async fn main() -> crucial::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("exit") => exit::spawn(3).await?,
        Some("say") => {
            say::task("hello".to_owned())
                .name("a talker")
                .spawn()
                .await?
        }
        Some("hold") => hold(&arguments.collect::<Vec<_>>()).await?,
        _ => {
            let doubled = try_join_all((0..20).map(double::spawn)).await?;
            println!("{}", doubled.iter().sum::<u32>());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Has objects, and waits: in which way the first word says, in threads that meet at the places of the others.
async fn hold(words: &[String]) -> crucial::Result<()> {
    let _dropped = Dropped;
    Atomic::create("held", 7).await?;
    let latch = Latch::create("latch", 1).await?;
    let (how, places) = words.split_first().expect("a way to wait");
    let places = places
        .iter()
        .map(|place| place.parse().expect("an address"));
    let threads: Vec<_> = match how.as_str() {
        "blocking" => places.map(meet_blocking::spawn).collect(),
        _ => places.map(meet::spawn).collect(),
    };
    println!("ready");
    match how.as_str() {
        "panic" => panic!("held no longer"),
        "compute" => loop {
            std::thread::park();
        },
        "join" => try_join_all(threads).await.map(drop)?,
        _ => latch.wait().await?,
    }
    Ok(())
}

/// Says that `main` was dropped.
struct Dropped;

impl Drop for Dropped {
    fn drop(&mut self) {
        println!("dropped");
    }
}
