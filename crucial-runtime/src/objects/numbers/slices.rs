//! What is computed with whole slices of numbers. What is refused changes nothing.

use serde::{Deserialize, Serialize};

use super::Element;
use crate::object::Refusal;

/// A way to measure how large the numbers are together.
///
/// ```
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// use crucial::{Norm, Vector};
///
/// let errors = Vector::create("errors", vec![3.0, -4.0]).await?;
/// assert_eq!(errors.norm(Norm::L1).await?, 7.0);
/// assert_eq!(errors.norm(Norm::L2).await?, 5.0);
/// assert_eq!(errors.norm(Norm::Max).await?, 4.0);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Norm {
    /// The sum of the absolute values.
    L1,
    /// The square root of the sum of the squares: the Euclidean norm; of a matrix, the Frobenius norm.
    L2,
    /// The largest absolute value.
    Max,
}

/// The smallest, or the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::objects) enum Bound {
    Min,
    Max,
}

impl Bound {
    pub(in crate::objects) fn of<T: Element>(self, a: T, b: T) -> T {
        match self {
            Self::Min => a.lower(b),
            Self::Max => a.upper(b),
        }
    }
}

/// What is computed with slices of numbers of equal length, which the caller has seen to.
pub(in crate::objects) trait Slices<T: Element> {
    /// Adds `factor` times the other numbers.
    fn add_scaled(&mut self, factor: T, other: &[T]) -> Result<(), Refusal>;
    /// Adds `factor` times the numbers of the entries, to a place perhaps several times. The places are good.
    fn add_at(&mut self, factor: T, entries: &[(usize, T)]) -> Result<(), Refusal>;
    /// Keeps the smaller, or the larger, of each two numbers.
    fn bound(&mut self, bound: Bound, other: &[T]);
    /// Keeps the smaller, or the larger, at the places of the entries, which are good.
    fn bound_at(&mut self, bound: Bound, entries: &[(usize, T)]);
    /// Multiplies each number.
    fn scale(&mut self, factor: T) -> Result<(), Refusal>;
    /// The sum of the products.
    fn dot(&self, other: &[T]) -> Result<T, Refusal>;
    /// The sum of the products with the numbers of the entries, whose places are good.
    fn dot_at(&self, entries: &[(usize, T)]) -> Result<T, Refusal>;
    /// The sum.
    fn sum(&self) -> Result<T, Refusal>;
    /// The mean; none of no numbers.
    fn mean(&self) -> Option<f64>;
    /// The smallest or the largest; none of no numbers.
    fn extreme(&self, bound: Bound) -> Option<T>;
    /// How large they are together.
    fn norm(&self, norm: Norm) -> f64;
}

impl<T: Element> Slices<T> for [T] {
    fn add_scaled(&mut self, factor: T, other: &[T]) -> Result<(), Refusal> {
        if T::CHECKED {
            let fits = |(mine, other): (&T, &T)| {
                factor.times_fits(*other) && mine.plus_fits(factor.times(*other))
            };
            if let Some(place) = self.iter().zip(other).position(|pair| !fits(pair)) {
                return Err(too_large(place, self[place], "what is added to it"));
            }
        }
        if factor == T::ONE {
            // Apart, so that it compiles to nothing but additions.
            for (mine, other) in self.iter_mut().zip(other) {
                *mine = mine.plus(*other);
            }
        } else {
            for (mine, other) in self.iter_mut().zip(other) {
                *mine = mine.plus(factor.times(*other));
            }
        }
        Ok(())
    }

    fn add_at(&mut self, factor: T, entries: &[(usize, T)]) -> Result<(), Refusal> {
        for (done, (place, number)) in entries.iter().enumerate() {
            let (mine, added) = (self[*place], factor.times(*number));
            if !(factor.times_fits(*number) && mine.plus_fits(added)) {
                for (place, number) in &entries[..done] {
                    self[*place] = self[*place].minus(factor.times(*number));
                }
                return Err(too_large(*place, self[*place], "what is added to it"));
            }
            self[*place] = mine.plus(added);
        }
        Ok(())
    }

    fn bound(&mut self, bound: Bound, other: &[T]) {
        for (mine, other) in self.iter_mut().zip(other) {
            *mine = bound.of(*mine, *other);
        }
    }

    fn bound_at(&mut self, bound: Bound, entries: &[(usize, T)]) {
        for (place, number) in entries {
            self[*place] = bound.of(self[*place], *number);
        }
    }

    fn scale(&mut self, factor: T) -> Result<(), Refusal> {
        if T::CHECKED
            && let Some(place) = self.iter().position(|mine| !mine.times_fits(factor))
        {
            return Err(too_large(place, self[place], "the factor"));
        }
        for mine in self {
            *mine = mine.times(factor);
        }
        Ok(())
    }

    fn dot(&self, other: &[T]) -> Result<T, Refusal> {
        products(self.iter().copied().zip(other.iter().copied()))
    }

    fn dot_at(&self, entries: &[(usize, T)]) -> Result<T, Refusal> {
        products(
            entries
                .iter()
                .map(|(place, number)| (self[*place], *number)),
        )
    }

    fn sum(&self) -> Result<T, Refusal> {
        gather(self)
            .and_then(T::gathered)
            .ok_or_else(|| no_sum("the numbers"))
    }

    fn mean(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "there are not as many numbers")]
        let count = self.len() as f64;
        gather(self)
            .map(|sum| T::sum_as_f64(sum) / count)
            .filter(|_| !self.is_empty())
    }

    fn extreme(&self, bound: Bound) -> Option<T> {
        self.iter().copied().reduce(|a, b| bound.of(a, b))
    }

    fn norm(&self, norm: Norm) -> f64 {
        let sizes = || self.iter().map(|number| number.as_f64().abs());
        // NaN stays: a norm that leaves it out would call a diverged model a good one.
        let largest = || sizes().fold(0.0, |a: f64, b| if b > a || b.is_nan() { b } else { a });
        match norm {
            Norm::L1 => sizes().sum(),
            Norm::Max => largest(),
            Norm::L2 => {
                let squares: f64 = sizes().map(|size| size * size).sum();
                if squares.is_normal() {
                    return squares.sqrt();
                }
                // The squares are too large or too small to be added as they are.
                let largest = largest();
                if largest == 0.0 || !largest.is_finite() {
                    return largest;
                }
                let squares: f64 = sizes().map(|size| (size / largest).powi(2)).sum();
                largest * squares.sqrt()
            }
        }
    }
}

/// The sum of the products of pairs.
fn products<T: Element>(pairs: impl Iterator<Item = (T, T)>) -> Result<T, Refusal> {
    let mut sum = T::Sum::default();
    for (mine, other) in pairs {
        sum = T::gather(sum, mine, other).ok_or_else(|| no_sum("the products"))?;
    }
    T::gathered(sum).ok_or_else(|| no_sum("the products"))
}

fn gather<T: Element>(numbers: &[T]) -> Option<T::Sum> {
    let mut sum = T::Sum::default();
    for number in numbers {
        sum = T::gather(sum, *number, T::ONE)?;
    }
    Some(sum)
}

fn too_large<T: Element>(place: usize, number: T, other: &str) -> Refusal {
    Refusal::args(format_args!(
        "number {place}, which is {number}, and {other} give what is no `{}`; nothing was changed",
        std::any::type_name::<T>()
    ))
}

fn no_sum<T>(of: T) -> Refusal
where
    T: std::fmt::Display,
{
    Refusal::args(format_args!("the sum of {of} is no `i64`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_of_the_very_large_and_the_very_small_are_what_they_are() {
        let norm = |numbers: &[f64], kind| numbers.norm(kind);
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-15;
        assert!(near(norm(&[3e200, -4e200], Norm::L2), 5e200));
        assert!(near(norm(&[3e-200, 4e-200], Norm::L2), 5e-200));
        assert_eq!(norm(&[], Norm::L2), 0.0);
        assert_eq!(norm(&[f64::NEG_INFINITY, 1.0], Norm::L2), f64::INFINITY);
        for kind in [Norm::L1, Norm::L2, Norm::Max] {
            assert!(norm(&[1.0, f64::NAN, 2.0], kind).is_nan(), "{kind:?}");
        }
        assert_eq!([i64::MIN, 0].norm(Norm::Max), 2_f64.powi(63));
    }

    #[test]
    fn a_nan_gives_way_to_a_number() {
        for bound in [Bound::Min, Bound::Max] {
            assert_eq!(bound.of(f64::NAN, 1.0), 1.0);
            assert_eq!(bound.of(1.0, f64::NAN), 1.0);
            assert!(bound.of(f64::NAN, f64::NAN).is_nan());
            assert_eq!([f64::NAN, 2.0].extreme(bound), Some(2.0));
        }
        assert_eq!(<[f64]>::extreme(&[], Bound::Max), None);
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let start = [i64::MAX, 1, i64::MIN];
        let mut numbers = start;
        for refused in [
            numbers.add_scaled(1, &[0, 1, -1]),
            numbers.add_scaled(2, &[0, i64::MAX, 0]),
            numbers.add_at(1, &[(1, 5), (1, 6), (0, 1)]),
            numbers.add_at(-3, &[(1, 5), (2, -9), (1, 6), (1, i64::MAX)]),
            numbers.scale(-1),
            numbers
                .sum()
                .map(drop)
                .and(numbers.dot(&[1, 0, -1]).map(drop)),
        ] {
            assert!(refused.unwrap_err().to_string().contains("i64"));
        }
        assert_eq!(numbers, start);
        // What is between may be larger than what comes out.
        assert_eq!([i64::MAX, i64::MAX, -i64::MAX].sum().unwrap(), i64::MAX);
        assert_eq!([i64::MAX; 4].mean(), Some(i64::MAX as f64));
    }
}
