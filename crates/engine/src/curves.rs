//! The curves of a decoder, four numbers at once.

use core::arch::wasm32::*;

/// e to the power of four numbers, within two units of the last place. Below -87 the result stays that of -87, and
/// above 88 that of 88: neither is subnormal or infinite.
#[inline(always)]
fn exponential(x: v128) -> v128 {
    let x = f32x4_pmin(f32x4_pmax(x, f32x4_splat(-87.0)), f32x4_splat(88.0));
    let power = f32x4_nearest(f32x4_mul(x, f32x4_splat(core::f32::consts::LOG2_E)));
    // The logarithm of 2 in two parts, so that the first product is exact.
    let rest = f32x4_sub(x, f32x4_mul(power, f32x4_splat(0.693_359_4)));
    let rest = f32x4_sub(rest, f32x4_mul(power, f32x4_splat(-2.121_944_4e-4)));
    // The polynomial of the Cephes library.
    let mut sum = f32x4_splat(1.987_569_1e-4);
    for factor in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_66, 0.5] {
        sum = f32x4_add(f32x4_mul(sum, rest), f32x4_splat(factor));
    }
    let sum = f32x4_add(f32x4_add(f32x4_mul(sum, f32x4_mul(rest, rest)), rest), f32x4_splat(1.0));
    i32x4_add(sum, i32x4_shl(i32x4_trunc_sat_f32x4(power), 23))
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub fn sigmoid(x: v128) -> v128 {
    let one = f32x4_splat(1.0);
    f32x4_div(one, f32x4_add(one, exponential(f32x4_neg(x))))
}

/// The hyperbolic tangent, within three units of the last place.
#[inline(always)]
pub fn tanh(x: v128) -> v128 {
    let one = f32x4_splat(1.0);
    let far = f32x4_sub(one, f32x4_div(f32x4_splat(2.0), f32x4_add(exponential(f32x4_add(x, x)), one)));
    // Near 0 that subtraction would leave few digits; this is the polynomial of the Cephes library.
    let square = f32x4_mul(x, x);
    let mut sum = f32x4_splat(-5.704_988_7e-3);
    for factor in [2.063_908_9e-2, -5.373_971_6e-2, 0.133_314_42, -0.333_332_82] {
        sum = f32x4_add(f32x4_mul(sum, square), f32x4_splat(factor));
    }
    let near = f32x4_add(f32x4_mul(f32x4_mul(sum, square), x), x);
    v128_bitselect(near, far, f32x4_lt(f32x4_abs(x), f32x4_splat(0.625)))
}

/// Numbers below 0 become 0.
#[inline(always)]
pub fn relu(x: v128) -> v128 {
    f32x4_max(x, f32x4_splat(0.0))
}

/// Makes a row of positive numbers with the sum 1 out of a row of any.
///
/// # Safety
/// `columns` numbers must lie at `input`, and both places must hold a multiple of four.
pub unsafe fn softmax(input: *const f32, columns: usize, output: *mut f32) {
    // SAFETY: the caller promises both rows.
    unsafe {
        let most = (0..columns).fold(f32::NEG_INFINITY, |most, at| most.max(*input.add(at)));
        for at in (0..columns).step_by(4) {
            let above = f32x4_sub(v128_load(input.add(at).cast()), f32x4_splat(most));
            v128_store(output.add(at).cast(), exponential(above));
        }
        let sum: f32 = (0..columns).map(|at| *output.add(at)).sum();
        for at in (0..columns).step_by(4) {
            let place = output.add(at).cast();
            v128_store(place, f32x4_div(v128_load(place), f32x4_splat(sum)));
        }
    }
}
