//! Where threads run, as a builder is told.

#[cfg(feature = "lambda")]
use std::path::PathBuf;

use super::Builder;

impl Builder {
    /// Where threads run: `local`, `process` or `lambda:<function>` (as `CRUCIAL_EXECUTOR`).
    ///
    /// ```
    /// # use crucial::{Error, Runtime};
    /// # #[crucial::cloud_thread]
    /// # async fn double(n: u32) -> u32 {
    /// #     n * 2
    /// # }
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let runtime = Runtime::builder().executor("local").build().await?;
    /// let _entered = runtime.enter();
    /// assert_eq!(double::spawn(4).await?, 8);
    /// let refused = Runtime::builder().executor("threads").build().await;
    /// assert!(matches!(refused, Err(Error::Config { setting: "CRUCIAL_EXECUTOR", .. })));
    /// # Ok(()) }
    /// ```
    pub fn executor(mut self, executor: impl Into<String>) -> Self {
        self.executor = executor.into();
        self
    }

    /// How many processes `process` may start at the most, 128 otherwise (as `CRUCIAL_PROCESSES`).
    ///
    /// Further threads wait until a process is free; threads that wait for one another, at a barrier
    /// for example, need a process each.
    ///
    /// ```no_run
    /// # #[crucial::cloud_thread]
    /// # async fn double(n: u32) -> u32 {
    /// #     n * 2
    /// # }
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let builder = crucial::Runtime::builder().store("redis://localhost").executor("process");
    /// let runtime = builder.processes(2).build().await?;
    /// let _entered = runtime.enter();
    /// let threads = [1, 2, 3].map(double::spawn); // the third waits for a process
    /// for (n, thread) in (1..).zip(threads) {
    ///     assert_eq!(thread.await?, n * 2);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn processes(mut self, count: usize) -> Self {
        self.processes = Some(count);
        self
    }

    /// The program that `process` starts, whose `main` is annotated with
    /// [`#[crucial::main]`](crate::main); this program otherwise.
    ///
    /// ```no_run
    /// # #[crucial::cloud_thread]
    /// # async fn double(n: u32) -> u32 {
    /// #     n * 2
    /// # }
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let builder = crucial::Runtime::builder().store("redis://localhost").executor("process");
    /// let runtime = builder.program("target/release/worker").build().await?; // has `double` as well
    /// let _entered = runtime.enter();
    /// assert_eq!(double::spawn(4).await?, 8);
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "lambda")]
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.program = Some(path.into());
        self
    }

    /// The address at which `lambda:<function>` finds AWS Lambda; otherwise where the AWS SDK finds it
    /// (`AWS_ENDPOINT_URL_LAMBDA`, the profile, the region).
    ///
    /// ```no_run
    /// # #[crucial::cloud_thread]
    /// # async fn double(n: u32) -> u32 {
    /// #     n * 2
    /// # }
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// let builder = crucial::Runtime::builder().store("redis://localhost").executor("lambda:double");
    /// let runtime = builder.lambda_endpoint("http://localhost:9001").build().await?; // `crucial-emulator`
    /// let _entered = runtime.enter();
    /// assert_eq!(double::spawn(4).await?, 8);
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "lambda")]
    pub fn lambda_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }
}
