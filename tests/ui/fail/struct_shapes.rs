#[crucial::shared]
struct Generic<T> {
    rows: Vec<T>,
}

#[crucial::shared]
struct Borrowing<'a> {
    #[shared(local)]
    text: &'a str,
}

#[crucial::shared]
struct Tuple(u64);

#[crucial::shared]
struct Unit;

fn main() {}
