//! The table of the guide.

use std::fmt::Write;

use crate::fate::Fate;
use crate::places::Place;
use crate::stage::Store;

/// A row: what becomes of a shape; there is no cell where its type can't be.
pub(crate) struct Line {
    pub(crate) shape: &'static str,
    pub(crate) cells: Vec<Cell>,
}

/// What becomes of a shape in a place on a store.
pub(crate) struct Cell {
    pub(crate) place: Place,
    pub(crate) store: Store,
    pub(crate) fate: Fate,
}

impl Line {
    /// The fates of a place, once where the stores agree.
    fn of(&self, place: Place) -> Option<String> {
        let cells = self.cells.iter().filter(|cell| cell.place == place);
        let fates: Vec<_> = cells.map(|cell| (cell.store, &cell.fate)).collect();
        let (_, first) = fates.first()?;
        if fates.iter().all(|(_, fate)| fate == first) {
            return Some(first.to_string());
        }
        let words = fates
            .iter()
            .map(|(store, fate)| format!("{store:?}: {fate}"));
        Some(words.collect::<Vec<_>>().join(", "))
    }
}

/// The places as columns, and a row for each shape that is in one of them.
pub(crate) fn table(places: &[Place], lines: &[Line]) -> String {
    let mut text = String::from("| |");
    for place in places {
        write!(text, " {} |", place.title()).unwrap();
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(places.len()));
    text.push('\n');
    for line in lines {
        let fates: Vec<_> = places.iter().map(|place| line.of(*place)).collect();
        if fates.iter().all(Option::is_none) {
            continue;
        }
        write!(text, "| {} |", line.shape).unwrap();
        for fate in fates {
            write!(text, " {} |", fate.unwrap_or_default()).unwrap();
        }
        text.push('\n');
    }
    text
}
