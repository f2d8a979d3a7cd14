//! The scalar form that the kernels are held to.

/// One output of a convolution, in the scale of its sum.
///
/// # Panics
/// If there are not as many weights as activations.
pub fn dot(activations: &[u8], weights: &[i8], bias: i32) -> i32 {
    assert_eq!(activations.len(), weights.len(), "as many weights as activations");
    activations.iter().zip(weights).fold(bias, |sum, (&x, &w)| sum + i32::from(x) * i32::from(w))
}

/// A sum in the scale of the output: rounded to the nearest, ties to even, and cut off at the ends of 8 bits.
pub fn requantise(sum: i32, scale: f32, zero: i32) -> u8 {
    let (low, high) = ((-zero) as f32, (255 - zero) as f32);
    let scaled = (sum as f32 * scale).max(low).min(high).round_ties_even();
    (scaled as i32 + zero) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_operands_do_not_overflow() {
        assert_eq!(dot(&[255; 4608], &[-127; 4608], 0), -255 * 127 * 4608);
        assert_eq!(dot(&[255; 4608], &[127; 4608], 1), 255 * 127 * 4608 + 1);
    }

    #[test]
    fn requantises_ties_to_even_and_cuts_off() {
        assert_eq!(requantise(5, 0.5, 0), 2);
        assert_eq!(requantise(7, 0.5, 0), 4);
        assert_eq!(requantise(-1000, 0.5, 3), 0);
        assert_eq!(requantise(1000, 0.5, 3), 255);
        assert_eq!(requantise(-4, 0.5, 3), 1);
    }
}
