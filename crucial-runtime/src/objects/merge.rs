//! How a present value and a new one become one: functions for [`Map::merge_many`](crate::Map::merge_many) and its like.
//!
//! ```
//! # #[tokio::main] async fn main() -> crucial::Result<()> {
//! # let runtime = crucial::Runtime::builder().build().await?;
//! # let _entered = runtime.enter();
//! use crucial::{Map, merge};
//!
//! let best = Map::create("best", [("Ada".to_owned(), 3.5), ("Bob".to_owned(), 2.0)].into()).await?;
//! best.merge_many([("Ada".into(), 1.0), ("Bob".into(), 4.0), ("Eve".into(), 9.0)], merge::max).await?;
//! assert_eq!(best.get_many(["Ada", "Bob", "Eve"]).await?, [Some(3.5), Some(4.0), Some(9.0)]);
//! # Ok(()) }
//! ```

use std::cmp::Ordering;
use std::ops::Add;

/// Their sum. Integers overflow as `+` does: a panic in debug builds, where wrapping is wanted write
/// `u64::wrapping_add`.
///
/// ```
/// assert_eq!(crucial::merge::sum(1.5, 2.0), 3.5);
/// ```
pub fn sum<V: Add<Output = V>>(present: V, new: V) -> V {
    present + new
}

/// The lesser; the present one where they are equal. Where one is not a number, it is the other one.
///
/// ```
/// assert_eq!(crucial::merge::min(3, 2), 2);
/// assert_eq!(crucial::merge::min(f64::NAN, 2.0), 2.0);
/// ```
pub fn min<V: PartialOrd>(present: V, new: V) -> V {
    chosen(present, new, Ordering::Greater)
}

/// The greater; the present one where they are equal. Where one is not a number, it is the other one.
///
/// ```
/// assert_eq!(crucial::merge::max("Ada", "Bob"), "Bob");
/// assert_eq!(crucial::merge::max((7, 'a'), (7, 'b')), (7, 'b')); // pairs compare field by field
/// ```
pub fn max<V: PartialOrd>(present: V, new: V) -> V {
    chosen(present, new, Ordering::Less)
}

/// The elements of the present one and then those of the new, as lists, maps and sets extend.
///
/// ```
/// assert_eq!(crucial::merge::extend(vec![1, 2], vec![2]), [1, 2, 2]);
/// ```
pub fn extend<V: Extend<T> + IntoIterator<Item = T>, T>(mut present: V, new: V) -> V {
    present.extend(new);
    present
}

/// The present one: only keys that have none get a value.
///
/// ```
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let owners = crucial::Map::create("owners", [(1, 'a')].into()).await?;
/// assert_eq!(owners.merge_many([(1, 'b'), (2, 'b')], crucial::merge::keep).await?, 1);
/// assert_eq!(owners.get_many(&[1, 2]).await?, [Some('a'), Some('b')]);
/// # Ok(()) }
/// ```
pub fn keep<V>(present: V, _: V) -> V {
    present
}

/// The new one where the present one compares so to it, or to nothing at all.
fn chosen<V: PartialOrd>(present: V, new: V, wanted: Ordering) -> V {
    let replace = match present.partial_cmp(&new) {
        Some(order) => order == wanted,
        None => present.partial_cmp(&present).is_none(),
    };
    if replace { new } else { present }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_loses() {
        for merge in [min::<f64>, max] {
            assert_eq!(merge(f64::NAN, 1.0), 1.0);
            assert_eq!(merge(1.0, f64::NAN), 1.0);
            assert!(merge(f64::NAN, f64::NAN).is_nan());
        }
        assert_eq!((min(1.0, 2.0), max(1.0, 2.0)), (1.0, 2.0));
        assert_eq!((min(2.0, 1.0), max(2.0, 1.0)), (1.0, 2.0));
        assert!(min(0.0_f64, -0.0).is_sign_positive(), "equal ones stay");
    }

    #[test]
    fn lists_grow_and_what_is_kept_stays() {
        assert_eq!(extend(vec![1, 2], vec![3]), [1, 2, 3]);
        assert_eq!(sum(1.5, 2.0), 3.5);
        assert_eq!(keep(1, 2), 1);
    }
}
