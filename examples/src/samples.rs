//! Rows with labels, from which a classifier learns.

use std::io;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::Table;

/// Where samples come from. It is only the description: each thread reads or makes up its own part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Samples {
    /// The rows of a file. The last column is the label, 0 or 1. The others are features, which are standardised: mean 0,
    /// population standard deviation 1.
    File(Table),
    /// Made-up samples. Each is drawn with its own number as the seed, so they are the same whatever the parts.
    Random {
        /// How many.
        rows: usize,
        /// How many features each has.
        features: usize,
    },
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The features, and after them a 1, whose weight is the intercept.
    pub features: Vec<f64>,
    /// 1 or -1.
    pub label: f64,
}

impl Samples {
    /// How many features each sample has, not counting the 1 after them.
    #[must_use]
    pub fn features(&self) -> usize {
        match self {
            Self::File(table) => table.columns.len().saturating_sub(1),
            Self::Random { features, .. } => *features,
        }
    }

    /// One of `parts` equal parts: every `parts`-th sample, beginning at sample `part`.
    ///
    /// # Errors
    ///
    /// Where the file can't be read, a cell is not a number, or a label is neither 0 nor 1. Each part checks all rows, so
    /// that all threads fail and none waits for another.
    pub fn part(&self, part: u32, parts: u32) -> io::Result<Vec<Sample>> {
        let (part, parts) = (part as usize, parts as usize);
        Ok(match self {
            Self::File(table) => {
                let samples = standardised(table)?;
                samples.into_iter().skip(part).step_by(parts).collect()
            }
            Self::Random { rows, features } => {
                let numbers = (part..*rows).step_by(parts);
                numbers.map(|row| random(row, *features)).collect()
            }
        })
    }
}

fn standardised(table: &Table) -> io::Result<Vec<Sample>> {
    let rows = table.read()?;
    let mut samples = Vec::with_capacity(rows.len());
    for (number, row) in rows.iter().enumerate() {
        let mut features = row.clone();
        let label = features.pop().unwrap_or(f64::NAN);
        if label != 0.0 && label != 1.0 {
            let number = number + 1;
            let reason = format!("row {number} has the label {label}, not 0 or 1");
            return Err(table.error(&reason));
        }
        features.push(1.0);
        samples.push(Sample {
            features,
            label: 2.0 * label - 1.0,
        });
    }
    for column in 0..table.columns.len().saturating_sub(1) {
        standardise(&mut samples, column);
    }
    Ok(samples)
}

fn standardise(samples: &mut [Sample], column: usize) {
    let count = samples.len() as f64;
    let values = || samples.iter().map(|sample| sample.features[column]);
    let mean = values().sum::<f64>() / count;
    let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    // The values of a column that are all the same become 0.
    let deviation = if variance > 0.0 { variance.sqrt() } else { 1.0 };
    for sample in samples {
        sample.features[column] = (sample.features[column] - mean) / deviation;
    }
}

/// A sample whose label follows a logistic model with the weights ½, -½, ½, ….
fn random(row: usize, features: usize) -> Sample {
    let mut random = SmallRng::seed_from_u64(row as u64);
    // Numbers that are uniform between these bounds have the mean 0 and the standard deviation 1.
    let bound = 3_f64.sqrt();
    let mut features: Vec<f64> = (0..features)
        .map(|_| random.random_range(-bound..bound))
        .collect();
    let weights = [0.5, -0.5].into_iter().cycle();
    let score: f64 = features.iter().zip(weights).map(|(x, w)| x * w).sum();
    let is_positive = random.random::<f64>() < 1.0 / (1.0 + (-score).exp());
    features.push(1.0);
    Sample {
        features,
        label: if is_positive { 1.0 } else { -1.0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breast_cancer() -> Samples {
        Samples::File(Table {
            path: Some("breast_cancer.csv".into()),
            columns: 0..31,
        })
    }

    #[test]
    fn features_of_a_file_are_standardised() {
        let samples = breast_cancer();
        let rows = samples.part(0, 1).unwrap();
        assert_eq!((rows.len(), samples.features()), (569, 30));
        let benign = rows.iter().filter(|row| row.label > 0.0).count();
        assert_eq!(benign, 357);
        for column in 0..30 {
            let mean = rows.iter().map(|row| row.features[column]).sum::<f64>() / 569.0;
            let squares: f64 = rows.iter().map(|row| row.features[column].powi(2)).sum();
            assert!(mean.abs() < 1e-12, "{column}: {mean}");
            assert!((squares / 569.0 - 1.0).abs() < 1e-12, "{column}: {squares}");
        }
    }

    #[test]
    fn parts_have_all_samples_between_them() {
        let random = Samples::Random {
            rows: 100,
            features: 3,
        };
        for samples in [breast_cancer(), random] {
            let whole = samples.part(0, 1).unwrap();
            assert!(whole.iter().all(|row| row.features.last() == Some(&1.0)));
            for parts in [2, 7, 200] {
                let parts: Vec<_> = (0..parts)
                    .map(|part| samples.part(part, parts).unwrap())
                    .collect();
                for (number, sample) in whole.iter().enumerate() {
                    let part = &parts[number % parts.len()];
                    assert_eq!(&part[number / parts.len()], sample);
                }
            }
        }
    }

    #[test]
    fn a_bad_label_fails_every_part() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.csv");
        std::fs::write(&path, "5,1\n6,2\n").unwrap();
        let samples = Samples::File(Table {
            path: Some(path),
            columns: 0..2,
        });
        for part in 0..2 {
            let error = samples.part(part, 2).unwrap_err().to_string();
            let expected = "t.csv: row 2 has the label 2, not 0 or 1";
            assert!(error.ends_with(expected), "{error}");
        }
    }
}
