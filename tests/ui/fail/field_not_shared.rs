//! One error a field, at its type.

struct Plain;

#[crucial::shared]
struct State {
    plain: Plain,
    nested: Vec<Plain>,
    count: u64,
}

fn main() {
    let _ = async {
        let state = State::open("state").await.unwrap();
        state.count.get().await.unwrap();
    };
}
