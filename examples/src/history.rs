//! How a number fell from iteration to iteration, as a picture.

use std::fmt::Write;
use std::path::Path;
use std::{fs, io};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 400.0;
const MARGIN: f64 = 70.0;

/// Draws numbers in their order as a curve, in SVG; the vertical axis is logarithmic.
///
/// # Errors
///
/// Where there is no number, one of them is not positive, or the file can't be written.
pub fn write_history(path: &Path, numbers: &[f64]) -> io::Result<()> {
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let most = numbers.iter().copied().fold(0.0, f64::max);
    if numbers.is_empty() || !numbers.iter().all(|n| *n > 0.0 && n.is_finite()) {
        let reason = "a logarithmic axis needs positive numbers";
        return Err(io::Error::other(reason));
    }
    let (left, right, top, bottom) = (MARGIN, WIDTH - MARGIN, MARGIN, HEIGHT - MARGIN);
    // A single number, and equal ones, have no range of their own.
    let steps = (numbers.len() - 1).max(1) as f64;
    let range = (most / least).ln().max(f64::MIN_POSITIVE);
    let mut points = String::new();
    for (place, number) in numbers.iter().enumerate() {
        let x = left + (right - left) * place as f64 / steps;
        let y = bottom - (bottom - top) * (number / least).ln() / range;
        let _ = write!(points, "{x:.1},{y:.1} ");
    }
    let svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
<path d="M{left},{top}V{bottom}H{right}" fill="none" stroke="#000"/>
<polyline points="{points}" fill="none" stroke="#06c" stroke-width="2"/>
<g text-anchor="end"><text x="{value}" y="{top}">{most:.4}</text><text x="{value}" y="{bottom}">{least:.4}</text></g>
<g text-anchor="middle"><text x="{left}" y="{under}">1</text><text x="{right}" y="{under}">{count}</text></g>
<text x="{middle}" y="{under}" text-anchor="middle">iteration</text>
<text x="{left}" y="{above}">objective, logarithmic</text>
</svg>
"##,
        points = points.trim_end(),
        value = left - 6.0,
        under = bottom + 18.0,
        above = top - 18.0,
        middle = WIDTH / 2.0,
        count = numbers.len(),
    );
    fs::write(path, svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_falls_from_the_left_above_to_the_right_below() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("p.svg");
        write_history(&path, &[100.0, 10.0, 1.0]).unwrap();
        let svg = fs::read_to_string(&path).unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(
            svg.contains(r#"points="70.0,70.0 320.0,200.0 570.0,330.0""#),
            "{svg}"
        );
        write_history(&path, &[5.0]).unwrap();
        for bad in [&[][..], &[1.0, 0.0], &[f64::NAN]] {
            assert!(write_history(&path, bad).is_err(), "{bad:?}");
        }
    }
}
