//! What the module exports. Every address comes from the caller, which is why each of these is unsafe.

use crate::kernels::Dot16;
use crate::layout::{Addition, Convolution};
use crate::{pointwise, tile};

macro_rules! convolutions {
    ($($name:ident: $kernel:ty, $rows:literal;)*) => {$(
        /// Computes a convolution with one kernel and one height of tiles.
        ///
        /// # Safety
        /// `conv` must point to a [`Convolution`], and everything that it describes must lie where it says.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(conv: *const Convolution) {
            // SAFETY: the caller's promise.
            unsafe { tile::convolve::<$kernel, $rows>(&*conv) }
        }
    )*};
}

convolutions! {
    dot16_4: Dot16, 4;
    dot16_5: Dot16, 5;
    dot16_6: Dot16, 6;
}

#[cfg(target_feature = "relaxed-simd")]
convolutions! {
    split_4: crate::kernels::Split, 4;
    split_5: crate::kernels::Split, 5;
    split_6: crate::kernels::Split, 6;
    direct_4: crate::kernels::Direct, 4;
    direct_5: crate::kernels::Direct, 5;
    direct_6: crate::kernels::Direct, 6;
}

/// Whether the `direct` kernels are exact on this machine: call it with the extremes, -128, 127 and 255.
#[cfg(target_feature = "relaxed-simd")]
#[unsafe(no_mangle)]
pub extern "C" fn takes_eight_bits(weight: i8, activation: u8) -> bool {
    crate::kernels::takes_eight_bits(weight, activation)
}

/// Adds two images of 16-bit activations.
///
/// # Safety
/// `add` must point to an [`Addition`], and everything that it describes must lie where it says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn add_words(add: *const Addition) {
    // SAFETY: the caller's promise.
    unsafe { pointwise::add_words(&*add) }
}

/// Adds two images of 8-bit activations.
///
/// # Safety
/// `add` must point to an [`Addition`], and everything that it describes must lie where it says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn add_bytes(add: *const Addition) {
    // SAFETY: the caller's promise.
    unsafe { pointwise::add_bytes(&*add) }
}

/// The largest of the taps of each row.
///
/// # Safety
/// `sources` must hold `rows * taps` addresses of `tap_bytes` bytes each, and `output` `rows * tap_bytes` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn max_pool(sources: *const u32, rows: usize, taps: usize, tap_bytes: usize, output: *mut u8) {
    // SAFETY: the caller's promise.
    unsafe { pointwise::max_pool(sources, rows, taps, tap_bytes, output) }
}
