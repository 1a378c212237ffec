//! Square grey pictures in a row, as one PNG.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

/// A picture's pixel becomes a square of so many, since digits of 8 × 8 pixels are hard to see.
const ZOOM: usize = 16;

/// Writes each point as a square picture beside the others; the largest value of all is black.
///
/// # Errors
///
/// Where a point has no square number of values, or the file can't be written.
pub fn write_pictures(path: &Path, points: &[Vec<f64>]) -> io::Result<()> {
    let size = points.first().map_or(0, Vec::len);
    let side = size.isqrt();
    if side == 0 || side * side != size {
        let reason = format!("{size} columns make no square picture");
        return Err(io::Error::other(reason));
    }
    let darkest = points
        .iter()
        .flatten()
        .copied()
        .fold(f64::MIN_POSITIVE, f64::max);
    let (width, height) = (points.len() * side * ZOOM, side * ZOOM);
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let (column, row) = (x / ZOOM, y / ZOOM);
            let value = points[column / side][row * side + column % side];
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the value is clamped to a byte"
            )]
            pixels.push((255.0 - 255.0 * value / darkest).clamp(0.0, 255.0) as u8);
        }
    }
    let too_large = |_| io::Error::other("the picture is too large");
    let mut encoder = png::Encoder::new(
        BufWriter::new(File::create(path)?),
        u32::try_from(width).map_err(too_large)?,
        u32::try_from(height).map_err(too_large)?,
    );
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    Ok(writer.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_side_by_side() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("p.png");
        write_pictures(&path, &[vec![0.0, 8.0, 8.0, 0.0], vec![4.0; 4]]).unwrap();
        let file = std::io::BufReader::new(File::open(&path).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (64, 32));
        assert_eq!([pixels[0], pixels[16], pixels[32]], [255, 0, 127]);
        assert!(write_pictures(&path, &[vec![1.0; 3]]).is_err());
    }
}
