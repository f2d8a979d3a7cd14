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
    pub left_zero: i32,
    pub right_zero: i32,
    pub zero: i32,
    pub left_scale: f32,
    pub right_scale: f32,
    pub scale: f32,
}

/// How the weights of a convolution are packed; [`crate::pack::pack`] says in what order.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Packing {
    /// `[output channel][input channel][row][column]`, an i8 each.
    pub weights: u32,
    pub packed: u32,
    /// An i32 for each output channel, corrected in place for the zero point of the activations.
    pub biases: u32,
    pub channels: u32,
    pub inputs: u32,
    /// Positions of the kernel, 9 for 3x3.
    pub area: u32,
    pub taps: u32,
    /// Positions of the kernel that a tap holds.
    pub pixels: u32,
    /// Numbers of an input pixel, at least `inputs`.
    pub lanes: u32,
    /// Activations that a tap holds, at least `pixels * lanes`.
    pub depth: u32,
    /// Zero point of the activations.
    pub zero: i32,
}

/// Where the taps of each output pixel of a convolution or pooling lie.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Taps {
    /// Place for `size * size * rows * columns` addresses.
    pub table: u32,
    pub image: u32,
    /// The pixel that taps outside the image read.
    pub outside: u32,
    /// Rows and columns of the input.
    pub side: u32,
    pub pixel_bytes: u32,
    /// Rows and columns of the output.
    pub size: u32,
    /// Rows and columns of taps.
    pub rows: u32,
    pub columns: u32,
    pub stride: u32,
    pub pad: u32,
}

/// A picture of f32 as the first convolution reads it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Picture {
    /// `[size][size][channels]`, an f32 each.
    pub pixels: u32,
    /// `[size + 2 * pad][size + 2 * pad][4]`, whose padding is already written.
    pub image: u32,
    pub size: u32,
    pub channels: u32,
    pub pad: u32,
    pub zero: i32,
    pub scale: f32,
    /// Subtracted from the channels of a pixel.
    pub means: [f32; 4],
}

/// The sum of two images as f32.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Features {
    pub left: u32,
    /// 0 if there is only one image.
    pub right: u32,
    pub output: u32,
    pub length: u32,
    pub left_zero: i32,
    pub right_zero: i32,
    pub left_scale: f32,
    pub right_scale: f32,
    /// Smallest output: 0 for ReLU, otherwise negative infinity.
    pub least: f32,
}

/// A matrix of float32 numbers.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Matrix {
    /// A multiple of 4.
    pub address: u32,
    /// Numbers between the beginnings of two rows; 0 where every row is the same.
    pub stride: u32,
}

/// An operation of a decoder. Each reads the fields that it needs.
///
/// Most work on four numbers at once: behind each row, up to a multiple of four numbers are read, and written in the
/// output, whose values do not matter. The output of a product is filled up to whole panels.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Operation {
    pub left: Matrix,
    pub right: Matrix,
    pub output: Matrix,
    /// Rows of the output.
    pub rows: u32,
    /// Columns of the output.
    pub columns: u32,
    /// Columns of `left`, if they are others than the output's; rows of `left` for a mean.
    pub depth: u32,
    /// Packed weights, or the table that rows are taken from.
    pub weights: u32,
    /// Scales of weights in int8, or 0.
    pub scales: u32,
    /// Place for numbers of four bytes while a product is computed: `rows * depth`, and from 16 rows on as many again
    /// and `rows + 32 * depth`.
    pub scratch: u32,
}
