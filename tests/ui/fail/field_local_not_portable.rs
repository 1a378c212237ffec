//! One error a field, at its type.

#[derive(Clone)]
struct Plain;

#[crucial::shared]
struct State {
    count: u64,
    #[shared(local)]
    plain: Plain,
}

#[crucial::cloud_thread]
async fn work(state: State) {
    let _ = state.count;
}

fn main() {
    let _ = async {
        let state = State::open("state").await.unwrap();
        work::spawn(state.clone()).await.unwrap();
    };
}
