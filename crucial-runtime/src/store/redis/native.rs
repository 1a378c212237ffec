//! Reads that the server has commands for: those of this process on one object that come together travel together.

use redis::Pipeline;

use super::answer::Answer;
use super::core::{Core, Sending};
use super::folding::Folded;
use super::names::Names;
use super::operation::Operation;
use super::scan::Place;
use crate::object::Call;

/// Sends a batch of reads as the server's own commands.
pub(super) async fn fly(core: &Core, names: &Names, operations: &[Operation]) -> Vec<Answer> {
    let calls: Vec<&Call> = operations.iter().filter_map(Operation::call).collect();
    let calls = Folded::all(&calls);
    let places: Vec<Option<Place>> = calls.iter().map(place).collect();
    let commands = |sending: &Sending| {
        let mut pipeline = Pipeline::with_capacity(calls.len());
        for (call, place) in calls.iter().zip(&places) {
            let mut command = redis::cmd(call.native());
            command.arg(names.data());
            let mut args = call.args();
            if let (Some(place), [_, rest @ ..]) = (place, args) {
                command.arg(place.cursor(sending));
                args = rest;
            }
            for arg in args {
                command.arg(&arg[..]);
            }
            pipeline.add_command(command);
        }
        pipeline
    };
    match core.exchange(None, commands).await {
        Ok(mut replies) => {
            for (reply, place) in replies.iter_mut().zip(&places) {
                if let Some(place) = place {
                    place.mark(reply);
                }
            }
            Folded::answers(&calls, replies)
        }
        Err(fault) => operations.iter().map(|_| Err(fault.clone())).collect(),
    }
}

/// The place at which a call begins that scans.
fn place(call: &Folded<'_>) -> Option<Place> {
    let scans = matches!(call.native(), "HSCAN" | "SSCAN");
    call.args().first().filter(|_| scans).map(Place::of)
}
