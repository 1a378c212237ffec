//! One error a type that does not travel, at the type.

use serde::{Deserialize, Serialize};

struct Plain;

#[crucial::shared]
impl Plain {
    pub fn get(&self) -> u8 {
        1
    }
}

#[derive(Serialize, Deserialize)]
struct Tally(u64);

#[crucial::shared]
impl Tally {
    pub fn take(&mut self, plain: Plain, _: Vec<Plain>, again: Plain) {
        drop((plain, again));
    }

    pub fn give(&self) -> Option<std::rc::Rc<u8>> {
        None
    }
}

fn main() {
    let _ = async {
        let tally = TallyProxy::create("t", Tally(0)).await.unwrap();
        tally.give().await.unwrap();
        PlainProxy::create("p", Plain).await.unwrap();
    };
}
