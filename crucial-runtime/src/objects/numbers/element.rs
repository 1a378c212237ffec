//! What a vector or a matrix may be made of.

use std::fmt::{Debug, Display};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::codec::float_as_json;

/// An element of a [`Vector`](crate::Vector) or a [`Matrix`](crate::Matrix): `f64` or `i64`.
///
/// `f64` computes as IEEE 754 says. `i64` is checked: what does not fit is refused and changes nothing.
///
/// ```
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// use crucial::{Element, Vector};
///
/// async fn extremes<T: Element>(vector: &Vector<T>) -> crucial::Result<Option<(T, T)>> {
///     Ok(vector.min().await?.zip(vector.max().await?))
/// }
/// let (loads, losses) = (vec![3, 1, 2], vec![0.5, 0.25]);
/// assert_eq!(extremes(&Vector::create("loads", loads).await?).await?, Some((1, 3)));
/// assert_eq!(extremes(&Vector::create("losses", losses).await?).await?, Some((0.25, 0.5)));
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be an element of a `Vector` or a `Matrix`",
    note = "they are made of `f64` or of `i64`; for other types there is `List`, or a shared object of your own"
)]
pub trait Element: Arithmetic {}

impl Element for f64 {}
impl Element for i64 {}

/// What is computed with elements. Not for people.
pub trait Arithmetic:
    Copy
    + Debug
    + Display
    + Default
    + PartialEq
    + PartialOrd
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    #![allow(missing_docs, reason = "nobody outside can name this trait")]

    const VECTOR: &'static str;
    const MATRIX: &'static str;
    /// Whether results may not fit.
    const CHECKED: bool;
    /// What sums are gathered in.
    type Sum: Copy + Default;

    fn to_bytes(self) -> [u8; 8];
    fn of_bytes(bytes: [u8; 8]) -> Self;
    fn as_f64(self) -> f64;
    fn as_json(self) -> Json;
    /// The sum; where it does not fit, wrapped around.
    fn plus(self, other: Self) -> Self;
    fn plus_fits(self, other: Self) -> bool;
    /// What [`plus`](Self::plus) of the same did, undone; only of what is checked.
    fn minus(self, other: Self) -> Self;
    /// The product; where it does not fit, wrapped around.
    fn times(self, other: Self) -> Self;
    fn times_fits(self, other: Self) -> bool;
    /// The smaller; a NaN only where both are.
    fn lower(self, other: Self) -> Self;
    /// The larger; a NaN only where both are.
    fn upper(self, other: Self) -> Self;
    /// This of so many parts.
    fn divided(self, parts: u32) -> Self;
    /// `sum + a * b`, if it fits.
    fn gather(sum: Self::Sum, a: Self, b: Self) -> Option<Self::Sum>;
    fn gathered(sum: Self::Sum) -> Option<Self>;
    fn sum_as_f64(sum: Self::Sum) -> f64;
    const ONE: Self;
}

impl Arithmetic for f64 {
    const VECTOR: &'static str = "Vector<f64>";
    const MATRIX: &'static str = "Matrix<f64>";
    const CHECKED: bool = false;
    const ONE: Self = 1.0;
    type Sum = Self;

    fn to_bytes(self) -> [u8; 8] {
        self.to_le_bytes()
    }

    fn of_bytes(bytes: [u8; 8]) -> Self {
        Self::from_le_bytes(bytes)
    }

    fn as_f64(self) -> f64 {
        self
    }

    fn as_json(self) -> Json {
        float_as_json(self)
    }

    fn plus(self, other: Self) -> Self {
        self + other
    }

    fn plus_fits(self, _: Self) -> bool {
        true
    }

    fn minus(self, other: Self) -> Self {
        self - other
    }

    fn times(self, other: Self) -> Self {
        self * other
    }

    fn times_fits(self, _: Self) -> bool {
        true
    }

    fn lower(self, other: Self) -> Self {
        if other < self || self.is_nan() {
            other
        } else {
            self
        }
    }

    fn upper(self, other: Self) -> Self {
        if other > self || self.is_nan() {
            other
        } else {
            self
        }
    }

    fn divided(self, parts: u32) -> Self {
        self / Self::from(parts)
    }

    fn gather(sum: Self, a: Self, b: Self) -> Option<Self> {
        Some(sum + a * b)
    }

    fn gathered(sum: Self) -> Option<Self> {
        Some(sum)
    }

    fn sum_as_f64(sum: Self) -> f64 {
        sum
    }
}

impl Arithmetic for i64 {
    const VECTOR: &'static str = "Vector<i64>";
    const MATRIX: &'static str = "Matrix<i64>";
    const CHECKED: bool = true;
    const ONE: Self = 1;
    type Sum = i128;

    fn to_bytes(self) -> [u8; 8] {
        self.to_le_bytes()
    }

    fn of_bytes(bytes: [u8; 8]) -> Self {
        Self::from_le_bytes(bytes)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "norms and means of large numbers are rounded"
    )]
    fn as_f64(self) -> f64 {
        self as f64
    }

    fn as_json(self) -> Json {
        self.into()
    }

    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    fn plus_fits(self, other: Self) -> bool {
        self.checked_add(other).is_some()
    }

    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }

    fn times(self, other: Self) -> Self {
        self.wrapping_mul(other)
    }

    fn times_fits(self, other: Self) -> bool {
        self.checked_mul(other).is_some()
    }

    fn lower(self, other: Self) -> Self {
        self.min(other)
    }

    fn upper(self, other: Self) -> Self {
        self.max(other)
    }

    fn divided(self, parts: u32) -> Self {
        self / Self::from(parts)
    }

    fn gather(sum: i128, a: Self, b: Self) -> Option<i128> {
        sum.checked_add(i128::from(a) * i128::from(b))
    }

    fn gathered(sum: i128) -> Option<Self> {
        sum.try_into().ok()
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "norms and means of large numbers are rounded"
    )]
    fn sum_as_f64(sum: i128) -> f64 {
        sum as f64
    }
}
