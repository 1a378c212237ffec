#[crucial::shared]
struct State {
    #[shared(local, persistent)]
    both: u64,
    #[shared(local, key = "x")]
    local_key: u64,
    #[shared(key = "")]
    no_key: u64,
    #[shared(key = "a.b")]
    dotted: u64,
    größe: u64,
    one: u64,
    #[shared(key = "one")]
    other: u64,
    #[shared(init)]
    no_init: u64,
    #[shared(idempotent)]
    unknown: u64,
    __root: u64,
    #[cfg(any())]
    at_times: u64,
}

fn main() {}
