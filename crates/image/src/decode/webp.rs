//! WebP: decoded in full, because its decoder gives no rows, and then shrunk.

use super::{Job, Kept, over_white};
use crate::{
    bytes::le32,
    error::PictureError,
    riff::chunks,
    shrink::{Order, Shrinker},
};
use image_webp::{DecodingError, WebPDecoder};
use std::{borrow::Cow, io::Cursor};

/// Flags of the extended header: what the file says it holds.
const ANIMATION: u8 = 0x02;
const ALPHA: u8 = 0x10;

pub fn decode(job: &Job<'_>) -> Result<Kept, PictureError> {
    let whole = le32(job.bytes, 4).is_some_and(|size| size as usize <= job.bytes.len() - 8);
    if !whole {
        return Err(PictureError::Truncated("the file ends before the picture does".to_owned()));
    }
    let (width, height) = (job.header.width, job.header.height);
    let bytes = with_true_flags(job.bytes);
    let copied = if matches!(bytes, Cow::Owned(_)) { bytes.len() as u64 } else { 0 };
    // Before the decoder runs: this finds the chunks and keeps nothing of them.
    let mut decoder = WebPDecoder::new(Cursor::new(&bytes[..])).map_err(refusal)?;
    if decoder.dimensions() != (width, height) {
        return Err(PictureError::Corrupt("its headers disagree about its size".to_owned()));
    }
    job.check_memory(memory(&mut decoder, width, height) + copied, Order::TopDown)?;
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    let mut pixels = vec![0; width as usize * height as usize * channels];
    decoder.read_image(&mut pixels).map_err(refusal)?;
    drop(decoder);
    let mut shrinker = Shrinker::new(width, height, job.factors(), Order::TopDown);
    let mut rgb = Vec::with_capacity(width as usize * 3);
    for row in pixels.chunks_exact(width as usize * channels) {
        if channels == 3 {
            shrinker.row(row);
        } else {
            rgb.clear();
            over_white(row, &mut rgb);
            shrinker.row(&rgb);
        }
    }
    drop(pixels);
    Ok(Kept::of(shrinker, job.header, job.factors()))
}

/// The file, with an extended header that announces what is there: many programs that remove metadata or transparency
/// leave its flag, and the decoder would refuse the picture. Metadata is not announced, as the decoder reads none.
fn with_true_flags(bytes: &[u8]) -> Cow<'_, [u8]> {
    let said = match bytes.get(12..16) {
        Some(b"VP8X") => bytes.get(20).copied().unwrap_or(0),
        _ => return bytes.into(),
    };
    let chunk = |name: &[u8; 4]| chunks(bytes).find(|(kind, _)| kind == name).map(|(_, data)| data);
    let alpha = match (said & ANIMATION, chunk(b"VP8L")) {
        (0, Some(lossless)) => said & ALPHA != 0 || lossless.get(4).is_some_and(|byte| byte & 0x10 != 0),
        (0, None) => said & ALPHA != 0 && chunk(b"ALPH").is_some(),
        _ => said & ALPHA != 0,
    };
    let is = said & ANIMATION | if alpha { ALPHA } else { 0 };
    if is == said {
        return bytes.into();
    }
    let mut copy = bytes.to_vec();
    copy[20] = is;
    copy.into()
}

/// Bytes that the decoder takes: the planes, its output, and work space that depends on the kind.
fn memory(decoder: &mut WebPDecoder<Cursor<&[u8]>>, width: u32, height: u32) -> u64 {
    let pixels = u64::from(width.next_multiple_of(16)) * u64::from(height.next_multiple_of(16));
    let result = if decoder.has_alpha() { 4 } else { 3 };
    // In eighths of a byte per pixel. The first frame of an animation is held beside the canvas, and can be of any
    // kind.
    let eighths = match (decoder.is_animated(), decoder.is_lossy(), decoder.has_alpha()) {
        (true, _, _) => 8 * (result + 4 + 4) + 12 + 8 * 5,
        (false, true, true) => 8 * result + 12 + 8 * 5,
        (false, true, false) => 8 * result + 12,
        (false, false, true) => 8 * result + 8,
        (false, false, false) => 8 * (result + 4) + 8,
    };
    pixels * eighths / 8 + (1 << 20)
}

fn refusal(error: DecodingError) -> PictureError {
    let why = error.to_string();
    match error {
        DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            PictureError::Truncated(why)
        }
        DecodingError::ImageTooLarge | DecodingError::MemoryLimitExceeded => PictureError::TooMuchMemory(why),
        DecodingError::UnsupportedFeature(_) => PictureError::Unsupported(why),
        _ => PictureError::Corrupt(why),
    }
}
