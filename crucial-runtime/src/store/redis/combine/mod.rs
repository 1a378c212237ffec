//! User objects: their methods run here, on the cached state, and one commit stores what a whole batch did.
//!
//! Three gears, one after the other as a process meets others at an object:
//!
//! * **[alone]**: a batch of calls runs on the version that is cached, and is [installed](install) in one round trip if
//!   that version is still the stored one;
//! * **in [company]**: calls are [submitted](submit); one process [leads](lead), runs everybody's calls round by
//!   [round] and [commits](commit) them with the replies, which are pushed to their callers' [inboxes](inbox);
//! * **with many callers in each process**: the lease moves to the calls, where they are more than the state.
//!
//! Nothing has been answered until the commit is confirmed, so running a batch again is invisible. What holds it
//! together: a commit names the version that it was made from and the token of its lease, and each call has a number
//! that the server records with its reply.

mod alone;
mod batch;
mod combining;
mod commit;
mod company;
mod inbox;
mod install;
mod keeper;
mod lead;
mod own;
mod parcel;
mod published;
mod pulse;
mod reads;
mod recorded;
mod replica;
mod round;
mod site;
mod stage;
mod submit;

pub(super) use self::combining::Combining;
pub(super) use self::inbox::Inbox;
pub(super) use self::keeper::Keeper;
pub(super) use self::published::Published;
pub(super) use self::site::Site;
