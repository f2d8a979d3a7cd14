//! How the weights of a decoder are stored for its matrix products, and read one row at a time.

/// Columns of weights that a product computes together.
pub const PANEL: usize = 8;

/// A packed half stands for itself divided by this power of two once its bits are moved to where float32 has them.
pub const HALF_SHIFT: i32 = 102;

/// Largest exponent, as stored, of a half that can be packed: its value is below 128.
const LARGEST_EXPONENT: u16 = 21;

/// The number that a half stands for.
pub fn widened(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    let (exponent, mantissa) = (u32::from(half >> 10 & 31), u32::from(half & 1023));
    let magnitude = match exponent {
        // 2^-24, exact because a mantissa has 10 bits.
        0 => (mantissa as f32 * f32::from_bits(0x3380_0000)).to_bits(),
        31 => 0x7f80_0000 | mantissa << 13,
        _ => (exponent + 112) << 23 | mantissa << 13,
    };
    f32::from_bits(sign | magnitude)
}

/// A half as the product reads it: 1024 times as large, so that none but 0 is subnormal. Processors take a hundred
/// times as long for subnormal numbers. `None` if it is too large for that.
fn packed_half(half: u16) -> Option<u16> {
    let (sign, exponent, mantissa) = (half & 0x8000, half >> 10 & 31, half & 1023);
    match exponent {
        0 if mantissa == 0 => Some(sign),
        0 => {
            let shift = mantissa.leading_zeros() as u16 - 5;
            Some(sign | (11 - shift) << 10 | mantissa << shift & 1023)
        }
        exponent if exponent <= LARGEST_EXPONENT => Some(sign | (exponent + 10) << 10 | mantissa),
        _ => None,
    }
}

/// Packs a matrix of `columns` columns, row after row, into panels of [`PANEL`] columns; missing columns hold zeros.
///
/// # Panics
/// If a slice is too short.
pub fn pack<T: Copy + Default>(weights: &[T], columns: usize, packed: &mut [T]) {
    let rows = weights.len() / columns.max(1);
    let mut at = 0;
    for first in (0..columns).step_by(PANEL) {
        let width = PANEL.min(columns - first);
        for row in 0..rows {
            let from = row * columns + first;
            packed[at..at + width].copy_from_slice(&weights[from..from + width]);
            packed[at + width..at + PANEL].fill(T::default());
            at += PANEL;
        }
    }
}

/// Changes packed panels of halves to the form that products read: the first four columns of a row take every other
/// place, beginning with the first, and the last four those between them. `false` if a half is too large, which leaves
/// them unusable.
///
/// # Panics
/// If they are not whole panels.
pub fn prepare_halves(panels: &mut [u16]) -> bool {
    let (rows, rest) = panels.as_chunks_mut::<PANEL>();
    assert!(rest.is_empty(), "whole panels");
    rows.iter_mut().all(|row| {
        let read: [_; PANEL] = core::array::from_fn(|place| packed_half(row[place / 2 + place % 2 * (PANEL / 2)]));
        read.iter().zip(row).all(|(packed, place)| packed.map(|packed| *place = packed).is_some())
    })
}

/// The positions of the largest numbers in descending order, the first of equal ones first.
///
/// # Panics
/// If there are fewer numbers than places.
pub fn largest(numbers: &[f32], values: &mut [f32], places: &mut [u32]) {
    for at in 0..places.len() {
        let taken = |place: usize| places[..at].contains(&(place as u32));
        let (place, &value) = numbers
            .iter()
            .enumerate()
            .filter(|&(place, _)| !taken(place))
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
            .expect("as many numbers as places");
        (values[at], places[at]) = (value, place as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widens_halves() {
        for (half, expected) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 2f32.powi(-24)),
            (0x83ff, -1023.0 * 2f32.powi(-24)),
            (0x0400, 2f32.powi(-14)),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(widened(half), expected, "{half:#x}");
        }
        assert!(widened(0x7e00).is_nan());
        assert!(widened(0x8000).is_sign_negative());
    }

    #[test]
    fn packs_every_half_below_128_exactly_and_refuses_the_others() {
        for half in 0..=u16::MAX {
            let value = widened(half);
            let mut stored = [half; PANEL];
            assert_eq!(prepare_halves(&mut stored), value.abs() < 128.0, "{half:#x}");
            if value.abs() < 128.0 {
                // What the product computes from it.
                let bits = (i32::from(stored[0] as i16) << 13) as u32 & 0x8fff_ffff;
                let found = f32::from_bits(bits);
                assert!(found == 0.0 || found.is_normal(), "{half:#x}");
                assert_eq!(f64::from(found) * 2f64.powi(HALF_SHIFT), f64::from(value), "{half:#x}");
            }
        }
    }

    #[test]
    fn interleaves_the_two_halves_of_a_row() {
        let mut stored: [u16; 2 * PANEL] = core::array::from_fn(|at| 0x3c00 + at as u16);
        assert!(prepare_halves(&mut stored));
        let places = stored.map(|half| half - 0x6400);
        assert_eq!(places, [0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15]);
    }

    #[test]
    fn packs_panels_and_fills_the_last_with_zeros() {
        let weights: Vec<i8> = (1..=20).collect();
        let mut packed = [99; 32];
        pack(&weights, 10, &mut packed);
        assert_eq!(packed[..16], [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18]);
        assert_eq!(packed[16..], [9, 10, 0, 0, 0, 0, 0, 0, 19, 20, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn finds_the_largest_in_order() {
        let (mut values, mut places) = ([0.0; 3], [0; 3]);
        largest(&[0.5, 0.9, 0.1, 0.9, 0.7], &mut values, &mut places);
        assert_eq!((values, places), ([0.9, 0.9, 0.7], [1, 3, 4]));
    }
}
