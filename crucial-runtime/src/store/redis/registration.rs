//! The list of a namespace's objects: the server finds them by it when the job ends.

use redis::Cmd;

use super::core::Core;
use super::fault::Fault;
use super::names::{self, Names};

/// The command that notes the object among those of its namespace.
///
/// A process notes the object after it has created it, and strikes it off before it removes it. A process that creates the
/// object anew has seen it removed, so its note comes last.
pub(super) fn note(names: &Names) -> Cmd {
    command("SADD", names)
}

/// The command that strikes the object off.
pub(super) fn strike(names: &Names) -> Cmd {
    command("SREM", names)
}

/// Strikes off an object that was not created, since its job has ended.
pub(super) async fn take_back(core: &Core, names: &Names) -> Result<(), Fault> {
    core.ask(strike(names)).await.map(drop)
}

fn command(verb: &str, names: &Names) -> Cmd {
    let key = names.key();
    let mut command = redis::cmd(verb);
    command
        .arg(names::objects_of(key.namespace()))
        .arg(key.object());
    command
}
