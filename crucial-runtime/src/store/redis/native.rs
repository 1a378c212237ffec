//! Reads that the server has commands for: those of this process on one object that come together travel together.

use redis::Pipeline;

use super::core::Core;
use super::folding::Folded;
use super::lane::Answer;
use super::names::Names;
use super::operation::Operation;

/// Sends a batch of reads as the server's own commands.
pub(super) async fn fly(core: &Core, names: &Names, operations: &[Operation]) -> Vec<Answer> {
    let calls = Folded::all(operations);
    let commands = || {
        let mut pipeline = Pipeline::with_capacity(calls.len());
        for call in &calls {
            let mut command = redis::cmd(call.native());
            command.arg(names.data());
            for arg in call.args() {
                command.arg(&arg[..]);
            }
            pipeline.add_command(command);
        }
        pipeline
    };
    match core.exchange(None, |_| commands()).await {
        Ok(replies) => Folded::answers(&calls, replies),
        Err(fault) => operations.iter().map(|_| Err(fault.clone())).collect(),
    }
}
