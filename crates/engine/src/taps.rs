//! Where the taps of each output pixel lie: no patch of an image is ever copied.

use crate::layout::Taps;

/// Writes the address of every tap of every output pixel, row after row.
///
/// # Panics
/// If the table is too short.
pub fn write(taps: &Taps, table: &mut [u32]) {
    let Taps { image, outside, side, pixel_bytes, size, rows, columns, stride, pad, .. } = *taps;
    let mut at = 0;
    for y in 0..size {
        for x in 0..size {
            for tap_row in 0..rows {
                for tap_column in 0..columns {
                    // A place before the image wraps round to one far behind it.
                    let row = (y * stride + tap_row).wrapping_sub(pad);
                    let column = (x * stride + tap_column).wrapping_sub(pad);
                    let inside = row < side && column < side;
                    table[at] = if inside { image + (row * side + column) * pixel_bytes } else { outside };
                    at += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_taps_inside_and_outside() {
        let taps = Taps {
            table: 0,
            image: 100,
            outside: 7,
            side: 2,
            pixel_bytes: 10,
            size: 1,
            rows: 3,
            columns: 3,
            stride: 2,
            pad: 1,
        };
        let mut table = [0; 9];
        write(&taps, &mut table);
        assert_eq!(table, [7, 7, 7, 7, 100, 110, 7, 120, 130]);
    }

    #[test]
    fn steps_by_the_stride() {
        let taps = Taps {
            table: 0,
            image: 0,
            outside: 99,
            side: 4,
            pixel_bytes: 1,
            size: 2,
            rows: 1,
            columns: 1,
            stride: 2,
            pad: 0,
        };
        let mut table = [0; 4];
        write(&taps, &mut table);
        assert_eq!(table, [0, 2, 8, 10]);
    }
}
