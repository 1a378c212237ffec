//! The arithmetic of k-means: what some of the rows say about the centroids.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Rows of numbers, each a point.
pub type Points = Vec<Vec<f64>>;

/// What some rows say about the centroids; parts add up to what all rows say.
///
/// Sums of whole numbers are exact, so that for such data the order of additions makes no difference.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// How many parts were added.
    pub parts: usize,
    /// How many rows changed their cluster.
    pub moved: usize,
    /// The sum of the squared distances between rows and their centroids.
    pub inertia: f64,
    sums: Points,
    counts: Vec<f64>,
}

impl Part {
    /// Finds the nearest centroid of each row; `clusters` are those of the round before.
    #[must_use]
    pub fn of(rows: &[Vec<f64>], centroids: &[Vec<f64>], clusters: &mut [usize]) -> Self {
        let mut part = Self {
            parts: 1,
            sums: centroids
                .iter()
                .map(|point| vec![0.0; point.len()])
                .collect(),
            counts: vec![0.0; centroids.len()],
            ..Self::default()
        };
        for (row, cluster) in rows.iter().zip(clusters) {
            let (nearest, distance) = nearest(row, centroids);
            part.moved += usize::from(*cluster != nearest);
            *cluster = nearest;
            part.inertia += distance;
            part.counts[nearest] += 1.0;
            add(&mut part.sums[nearest], row);
        }
        part
    }

    /// Moves each centroid to the mean of its rows; one without rows stays.
    pub fn move_centroids(&self, centroids: &mut [Vec<f64>]) {
        for ((centroid, sum), count) in centroids.iter_mut().zip(&self.sums).zip(&self.counts) {
            if *count > 0.0 {
                *centroid = sum.iter().map(|sum| sum / count).collect();
            }
        }
    }
}

impl AddAssign for Part {
    fn add_assign(&mut self, other: Self) {
        if self.parts == 0 {
            *self = other;
            return;
        }
        self.parts += other.parts;
        self.moved += other.moved;
        self.inertia += other.inertia;
        add(&mut self.counts, &other.counts);
        for (sum, other) in self.sums.iter_mut().zip(&other.sums) {
            add(sum, other);
        }
    }
}

fn add(sum: &mut [f64], other: &[f64]) {
    for (sum, other) in sum.iter_mut().zip(other) {
        *sum += other;
    }
}

/// The nearest centroid, the first of several, and its squared distance.
fn nearest(row: &[f64], centroids: &[Vec<f64>]) -> (usize, f64) {
    let distance = |point: &Vec<f64>| row.iter().zip(point).map(|(x, c)| (x - c).powi(2)).sum();
    let distances = centroids.iter().map(distance).enumerate();
    distances.fold((0, f64::INFINITY), |best, other| {
        if other.1 < best.1 { other } else { best }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;

    /// scikit-learn 1.9.1 on the same rows, from the same centroids.
    const INERTIA: f64 = 1_167_859.384_006_6;

    #[test]
    fn the_digits_have_their_known_inertia_whatever_the_parts_and_their_order() {
        let digits = Table {
            path: None,
            columns: 0..64,
        };
        for parts in [1, 8, 100] {
            let rows: Vec<_> = (0..parts).map(|p| digits.part(p, parts).unwrap()).collect();
            let mut clusters: Vec<_> = rows
                .iter()
                .map(|rows| vec![usize::MAX; rows.len()])
                .collect();
            let mut centroids = digits.first(10).unwrap();
            for round in 1.. {
                let mut found: Vec<_> = rows
                    .iter()
                    .zip(&mut clusters)
                    .map(|(rows, clusters)| Part::of(rows, &centroids, clusters))
                    .collect();
                // As if threads reported in another order in each round.
                found.rotate_left(round % parts);
                let mut sum = Part::default();
                found.into_iter().for_each(|part| sum += part);
                sum.move_centroids(&mut centroids);
                if sum.moved == 0 {
                    assert_eq!(round, 14, "{parts} parts");
                    assert!(
                        (sum.inertia / INERTIA - 1.0).abs() < 1e-12,
                        "{parts} parts: {}",
                        sum.inertia
                    );
                    break;
                }
            }
        }
    }

    #[test]
    fn a_cluster_without_rows_keeps_its_centroid() {
        let mut centroids = vec![vec![0.0], vec![9.0]];
        let part = Part::of(&[vec![1.0], vec![2.0]], &centroids, &mut [0, 1]);
        part.move_centroids(&mut centroids);
        assert_eq!((centroids, part.moved), (vec![vec![1.5], vec![9.0]], 1));
    }
}
