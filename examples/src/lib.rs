//! The parts of the example programs that have nothing to do with threads: rows, words, arithmetic, pictures.

mod fit;
mod history;
mod part;
mod picture;
mod points;
mod samples;
mod table;
mod words;

pub use fit::Fit;
pub use history::write_history;
pub use part::{Part, Points};
pub use picture::write_pictures;
pub use points::points_inside;
pub use samples::{Sample, Samples};
pub use table::{Table, columns};
pub use words::{count_words, files_of, print_most, text_of};
