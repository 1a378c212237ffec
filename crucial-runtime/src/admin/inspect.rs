//! One object as JSON, whatever it is.

use serde_json::Value as Json;

use super::ObjectInfo;
use crate::codec::{bytes_as_json, entries_as_json, value_as_json};
use crate::error::Result;
use crate::object::{Key, renewed};
use crate::objects::{View, view};
use crate::runtime;
use crate::store::{Description, Stored};

/// How many elements of a collection are shown.
const SHOWN: usize = 1000;

/// What an object holds.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// #[derive(Clone, Serialize, Deserialize)]
/// struct Score {
///     points: u32,
/// }
///
/// #[crucial::shared]
/// impl Score {
///     pub fn add(&mut self, points: u32) {
///         self.points += points;
///     }
/// }
///
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let score = ScoreProxy::create("score", Score { points: 1 }).await?;
/// score.add(2).await?;
/// let found = crucial::admin::inspect(score.key()).await?.expect("it is there");
/// assert_eq!(found.state.to_string(), r#"{"points":3}"#);
/// assert_eq!((found.complete, found.problem), (true, None));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Inspection {
    /// The object.
    pub object: ObjectInfo,
    /// What it holds, as JSON: of an object of yours the state with the names of its fields; of a collection its
    /// elements; of any other object of the library what it holds, who has something of it, and how many wait. Of a lock, a
    /// semaphore and a barrier the first hundred processes are named that hold something or have come: their jobs, their
    /// numbers and machines (`1234@host`), and for how many milliseconds their leases last unless they are renewed. The
    /// object `threads` of a job shows the names of its threads and what became of them. Bytes,
    /// and integers beyond 64 bits, are `{"hex": "…"}`; floats that JSON has no number for, and such integers in an
    /// [`Atomic`](crate::Atomic), are text.
    pub state: Json,
    /// Whether `state` is all of it: of what is large about the first thousand elements are shown, of a topic the first
    /// messages that it keeps, 128 at the most.
    pub complete: bool,
    /// Why this program could not work with the object, if it could not: its state does not decode as the type that
    /// this program knows.
    pub problem: Option<String>,
}

/// What an object holds, as of one moment; `None` if there is none. Two to four round trips.
///
/// An odd object is no error: as much is shown of it as can be read, and `problem` says what can't.
///
/// ```
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let list = crucial::List::create("list", (0..5_000).collect()).await?;
/// let found = crucial::admin::inspect(list.key()).await?.expect("it is there");
/// assert_eq!(found.state.as_array().map(Vec::len), Some(1_000));
/// assert!(!found.complete); // these were only the first
/// list.destroy().await?;
/// assert_eq!(crucial::admin::inspect(list.key()).await?, None);
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// Those of the store.
pub async fn inspect(key: &Key) -> Result<Option<Inspection>> {
    let store = runtime::current()?.store().clone();
    let details = store.details(std::slice::from_ref(key)).await?;
    let Some(details) = details.into_iter().next().flatten() else {
        return Ok(None);
    };
    let (view, problem) = match view(key, &details.description, SHOWN).await {
        Ok(Some(view)) => (view, None),
        // Something else is stored than the description says, or it is not of the library.
        other => {
            let stored = store.stored(key, SHOWN).await?;
            let (view, problem) = shown(stored, &details.description);
            let refused = other.err().map(|error| error.to_string());
            (view, refused.or(problem))
        }
    };
    Ok(Some(Inspection {
        object: ObjectInfo::of(key.clone(), details),
        state: view.content,
        complete: view.complete,
        problem,
    }))
}

fn shown(stored: Option<Stored>, description: &Description) -> (View, Option<String>) {
    let (content, complete, problem) = match stored {
        None => (Json::Null, true, None),
        Some(Stored::State(state)) => {
            let (content, problem) = state_of(&state, description);
            (content, true, problem)
        }
        Some(Stored::Text(text)) => (readable(&text), true, None),
        Some(Stored::Elements { first, complete }) => {
            let elements = first.iter().map(|element| readable(element));
            (elements.collect(), complete, None)
        }
        Some(Stored::Entries { first, complete }) => {
            let entries = first.iter();
            let entries = entries.map(|(key, value)| (readable(key), readable(value)));
            (entries_as_json(entries.collect()), complete, None)
        }
    };
    (View { content, complete }, problem)
}

/// A state as this program reads it, if it knows the type, or as it stands there.
fn state_of(state: &[u8], description: &Description) -> (Json, Option<String>) {
    let (renewed, mut problem) = match renewed(&description.object, state) {
        Some(Ok(renewed)) => (Some(renewed), None),
        Some(Err(error)) => (None, Some(error.to_string())),
        None => (None, None),
    };
    let state = renewed.as_ref().map_or(state, |renewed| &renewed[..]);
    let content = value_as_json(state).unwrap_or_else(|error| {
        problem.get_or_insert_with(|| error.to_string());
        bytes_as_json(state)
    });
    (content, problem)
}

/// What a script wrote: text where it is text.
fn readable(bytes: &[u8]) -> Json {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(|c: char| c.is_control() && c != '\n') => text.into(),
        _ => bytes_as_json(bytes),
    }
}
