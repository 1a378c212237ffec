//! All mistakes are reported at once; the methods without one are there.

use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
struct Tally(u64);

#[crucial::shared]
impl Tally {
    pub fn good(&mut self) -> u64 {
        self.0
    }

    pub fn generic<T>(&self, _: T) {}

    pub async fn waits(&self) {}

    pub fn consumes(self) -> u64 {
        self.0
    }

    pub fn boxed(self: Box<Self>) -> u64 {
        self.0
    }

    pub unsafe fn dangerous(&self) {}

    pub extern "C" fn foreign(&self) {}

    pub fn borrows(&self, text: &str, rows: &[u8], path: Option<&'static std::path::Path>) -> usize {
        text.len() + rows.len() + path.iter().count()
    }

    pub fn lends(&self) -> Option<&u64> {
        Some(&self.0)
    }

    pub fn any(&self, _: impl Sized) {}

    pub fn cow(&self, _: std::borrow::Cow<'_, str>) {}

    pub fn lots(
        &self,
        _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8,
        _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8,
    ) {
    }
}

fn main() {
    Tally(1).waits();
    let _ = async {
        let tally = TallyProxy::create("t", Tally(0)).await.unwrap();
        tally.good().await.unwrap();
    };
}
