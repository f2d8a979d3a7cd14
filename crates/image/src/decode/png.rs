//! PNG: read row by row, without metadata and colour profiles.

use super::{Job, Kept, over_white};
use crate::{
    bytes::be32,
    error::PictureError,
    shrink::{Order, Shrinker},
};
use png::{ColorType, Decoder, DecodingError, InterlaceInfo, Limits, Transformations};
use std::{borrow::Cow, io::Cursor};

/// Memory of the decoder itself: a few rows and a window.
const MAX_BYTES: usize = 64 << 20;

pub fn decode(job: &Job<'_>) -> Result<Kept, PictureError> {
    let (width, height) = (job.header.width, job.header.height);
    let bytes = whole(job.bytes)?;
    // Three rows of at most 8 bytes per pixel, zlib's window, and a palette.
    let copied = if matches!(bytes, Cow::Owned(_)) { bytes.len() as u64 } else { 0 };
    let buffers = u64::from(width) * 8 * 4 + copied + (1 << 20);
    let interlaced = job.bytes.get(28) == Some(&1);
    let order = if interlaced { Order::Any } else { Order::TopDown };
    job.check_memory(buffers, order)?;
    let mut decoder = Decoder::new_with_limits(Cursor::new(&bytes[..]), Limits { bytes: MAX_BYTES });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(refusal)?;
    let (colour, _) = reader.output_color_type();
    let mut shrinker = Shrinker::new(width, height, job.factors(), order);
    let mut rgb = Vec::with_capacity(width as usize * 3);
    let (mut line, mut pass) = (0, 0);
    while let Some(row) = reader.next_interlaced_row().map_err(refusal)? {
        rgb.clear();
        to_rgb(row.data(), colour, &mut rgb);
        match row.interlace() {
            InterlaceInfo::Null(_) => shrinker.row(&rgb),
            InterlaceInfo::Adam7(_) => {
                while line >= lines_of(pass, width, height) {
                    (line, pass) = (0, pass + 1);
                }
                let [x, y, step_x, step_y] = PASSES[pass];
                shrinker.pixels(y + line * step_y, x, step_x, &rgb);
                line += 1;
            }
        }
    }
    Ok(Kept::of(shrinker, job.header, job.factors()))
}

/// Start and steps of each pass of an interlaced picture: x, y, step across, step down.
const PASSES: [[u32; 4]; 7] =
    [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/// Number of lines of a pass: 0 if it has no pixels.
fn lines_of(pass: usize, width: u32, height: u32) -> u32 {
    match PASSES.get(pass) {
        Some(&[x, y, _, step]) if x < width => height.saturating_sub(y).div_ceil(step),
        Some(_) => 0,
        None => u32::MAX,
    }
}

fn to_rgb(row: &[u8], colour: ColorType, rgb: &mut Vec<u8>) {
    match colour {
        ColorType::Grayscale | ColorType::Indexed => rgb.extend(row.iter().flat_map(|&grey| [grey; 3])),
        ColorType::GrayscaleAlpha => rgb.extend(row.chunks_exact(2).flat_map(|pixel| {
            let grey = super::blend(pixel[0], u32::from(pixel[1]));
            [grey; 3]
        })),
        ColorType::Rgb => rgb.extend_from_slice(row),
        ColorType::Rgba => over_white(row, rgb),
    }
}

fn refusal(error: DecodingError) -> PictureError {
    let why = error.to_string();
    match error {
        DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            PictureError::Truncated(why)
        }
        DecodingError::LimitsExceeded => PictureError::TooMuchMemory(why),
        _ => PictureError::Corrupt(why),
    }
}

/// Checks that every chunk is complete, except the last one: if that is missing or cut, adds it.
fn whole(bytes: &[u8]) -> Result<Cow<'_, [u8]>, PictureError> {
    const LAST: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";
    let (mut at, mut pixels) = (8, false);
    loop {
        let rest = &bytes[at.min(bytes.len())..];
        if rest.len() < LAST.len() {
            // Without an end chunk the decoder would wait for more.
            let only_end = pixels && LAST.starts_with(rest);
            return if only_end { Ok([&bytes[..at], LAST].concat().into()) } else { Err(truncated()) };
        }
        if rest.starts_with(b"\0\0\0\0IEND") {
            return Ok(bytes.into());
        }
        let end = be32(bytes, at).map(|length| at.saturating_add(12).saturating_add(length as usize));
        let Some(end) = end.filter(|&end| end <= bytes.len()) else { return Err(truncated()) };
        pixels |= &rest[4..8] == b"IDAT";
        at = end;
    }
}

fn truncated() -> PictureError {
    PictureError::Truncated("the file ends before the picture does".to_owned())
}
