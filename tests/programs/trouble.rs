//! Cloud threads that end badly, each in a way of its own. Prints nothing; the error is the point.

#[crucial::cloud_thread]
async fn panics() {
    panic!("the roof is on fire")
}

#[crucial::cloud_thread]
async fn fails() -> Result<(), String> {
    Err("the file has no rows".to_owned())
}

#[crucial::cloud_thread]
async fn exits() {
    std::process::exit(3)
}

#[crucial::cloud_thread]
async fn aborts() {
    std::process::abort()
}

#[crucial::main]
async fn main() -> crucial::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("panics") => panics::spawn().await?,
        Some("fails") => fails::spawn().await?,
        Some("exits") => exits::spawn().await?,
        Some("aborts") => aborts::spawn().await?,
        _ => {
            return Err(crucial::Error::other(
                "usage: trouble panics|fails|exits|aborts",
            ));
        }
    }
    Ok(())
}
