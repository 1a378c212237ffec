//! A program that panics, in the way and on the executor that it is told; to be built in the profile `abort`.

use std::process::ExitCode;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A shared object one of whose methods panics.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Account {
    balance: i64,
}

#[crucial::shared]
impl Account {
    /// Adds an amount; panics halfway if that is negative.
    pub fn pay(&mut self, amount: i64) {
        self.balance += amount;
        assert!(amount >= 0, "the method paid {amount}");
    }
}

#[crucial::cloud_thread]
async fn panics(word: String) {
    panic!("the thread said {word}")
}

#[crucial::cloud_thread]
fn panics_blocking(word: String) {
    panic!("the blocking thread said {word}")
}

/// Goes on while a task of its own panics.
#[crucial::cloud_thread]
async fn panics_beside(word: String) {
    tokio::spawn(async move { panic!("the task said {word}") });
    tokio::time::sleep(Duration::from_secs(3600)).await;
}

/// Uses an object right before it panics, so that the reply is on its way.
#[crucial::cloud_thread]
async fn panics_amid_calls(account: AccountProxy) -> crucial::Result<()> {
    let calls = (0..100).map(|_| {
        let account = account.clone();
        tokio::spawn(async move { account.pay(1).await })
    });
    let _calls: Vec<_> = calls.collect();
    tokio::task::yield_now().await;
    panic!("the thread paid and fell")
}

#[crucial::cloud_thread]
async fn pays(account: AccountProxy, amount: i64) -> crucial::Result<()> {
    account.pay(amount).await
}

#[crucial::main]
async fn main() -> crucial::Result<ExitCode> {
    if !cfg!(panic = "abort") {
        eprintln!("this program is to be built in the profile `abort`");
        return Ok(ExitCode::from(2));
    }
    let account = AccountProxy::create("account", Account { balance: 7 }).await?;
    let word = "so".to_owned();
    let joined = match std::env::args().nth(1).as_deref() {
        Some("async") => panics::spawn(word).await,
        Some("blocking") => panics_blocking::spawn(word).await,
        Some("task") => panics_beside::spawn(word).await,
        Some("calls") => panics_amid_calls::spawn(account.clone()).await,
        Some("method") => pays::spawn(account.clone(), -5).await,
        Some("main") => panic!("main said {word}"),
        _ => pays::spawn(account.clone(), 5).await,
    };
    match joined {
        Ok(()) => println!("it returned"),
        Err(error) => println!("{error}"),
    }
    println!("balance {}", account.snapshot().await?.balance);
    Ok(ExitCode::SUCCESS)
}
