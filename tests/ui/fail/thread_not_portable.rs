//! One error a type that does not travel, at the type.

struct Plain;

#[crucial::cloud_thread]
async fn takes(id: u32, plain: Plain) -> u32 {
    let _ = plain;
    id
}

#[crucial::cloud_thread]
fn gives() -> Plain {
    Plain
}

#[crucial::cloud_thread]
fn may_give() -> Result<Plain, String> {
    Ok(Plain)
}

fn main() {
    let _ = takes::spawn(1, Plain);
    let _ = gives::spawn();
    let _ = may_give::task();
}
