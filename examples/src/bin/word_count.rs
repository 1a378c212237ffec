//! Counts the words of a folder: cloud threads take files from one queue and add to one map.
//!
//! ```text
//! cargo run --release --bin word_count -- folder
//! cargo run --release --bin word_count -- folder --threads 80 --most 100
//! ```
//!
//! The folder is at the same path wherever threads run. `plain_word_count` is the same program with threads of the standard
//! library.

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
async fn worker(state: State) -> crucial::Result<()> {
    while let Some(file) = state.files.recv().await? {
        let found = count_words(&text_of(&file)?);
        state.counts.merge_many(found, merge::sum).await?;
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
async fn main() -> crucial::Result<()> {
    let flags = Flags::parse();
    let state = State::create("words", StateInit::default()).await?;
    let threads: Vec<_> = (0..flags.threads)
        .map(|_| worker::spawn(state.clone()))
        .collect();
    for file in files_of(&flags.folder)? {
        state.files.put(file).await?;
    }
    state.files.close().await?;
    for thread in threads {
        thread.await?;
    }
    print_most(&state.counts.to_hash_map().await?, flags.most);
    Ok(())
}
