//! A program that builds its runtime by hand: its processes are no workers, and must not start further ones.

use crucial::Runtime;
use crucial_tests_threads::double;

#[tokio::main]
async fn main() -> crucial::Result<()> {
    let runtime = Runtime::from_env().await?;
    let _entered = runtime.enter();
    double::spawn(1).await?;
    runtime.shutdown().await
}
