#[crucial::cloud_thread]
async fn generic<T>(_: T) {}

#[crucial::cloud_thread]
fn clause() where u8: Copy {}

#[crucial::cloud_thread]
async fn borrows(text: &str) -> usize {
    text.len()
}

#[crucial::cloud_thread]
fn lends() -> &'static str {
    ""
}

#[crucial::cloud_thread]
fn lends_in_result() -> Result<&'static str, &'static str> {
    Ok("")
}

#[crucial::cloud_thread]
unsafe fn dangerous() {}

#[crucial::cloud_thread]
extern "C" fn foreign() {}

#[crucial::cloud_thread]
const fn constant() {}

#[crucial::cloud_thread]
fn any() -> impl Sized {}

#[crucial::cloud_thread(nme = "x", name = "")]
fn options() {}

struct Worker;

impl Worker {
    #[crucial::cloud_thread]
    fn method(&self) {}
}

fn main() {
    generic(1);
    clause();
    borrows("");
    Worker.method();
}
