use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Odd<'a>(&'a str);

impl std::fmt::Display for Odd<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

#[crucial::cloud_thread]
async fn half(n: u32) -> Result<u32, Odd<'static>> {
    if n % 2 == 0 { Ok(n / 2) } else { Err(Odd("odd")) }
}

fn main() {
    let _ = half::spawn(3);
}
