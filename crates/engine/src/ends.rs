//! The two ends of the network: pixels to integers, and integers to features.

use crate::layout::{Features, Picture};

/// Numbers of a pixel in the first convolution's input.
pub const LANES: usize = 4;

/// Stores a picture as the first convolution reads it: `(pixel - mean) / scale`, rounded to the nearest, ties to even,
/// plus the zero point. The padding stays as it is.
///
/// # Panics
/// If a slice is too short.
pub fn quantise<T: From<u8>>(picture: &Picture, pixels: &[f32], image: &mut [T]) {
    let (size, channels, pad) = (picture.size as usize, picture.channels as usize, picture.pad as usize);
    for row in 0..size {
        let start = ((row + pad) * (size + 2 * pad) + pad) * LANES;
        let target = image[start..start + size * LANES].chunks_exact_mut(LANES);
        let source = pixels[row * size * channels..(row + 1) * size * channels].chunks_exact(channels);
        for (target, source) in target.zip(source) {
            for ((target, pixel), mean) in target.iter_mut().zip(source).zip(picture.means) {
                let scaled = ((pixel - mean) / picture.scale).round_ties_even() + picture.zero as f32;
                *target = T::from(scaled.clamp(0.0, 255.0) as u8);
            }
        }
    }
}

/// The features of one image, or of the sum of two.
///
/// # Panics
/// If a slice is too short.
pub fn features<T: Copy + Into<i32>>(ends: &Features, left: &[T], right: Option<&[T]>, output: &mut [f32]) {
    let value = |stored: T, zero: i32, scale: f32| (stored.into() - zero) as f32 * scale;
    match right {
        None => {
            for (output, &left) in output.iter_mut().zip(left) {
                *output = value(left, ends.left_zero, ends.left_scale).max(ends.least);
            }
        }
        Some(right) => {
            for ((output, &left), &right) in output.iter_mut().zip(left).zip(right) {
                let sum =
                    value(left, ends.left_zero, ends.left_scale) + value(right, ends.right_zero, ends.right_scale);
                *output = sum.max(ends.least);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_ties_to_even_and_cuts_off() {
        let picture = Picture {
            pixels: 0,
            image: 0,
            size: 2,
            channels: 2,
            pad: 1,
            zero: 10,
            scale: 2.0,
            means: [1.0, 0.0, 0.0, 0.0],
        };
        let mut image = [99u8; 4 * 4 * LANES];
        quantise(&picture, &[2.0, 3.0, 4.0, -1000.0, 1000.0, 1.0, 1.0, 5.0], &mut image);
        // 0.5 and 1.5 are ties.
        let pixel = |row: usize, column: usize| &image[(row * 4 + column) * LANES..(row * 4 + column + 1) * LANES];
        assert_eq!([pixel(1, 1), pixel(1, 2)], [[10, 12, 99, 99], [12, 0, 99, 99]]);
        assert_eq!([pixel(2, 1), pixel(2, 2)], [[255, 10, 99, 99], [10, 12, 99, 99]]);
        assert_eq!([pixel(0, 0), pixel(1, 0), pixel(1, 3), pixel(3, 3)], [[99; 4]; 4]);
    }

    #[test]
    fn adds_two_images_or_takes_one() {
        let ends = Features {
            left: 0,
            right: 0,
            output: 0,
            length: 3,
            left_zero: 1,
            right_zero: 2,
            left_scale: 0.5,
            right_scale: 2.0,
            least: 0.0,
        };
        let mut output = [9.0; 3];
        features(&ends, &[0u8, 1, 255], Some(&[0, 2, 3]), &mut output);
        assert_eq!(output, [0.0, 0.0, 129.0]);
        features(&Features { least: f32::NEG_INFINITY, ..ends }, &[0u16, 1, 3], None, &mut output);
        assert_eq!(output, [-0.5, 0.0, 1.0]);
    }
}
