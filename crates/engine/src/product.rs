//! The matrix products of a decoder, in float32: some rows by eight columns of weights, whose sums stay in registers.

use crate::dense::PANEL;
use core::arch::wasm32::*;

/// Rows that are computed together. Ten sums, two vectors of weights and one number fit into 16 registers.
const MOST_ROWS: usize = 5;

/// Panels that a single row meets together, and that are widened together. Each panel has two sums; an addition takes
/// four cycles and two can begin in each, so fewer than eight sums would wait for each other.
const WIDE: usize = 4;

/// A way to store weights.
pub trait Weights {
    /// Bytes of eight weights.
    const BYTES: usize;
    /// Whether every weight is finite, so that 0 times it is 0.
    const FINITE: bool;

    /// What [`Weights::load`] needs, read once before a loop.
    type Factors: Copy;
    /// The same weights, read with fewer registers.
    type Tight: Weights;

    fn factors() -> Self::Factors;

    /// Reads eight weights.
    ///
    /// # Safety
    /// `at` must be valid for reads of `BYTES` bytes.
    unsafe fn load(at: *const u8, factors: Self::Factors) -> [v128; 2];
}

/// Weights in float32.
pub struct Floats;

impl Weights for Floats {
    const BYTES: usize = 32;
    const FINITE: bool = false;

    type Factors = ();
    type Tight = Self;

    fn factors() {}

    #[inline(always)]
    unsafe fn load(at: *const u8, (): ()) -> [v128; 2] {
        // SAFETY: the caller promises 32 bytes.
        unsafe { [v128_load(at.cast()), v128_load(at.add(16).cast())] }
    }
}

/// Weights as [`crate::dense::prepare_halves`] leaves them, divided by a power of two.
pub struct Halves;

/// Numbers that lie as vectors do.
#[repr(align(16))]
struct Aligned<const VECTORS: usize>([[u32; 4]; VECTORS]);

/// 2^13 for every other half, the same for those between them, and the bits of float32 that a half has.
static HALF_FACTORS: Aligned<3> = Aligned([[1 << 13; 4], [1 << 29; 4], [0x8fff_ffff; 4]]);

impl Weights for Halves {
    const BYTES: usize = 16;
    const FINITE: bool = true;

    type Factors = [v128; 3];
    type Tight = TightHalves;

    /// Volatile, so that no compiler knows the numbers: V8 from Node 24 on, as Deno has it, would make known ones again
    /// in each turn of a loop, which takes more than half of its time.
    fn factors() -> [v128; 3] {
        // SAFETY: twelve aligned numbers lie there.
        unsafe { (&raw const HALF_FACTORS.0).cast::<[v128; 3]>().read_volatile() }
    }

    #[inline(always)]
    unsafe fn load(at: *const u8, [even, odd, bits]: [v128; 3]) -> [v128; 2] {
        // SAFETY: the caller promises 16 bytes.
        let halves = unsafe { v128_load(at.cast()) };
        // The sum of a half's product by 2^13 and of its neighbour's by 0 is the half, widened and shifted, in a single
        // instruction. It takes every other half, and packing has put the columns into that order.
        [even, odd].map(|factors| v128_and(i32x4_dot_i16x8(halves, factors), bits))
    }
}

/// [`Halves`], read with a single factor: in tiles of five rows, sums fill the registers.
pub struct TightHalves;

/// The bits of float32 that a half has.
static HALF_BITS: Aligned<1> = Aligned([[0x8fff_e000; 4]]);

impl Weights for TightHalves {
    const BYTES: usize = 16;
    const FINITE: bool = true;

    type Factors = v128;
    type Tight = Self;

    /// Volatile, as for [`Halves`].
    fn factors() -> v128 {
        // SAFETY: four aligned numbers lie there.
        unsafe { (&raw const HALF_BITS.0).cast::<v128>().read_volatile() }
    }

    #[inline(always)]
    unsafe fn load(at: *const u8, bits: v128) -> [v128; 2] {
        // SAFETY: the caller promises 16 bytes.
        let halves = unsafe { v128_load(at.cast()) };
        [i32x4_shl(halves, 16), halves].map(|raised| v128_and(i32x4_shr(raised, 3), bits))
    }
}

/// Weights in int8, to be scaled afterwards.
pub struct Bytes;

impl Weights for Bytes {
    const BYTES: usize = 8;
    const FINITE: bool = true;

    type Factors = ();
    type Tight = Self;

    fn factors() {}

    #[inline(always)]
    unsafe fn load(at: *const u8, (): ()) -> [v128; 2] {
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
    pub input: *mut f32,
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
    /// Of a product of [`MANY_ROWS`] rows or more, place for numbers of four bytes: for each row, how many of its numbers
    /// are not 0, and where those are; and [`WIDE`] panels of weights in float32.
    pub room: *mut u32,
}

impl Product {
    /// Stores the sums of a row and a panel.
    ///
    /// # Safety
    /// As for [`multiply`]; the row and the panel must be within the product.
    #[inline(always)]
    unsafe fn store(&self, row: usize, panel: usize, sums: [v128; 2]) {
        for (half, sum) in sums.into_iter().enumerate() {
            let column = panel * PANEL + 4 * half;
            // SAFETY: the caller's promise.
            unsafe {
                let sum =
                    if self.scales.is_null() { sum } else { f32x4_mul(sum, v128_load(self.scales.add(column).cast())) };
                v128_store(self.output.add(row * self.stride + column).cast(), sum);
            }
        }
    }
}

/// Computes `ROWS` rows by one panel. Each height is a function of its own: runtimes compile a function as a whole, when
/// one of its loops has run often, and large ones take them much time and memory.
///
/// # Safety
/// As for [`multiply`]; `row + ROWS` must be at most `rows`, `panel` below `columns / PANEL`.
#[inline(never)]
unsafe fn tile<W: Weights, const ROWS: usize>(product: &Product, row: usize, panel: usize) {
    let Product { input, depth, weights, .. } = *product;
    // SAFETY: the caller promises what the product describes, and a tile within it. Checked slices would test the
    // bounds in the innermost loop.
    unsafe {
        let rows: [*mut f32; ROWS] = core::array::from_fn(|index| input.add((row + index) * depth));
        let mut weights = weights.add(panel * depth * W::BYTES);
        let factors = W::factors();
        let mut sums = [[f32x4_splat(0.0); 2]; ROWS];
        for at in 0..depth {
            let [low, high] = W::load(weights, factors);
            for (sums, row) in sums.iter_mut().zip(rows) {
                let number = v128_load32_splat(row.add(at).cast());
                *sums = [multiply_add(number, low, sums[0]), multiply_add(number, high, sums[1])];
            }
            weights = weights.add(W::BYTES);
        }
        for (index, sums) in sums.into_iter().enumerate() {
            product.store(row + index, panel, sums);
        }
    }
}

/// Computes one row by `PANELS` panels.
///
/// # Safety
/// As for [`multiply`]; the row must be within the product, and `PANELS` panels from `panel` on.
#[inline(never)]
unsafe fn wide_row<W: Weights, const PANELS: usize>(product: &Product, row: usize, panel: usize) {
    let Product { input, depth, weights, .. } = *product;
    // SAFETY: the caller promises what the product describes, and that the panels are within it.
    unsafe {
        let input = input.add(row * depth);
        let mut weights: [*const u8; PANELS] = core::array::from_fn(|at| weights.add((panel + at) * depth * W::BYTES));
        let factors = W::factors();
        let mut sums = [[f32x4_splat(0.0); 2]; PANELS];
        for at in 0..depth {
            let number = v128_load32_splat(input.add(at).cast());
            for (sums, weights) in sums.iter_mut().zip(weights.iter_mut()) {
                let [low, high] = W::load(*weights, factors);
                *sums = [multiply_add(number, low, sums[0]), multiply_add(number, high, sums[1])];
                *weights = weights.add(W::BYTES);
            }
        }
        for (at, sums) in sums.into_iter().enumerate() {
            product.store(row, panel + at, sums);
        }
    }
}

/// Computes all rows by `PANELS` panels, whose weights are widened before: the conversion is done once, not for each
/// tile. Numbers that are 0 are left out; behind a ReLU these are most.
///
/// # Safety
/// As for [`wide_row`]; `places` and `numbers` must hold what [`nonzero`] wrote, `widened` has room for `PANELS` panels
/// of float32.
#[inline(never)]
unsafe fn many_rows<W: Weights, const PANELS: usize>(
    product: &Product,
    panel: usize,
    (counts, places): (*const u32, *const u32),
    widened: *mut f32,
) {
    let Product { input, rows, depth, weights, .. } = *product;
    // SAFETY: the caller promises what the product describes, that the panels are within it, and the room.
    unsafe {
        let factors = W::factors();
        for at in 0..depth {
            for index in 0..PANELS {
                let halves = W::load(weights.add(((panel + index) * depth + at) * W::BYTES), factors);
                for (half, values) in halves.into_iter().enumerate() {
                    v128_store(widened.add((at * PANELS + index) * PANEL + 4 * half).cast(), values);
                }
            }
        }
        for row in 0..rows {
            let (places, numbers) = (places.add(row * depth), input.add(row * depth));
            let mut sums = [[f32x4_splat(0.0); 2]; PANELS];
            for at in 0..*counts.add(row) as usize {
                let number = v128_load32_splat(numbers.add(at).cast());
                let weights = widened.add(*places.add(at) as usize * (PANELS * PANEL));
                for (index, sums) in sums.iter_mut().enumerate() {
                    for (half, sum) in sums.iter_mut().enumerate() {
                        let values = v128_load(weights.add(index * PANEL + 4 * half).cast());
                        *sum = multiply_add(number, values, *sum);
                    }
                }
            }
            for (index, sums) in sums.into_iter().enumerate() {
                product.store(row, panel + index, sums);
            }
        }
    }
}

/// From this many rows on, weights are widened before they are multiplied.
const MANY_ROWS: usize = 16;

/// Moves the numbers of each row that are not 0 to its beginning, and notes their places.
fn nonzero(input: &mut [f32], depth: usize, counts: &mut [u32], places: &mut [u32]) {
    let rows = input.chunks_exact_mut(depth).zip(places.chunks_exact_mut(depth));
    for ((numbers, places), count) in rows.zip(counts) {
        let mut found = 0;
        for at in 0..depth {
            let number = numbers[at];
            // Written always, and kept by counting: a branch would be mispredicted half of the time.
            (numbers[found], places[found]) = (number, at as u32);
            found += usize::from(number != 0.0);
        }
        *count = found as u32;
    }
}

/// Multiplies.
///
/// # Safety
/// Everything that [`Product`] describes must lie where it says; the output overlaps nothing else. The input may be
/// overwritten.
pub unsafe fn multiply<W: Weights>(product: &Product) {
    // SAFETY: the caller's promise.
    unsafe {
        if W::FINITE && product.rows >= MANY_ROWS {
            multiply_many_rows::<W>(product);
        } else if product.rows == 1 {
            panels_by(product, |panels, panel| match panels {
                1 => wide_row::<W, 1>(product, 0, panel),
                2 => wide_row::<W, 2>(product, 0, panel),
                3 => wide_row::<W, 3>(product, 0, panel),
                _ => wide_row::<W, WIDE>(product, 0, panel),
            });
        } else {
            multiply_tiles::<W::Tight>(product);
        }
    }
}

/// Calls a function with up to [`WIDE`] panels at a time: their number, and the first.
#[inline(always)]
fn panels_by(product: &Product, mut run: impl FnMut(usize, usize)) {
    let panels = product.columns / PANEL;
    for panel in (0..panels).step_by(WIDE) {
        run(WIDE.min(panels - panel), panel);
    }
}

/// # Safety
/// As for [`multiply`]; there must be the room that the product describes.
unsafe fn multiply_many_rows<W: Weights>(product: &Product) {
    let Product { input, rows, depth, room, .. } = *product;
    // SAFETY: the caller's promise.
    unsafe {
        let (counts, places) = (room, room.add(rows));
        let widened = places.add(rows * depth).cast();
        let slice = core::slice::from_raw_parts_mut::<u32>;
        let input = core::slice::from_raw_parts_mut(input, rows * depth);
        nonzero(input, depth, slice(counts, rows), slice(places, rows * depth));
        let lists = (counts.cast_const(), places.cast_const());
        panels_by(product, |panels, panel| match panels {
            1 => many_rows::<W, 1>(product, panel, lists, widened),
            2 => many_rows::<W, 2>(product, panel, lists, widened),
            3 => many_rows::<W, 3>(product, panel, lists, widened),
            _ => many_rows::<W, WIDE>(product, panel, lists, widened),
        });
    }
}

/// # Safety
/// As for [`multiply`]; there must be two rows or more.
unsafe fn multiply_tiles<W: Weights>(product: &Product) {
    for panel in 0..product.columns / PANEL {
        let mut row = 0;
        while row < product.rows {
            let left = product.rows - row;
            // Tiles of about the same height: 6 rows are 3 and 3, not 5 and 1. None has one row.
            let height = left.div_ceil(left.div_ceil(MOST_ROWS));
            // SAFETY: `row + height` is at most `rows`; the rest is the caller's promise.
            unsafe {
                match height {
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
