//! From the type of a field to the proxy that it becomes.

use super::Shared;

/// A type that may stand in a field of a `#[crucial::shared]` struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a shared struct",
    label = "no shared object stands for this type",
    note = "put `#[crucial::shared]` on an `impl` block of `{Self}` to make it a shared object",
    note = "or keep it a plain value that travels with the struct: `#[shared(local)]`"
)]
pub trait Field {
    /// The proxy that the field becomes.
    type Proxy: Shared<Init = Self::Init>;
    /// The plain value that it starts from.
    type Init: Send;
}
