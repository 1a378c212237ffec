//! Recordings as files.

use std::fs;
use std::path::Path;

use super::{Process, Recording};
use crate::codec;
use crate::linearizability::failure::CheckError;

impl Recording {
    /// The recordings in the files of a directory, of processes of this machine.
    ///
    /// # Errors
    ///
    /// [`CheckError::Unreadable`].
    pub fn read(directory: impl AsRef<Path>) -> Result<Self, CheckError> {
        let directory = directory.as_ref();
        let unreadable = |error: std::io::Error| CheckError::Unreadable {
            path: directory.to_owned(),
            reason: error.to_string(),
        };
        let mut merged = Self::default();
        for entry in fs::read_dir(directory).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|suffix| suffix == "history") {
                merged.merge(Self::read_file(&path)?);
            }
        }
        Ok(merged)
    }

    pub(in crate::linearizability) fn read_file(path: &Path) -> Result<Self, CheckError> {
        let unreadable = |reason: String| CheckError::Unreadable {
            path: path.to_owned(),
            reason,
        };
        let bytes = fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        let mut events = Vec::new();
        let mut rest = bytes.as_slice();
        // A process that was killed may have left half a note, of a call that it then did not make.
        while let Some((length, after)) = rest.split_first_chunk::<4>()
            && let Some((event, after)) =
                after.split_at_checked(u32::from_be_bytes(*length) as usize)
        {
            events.push(codec::unpack(event).map_err(|error| unreadable(error.to_string()))?);
            rest = after;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut recording = Self::default();
        recording.processes.push(Process {
            name: format!("process {name}"),
            events,
            until: u64::MAX,
        });
        Ok(recording)
    }
}
