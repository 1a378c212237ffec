//! What is given to a runtime to have its calls noted.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::event::{Answered, Asked, Event};
use super::failure::CheckError;
use super::recording::{Checked, Recording};
use super::store::RecordedStore;
use super::time;
use crate::codec;
use crate::error::{Error, Result};
use crate::object::ObjectType;
use crate::store::Store;

/// Notes what a runtime asks of its store, and what is answered. Cheap to clone; clones share their notes.
///
/// One recorder may be given to several runtimes. Its overhead is a microsecond or two a call, and
/// twice that where it writes to a file.
///
/// ```
/// # use crucial::linearizability::Recorder;
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let recorder = Recorder::new();
/// for n in 0..2 {
///     let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
///     runtime.scope(crucial::Atomic::create("number", n)).await?;
/// }
/// assert_eq!(recorder.check()?.objects, 2); // each of its own job
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    /// The number of the next call.
    calls: AtomicU64,
    /// The types of the objects that were called, by their names.
    // Held for a look-up or an entry, never across an await; so is the other.
    types: Mutex<BTreeMap<&'static str, &'static ObjectType>>,
    notes: Mutex<Notes>,
}

/// Where notes are kept.
enum Notes {
    Here(Vec<Event>),
    /// Each is written before its call goes on, so that it is there if the process is killed.
    In(File, PathBuf),
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl Recorder {
    /// A recorder that keeps its notes in memory.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let recorder = crucial::linearizability::Recorder::new();
    /// let runtime = crucial::Runtime::builder().recorder(&recorder.clone()).build().await?;
    /// runtime.scope(crucial::Latch::create("latch", 1)).await?;
    /// assert_eq!(recorder.recording()?.len(), 1); // the clone's note
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::of(Notes::Here(Vec::new()))
    }

    /// A recorder that writes to a new file in that directory, which is made if there is none.
    ///
    /// It is what `CRUCIAL_RECORD=<directory>` gives to runtimes built from the environment.
    ///
    /// ```
    /// # use crucial::linearizability::{Recorder, Recording};
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let directory = tempfile::tempdir()?;
    /// let recorder = Recorder::into_directory(directory.path())?;
    /// let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
    /// runtime.scope(crucial::Latch::create("latch", 1)).await?;
    /// assert_eq!(Recording::read(directory.path())?.len(), 1); // as another process would read it
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`CheckError::Unreadable`] where the file can't be made.
    pub fn into_directory(directory: impl AsRef<Path>) -> Result<Self, CheckError> {
        let directory = directory.as_ref();
        let name = format!(
            "{}-{:08x}.history",
            std::process::id(),
            rand::random::<u32>()
        );
        let path = directory.join(name);
        let made = fs::create_dir_all(directory).and_then(|()| File::create_new(&path));
        match made {
            Ok(file) => Ok(Self::of(Notes::In(file, path))),
            Err(error) => Err(CheckError::Unreadable {
                path,
                reason: error.to_string(),
            }),
        }
    }

    fn of(notes: Notes) -> Self {
        Self(Arc::new(Inner {
            calls: AtomicU64::new(0),
            types: Mutex::default(),
            notes: Mutex::new(notes),
        }))
    }

    /// What has been noted so far. Calls under way are in doubt.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let recorder = crucial::linearizability::Recorder::new();
    /// let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
    /// let latch = runtime.scope(crucial::Latch::create("latch", 1)).await?;
    /// let before = recorder.recording()?;
    /// runtime.scope(latch.count_down()).await?;
    /// assert_eq!((before.len(), recorder.recording()?.len()), (1, 2));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`CheckError::Unreadable`] where its file can't be read.
    pub fn recording(&self) -> Result<Recording, CheckError> {
        let mut recording = match &*self.notes() {
            Notes::Here(events) => Recording::of_process(std::process::id(), events.clone()),
            Notes::In(_, path) => Recording::read_file(path)?,
        };
        recording.know(self.types().values().copied());
        Ok(recording)
    }

    #[cfg(test)]
    pub(super) fn events(&self) -> Vec<Event> {
        match &*self.notes() {
            Notes::Here(events) => events.clone(),
            Notes::In(..) => panic!("its notes are in a file"),
        }
    }

    /// Checks what has been noted so far: every object against its own type.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let recorder = crucial::linearizability::Recorder::new();
    /// let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
    /// let _entered = runtime.enter();
    /// let hits = crucial::Atomic::create("hits", 0).await?;
    /// let (sum, swap) = tokio::join!(hits.fetch_add(1), hits.swap(7)); // in either order
    /// assert!(matches!((sum?, swap?), (0, 1) | (7, 0)));
    /// assert_eq!(recorder.check()?.operations, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Recording::check`].
    pub fn check(&self) -> Result<Checked, CheckError> {
        self.recording()?.check()
    }

    /// The store, with its calls noted.
    pub(crate) fn around(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(RecordedStore::new(store, self.clone()))
    }

    /// Notes that a call is about to be sent; its number.
    pub(super) fn began(&self, asked: Asked, object: Option<&'static ObjectType>) -> Result<u64> {
        if let Some(object) = object {
            self.types().entry(object.name).or_insert(object);
        }
        let call = self.0.calls.fetch_add(1, Ordering::Relaxed);
        let at = time::now();
        let noted = self.note(Event::Began { call, at, asked });
        noted.map_err(|error| {
            Error::other(format!("the recorder could not note a call: {error}"))
        })?;
        Ok(call)
    }

    /// Notes what a call was answered, if that tells anything.
    pub(super) fn ended(&self, call: u64, answer: Option<Answered>) {
        let at = time::now();
        if let Some(answer) = answer {
            // A call whose answer could not be noted stays in doubt, which is not wrong.
            let _ = self.note(Event::Ended { call, at, answer });
        }
    }

    fn note(&self, event: Event) -> io::Result<()> {
        match &mut *self.notes() {
            Notes::Here(events) => events.push(event),
            Notes::In(file, _) => {
                let encoded = codec::pack(&event).map_err(io::Error::other)?;
                let length = u32::try_from(encoded.len()).map_err(io::Error::other)?;
                file.write_all(&[&length.to_be_bytes(), &encoded[..]].concat())?;
            }
        }
        Ok(())
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn types(&self) -> MutexGuard<'_, BTreeMap<&'static str, &'static ObjectType>> {
        self.0.types.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = self.0.calls.load(Ordering::Relaxed);
        f.debug_struct("Recorder").field("calls", &calls).finish()
    }
}
