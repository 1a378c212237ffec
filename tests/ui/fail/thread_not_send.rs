use std::rc::Rc;

#[crucial::cloud_thread]
async fn holds() -> u8 {
    let shared = Rc::new(1);
    std::future::ready(()).await;
    *shared
}

fn main() {}
