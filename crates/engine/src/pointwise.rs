//! What stands between the convolutions: the sum of two images, and the largest of nine pixels.

use crate::layout::Addition;
use crate::tile::ROUNDING;
use core::arch::wasm32::*;

/// The numbers that four activations stand for.
#[inline(always)]
fn values(stored: v128, zero: i32, scale: f32) -> v128 {
    f32x4_mul(f32x4_convert_i32x4(i32x4_sub(stored, i32x4_splat(zero))), f32x4_splat(scale))
}

/// Four outputs of an addition. The order of the operations is that of onnxruntime, where a tie can fall to either
/// side: it divides, and adds the zero point before it rounds.
#[inline(always)]
fn sum(add: &Addition, left: v128, right: v128) -> v128 {
    let both = f32x4_add(values(left, add.left_zero, add.left_scale), values(right, add.right_zero, add.right_scale));
    let zero = f32x4_splat(add.zero as f32);
    let (least, most) = (f32x4_neg(zero), f32x4_sub(f32x4_splat(255.0), zero));
    let cut = f32x4_pmin(f32x4_pmax(f32x4_div(both, f32x4_splat(add.scale)), least), most);
    let rounded = f32x4_add(f32x4_add(cut, zero), f32x4_splat(ROUNDING));
    i32x4_sub(rounded, i32x4_splat(ROUNDING.to_bits() as i32))
}

/// Eight outputs of an addition, as 16-bit numbers.
#[inline(always)]
fn sum_words(add: &Addition, left: v128, right: v128) -> v128 {
    let low = sum(add, u32x4_extend_low_u16x8(left), u32x4_extend_low_u16x8(right));
    let high = sum(add, u32x4_extend_high_u16x8(left), u32x4_extend_high_u16x8(right));
    i16x8_narrow_i32x4(low, high)
}

/// Adds activations of 16 bits.
///
/// # Safety
/// Everything that [`Addition`] describes must lie where it says.
pub unsafe fn add_words(add: &Addition) {
    for at in 0..add.length as usize / 8 {
        // SAFETY: the caller promises `length` elements of 16 bits.
        unsafe {
            let left = v128_load((add.left as *const v128).add(at));
            let right = v128_load((add.right as *const v128).add(at));
            v128_store((add.output as *mut v128).add(at), sum_words(add, left, right));
        }
    }
}

/// Adds activations of 8 bits.
///
/// # Safety
/// Everything that [`Addition`] describes must lie where it says.
pub unsafe fn add_bytes(add: &Addition) {
    for at in 0..add.length as usize / 16 {
        // SAFETY: the caller promises `length` elements of 8 bits.
        unsafe {
            let left = v128_load((add.left as *const v128).add(at));
            let right = v128_load((add.right as *const v128).add(at));
            let low = sum_words(add, u16x8_extend_low_u8x16(left), u16x8_extend_low_u8x16(right));
            let high = sum_words(add, u16x8_extend_high_u8x16(left), u16x8_extend_high_u8x16(right));
            v128_store((add.output as *mut v128).add(at), u8x16_narrow_i16x8(low, high));
        }
    }
}

/// The largest of the taps of each row, byte by byte: of 16-bit activations too, as their upper bytes are 0.
///
/// # Safety
/// `sources` must hold `rows * taps` addresses of `tap_bytes` bytes each, and `output` `rows * tap_bytes` bytes.
pub unsafe fn max_pool(sources: *const u32, rows: usize, taps: usize, tap_bytes: usize, output: *mut u8) {
    for row in 0..rows {
        for place in (0..tap_bytes).step_by(16) {
            // SAFETY: the caller promises the addresses, what they point to, and the output.
            unsafe {
                let mut most = i32x4_splat(0);
                for tap in 0..taps {
                    let source = *sources.add(row * taps + tap) as *const u8;
                    most = u8x16_max(most, v128_load(source.add(place).cast()));
                }
                v128_store(output.add(row * tap_bytes + place).cast(), most);
            }
        }
    }
}
