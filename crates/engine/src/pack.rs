//! Weights in the order in which the kernels read them.

use crate::layout::COLUMNS;

/// The shape of a convolution's weights, before and after packing; [`crate::layout::Packing`] has the same fields.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub channels: usize,
    pub inputs: usize,
    pub area: usize,
    pub taps: usize,
    pub pixels: usize,
    pub lanes: usize,
    pub depth: usize,
}

/// Packs weights: [`COLUMNS`] output channels after [`COLUMNS`] output channels, each tap after tap, each `step` of
/// its activations after `step`. What the kernel does not have is 0.
///
/// # Panics
/// If a slice is too short, or `lanes` or `depth` is not a multiple of `step`.
pub fn pack<T: Copy + From<i8>>(weights: &[i8], shape: &Shape, step: usize, packed: &mut [T]) {
    let Shape { channels, inputs, area, taps, pixels, lanes, depth } = *shape;
    assert!(lanes.is_multiple_of(step) && depth.is_multiple_of(step), "whole steps");
    let mut at = 0;
    for panel in (0..channels).step_by(COLUMNS) {
        for tap in 0..taps {
            for pixel in 0..pixels {
                let place = tap * pixels + pixel;
                for lane in (0..lanes).step_by(step) {
                    for column in 0..COLUMNS {
                        let first = (panel + column) * inputs;
                        for input in lane..lane + step {
                            packed[at] =
                                T::from(if input < inputs { weights[(first + input) * area + place] } else { 0 });
                            at += 1;
                        }
                    }
                }
            }
            let end = at + (depth - pixels * lanes) * COLUMNS;
            packed[at..end].fill(T::from(0));
            at = end;
        }
    }
}

/// Takes from each bias what the zero point of the activations adds to its channel's sums.
///
/// # Panics
/// If there are no biases.
pub fn correct(biases: &mut [i32], weights: &[i8], zero: i32) {
    let own = weights.len() / biases.len();
    for (bias, weights) in biases.iter_mut().zip(weights.chunks_exact(own)) {
        let sum: i32 = weights.iter().map(|&weight| i32::from(weight)).sum();
        *bias = bias.wrapping_sub(zero.wrapping_mul(sum));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_the_channels_of_a_tap_side_by_side() {
        // Eight output channels, two input channels, 1x2 positions: the weight says where it comes from.
        let weights: Vec<i8> = (0..32).collect();
        let shape = Shape { channels: 8, inputs: 2, area: 2, taps: 2, pixels: 1, lanes: 2, depth: 2 };
        let mut packed = [0i16; 32];
        pack(&weights, &shape, 2, &mut packed);
        let expected = |tap: i16| (0..8).flat_map(move |channel| [channel * 4 + tap, channel * 4 + 2 + tap]);
        assert_eq!(packed.to_vec(), expected(0).chain(expected(1)).collect::<Vec<_>>());
    }

    #[test]
    fn fills_what_the_kernel_lacks_with_zeros() {
        // Three positions of one channel become one tap of four lanes each, and a fourth position.
        let weights: Vec<i8> = (1..25).collect();
        let shape = Shape { channels: 8, inputs: 1, area: 3, taps: 1, pixels: 3, lanes: 4, depth: 16 };
        let mut packed = [9i8; 128];
        pack(&weights, &shape, 4, &mut packed);
        for (at, &value) in packed.iter().enumerate() {
            let (position, column, lane) = (at / 32, at / 4 % 8, at % 4);
            let expected = if lane == 0 && position < 3 { 1 + 3 * column as i8 + position as i8 } else { 0 };
            assert_eq!(value, expected, "at {at}");
        }
    }

    #[test]
    fn corrects_biases_by_the_zero_point() {
        let mut biases = [100, -100];
        correct(&mut biases, &[1, 2, 3, -4, -5, -6], 10);
        assert_eq!(biases, [40, 50]);
    }
}
