//! A user's object whose method can end the process that runs it: the one that leads at that moment.

use std::process::abort;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How a process is to end once it leads.
#[derive(Debug, Clone, Copy)]
pub enum Doom {
    /// In the middle of the method.
    Now,
    /// So much later: while the outcome is sent, on its way, or known.
    Later(Duration),
}

/// What this process was told; each process has its own.
static DOOM: Mutex<Option<Doom>> = Mutex::new(None);

/// Ends this process the next time that it runs the method of a tally, for itself or for others.
///
/// # Panics
///
/// If another thread has panicked here, which none does.
pub fn doom(doom: Doom) {
    *DOOM.lock().expect("nothing panics while it is held") = Some(doom);
}

/// A count kept by the user's own code.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    /// The count.
    pub count: u64,
}

#[crucial::shared]
impl Tally {
    /// Counts one more; the count before.
    pub fn add(&mut self) -> u64 {
        match DOOM.lock().ok().and_then(|mut doom| doom.take()) {
            Some(Doom::Now) => abort(),
            Some(Doom::Later(after)) => {
                thread::spawn(move || {
                    thread::sleep(after);
                    abort();
                });
            }
            None => {}
        }
        self.count += 1;
        self.count - 1
    }
}
