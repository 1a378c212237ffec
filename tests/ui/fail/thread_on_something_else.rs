#[crucial::cloud_thread]
struct State;

fn main() {
    let _ = State;
}
