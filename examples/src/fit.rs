//! Logistic regression: what some of the rows say about the weights, and the step that all of them together allow.

use serde::{Deserialize, Serialize};

use crate::{Sample, Samples};

/// How many rounds of power iteration measure how curved the objective is.
const MEASURING: usize = 20;

/// A logistic regression that is being fitted, by Nesterov's accelerated gradient descent.
///
/// The objective is the loss, summed over all rows, and half the square of the weights; the intercept is not penalised.
/// Each thread has a `Fit` of its own. In each round it finds out what its [`part`](Self::part) of the rows says, adds this
/// up with what the other threads found, and takes a [`step`](Self::step). A step only adds, multiplies, divides and takes
/// square roots. So from the same sums all threads come to the same bits, on any processor.
///
/// The length of a step is one over the largest curvature: a quarter of the largest eigenvalue of XᵀX, and 1 for the
/// penalty. The first rounds find this eigenvalue by power iteration. The penalty is the smallest curvature, which decides
/// how much momentum a step has (Nesterov, Introductory Lectures on Convex Optimization, 2004, section 2.2.1). A step that
/// went uphill has none (O'Donoghue and Candès, Adaptive Restart for Accelerated Gradient Schemes, 2015).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The rows to fit.
    pub samples: Samples,
    /// How long the gradient may be in the end.
    pub tolerance: f64,
    /// How many iterations at the most.
    pub max_iterations: usize,
    /// How many rounds of power iteration are over.
    measured: usize,
    /// Of length 1, ever closer to the eigenvector.
    direction: Vec<f64>,
    curvature: f64,
    /// The intercept is the last. Here the gradient is asked for; momentum has carried them beyond `landed`.
    weights: Vec<f64>,
    landed: Vec<f64>,
    converged: bool,
    /// The objective in each iteration.
    pub objectives: Vec<f64>,
    /// Which share of the rows the weights predict.
    pub accuracy: f64,
}

impl Fit {
    /// All weights are 0.
    #[must_use]
    pub fn new(samples: Samples, tolerance: f64, max_iterations: usize) -> Self {
        let weights = vec![0.0; samples.features() + 1];
        // Uneven, so that it is hardly at a right angle to the direction that is sought.
        let mut direction: Vec<f64> = (1..=weights.len()).map(|n| 1.0 / (n as f64)).collect();
        normalise(&mut direction);
        Self {
            samples,
            tolerance,
            max_iterations,
            measured: 0,
            direction,
            curvature: 0.0,
            landed: weights.clone(),
            weights,
            converged: false,
            objectives: Vec::new(),
            accuracy: 0.0,
        }
    }

    /// How many numbers a part has.
    #[must_use]
    pub fn part_len(&self) -> usize {
        self.weights.len() + 3
    }

    /// What some rows say in this round; parts add up to what all rows say.
    ///
    /// A number for each weight, the loss, how many rows the weights predict, and how many rows there are.
    #[must_use]
    pub fn part(&self, rows: &[Sample]) -> Vec<f64> {
        let mut part = vec![0.0; self.weights.len()];
        let (mut loss, mut predicted) = (0.0, 0.0);
        for Sample { features, label } in rows {
            if self.measured < MEASURING {
                add_scaled(&mut part, dot(features, &self.direction), features);
                continue;
            }
            let margin = label * dot(features, &self.weights);
            loss += (-margin).max(0.0) + (-margin.abs()).exp().ln_1p();
            predicted += f64::from(margin > 0.0);
            add_scaled(&mut part, -label / (1.0 + margin.exp()), features);
        }
        part.extend([loss, predicted, rows.len() as f64]);
        part
    }

    /// Goes on with the sum of all parts.
    pub fn step(&mut self, sum: &[f64]) {
        let (sum, rest) = sum.split_at(self.weights.len());
        if self.measured < MEASURING {
            self.direction = sum.to_vec();
            self.curvature = normalise(&mut self.direction) / 4.0 + 1.0;
            self.measured += 1;
        } else if let [loss, predicted, rows] = rest {
            self.accuracy = predicted / rows;
            self.descend(sum, *loss);
        }
    }

    fn descend(&mut self, slopes: &[f64], loss: f64) {
        let penalised = self.samples.features();
        let penalty = dot(&self.weights[..penalised], &self.weights[..penalised]) / 2.0;
        self.objectives.push(loss + penalty);
        let mut gradient = slopes.to_vec();
        add_scaled(&mut gradient[..penalised], 1.0, &self.weights);
        self.converged = length(&gradient) <= self.tolerance;
        if self.is_finished() {
            return;
        }
        let mut landed = self.weights.clone();
        add_scaled(&mut landed, -1.0 / self.curvature, &gradient);
        let mut travelled = landed.clone();
        add_scaled(&mut travelled, -1.0, &self.landed);
        let ratio = 1.0 / self.curvature.sqrt();
        let is_uphill = dot(&gradient, &travelled) > 0.0;
        let momentum = if is_uphill {
            0.0
        } else {
            (1.0 - ratio) / (1.0 + ratio)
        };
        self.weights.clone_from(&landed);
        add_scaled(&mut self.weights, momentum, &travelled);
        self.landed = landed;
    }

    /// Whether the gradient is short enough, or there were as many iterations as there may be.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.converged || self.objectives.len() >= self.max_iterations
    }

    /// The objective in the last iteration.
    #[must_use]
    pub fn objective(&self) -> f64 {
        self.objectives.last().copied().unwrap_or(f64::NAN)
    }

    /// The weight that no feature has.
    #[must_use]
    pub fn intercept(&self) -> f64 {
        self.weights[self.samples.features()]
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add_scaled(sum: &mut [f64], factor: f64, other: &[f64]) {
    for (sum, other) in sum.iter_mut().zip(other) {
        *sum += factor * other;
    }
}

fn length(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

/// Makes a vector one of length 1, unless it is 0, and gives the length of before.
fn normalise(vector: &mut [f64]) -> f64 {
    let length = length(vector);
    if length > 0.0 {
        vector.iter_mut().for_each(|number| *number /= length);
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;

    /// scikit-learn 1.9.1 on the same rows.
    const OBJECTIVE: f64 = 37.758_946_0;
    const ACCURACY: f64 = 0.987_70;
    const INTERCEPT: f64 = 0.214_5;

    fn fitted(samples: Samples, parts: u32) -> Fit {
        let mut fit = Fit::new(samples, 1e-4, 10_000);
        let rows: Vec<_> = (0..parts)
            .map(|part| fit.samples.part(part, parts).unwrap())
            .collect();
        for round in 0.. {
            if fit.is_finished() {
                break;
            }
            let mut found: Vec<_> = rows.iter().map(|rows| fit.part(rows)).collect();
            // As if threads reported in another order in each round.
            found.rotate_left(round % rows.len());
            let mut sum = vec![0.0; fit.part_len()];
            found
                .iter()
                .for_each(|part| add_scaled(&mut sum, 1.0, part));
            fit.step(&sum);
        }
        fit
    }

    #[test]
    fn the_optimum_is_the_known_one_whatever_the_parts_and_their_order() {
        for parts in [1, 8, 100] {
            let samples = Samples::File(Table {
                path: Some("breast_cancer.csv".into()),
                columns: 0..31,
            });
            let fit = fitted(samples, parts);
            assert!(fit.converged, "{parts} parts");
            for (found, known, digits) in [
                (fit.objective(), OBJECTIVE, 7),
                (fit.accuracy, ACCURACY, 5),
                (fit.intercept(), INTERCEPT, 4),
            ] {
                let unit = 10_f64.powi(-digits);
                assert!((found - known).abs() < unit, "{parts} parts: {found}");
            }
        }
    }

    #[test]
    fn the_gradient_is_that_of_the_objective() {
        let samples = Samples::Random {
            rows: 50,
            features: 3,
        };
        let rows = samples.part(0, 1).unwrap();
        let mut fit = Fit::new(samples, 0.0, 1);
        fit.measured = MEASURING;
        fit.weights = vec![0.3, -0.2, 0.1, 0.5];
        let slopes = fit.part(&rows);
        for weight in 0..4 {
            let loss_at = |distance: f64| {
                let mut fit = fit.clone();
                fit.weights[weight] += distance;
                fit.part(&rows)[4]
            };
            let slope = (loss_at(1e-5) - loss_at(-1e-5)) / 2e-5;
            assert!((slope - slopes[weight]).abs() < 1e-6, "{slope} {slopes:?}");
        }
    }

    #[test]
    fn made_up_rows_are_fitted_in_few_iterations() {
        let samples = Samples::Random {
            rows: 2000,
            features: 10,
        };
        let fit = fitted(samples, 3);
        assert!(fit.converged);
        // The weights that made them up, as nearly as so many rows tell.
        for (weight, made_up) in fit
            .weights
            .iter()
            .zip([0.5, -0.5].into_iter().cycle())
            .take(10)
        {
            assert!((weight - made_up).abs() < 0.25, "{:?}", fit.weights);
        }
    }
}
