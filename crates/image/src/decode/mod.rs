//! Decodes a file's bytes to pixels of the size that the encoder needs.

mod bmp;
mod gif;
mod jpeg;
mod png;
mod webp;

use crate::{
    error::PictureError,
    format::{Format, Header},
    orientation::{orientation, swaps_sides},
    resize::resize,
    shrink::{self, Order, Shrinker},
};

/// Most pixels of a side. This is the limit of JPEG and GIF; longer sides only make buffers of odd shapes.
pub const MAX_SIDE: u32 = 65_535;

/// Most bytes that all buffers of a decode may take together, the file included. The WebAssembly build has 600 MiB of
/// memory at most, which leaves room for what an estimate misses.
pub const MAX_MEMORY: u64 = 540 << 20;

/// The size to resize a picture to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Squashed to this width and height.
    Exact(u32, u32),
    /// With its proportions kept, the longer side at most this long; a smaller picture stays as it is.
    AtMost(u32),
}

impl Size {
    fn of(self, (width, height): (u32, u32)) -> (u32, u32) {
        match self {
            Self::Exact(width, height) => (width, height),
            Self::AtMost(longer) => {
                let scale = (f64::from(longer) / f64::from(width.max(height))).min(1.0);
                let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
                (side(width), side(height))
            }
        }
    }
}

/// A decoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What the file's header says.
    pub header: Header,
    /// Red, green, blue, row by row.
    pub rgb: Vec<u8>,
    /// Pixels of `rgb` from left to right.
    pub width: u32,
    /// Pixels of `rgb` from top to bottom.
    pub height: u32,
}

/// A picture's pixels after shrinking, as they are stored: not yet upright.
struct Kept {
    rgb: Vec<u8>,
    width: u32,
    height: u32,
    /// The part of it that the picture covers, because blocks at the edges may be only partly filled.
    covered: (f64, f64),
}

impl Kept {
    fn of(shrinker: Shrinker, header: &Header, (across, down): (u32, u32)) -> Self {
        let (rgb, width, height) = shrinker.finish();
        let part = |side: u32, factor: u32| f64::from(side) / f64::from(factor);
        Self { rgb, width, height, covered: (part(header.width, across), part(header.height, down)) }
    }
}

/// Decodes a picture, upright by its orientation, transparent parts over white, at the size wanted.
///
/// # Errors
///
/// Any [`PictureError`]; `TooLarge` is known from the header, before anything is decoded.
pub fn decode(bytes: &[u8], size: Size, max_pixels: u64) -> Result<Picture, PictureError> {
    let header = Header::read(bytes)?;
    check_size(&header, max_pixels)?;
    let orientation = orientation(header.format, bytes);
    let swapped = swaps_sides(orientation);
    let swap = |(a, b): (u32, u32)| if swapped { (b, a) } else { (a, b) };
    let (width, height) = size.of(swap((header.width, header.height)));
    if width == 0 || height == 0 || width > MAX_SIDE || height > MAX_SIDE {
        return Err(PictureError::TooLarge(format!("{width} x {height} pixels were requested")));
    }
    let job = Job { bytes, header: &header, wanted: swap((width, height)), max_pixels };
    let kept = match header.format {
        Format::Jpeg => jpeg::decode(&job),
        Format::Png => png::decode(&job),
        Format::WebP => webp::decode(&job),
        Format::Gif => gif::decode(&job),
        Format::Bmp => bmp::decode(&job),
    }?;
    let (stored_width, stored_height) = job.wanted;
    let rgb = turn(at_size(kept, stored_width, stored_height), stored_width, stored_height, orientation);
    Ok(Picture { header, rgb, width, height })
}

fn check_size(header: &Header, max_pixels: u64) -> Result<(), PictureError> {
    let Header { width, height, .. } = header;
    if u64::from(*width) * u64::from(*height) > max_pixels {
        return Err(PictureError::TooLarge(format!("{width} x {height} pixels")));
    }
    if *width > MAX_SIDE || *height > MAX_SIDE {
        return Err(PictureError::TooLong(format!("{width} x {height} pixels")));
    }
    Ok(())
}

/// What to decode, and to which size, before it is turned upright.
struct Job<'a> {
    bytes: &'a [u8],
    header: &'a Header,
    wanted: (u32, u32),
    max_pixels: u64,
}

impl Job<'_> {
    /// How many pixels become one, across and down.
    fn factors(&self) -> (u32, u32) {
        let factor = |from, to| shrink::factor(from, to);
        (factor(self.header.width, self.wanted.0), factor(self.header.height, self.wanted.1))
    }

    /// Refuses a picture that needs too much memory: `buffers` bytes for its decoder, plus what shrinking and resizing
    /// take.
    fn check_memory(&self, buffers: u64, order: Order) -> Result<(), PictureError> {
        let Header { width, height, .. } = *self.header;
        let kept = Shrinker::memory(width, height, self.factors(), order);
        self.check_sum(buffers + kept, (width / self.factors().0, height / self.factors().1))
    }

    /// Refuses a picture that needs too much memory: `buffers` bytes to decode it, then what resizing its `kept` pixels
    /// takes.
    fn check_sum(&self, buffers: u64, kept: (u32, u32)) -> Result<(), PictureError> {
        let (width, height) = (u64::from(self.wanted.0), u64::from(self.wanted.1));
        // The resizer works across first, and keeps that result while it works down.
        let resized = width * height * 6 + width * u64::from(kept.1) * 3;
        let sum = self.bytes.len() as u64 + buffers + resized;
        if sum > MAX_MEMORY {
            let Header { width, height, format } = self.header;
            let (needs, limit) = (sum.div_ceil(1 << 20), MAX_MEMORY >> 20);
            let name = format.name();
            return Err(PictureError::TooMuchMemory(format!(
                "{width} x {height} pixels in this kind of {name} take {needs} MiB to decode, and the limit is {limit}"
            )));
        }
        Ok(())
    }
}

/// The picture at the wanted size, as it is stored.
fn at_size(kept: Kept, width: u32, height: u32) -> Vec<u8> {
    let Kept { rgb, width: from_width, height: from_height, covered } = kept;
    if (from_width, from_height) == (width, height) && covered == (f64::from(width), f64::from(height)) {
        return rgb;
    }
    resize(&rgb, (from_width, from_height), covered, (width, height))
}

/// Turns RGB pixels of `width` x `height` upright.
fn turn(rgb: Vec<u8>, width: u32, height: u32, orientation: u8) -> Vec<u8> {
    if orientation == 1 {
        return rgb;
    }
    let (width, height) = (width as usize, height as usize);
    let (across, down) = if swaps_sides(orientation) { (height, width) } else { (width, height) };
    let mut turned = Vec::with_capacity(rgb.len());
    for y in 0..down {
        for x in 0..across {
            let (from_x, from_y) = match orientation {
                2 => (width - 1 - x, y),
                3 => (width - 1 - x, height - 1 - y),
                4 => (x, height - 1 - y),
                5 => (y, x),
                6 => (y, height - 1 - x),
                7 => (width - 1 - y, height - 1 - x),
                _ => (width - 1 - y, x),
            };
            let at = (from_y * width + from_x) * 3;
            turned.extend_from_slice(&rgb[at..at + 3]);
        }
    }
    turned
}

/// Blends pixels of red, green, blue and alpha with white, as on a page, and appends them to `rgb`.
fn over_white(rgba: &[u8], rgb: &mut Vec<u8>) {
    for pixel in rgba.chunks_exact(4) {
        let alpha = u32::from(pixel[3]);
        rgb.extend(pixel[..3].iter().map(|&value| blend(value, alpha)));
    }
}

fn blend(value: u8, alpha: u32) -> u8 {
    ((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

#[cfg(test)]
mod tests;
