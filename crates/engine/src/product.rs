//! The matrix products of a decoder, in float32: some rows by eight columns of weights, whose sums stay in registers.

use crate::dense::PANEL;
use core::arch::wasm32::*;

/// Rows that are computed together. Ten sums, two vectors of weights and one number fit into 16 registers.
const MOST_ROWS: usize = 5;

/// A way to store weights.
pub trait Weights {
    /// Bytes of eight weights.
    const BYTES: usize;

    /// Reads eight weights.
    ///
    /// # Safety
    /// `at` must be valid for reads of `BYTES` bytes.
    unsafe fn load(at: *const u8) -> [v128; 2];
}

/// Weights in float32.
pub struct Floats;

impl Weights for Floats {
    const BYTES: usize = 32;

    #[inline(always)]
    unsafe fn load(at: *const u8) -> [v128; 2] {
        // SAFETY: the caller promises 32 bytes.
        unsafe { [v128_load(at.cast()), v128_load(at.add(16).cast())] }
    }
}

/// Weights as [`crate::dense::prepare_halves`] leaves them, divided by a power of two.
pub struct Halves;

impl Weights for Halves {
    const BYTES: usize = 16;

    #[inline(always)]
    unsafe fn load(at: *const u8) -> [v128; 2] {
        // SAFETY: the caller promises 16 bytes.
        let halves = unsafe { v128_load(at.cast()) };
        let bits = u32x4_splat(0x8fff_ffff);
        [i32x4_extend_low_i16x8(halves), i32x4_extend_high_i16x8(halves)]
            .map(|wide| v128_and(i32x4_shl(wide, 13), bits))
    }
}

/// Weights in int8, to be scaled afterwards.
pub struct Bytes;

impl Weights for Bytes {
    const BYTES: usize = 8;

    #[inline(always)]
    unsafe fn load(at: *const u8) -> [v128; 2] {
        // SAFETY: the caller promises 8 bytes.
        let words = unsafe { i16x8_load_extend_i8x8(at.cast()) };
        [i32x4_extend_low_i16x8(words), i32x4_extend_high_i16x8(words)].map(|wide| f32x4_convert_i32x4(wide))
    }
}

/// `a * b + sum`; whether the product is rounded before the addition is up to the machine.
#[inline(always)]
fn multiply_add(a: v128, b: v128, sum: v128) -> v128 {
    #[cfg(target_feature = "relaxed-simd")]
    return f32x4_relaxed_madd(a, b, sum);
    #[cfg(not(target_feature = "relaxed-simd"))]
    return f32x4_add(f32x4_mul(a, b), sum);
}

/// A matrix product: each row of the input by all weights.
#[derive(Clone, Copy)]
pub struct Product {
    /// `rows` rows of `depth` numbers, without gaps.
    pub input: *const f32,
    pub rows: usize,
    pub depth: usize,
    /// Packed in panels.
    pub weights: *const u8,
    /// A number per column, filled up to whole panels, by which sums are multiplied; null for none.
    pub scales: *const f32,
    /// Filled up to whole panels.
    pub columns: usize,
    pub output: *mut f32,
    /// Numbers between the beginnings of two rows of the output: at least `columns`, filled up to whole panels.
    pub stride: usize,
}

/// Computes `ROWS` rows by one panel.
///
/// # Safety
/// As for [`multiply`]; `row + ROWS` must be at most `rows`, `panel` below `columns / PANEL`.
#[inline(always)]
unsafe fn tile<W: Weights, const ROWS: usize>(product: &Product, row: usize, panel: usize) {
    let Product { input, depth, weights, scales, output, stride, .. } = *product;
    // SAFETY: the caller promises what the product describes, and a tile within it. Checked slices would test the
    // bounds in the innermost loop.
    unsafe {
        let rows: [*const f32; ROWS] = core::array::from_fn(|index| input.add((row + index) * depth));
        let mut weights = weights.add(panel * depth * W::BYTES);
        let mut sums = [[f32x4_splat(0.0); 2]; ROWS];
        for at in 0..depth {
            let [low, high] = W::load(weights);
            for (sums, row) in sums.iter_mut().zip(rows) {
                let number = v128_load32_splat(row.add(at).cast());
                *sums = [multiply_add(number, low, sums[0]), multiply_add(number, high, sums[1])];
            }
            weights = weights.add(W::BYTES);
        }
        for (index, sums) in sums.iter().enumerate() {
            for (half, &sum) in sums.iter().enumerate() {
                let column = panel * PANEL + 4 * half;
                let sum = if scales.is_null() { sum } else { f32x4_mul(sum, v128_load(scales.add(column).cast())) };
                v128_store(output.add((row + index) * stride + column).cast(), sum);
            }
        }
    }
}

/// Multiplies.
///
/// # Safety
/// Everything that [`Product`] describes must lie where it says; the output overlaps nothing else.
pub unsafe fn multiply<W: Weights>(product: &Product) {
    for panel in 0..product.columns / PANEL {
        let mut row = 0;
        while row < product.rows {
            let left = product.rows - row;
            // Tiles of about the same height: 6 rows are 3 and 3, not 5 and 1.
            let height = left.div_ceil(left.div_ceil(MOST_ROWS));
            // SAFETY: `row + height` is at most `rows`; the rest is the caller's promise.
            unsafe {
                match height {
                    1 => tile::<W, 1>(product, row, panel),
                    2 => tile::<W, 2>(product, row, panel),
                    3 => tile::<W, 3>(product, row, panel),
                    4 => tile::<W, 4>(product, row, panel),
                    _ => tile::<W, MOST_ROWS>(product, row, panel),
                }
            }
            row += height;
        }
    }
}

/// `sum += a * b` for four numbers after four, of a row that has a multiple of four.
///
/// # Safety
/// `length` numbers must lie at `b`, and as many at `sums`.
pub unsafe fn add_multiple(a: f32, b: *const f32, sums: *mut f32, length: usize) {
    for at in (0..length).step_by(4) {
        // SAFETY: the caller's promise.
        unsafe {
            let sum = v128_load(sums.add(at).cast());
            v128_store(sums.add(at).cast(), multiply_add(f32x4_splat(a), v128_load(b.add(at).cast()), sum));
        }
    }
}

/// The sum of the products of two rows.
///
/// # Safety
/// `length` numbers must lie at `a` and at `b`.
pub unsafe fn dot(a: *const f32, b: *const f32, length: usize) -> f32 {
    let mut sums = [f32x4_splat(0.0); 2];
    let whole = length / 8 * 8;
    for at in (0..whole).step_by(8) {
        for (half, sum) in sums.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                let place = at + 4 * half;
                *sum = multiply_add(v128_load(a.add(place).cast()), v128_load(b.add(place).cast()), *sum);
            }
        }
    }
    let sum = f32x4_add(sums[0], sums[1]);
    let mut total = f32x4_extract_lane::<0>(sum)
        + f32x4_extract_lane::<1>(sum)
        + f32x4_extract_lane::<2>(sum)
        + f32x4_extract_lane::<3>(sum);
    for at in whole..length {
        // SAFETY: the caller's promise.
        total += unsafe { *a.add(at) * *b.add(at) };
    }
    total
}
