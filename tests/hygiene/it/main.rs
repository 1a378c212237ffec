//! A program that calls the crate otherwise: the attributes are told so, macros find out for themselves.

#![expect(
    unreachable_pub,
    reason = "proxies have the methods that are `pub`, here as everywhere"
)]

use serde::{Deserialize, Serialize};

/// The crate under a path of the program's own.
mod own {
    pub(crate) use cloud as runtime;
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Tally(u64);

#[cloud::shared(crate = ::cloud)]
impl Tally {
    pub fn add(&mut self, n: u64) -> u64 {
        self.0 += n;
        self.0
    }

    pub fn reached(&self, n: u64) -> cloud::Poll<u64> {
        if self.0 >= n {
            cloud::Poll::Ready(self.0)
        } else {
            cloud::Poll::Pending
        }
    }
}

#[cloud::shared(crate = crate::own::runtime)]
struct State {
    tally: Tally,
    #[shared(local, init = 3)]
    step: u64,
}

#[cloud::cloud_thread(crate = cloud)]
async fn work(state: State) -> cloud::Result<u64> {
    state.tally.add(state.step).await
}

#[cloud::cloud_thread(crate = cloud)]
fn double(n: u64) -> u64 {
    n * 2
}

#[tokio::test]
async fn every_form_works_under_another_name() {
    let runtime = cloud::Runtime::builder().build().await.unwrap();
    let _entered = runtime.enter();
    let state = State::create("s", StateInit::default()).await.unwrap();
    assert_eq!(work::spawn(state.clone()).await.unwrap(), 3);
    assert_eq!(state.tally.reached(3).await.unwrap(), 3);
    assert_eq!(double::spawn(4).await.unwrap(), 8);
    let add =
        cloud::cloud_closure!([state: State] |n: u64| async move { state.tally.add(n).await });
    assert_eq!(add.spawn(4).await.unwrap(), 7);
}

mod program {
    #[cloud::main(crate = ::cloud)]
    pub(super) async fn main() -> cloud::Result<()> {
        assert_eq!(super::double::spawn(1).await?, 2);
        Ok(())
    }
}

#[test]
fn a_program_runs() {
    assert_eq!(
        format!("{:?}", program::main()),
        format!("{:?}", std::process::ExitCode::SUCCESS)
    );
}
