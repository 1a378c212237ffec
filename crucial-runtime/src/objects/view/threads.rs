//! The threads of a job as people see them: their names, and what became of them.

use serde_json::{Value as Json, json};

use super::View;
use crate::error::Result;
use crate::object::{Key, Namespace};
use crate::thread::{Completions, Outcome, Progress};

pub(super) async fn threads(key: &Key, count: usize) -> Result<View> {
    let completions = Completions::of(&Namespace::new(key.namespace())?)?;
    // One more tells that there are more.
    let mut threads = completions.look(count.saturating_add(1)).await?;
    let complete = threads.len() <= count;
    threads.truncate(count);
    let shown = threads.into_iter().map(|thread| {
        let state = match thread.state {
            Some(Progress::Running(_)) => "running".to_owned(),
            Some(Progress::Ended(Outcome::Ended(failure))) => failure.to_string(),
            Some(Progress::Ended(Outcome::Returned(_))) => "returned".to_owned(),
            Some(Progress::Waiting) => "not begun".to_owned(),
            None => "ended".to_owned(),
        };
        let name = (!thread.name.is_empty()).then_some(thread.name);
        json!({ "id": thread.id, "name": name, "state": state })
    });
    Ok(View {
        content: Json::Array(shown.collect()),
        complete,
    })
}
