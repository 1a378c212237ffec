//! The parts of the example programs that have nothing to do with threads: rows, words, arithmetic, pictures.

mod part;
mod picture;
mod points;
mod table;
mod words;

pub use part::{Part, Points};
pub use picture::write_pictures;
pub use points::points_inside;
pub use table::{Table, columns};
pub use words::{count_words, files_of, print_most, text_of};
