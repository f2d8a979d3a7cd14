//! Resizing by an antialiased bilinear filter: Pillow's BILINEAR, weight by weight and bit by bit.

/// Fractional bits of a weight: 255 times all weights still fits 32 bits.
const BITS: u32 = 22;

/// The source pixels that make one target pixel: the first, and a weight for each.
struct Window {
    first: usize,
    weights: Vec<i32>,
}

/// The windows of a side: `covered` of its `from` pixels become `to`.
fn windows(from: usize, covered: f64, to: usize) -> Vec<Window> {
    let scale = covered / to as f64;
    // If a picture grows, the two nearest pixels count.
    let reach = scale.max(1.0);
    let window = |i: usize| {
        let centre = (i as f64 + 0.5) * scale;
        let first = ((centre - reach + 0.5).max(0.0) as usize).min(from - 1);
        let end = ((centre + reach + 0.5) as usize).clamp(first + 1, from);
        let shares: Vec<f64> =
            (first..end).map(|x| (1.0 - ((x as f64 - centre + 0.5) / reach).abs()).max(0.0)).collect();
        let sum: f64 = shares.iter().sum();
        let one = f64::from(1 << BITS);
        // A window without any pixel, at an edge, uses its first pixel.
        let weights = if sum > 0.0 {
            shares.iter().map(|share| (share / sum * one).round() as i32).collect()
        } else {
            vec![1 << BITS]
        };
        Window { first, weights }
    };
    (0..to).map(window).collect()
}

fn rounded(sum: i32) -> u8 {
    (sum >> BITS).clamp(0, 255) as u8
}

/// Resizes `from` RGB pixels (across, down), of which the picture covers `covered`, to `to`.
#[must_use]
pub fn resize(rgb: &[u8], from: (u32, u32), covered: (f64, f64), to: (u32, u32)) -> Vec<u8> {
    let (width, across) = (from.0 as usize, to.0 as usize);
    let columns = windows(width, covered.0, across);
    let mut narrow = Vec::with_capacity(across * from.1 as usize * 3);
    for row in rgb.chunks_exact(width * 3) {
        for Window { first, weights } in &columns {
            let mut sums = [1 << (BITS - 1); 3];
            for (pixel, weight) in row[first * 3..].chunks_exact(3).zip(weights) {
                for (sum, &value) in sums.iter_mut().zip(pixel) {
                    *sum += i32::from(value) * weight;
                }
            }
            narrow.extend(sums.map(rounded));
        }
    }
    let mut resized = Vec::with_capacity(across * to.1 as usize * 3);
    let mut sums = vec![0; across * 3];
    for Window { first, weights } in windows(from.1 as usize, covered.1, to.1 as usize) {
        sums.fill(1 << (BITS - 1));
        for (row, weight) in narrow[first * across * 3..].chunks_exact(across * 3).zip(&weights) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += i32::from(value) * weight;
            }
        }
        resized.extend(sums.iter().map(|&sum| rounded(sum)));
    }
    resized
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_resized_as_pillow_resizes_it() {
        let grey = |values: &[u8]| values.iter().flat_map(|&value| [value; 3]).collect::<Vec<u8>>();
        let row = grey(&[0, 10, 40, 90, 160, 250, 30]);
        let resized = |to| resize(&row, (7, 1), (7.0, 1.0), (to, 1));
        assert_eq!(resized(3), grey(&[13, 99, 152]));
        assert_eq!(resized(10), grey(&[0, 5, 18, 39, 73, 114, 164, 228, 151, 30]));
        assert_eq!(resized(7), row);
    }
}
