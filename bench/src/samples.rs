//! Figures out of measurements.

use std::time::Duration;

/// The value below which that part of the samples lies.
///
/// # Panics
///
/// Without samples.
pub(crate) fn percentile(samples: &mut [Duration], part: f64) -> Duration {
    samples.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index among samples is small and positive"
    )]
    let index = ((samples.len() - 1) as f64 * part).round() as usize;
    samples[index]
}

/// The middle one.
///
/// # Panics
///
/// Without values.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Rounded, so that the JSON shows what is known and no more.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
