//! What the module exports. Every address comes from the caller, which is why each of these is unsafe.

use crate::kernels::{Compact, Dot16};
use crate::layout::{Addition, Convolution, Features, Packing, Picture, Taps};
use crate::pack::{self, Shape};
use crate::{ends, pointwise, taps, tile};

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
    compact_4: Compact, 4;
    compact_5: Compact, 5;
    compact_6: Compact, 6;
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

/// The memory at an address.
///
/// # Safety
/// `length` values of `T` must lie at `address`, which must be aligned, and nothing may write there while the slice is
/// in use. Calls from JavaScript come one after another, and each export reads its structure before it writes.
pub unsafe fn slice<'a, T>(address: u32, length: usize) -> &'a [T] {
    // SAFETY: the caller's promise.
    unsafe { core::slice::from_raw_parts(address as *const T, length) }
}

/// The memory at an address, to write to.
///
/// # Safety
/// As for [`slice`]; no other slice may overlap it.
pub unsafe fn slice_mut<'a, T>(address: u32, length: usize) -> &'a mut [T] {
    // SAFETY: the caller's promise.
    unsafe { core::slice::from_raw_parts_mut(address as *mut T, length) }
}

/// # Safety
/// As for [`pack_words`].
unsafe fn pack_into<T: Copy + From<i8>>(packing: &Packing, step: usize) {
    let number = |value: u32| value as usize;
    let (channels, inputs, area) = (number(packing.channels), number(packing.inputs), number(packing.area));
    let (taps, depth) = (number(packing.taps), number(packing.depth));
    let (pixels, lanes) = (number(packing.pixels), number(packing.lanes));
    let shape = Shape { channels, inputs, area, taps, pixels, lanes, depth };
    // SAFETY: the caller promises the three places and that they do not overlap.
    unsafe {
        let weights = slice(packing.weights, channels * inputs * area);
        pack::pack(weights, &shape, step, slice_mut::<T>(packing.packed, channels * taps * depth));
        pack::correct(slice_mut(packing.biases, channels), weights, packing.zero);
    }
}

/// Packs weights for kernels that read 16 bits, and corrects the biases.
///
/// # Safety
/// `packing` must point to a [`Packing`], and what it describes must lie where it says, without overlaps.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pack_words(packing: *const Packing) {
    // SAFETY: the caller's promise.
    unsafe { pack_into::<i16>(&*packing, 2) }
}

/// Packs weights in 8 bits for the kernel [`Compact`], whose activations have 16, and corrects the biases.
///
/// # Safety
/// As for [`pack_words`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pack_compact(packing: *const Packing) {
    // SAFETY: the caller's promise.
    unsafe { pack_into::<i8>(&*packing, 2) }
}

/// Packs weights for kernels that read 8 bits, and corrects the biases.
///
/// # Safety
/// As for [`pack_words`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pack_bytes(packing: *const Packing) {
    // SAFETY: the caller's promise.
    unsafe { pack_into::<i8>(&*packing, 4) }
}

/// Writes where the taps of a convolution or pooling lie.
///
/// # Safety
/// `taps` must point to a [`Taps`] whose table has the place that it promises.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write_taps(taps: *const Taps) {
    // SAFETY: the caller's promise.
    unsafe {
        let length = (*taps).size * (*taps).size * (*taps).rows * (*taps).columns;
        taps::write(&*taps, slice_mut((*taps).table, length as usize));
    }
}

/// # Safety
/// As for [`quantise_words`].
unsafe fn quantise_into<T: From<u8>>(picture: &Picture) {
    let side = (picture.size + 2 * picture.pad) as usize;
    let length = (picture.size * picture.size * picture.channels) as usize;
    // SAFETY: the caller promises both places and that they do not overlap.
    unsafe {
        ends::quantise(
            picture,
            slice(picture.pixels, length),
            slice_mut::<T>(picture.image, side * side * ends::LANES),
        );
    }
}

/// Stores a picture as activations of 16 bits.
///
/// # Safety
/// `picture` must point to a [`Picture`], and what it describes must lie where it says, without overlaps.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quantise_words(picture: *const Picture) {
    // SAFETY: the caller's promise.
    unsafe { quantise_into::<u16>(&*picture) }
}

/// Stores a picture as activations of 8 bits.
///
/// # Safety
/// As for [`quantise_words`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quantise_bytes(picture: *const Picture) {
    // SAFETY: the caller's promise.
    unsafe { quantise_into::<u8>(&*picture) }
}

/// # Safety
/// As for [`features_of_words`].
unsafe fn features_into<T: Copy + Into<i32>>(ends: &Features) {
    let length = ends.length as usize;
    // SAFETY: the caller promises the places, and that the output overlaps none of the images.
    unsafe {
        let right = (ends.right != 0).then(|| slice::<T>(ends.right, length));
        ends::features(ends, slice(ends.left, length), right, slice_mut(ends.output, length));
    }
}

/// The features of one image or of the sum of two, of activations of 16 bits.
///
/// # Safety
/// `ends` must point to a [`Features`], and what it describes must lie where it says, the output without overlaps.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn features_of_words(ends: *const Features) {
    // SAFETY: the caller's promise.
    unsafe { features_into::<u16>(&*ends) }
}

/// The features of one image or of the sum of two, of activations of 8 bits.
///
/// # Safety
/// As for [`features_of_words`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn features_of_bytes(ends: *const Features) {
    // SAFETY: the caller's promise.
    unsafe { features_into::<u8>(&*ends) }
}
