//! Convolutions of 8-bit integers as matrix products without a copy of the image's patches, for WebAssembly.
//!
//! Only numbers cross the border: the caller lays everything into the memory of the module and hands over addresses.
//! [`layout`] says how weights and activations lie there. The kernels exist on wasm32 alone; what runs on every
//! machine is the scalar convolution that they are held to.

pub mod layout;
pub mod scalar;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod exports;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod kernels;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod pointwise;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod tile;
