//! The convolution around a kernel: tiles of some rows by eight channels, whose sums stay in registers.

use crate::kernels::Kernel;
use crate::layout::{CHUNK, COLUMNS, Convolution};
use core::arch::wasm32::*;

/// Adding this number to one of at most 22 bits leaves the nearest whole number, ties to even, in its lowest bits.
pub const ROUNDING: f32 = 12_582_912.0;

type Sums<const ROWS: usize> = [[v128; 2]; ROWS];

/// The outputs, between 0 and 255, of four sums.
#[inline(always)]
pub fn requantised(scaled: v128, zero: i32) -> v128 {
    let cut = f32x4_pmin(f32x4_pmax(scaled, f32x4_splat((-zero) as f32)), f32x4_splat((255 - zero) as f32));
    let offset = i32x4_splat((ROUNDING.to_bits() as i32).wrapping_sub(zero));
    i32x4_sub(f32x4_add(cut, f32x4_splat(ROUNDING)), offset)
}

/// One pass over the taps of `ROWS` rows.
///
/// # Safety
/// `sources` must hold `ROWS * taps` addresses of `tap_bytes` bytes each, and `weights` as many packed weights.
#[inline(always)]
unsafe fn pass<K: Kernel, const ROWS: usize>(
    conv: &Convolution,
    mut sources: *const u32,
    mut weights: *const u8,
    mut sums: Sums<ROWS>,
    multiply: impl Fn(v128, v128, v128) -> v128,
) -> Sums<ROWS> {
    let taps = conv.taps as usize;
    for _ in 0..taps {
        // SAFETY: the caller promises the addresses and what they point to; each read below stays within a tap, whose
        // length is a multiple of CHUNK. Checked slices would test the bounds in the innermost loop.
        unsafe {
            let rows: [*const u32; ROWS] = core::array::from_fn(|row| *sources.add(row * taps) as *const u32);
            for chunk in 0..conv.tap_bytes as usize / CHUNK {
                for step in 0..CHUNK / 4 {
                    let (low, high) = K::weights(weights.add(step * K::STEP));
                    for row in 0..ROWS {
                        let activations = v128_load32_splat(rows[row].add(chunk * (CHUNK / 4) + step));
                        sums[row][0] = multiply(sums[row][0], activations, low);
                        sums[row][1] = multiply(sums[row][1], activations, high);
                    }
                }
                weights = weights.add(CHUNK / 4 * K::STEP);
            }
            sources = sources.add(1);
        }
    }
    sums
}

/// Computes `ROWS` rows by eight channels.
///
/// # Safety
/// As for [`convolve`]; `row + ROWS` must be at most `rows`, `panel` below `channels / COLUMNS`.
#[inline(always)]
unsafe fn tile<K: Kernel, const ROWS: usize>(conv: &Convolution, row: usize, panel: usize) {
    let (taps, channels) = (conv.taps as usize, conv.channels as usize);
    // SAFETY: the caller promises what the convolution describes, and a tile within it.
    unsafe {
        let sources = (conv.sources as *const u32).add(row * taps);
        // A step reads four bytes of activations.
        let weights = (conv.weights as *const u8).add(panel * taps * (conv.tap_bytes as usize / 4) * K::STEP);
        let biases = (conv.biases as *const v128).add(2 * panel);
        let scales = (conv.scales as *const v128).add(2 * panel);
        let biases = [v128_load(biases), v128_load(biases.add(1))];
        let sums = if K::SECOND == 0 {
            [biases; ROWS]
        } else {
            let zeros = [[i32x4_splat(0); 2]; ROWS];
            pass::<K, ROWS>(conv, sources, weights, zeros, K::multiply_second)
                .map(|sums| core::array::from_fn(|half| i32x4_add(biases[half], i32x4_shl(sums[half], K::SECOND))))
        };
        let sums = pass::<K, ROWS>(conv, sources, weights, sums, K::multiply);
        let scales = [v128_load(scales), v128_load(scales.add(1))];
        for (index, sums) in sums.iter().enumerate() {
            let [low, high] = core::array::from_fn(|half| {
                requantised(f32x4_mul(f32x4_convert_i32x4(sums[half]), scales[half]), conv.zero)
            });
            let place = (row + index) * channels + panel * COLUMNS;
            K::store((conv.output as *mut u8).add(place * K::OUTPUT), low, high);
        }
    }
}

/// Computes a convolution in tiles of `ROWS` rows.
///
/// # Safety
/// Everything that [`Convolution`] describes must lie where it says.
#[inline(always)]
pub unsafe fn convolve<K: Kernel, const ROWS: usize>(conv: &Convolution) {
    let (rows, block) = (conv.rows as usize, conv.block as usize);
    let panels = conv.channels as usize / COLUMNS;
    let mut first = 0;
    while first < rows {
        let end = rows.min(first + block);
        for panel in 0..panels {
            let mut row = first;
            // SAFETY: rows end at `end`, which is at most `rows`; the rest is the caller's promise.
            unsafe {
                while row + ROWS <= end {
                    tile::<K, ROWS>(conv, row, panel);
                    row += ROWS;
                }
                while row < end {
                    tile::<K, 1>(conv, row, panel);
                    row += 1;
                }
            }
        }
        first = end;
    }
}
