use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Strict(u8);

#[crucial::shared]
impl Strict {
    pub fn get(&self) -> u8 {
        self.0
    }
}

#[crucial::shared]
struct State {
    strict: Strict,
    #[shared(init = "text")]
    text: String,
}

fn main() {
    let _ = StateInit::default();
}
