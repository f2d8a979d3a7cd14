//! How a convolution lies in memory.

/// Output channels that are computed together. The number of output channels must be a multiple of it.
pub const COLUMNS: usize = 8;

/// Bytes of a row of activations that one turn of the inner loop reads. What a tap holds must be a multiple of it.
pub const CHUNK: usize = 16;

/// Everything about one convolution, in the memory of the module.
///
/// A *row* is the position of an output pixel, a *tap* one position of the kernel (1 for 1x1, 9 for 3x3). `sources`
/// holds `rows * taps` addresses of activations, tap after tap and row after row: where a tap lies outside the image,
/// it points to pixels that hold the zero point. So a 1x1 convolution, one with a stride and a 3x3 one differ in
/// `sources` alone.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Convolution {
    pub sources: u32,
    pub rows: u32,
    pub taps: u32,
    /// Bytes that each source holds: a multiple of [`CHUNK`].
    pub tap_bytes: u32,
    /// Output channels: a multiple of [`COLUMNS`].
    pub channels: u32,
    /// Packed weights: [`COLUMNS`] channels after [`COLUMNS`] channels, each tap after tap, in the kernel's order.
    pub weights: u32,
    /// An i32 for each output channel, which also corrects for the zero point of the activations.
    pub biases: u32,
    /// An f32 for each output channel: what a sum is multiplied by to become an output.
    pub scales: u32,
    /// Zero point of the output.
    pub zero: i32,
    /// Rows of `channels` outputs.
    pub output: u32,
    /// Rows that meet all weights before the next rows do.
    pub block: u32,
}

/// The sum of two images with scales of their own.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Addition {
    pub left: u32,
    pub right: u32,
    pub output: u32,
    /// Elements: a multiple of 16.
    pub length: u32,
    pub left_scale: f32,
    pub right_scale: f32,
    /// What the zero points of both come to, already scaled.
    pub shift: f32,
    pub zero: i32,
}
