//! What a shared object is, and how one method call travels as a value.
//!
//! This module knows the trait [`Store`](crate::store::Store), never a backend.

mod call;
mod clock;
mod errand;
mod field;
mod handle;
mod inbox;
mod key;
mod lease;
mod limit;
mod object_type;
mod refusal;
mod registry;
mod root;
mod session;
mod shared;
mod wait;

pub(crate) use call::{Call, MethodKind};
pub use call::{Method, Value};
#[cfg(any(feature = "redis", feature = "test-util"))]
pub(crate) use clock::Moment;
pub(crate) use clock::now_ms;
pub(crate) use errand::{Errand, Errands};
pub use field::Field;
pub use handle::Handle;
pub(crate) use handle::key_here;
pub(crate) use inbox::{Inboxes, Ticket};
pub use key::{Key, Namespace};
pub(crate) use lease::{Leases, Tenant};
pub(crate) use limit::{LONGEST, Limit, milliseconds};
pub use object_type::Object;
pub(crate) use object_type::SNAPSHOT;
pub(crate) use object_type::State;
pub(crate) use object_type::{ObjectType, ServerScript};
pub use refusal::Refusal;
pub use registry::ObjectEntry;
pub(crate) use registry::renewed;
pub use root::Root;
pub(crate) use session::Session;
pub use shared::Shared;
pub(crate) use wait::{Concern, Waits};
