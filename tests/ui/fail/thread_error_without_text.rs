struct Silent;

#[crucial::cloud_thread]
async fn fails() -> Result<u8, Silent> {
    Err(Silent)
}

/// An error that would travel, and has no text either.
#[derive(serde::Serialize, serde::Deserialize)]
struct Travels;

#[crucial::cloud_thread]
fn fails_too() -> Result<u8, Travels> {
    Err(Travels)
}

fn main() {
    let _ = fails_too::spawn();
}
