//! The ways to multiply four bytes of activations of a row by the weights of four channels.

use core::arch::wasm32::*;

/// One way to multiply and add. Activations come as four bytes, repeated to fill the vector.
pub trait Kernel {
    /// Bits of activations that are multiplied in a second pass, whose sums count `1 << SECOND` times; 0 for one pass.
    const SECOND: u32;
    /// Bytes of one output.
    const OUTPUT: usize;
    /// Bytes of the weights that meet four bytes of activations.
    const STEP: usize = 32;

    /// The weights of a step: those of the first four channels, and those of the others.
    ///
    /// # Safety
    /// `at` must be valid for reads of [`Kernel::STEP`] bytes.
    #[inline(always)]
    unsafe fn weights(at: *const u8) -> (v128, v128) {
        // SAFETY: the caller promises 32 bytes.
        unsafe { (v128_load(at.cast()), v128_load(at.add(16).cast())) }
    }

    /// `sums`, one per channel, with the products of a first or only pass.
    fn multiply(sums: v128, activations: v128, weights: v128) -> v128;

    /// The same of the second pass.
    fn multiply_second(sums: v128, _activations: v128, _weights: v128) -> v128 {
        sums
    }

    /// Stores eight outputs between 0 and 255, four in each vector of i32.
    ///
    /// # Safety
    /// `at` must be valid for writes of eight outputs.
    unsafe fn store(at: *mut u8, low: v128, high: v128);
}

/// Activations and weights in 16 bits, two channels of the input at once. Exact: a product has at most 16 bits, the sum
/// of two has 17, and the instruction adds in 32.
pub struct Dot16;

impl Kernel for Dot16 {
    const SECOND: u32 = 0;
    const OUTPUT: usize = 2;

    #[inline(always)]
    fn multiply(sums: v128, activations: v128, weights: v128) -> v128 {
        i32x4_add(sums, i32x4_dot_i16x8(activations, weights))
    }

    #[inline(always)]
    unsafe fn store(at: *mut u8, low: v128, high: v128) {
        // SAFETY: the caller promises eight outputs of 16 bits.
        unsafe { v128_store(at.cast(), i16x8_narrow_i32x4(low, high)) }
    }
}

/// [`Dot16`] with weights in 8 bits, which are widened as they are read: half the memory, some more time.
pub struct Compact;

impl Kernel for Compact {
    const SECOND: u32 = 0;
    const OUTPUT: usize = 2;
    const STEP: usize = 16;

    #[inline(always)]
    unsafe fn weights(at: *const u8) -> (v128, v128) {
        // SAFETY: the caller promises 16 bytes.
        unsafe { (i16x8_load_extend_i8x8(at.cast()), i16x8_load_extend_i8x8(at.add(8).cast())) }
    }

    #[inline(always)]
    fn multiply(sums: v128, activations: v128, weights: v128) -> v128 {
        Dot16::multiply(sums, activations, weights)
    }

    #[inline(always)]
    unsafe fn store(at: *mut u8, low: v128, high: v128) {
        // SAFETY: the caller's promise.
        unsafe { Dot16::store(at, low, high) }
    }
}

#[cfg(target_feature = "relaxed-simd")]
mod relaxed {
    use super::*;

    /// # Safety
    /// `at` must be valid for writes of eight bytes.
    #[inline(always)]
    unsafe fn store_bytes(at: *mut u8, low: v128, high: v128) {
        let words = i16x8_narrow_i32x4(low, high);
        // SAFETY: the caller promises eight bytes.
        unsafe { v128_store64_lane::<0>(u8x16_narrow_i16x8(words, words), at.cast()) }
    }

    /// The relaxed dot product with the activation's lower seven bits, and its highest bit in a pass of its own. Exact
    /// on every machine: the second operand never has more than the seven bits for which the instruction is defined.
    pub struct Split;

    impl Kernel for Split {
        const SECOND: u32 = 7;
        const OUTPUT: usize = 1;

        #[inline(always)]
        fn multiply(sums: v128, activations: v128, weights: v128) -> v128 {
            i32x4_relaxed_dot_i8x16_i7x16_add(weights, v128_and(activations, u8x16_splat(127)), sums)
        }

        #[inline(always)]
        fn multiply_second(sums: v128, activations: v128, weights: v128) -> v128 {
            let bits = v128_and(u16x8_shr(activations, 7), u8x16_splat(1));
            i32x4_relaxed_dot_i8x16_i7x16_add(weights, bits, sums)
        }

        #[inline(always)]
        unsafe fn store(at: *mut u8, low: v128, high: v128) {
            // SAFETY: the caller promises eight outputs of 8 bits.
            unsafe { store_bytes(at, low, high) }
        }
    }

    /// The relaxed dot product with all eight bits of the activations. Exact only where the machine takes the second
    /// operand as unsigned and adds without saturation, which [`takes_eight_bits`] finds out.
    pub struct Direct;

    impl Kernel for Direct {
        const SECOND: u32 = 0;
        const OUTPUT: usize = 1;

        #[inline(always)]
        fn multiply(sums: v128, activations: v128, weights: v128) -> v128 {
            i32x4_relaxed_dot_i8x16_i7x16_add(weights, activations, sums)
        }

        #[inline(always)]
        unsafe fn store(at: *mut u8, low: v128, high: v128) {
            // SAFETY: the caller promises eight outputs of 8 bits.
            unsafe { store_bytes(at, low, high) }
        }
    }

    /// Whether [`Direct`] is exact here. WebAssembly leaves three results open for a second operand above seven bits
    /// (signed, unsigned, unsigned with sums of two cut off at 16 bits), and demands the same one of every call in an
    /// environment. The operands must come from the caller, or the compiler would answer in place of the machine.
    #[inline(never)]
    pub fn takes_eight_bits(weight: i8, activation: u8) -> bool {
        let sums = i32x4_relaxed_dot_i8x16_i7x16_add(i8x16_splat(weight), u8x16_splat(activation), i32x4_splat(0));
        let exact = i32x4_splat(4 * i32::from(weight) * i32::from(activation));
        i32x4_all_true(i32x4_eq(sums, exact))
    }
}

#[cfg(target_feature = "relaxed-simd")]
pub use relaxed::{Direct, Split, takes_eight_bits};
