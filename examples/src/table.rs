//! Rows of numbers in a CSV file, plain or compressed.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use csv::{ReaderBuilder, StringRecord};
use flate2::read::GzDecoder;
use serde::{Deserialize, Serialize};

/// Compiled in, so that a program on another machine has them as well.
static DIGITS: &[u8] = include_bytes!("../data/digits.csv.gz");
static BREAST_CANCER: &[u8] = include_bytes!("../data/breast_cancer.csv");

type Rows = Vec<Vec<f64>>;

/// What this process has read: its threads, perhaps thousands, need not each read it again.
static READ: Mutex<Vec<(Table, Arc<Rows>)>> = Mutex::new(Vec::new());

/// The numeric columns of a CSV file; a `.gz` at the end of its name says that it is compressed.
///
/// It is only the description: whoever wants rows reads the file, wherever it is by then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The file; the handwritten digits otherwise. The name `breast_cancer.csv` alone, without a folder, means the one that
    /// is compiled in.
    pub path: Option<PathBuf>,
    /// The columns, from 0.
    pub columns: Range<usize>,
}

impl Table {
    /// The first rows.
    ///
    /// # Errors
    ///
    /// Where the file can't be read, has fewer rows, or a cell of these rows is no number.
    pub fn first(&self, count: usize) -> io::Result<Vec<Vec<f64>>> {
        let rows: Vec<_> = self.rows()?.take(count).collect::<io::Result<_>>()?;
        if rows.len() < count {
            let reason = format!("it has {} rows, {count} are needed", rows.len());
            return Err(self.error(&reason));
        }
        Ok(rows)
    }

    /// One of `parts` equal parts of the rows: every `parts`-th row, beginning at row `part`. A process reads the file once.
    ///
    /// # Errors
    ///
    /// Where the file can't be read or a cell is no number.
    pub fn part(&self, part: usize, parts: usize) -> io::Result<Vec<Vec<f64>>> {
        let rows = self.read()?;
        Ok(rows.iter().skip(part).step_by(parts).cloned().collect())
    }

    /// All rows. A process reads the file once.
    pub(crate) fn read(&self) -> io::Result<Arc<Rows>> {
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, rows)) = read.iter().find(|(table, _)| table == self) {
            return Ok(Arc::clone(rows));
        }
        let rows: Arc<Rows> = Arc::new(self.rows()?.collect::<io::Result<_>>()?);
        read.push((self.clone(), Arc::clone(&rows)));
        Ok(rows)
    }

    fn rows(&self) -> io::Result<impl Iterator<Item = io::Result<Vec<f64>>>> {
        let file: Box<dyn Read> = match &self.path {
            None => Box::new(DIGITS),
            Some(path) if path == Path::new("breast_cancer.csv") => Box::new(BREAST_CANCER),
            Some(path) => Box::new(File::open(path).map_err(|error| self.error(&error))?),
        };
        let compressed = self.path.as_deref().is_none_or(is_compressed);
        let text: Box<dyn Read> = if compressed {
            Box::new(GzDecoder::new(file))
        } else {
            file
        };
        let records = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text)
            .into_records();
        Ok(records
            .enumerate()
            .filter_map(|(line, record)| match self.row(line + 1, record) {
                // A first line without numbers names the columns.
                Err(_) if line == 0 => None,
                row => Some(row),
            }))
    }

    fn row(&self, line: usize, record: csv::Result<StringRecord>) -> io::Result<Vec<f64>> {
        let record = record.map_err(|error| self.error(&error))?;
        let cell = |column| {
            let text = record.get(column).unwrap_or_default().trim();
            text.parse().map_err(|_| {
                self.error(&format!(
                    "line {line}, column {column}: {text:?} is no number"
                ))
            })
        };
        self.columns.clone().map(cell).collect()
    }

    pub(crate) fn error(&self, reason: &dyn std::fmt::Display) -> io::Error {
        let name = self.path.as_deref().unwrap_or(Path::new("the digits"));
        io::Error::other(format!("{}: {reason}", name.display()))
    }
}

fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "gz")
}

/// Reads a range of columns as a flag gives it: `0..64`.
///
/// # Errors
///
/// What is wrong with it.
pub fn columns(text: &str) -> Result<Range<usize>, String> {
    let range = text.split_once("..").and_then(|(start, end)| {
        let (start, end) = (start.parse().ok()?, end.parse().ok()?);
        (start < end).then_some(start..end)
    });
    range.ok_or_else(|| "columns are a range, such as `0..64` for the first 64".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str, columns: Range<usize>) -> (tempfile::TempDir, Table) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        let path = Some(path);
        (directory, Table { path, columns })
    }

    #[test]
    fn the_digits_are_all_there() {
        let digits = Table {
            path: None,
            columns: 0..64,
        };
        let parts: Vec<_> = (0..7).map(|part| digits.part(part, 7).unwrap()).collect();
        let rows: Vec<_> = parts.iter().flatten().collect();
        assert_eq!(rows.len(), 1797);
        assert!(rows.iter().all(|row| row.len() == 64));
        let first = digits.first(1).unwrap();
        assert_eq!((&first[0], first[0][2]), (&parts[0][0], 5.0));
    }

    #[test]
    fn a_header_is_skipped_and_a_bad_cell_is_named() {
        let (_directory, good) = table("a,b\n1,2\n3, 4\n", 1..2);
        assert_eq!(good.part(0, 1).unwrap(), [[2.0], [4.0]]);
        for (text, columns, expected) in [
            (
                "1,2\n3,x\n",
                0..2,
                r#"t.csv: line 2, column 1: "x" is no number"#,
            ),
            (
                "1,2\n3\n",
                0..2,
                r#"t.csv: line 2, column 1: "" is no number"#,
            ),
            ("1\n2\n", 0..1, "t.csv: it has 2 rows, 3 are needed"),
        ] {
            let (_directory, bad) = table(text, columns);
            let error = bad.first(3).unwrap_err().to_string();
            assert!(error.ends_with(expected), "{error}");
        }
    }

    #[test]
    fn columns_are_a_range() {
        assert_eq!(columns("0..64"), Ok(0..64));
        for bad in ["", "3", "4..4", "5..2", "a..b"] {
            assert!(columns(bad).is_err(), "{bad}");
        }
    }
}
