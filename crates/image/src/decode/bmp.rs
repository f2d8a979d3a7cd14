//! BMP: row by row from the file, which holds the pixels mostly as they are.

use super::{Job, Kept, blend};
use crate::{
    bytes::{le16, le32},
    error::PictureError,
    shrink::{Order, Shrinker},
};

pub fn decode(job: &Job<'_>) -> Result<Kept, PictureError> {
    let (width, height) = (job.header.width, job.header.height);
    let bmp = Bmp::read(job.bytes, width)?;
    let pixels = u64::from(width) * u64::from(height);
    let indices = if matches!(bmp.packing, Packing::Runs) { pixels } else { 0 };
    job.check_memory(indices + (1 << 20), Order::TopDown)?;
    let runs = match bmp.packing {
        Packing::Runs => unpack_runs(bmp.data, bmp.bits, width as usize, height as usize)?,
        _ => Vec::new(),
    };
    let mut shrinker = Shrinker::new(width, height, job.factors(), Order::TopDown);
    let mut rgb = Vec::with_capacity(width as usize * 3);
    for y in 0..height as usize {
        let row = if bmp.from_top { y } else { height as usize - 1 - y };
        rgb.clear();
        if runs.is_empty() {
            let bytes = row.checked_mul(bmp.stride).and_then(|at| bmp.data.get(at..at.checked_add(bmp.stride)?));
            // The padding of the last row may be missing: it holds no pixels.
            let used = (width as usize * bmp.bits as usize).div_ceil(8);
            let bytes = bytes.or_else(|| bmp.data.get(row * bmp.stride..row * bmp.stride + used));
            bmp.row(bytes.ok_or_else(truncated)?, width as usize, &mut rgb);
        } else {
            // Runs come from the bottom too.
            runs[row * width as usize..][..width as usize].iter().for_each(|&index| bmp.colour(index, &mut rgb));
        }
        shrinker.row(&rgb);
    }
    Ok(Kept::of(shrinker, job.header, job.factors()))
}

fn truncated() -> PictureError {
    PictureError::Truncated("the file ends before the picture does".to_owned())
}

/// How a pixel is stored in the file.
enum Packing {
    /// An index into the colours, of 1, 2, 4 or 8 bits.
    Indices,
    /// The same, in runs.
    Runs,
    /// Blue, green, red, and perhaps an unused byte.
    Bytes,
    /// Where the bits of red, green, blue and alpha are; alpha may have none.
    Masks([u32; 4]),
}

struct Bmp<'a> {
    packing: Packing,
    bits: u32,
    /// Red, green and blue of each index.
    colours: Vec<[u8; 3]>,
    from_top: bool,
    stride: usize,
    data: &'a [u8],
}

impl<'a> Bmp<'a> {
    fn read(bytes: &'a [u8], width: u32) -> Result<Self, PictureError> {
        let long = |at| le32(bytes, at).ok_or_else(truncated);
        let header = long(14)? as usize;
        let short = header == 12;
        let bits = le16(bytes, if short { 24 } else { 28 }).ok_or_else(truncated)?;
        let kind = if short { 0 } else { long(30)? };
        let unsupported = || PictureError::Unsupported(format!("a BMP of {bits} bits a pixel in packing {kind}"));
        if !short && header < 40 {
            return Err(unsupported());
        }
        let packing = match (kind, bits) {
            (0, 1 | 2 | 4 | 8) => Packing::Indices,
            (0, 24 | 32) => Packing::Bytes,
            (0, 16) => Packing::Masks([0x7c00, 0x03e0, 0x001f, 0]),
            (1, 8) | (2, 4) => Packing::Runs,
            (3 | 6, 16 | 32) => {
                let alpha = if kind == 6 || header >= 56 { long(66)? } else { 0 };
                Packing::Masks([long(54)?, long(58)?, long(62)?, alpha])
            }
            _ => return Err(unsupported()),
        };
        let masks = match kind {
            3 if header == 40 => 12,
            6 if header == 40 => 16,
            _ => 0,
        };
        let start = header.saturating_add(14 + masks);
        let mut table = 0;
        let colours = match packing {
            Packing::Indices | Packing::Runs => {
                let used = if short { 0 } else { long(46)? as usize };
                let count = if used == 0 { 1 << bits } else { used.min(1 << bits) };
                let entry = if short { 3 } else { 4 };
                table = count * entry;
                let colours = bytes.get(start..start.saturating_add(table)).ok_or_else(truncated)?;
                colours.chunks_exact(entry).map(|bgr| [bgr[2], bgr[1], bgr[0]]).collect()
            }
            _ => Vec::new(),
        };
        let stride = (width as usize * bits as usize).div_ceil(32) * 4;
        let from_top = !short && (long(22)? as i32) < 0;
        if from_top && matches!(packing, Packing::Runs) {
            return Err(unsupported());
        }
        let behind = start.saturating_add(table);
        let data = match long(10)? as usize {
            // Some encoders leave it out.
            0 => behind,
            offset if offset < start => {
                return Err(PictureError::Corrupt(format!("its pixels begin inside its header, at byte {offset}")));
            }
            offset => offset,
        };
        let data = bytes.get(data..).ok_or_else(truncated)?;
        Ok(Self { packing, bits, colours, from_top, stride, data })
    }

    fn colour(&self, index: u8, rgb: &mut Vec<u8>) {
        rgb.extend_from_slice(self.colours.get(usize::from(index)).unwrap_or(&[0; 3]));
    }

    /// Adds the pixels of a row.
    fn row(&self, bytes: &[u8], width: usize, rgb: &mut Vec<u8>) {
        let pixel = self.bits as usize / 8;
        match &self.packing {
            Packing::Indices | Packing::Runs => {
                let (bits, each) = (self.bits, 8 / self.bits as usize);
                for x in 0..width {
                    let shift = 8 - bits * (x % each + 1) as u32;
                    self.colour(bytes[x / each] >> shift & (0xff >> (8 - bits)) as u8, rgb);
                }
            }
            Packing::Bytes => {
                for bgr in bytes.chunks_exact(pixel).take(width) {
                    rgb.extend_from_slice(&[bgr[2], bgr[1], bgr[0]]);
                }
            }
            Packing::Masks([red, green, blue, alpha]) => {
                for at in (0..width).map(|x| x * pixel) {
                    let value = if pixel == 2 { le16(bytes, at) } else { le32(bytes, at) }.unwrap_or(0);
                    let alpha = if *alpha == 0 { 255 } else { u32::from(part(value, *alpha)) };
                    rgb.extend([red, green, blue].map(|&mask| blend(part(value, mask), alpha)));
                }
            }
        }
    }
}

/// The bits of a mask as a value from 0 to 255.
fn part(value: u32, mask: u32) -> u8 {
    if mask == 0 {
        return 0;
    }
    let (largest, found) =
        (u64::from(mask >> mask.trailing_zeros()), u64::from((value & mask) >> mask.trailing_zeros()));
    ((found * 255 + largest / 2) / largest) as u8
}

/// Unpacks runs of indices; rows come from the bottom, as they are stored. Pixels that the runs leave out get the first
/// colour.
fn unpack_runs(data: &[u8], bits: u32, width: usize, height: usize) -> Result<Vec<u8>, PictureError> {
    let mut indices = vec![0; width * height];
    let (mut x, mut y, mut at) = (0usize, 0usize, 0usize);
    let mut put = |x: usize, y: usize, index: u8| {
        if x < width && y < height {
            indices[y * width + x] = index;
        }
    };
    let half = |byte: u8, i: usize| if bits == 8 { byte } else { byte >> (4 * (1 - i % 2)) & 15 };
    loop {
        let (Some(&first), Some(&second)) = (data.get(at), data.get(at + 1)) else {
            // The last row's end code may be missing too.
            return if (x, y + 1) == (width, height) { Ok(indices) } else { Err(truncated()) };
        };
        at += 2;
        match (first, second) {
            (0, 0) => (x, y) = (0, y + 1),
            (0, 1) => break,
            (0, 2) => {
                let (Some(&right), Some(&up)) = (data.get(at), data.get(at + 1)) else { return Err(truncated()) };
                (x, y, at) = (x + usize::from(right), y + usize::from(up), at + 2);
            }
            (0, count) => {
                let count = usize::from(count);
                let bytes = (count * bits as usize).div_ceil(8);
                let run = data.get(at..at + bytes).ok_or_else(truncated)?;
                for i in 0..count {
                    put(x + i, y, half(run[i * bits as usize / 8], i));
                }
                x += count;
                at += bytes + bytes % 2;
            }
            (count, byte) => {
                for i in 0..usize::from(count) {
                    put(x + i, y, half(byte, i));
                }
                x += usize::from(count);
            }
        }
        // The end code may be missing after the last row.
        if y >= height {
            break;
        }
    }
    Ok(indices)
}
