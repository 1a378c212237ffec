struct Silent;

#[crucial::cloud_thread]
async fn fails() -> Result<u8, Silent> {
    Err(Silent)
}

fn main() {}
