//! What has nothing to do with threads in the example programs: rows in, arithmetic, pictures out.

mod part;
mod picture;
mod table;

pub use part::{Part, Points};
pub use picture::write_pictures;
pub use table::{Table, columns};
