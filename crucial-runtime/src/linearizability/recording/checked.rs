//! The objects of a recording, one after the other checked against their types.

use super::deeds::Done;
use super::{Machine, Recording};
use crate::linearizability::event::Answered;
use crate::linearizability::failure::CheckError;
use crate::object::Key;

/// What was checked.
///
/// ```
/// # use std::time::Duration;
/// # use crucial::linearizability::Recorder;
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let recorder = Recorder::new();
/// # let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
/// # let _entered = runtime.enter();
/// let latch = crucial::Latch::create("latch", 1).await?;
/// assert!(latch.wait().timeout(Duration::from_millis(5)).await.is_err());
/// let checked = recorder.check()?;
/// assert_eq!((checked.objects, checked.in_doubt, checked.left_out), (1, 0, 0));
/// assert!(checked.pending > 0); // it was seen not to be ready
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// How many objects.
    pub objects: usize,
    /// How many operations on them: calls, those that were not ready, creations and removals.
    pub operations: usize,
    /// How many of these were observations that an object was not ready.
    pub pending: usize,
    /// How many of these nobody knows to have happened.
    pub in_doubt: usize,
    /// How many more objects could not be checked: a call of theirs is in doubt that leaves something to chance, as
    /// [`Set::pop`](crate::Set::pop) does, so that nobody knows what it may have done.
    pub left_out: usize,
}

impl std::ops::AddAssign for Checked {
    fn add_assign(&mut self, other: Self) {
        self.objects += other.objects;
        self.operations += other.operations;
        self.pending += other.pending;
        self.in_doubt += other.in_doubt;
        self.left_out += other.left_out;
    }
}

impl Recording {
    /// Checks every object against its own type.
    ///
    /// The objects must not have existed before the recording began.
    ///
    /// ```
    /// # use crucial::linearizability::Recorder;
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let recorder = Recorder::new();
    /// # let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
    /// # let _entered = runtime.enter();
    /// let hits = crucial::Atomic::create("hits", 0).await?;
    /// let (one, two) = tokio::join!(hits.fetch_add(1), hits.fetch_add(1));
    /// assert_eq!(one? + two?, 1);
    /// let checked = recorder.recording()?.check()?;
    /// assert_eq!((checked.objects, checked.operations), (1, 3));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`CheckError::NotLinearizable`] with the first object found not to be, [`CheckError::Undecided`],
    /// [`CheckError::UnknownType`].
    pub fn check(&self) -> Result<Checked, CheckError> {
        let mut checked = Checked::default();
        for (key, deeds) in self.by_object() {
            checked += self.check_object(key, deeds)?;
        }
        Ok(checked)
    }

    /// The objects of the recording.
    ///
    /// ```
    /// # use crucial::linearizability::Recorder;
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let recorder = Recorder::new();
    /// # let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
    /// # let _entered = runtime.enter();
    /// let b = crucial::Latch::create("b", 1).await?;
    /// let a = crucial::Latch::create("a", 1).await?;
    /// assert_eq!(recorder.recording()?.objects(), [a.key().clone(), b.key().clone()]); // in their order
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn objects(&self) -> Vec<Key> {
        self.by_object().into_keys().cloned().collect()
    }

    /// Checks one object against its own type.
    ///
    /// ```
    /// # use crucial::linearizability::Recorder;
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let recorder = Recorder::new();
    /// # let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
    /// # let _entered = runtime.enter();
    /// let hits = crucial::Atomic::create("hits", 0).await?;
    /// crucial::Latch::create("latch", 1).await?;
    /// assert_eq!(recorder.recording()?.check_only(hits.key())?.objects, 1);
    /// let unknown = hits.key().field("part")?;
    /// assert_eq!(recorder.recording()?.check_only(&unknown)?.objects, 0); // none of that name is no error
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`check`](Self::check).
    pub fn check_only(&self, key: &Key) -> Result<Checked, CheckError> {
        match self.by_object().remove(key) {
            Some(deeds) => self.check_object(key, deeds),
            None => Ok(Checked::default()),
        }
    }

    fn check_object(&self, key: &Key, mut deeds: Vec<Done<'_>>) -> Result<Checked, CheckError> {
        deeds.sort_by_key(|deed| deed.started);
        if deeds.iter().any(|done| self.is_left_to_chance(done)) {
            return Ok(Checked {
                left_out: 1,
                ..Checked::default()
            });
        }
        let history = self.history(key, &deeds)?;
        let mut checked = Checked {
            objects: 1,
            ..Checked::default()
        };
        for deed in &deeds {
            checked.operations += 1;
            checked.pending += usize::from(deed.end.is_some_and(|(_, a)| *a == Answered::Pending));
            checked.in_doubt += usize::from(deed.end.is_none() || deed.late);
        }
        let name = format!("object `{key}`");
        history.check_object(&name, Machine::NOTHING, self.limit)?;
        Ok(checked)
    }
}
