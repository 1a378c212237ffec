//! Counts the words of a folder: cloud threads that are plain functions take files from one queue and add to one map.
//!
//! ```text
//! cargo run --release --bin word_count_blocking -- folder
//! ```
//!
//! The folder is at the same path wherever threads run. `plain_word_count` is the same program with threads of the standard
//! library, `word_count` the same with async functions.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::Parser;
use crucial::{Queue, merge};
use crucial_examples::{count_words, files_of, print_most, text_of};

/// The state that all threads share.
#[crucial::shared]
struct State {
    files: Queue<PathBuf>,
    counts: HashMap<String, u64>,
}

/// One thread: counts the words of files for as long as there are any.
#[crucial::cloud_thread]
fn worker(state: State) -> crucial::Result<()> {
    while let Some(file) = state.files.recv().blocking()? {
        let found = count_words(&text_of(&file)?);
        state.counts.merge_many(found, merge::sum).blocking()?;
    }
    Ok(())
}

#[derive(Parser)]
#[command(about = "The words of a folder, counted by cloud threads")]
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

#[crucial::main]
fn main() -> crucial::Result<()> {
    let flags = Flags::parse();
    let state = State::create("words", StateInit::default()).blocking()?;
    let threads: Vec<_> = (0..flags.threads)
        .map(|_| {
            let state = state.clone();
            worker::spawn(state)
        })
        .collect();
    for file in files_of(&flags.folder)? {
        state.files.put(file).blocking()?;
    }
    state.files.close().blocking()?;
    for thread in threads {
        thread.blocking()?;
    }
    print_most(&state.counts.to_hash_map().blocking()?, flags.most);
    Ok(())
}
