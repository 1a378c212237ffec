//! Counts the words of a folder: threads take files from one queue and add to one map.
//!
//! ```text
//! cargo run --release --bin plain_word_count -- folder
//! ```
//!
//! `word_count` is the same program on cloud threads.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::{io, thread};

use clap::Parser;
use crucial_examples::{count_words, files_of, print_most, text_of};

/// Files for whichever thread comes first.
#[derive(Default)]
struct Queue {
    files: Mutex<(VecDeque<PathBuf>, bool)>,
    changed: Condvar,
}

impl Queue {
    fn put(&self, file: PathBuf) {
        lock(&self.files).0.push_back(file);
        self.changed.notify_one();
    }

    fn close(&self) {
        lock(&self.files).1 = true;
        self.changed.notify_all();
    }

    fn recv(&self) -> Option<PathBuf> {
        let nothing =
            |(files, closed): &mut (VecDeque<PathBuf>, bool)| files.is_empty() && !*closed;
        let files = self.changed.wait_while(lock(&self.files), nothing);
        files.unwrap_or_else(PoisonError::into_inner).0.pop_front()
    }
}

/// The state that all threads share.
#[derive(Default)]
struct State {
    files: Queue,
    counts: Mutex<HashMap<String, u64>>,
}

/// One thread: counts the words of files for as long as there are any.
fn worker(state: &State) -> io::Result<()> {
    while let Some(file) = state.files.recv() {
        let found = count_words(&text_of(&file)?);
        let mut counts = lock(&state.counts);
        for (word, count) in found {
            *counts.entry(word).or_default() += count;
        }
    }
    Ok(())
}

#[derive(Parser)]
#[command(about = "The words of a folder, counted by threads")]
struct Flags {
    /// The folder
    folder: PathBuf,
    /// How many threads
    #[arg(long, default_value_t = 8)]
    threads: usize,
    /// How many of the words to print
    #[arg(long, default_value_t = 10)]
    most: usize,
}

fn main() -> io::Result<()> {
    let flags = Flags::parse();
    let state = Arc::new(State::default());
    let threads: Vec<_> = (0..flags.threads)
        .map(|_| {
            let state = Arc::clone(&state);
            thread::spawn(move || worker(&state))
        })
        .collect();
    for file in files_of(&flags.folder)? {
        state.files.put(file);
    }
    state.files.close();
    for thread in threads {
        thread
            .join()
            .map_err(|_| io::Error::other("a thread panicked"))??;
    }
    print_most(&lock(&state.counts), flags.most);
    Ok(())
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
