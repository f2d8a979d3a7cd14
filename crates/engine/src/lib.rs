//! Convolutional networks in 8-bit integers, and the decoder that words what they see, for WebAssembly.
//!
//! Convolutions are matrix products without a copy of the image's patches. Only numbers cross the border: the caller
//! lays everything into the memory of the module and passes addresses. [`layout`] says how weights and images lie
//! there. The kernels exist on wasm32 only; what runs on every machine is how weights are packed, where the taps of
//! each pixel lie, and the two ends of the network.
//!
//! A decoder is a list of operations on matrices of float32 numbers ([`layout::Operation`]). Its weights stay in the
//! precision that they are stored in, and are widened in registers.

pub mod dense;
pub mod ends;
pub mod layout;
pub mod pack;
pub mod taps;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod curves;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod decoder_exports;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod exports;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod kernels;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod pointwise;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod product;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod tile;
