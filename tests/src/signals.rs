//! Signals to processes that a test has started.

use rustix::process::{Pid, kill_process};

pub use rustix::process::Signal;

/// Sends a signal to a process that the caller has started and not waited for, so that the number is its own.
///
/// # Panics
///
/// If there is no such process.
pub fn signal(process: u32, signal: Signal) {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    let pid = pid.expect("processes have small positive numbers");
    kill_process(pid, signal).expect("the process is one of the test's own");
}
