//! What a process prints, line by line, with the name of the thread in front.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// How many of the last lines are kept to explain a death: the one that counts may have a backtrace after it.
const KEPT: usize = 200;

/// Where a process's lines go.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stream {
    Out,
    Error,
}

/// The last lines of a process's standard error.
#[derive(Debug, Clone, Default)]
pub(super) struct LastWords(Arc<Mutex<VecDeque<String>>>);

impl LastWords {
    /// The last line that contains that text.
    pub(super) fn with(&self, text: &str) -> Option<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().rev().find(|line| line.contains(text)).cloned()
    }

    fn push(&self, line: &[u8]) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(String::from_utf8_lossy(line).trim().to_owned());
    }
}

/// Passes lines on until the process closes its end.
pub(super) async fn pass_on(
    from: impl AsyncRead + Unpin,
    to: Stream,
    label: impl Fn() -> Option<String>,
    last: LastWords,
) {
    let mut lines = BufReader::new(from).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        if let Stream::Error = to {
            last.push(&line);
        }
        let mut text = Vec::with_capacity(line.len() + 32);
        if let Some(label) = label() {
            text.extend_from_slice(format!("[{label}] ").as_bytes());
        }
        text.extend_from_slice(&line);
        text.push(b'\n');
        // A terminal that is gone is no reason to stop the thread.
        let _ = match to {
            Stream::Out => std::io::stdout().lock().write_all(&text),
            Stream::Error => std::io::stderr().lock().write_all(&text),
        };
    }
}
