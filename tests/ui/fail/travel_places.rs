//! Every place where a type stands that travels; one error each.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock};

use serde::{Deserialize, Serialize};

#[crucial::cloud_thread]
async fn argument(_: Arc<AtomicU64>) {}

#[crucial::cloud_thread]
fn result() -> Arc<AtomicU64> {
    Arc::default()
}

#[crucial::cloud_thread]
async fn value_of_result() -> crucial::Result<Vec<Arc<AtomicU64>>> {
    Ok(Vec::new())
}

mod own {
    pub(crate) type Result = std::result::Result<std::sync::OnceLock<u8>, String>;
}

#[crucial::cloud_thread]
async fn value_of_hidden_result() -> own::Result {
    Ok(OnceLock::new())
}

#[derive(Serialize, Deserialize)]
struct Tally(u64);

#[crucial::shared]
impl Tally {
    pub fn take(&mut self, _: Arc<Mutex<u8>>) {}

    pub fn give(&self) -> Option<Mutex<u8>> {
        None
    }

    pub fn give_later(&self) -> crucial::Poll<OnceLock<u8>> {
        crucial::Poll::Pending
    }
}

#[crucial::shared]
struct State {
    part: Vec<Arc<AtomicU64>>,
    #[shared(local)]
    local: Arc<u8>,
    #[shared(local)]
    local_part: Option<OnceLock<u8>>,
}

fn main() {
    let captured = Arc::new(AtomicU64::new(0));
    let _ = crucial::cloud_closure!([captured: Arc<AtomicU64>] || captured.as_ptr().is_null());
    let _ = crucial::cloud_closure!(|_: OnceLock<u8>, _: Arc<u8>| async move {});
    let _ = crucial::cloud_closure!(|| Arc::new(AtomicU64::new(0)));
    let _ = crucial::cloud_closure!(|| async move { Ok::<_, String>(Arc::new(1)) });
    let _ = crucial::cloud_closure!(|| -> Result<Vec<Mutex<u8>>, Arc<u8>> { Ok(Vec::new()) });
    let _ = async {
        argument::spawn(captured.clone()).await.unwrap();
        let tally = TallyProxy::create("t", Tally(0)).await.unwrap();
        tally.take(Arc::default()).await.unwrap();
    };
}
