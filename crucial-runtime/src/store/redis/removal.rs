//! The removal of an object, whatever it is.

use std::task::Poll;

use redis::Pipeline;

use super::answer::Answer;
use super::core::Core;
use super::engine::Slot;
use super::names::{self, Names};
use super::{registration, value};

/// Removes the object, and has the server remember that in the record of that slot.
pub(super) async fn destroy(core: &Core, names: &Names, slot: Slot) -> Answer {
    let script = core.scripts.alone(include_str!("destroy.lua"));
    let seq = core.next_seq();
    let replies = core
        .exchange(Some(&script), |sending| {
            let mut pipeline = Pipeline::new();
            pipeline.add_command(registration::strike(names));
            let keys = [
                names.description(),
                names.records(),
                names.waiting(),
                names.data().to_owned(),
                names.index(),
                names.state(),
                names.lease(),
                names.queue(),
                names.suspects(),
            ];
            let mut command = sending.run(&script, &keys, 0);
            command
                .arg(&seq)
                .arg(names::record(&core.session, slot))
                .arg(sending.refuse_after())
                .arg(names.channel())
                .arg(names::inbox(""));
            pipeline.add_command(command);
            pipeline
        })
        .await?;
    let reply = replies.into_iter().next_back().unwrap_or(redis::Value::Nil);
    value::plain(reply).map(Poll::Ready)
}
