//! AWS Lambda on this machine, for programs that run with `CRUCIAL_EXECUTOR=lambda:<function>`.
//!
//! ```text
//! crucial-emulator --function kmeans=target/release/kmeans
//! ```

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use crucial::emulator::{Emulator, Function};

/// AWS Lambda on this machine: runs programs of Crucial as functions.
///
/// Their processes take over this environment: set CRUCIAL_STORE to the server that the callers use.
#[derive(Debug, Parser)]
#[command(version)]
struct Flags {
    /// A function and its program, as NAME=PATH; may be given several times.
    #[arg(long = "function", value_name = "NAME=PATH", required = true, value_parser = function)]
    functions: Vec<(String, PathBuf)>,
    /// The port of the `Invoke` API; 0 takes a free one.
    #[arg(long, default_value_t = 9001)]
    port: u16,
    /// The address to listen on. Whoever reaches it can run the functions.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// How many processes a function may have at once.
    #[arg(long, default_value_t = 128)]
    processes: usize,
    /// How long an event may take, in seconds.
    #[arg(long, default_value_t = 900)]
    timeout: u64,
}

fn function(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => {
            Ok((name.to_owned(), path.into()))
        }
        _ => Err("write it as NAME=PATH".to_owned()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say_error(error.as_ref()),
    }
}

async fn run(flags: Flags) -> Result<(), Box<dyn Error>> {
    let mut functions = Vec::new();
    let mut names = Vec::new();
    for (name, path) in flags.functions {
        let program = path
            .canonicalize()
            .map_err(|error| format!("{}: {error}; build it first", path.display()))?;
        names.push(name.clone());
        functions.push(
            Function::new(name, program)
                .processes(flags.processes)
                .timeout(Duration::from_secs(flags.timeout)),
        );
    }
    let emulator = Emulator::start((flags.host, flags.port).into(), functions)
        .await
        .map_err(|error| format!("{}:{}: {error}", flags.host, flags.port))?;
    say(&emulator.url(), &names);
    tokio::signal::ctrl_c().await?;
    emulator.shutdown().await;
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "the lines to copy are this program's output"
)]
fn say(url: &str, functions: &[String]) {
    println!("export AWS_ENDPOINT_URL_LAMBDA={url}");
    for function in functions {
        println!("export CRUCIAL_EXECUTOR=lambda:{function}");
    }
}

#[expect(clippy::print_stderr, reason = "this is the program's own last word")]
fn say_error(error: &dyn Error) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}
