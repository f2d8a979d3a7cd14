//! GIF: the first frame, row by row.

use super::{Job, Kept};
use crate::{
    error::PictureError,
    gif_blocks::{check_blocks, first_frame},
    shrink::{Order, Shrinker},
};
use gif::{ColorOutput, DecodeOptions, DecodingError, MemoryLimit};
use std::{io::Read, num::NonZeroU64};

/// Memory of the decoder itself: some tables.
const MAX_BYTES: NonZeroU64 = NonZeroU64::new(32 << 20).unwrap();

/// The end of a block and the trailer, which a file may lack.
const END: &[u8] = b"\0;";

pub fn decode(job: &Job<'_>) -> Result<Kept, PictureError> {
    let (width, height) = (job.header.width, job.header.height);
    check_blocks(job.bytes)?;
    let first = first_frame(job.bytes)?;
    job.check_memory(MAX_BYTES.get() + u64::from(width) * 8, Order::Any)?;
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.set_memory_limit(MemoryLimit::Bytes(MAX_BYTES));
    // The decoder needs nothing else from before the first frame, and would stumble over padding there.
    let head = job.bytes[..first.head].chain(first.control);
    let mut decoder = options.read_info(head.chain(&job.bytes[first.at..]).chain(END)).map_err(refusal)?;
    let frame = decoder.next_frame_info().map_err(refusal)?;
    let frame = frame.ok_or_else(|| PictureError::Corrupt("it has no frame".to_owned()))?;
    let (frame_width, frame_height) = (u32::from(frame.width), u32::from(frame.height));
    if u64::from(frame_width) * u64::from(frame_height) > job.max_pixels {
        return Err(PictureError::TooLarge(format!("a frame of {frame_width} x {frame_height} pixels")));
    }
    let (left, top, interlaced) = (u32::from(frame.left), u32::from(frame.top), frame.interlaced);
    let clear = frame.transparent;
    let colours = decoder.palette().map_err(refusal)?.to_vec();
    let mut shrinker = Shrinker::new(width, height, job.factors(), Order::Any);
    let mut row = vec![0; frame_width as usize];
    let mut rgb = Vec::with_capacity(row.len() * 3);
    for y in rows(frame_height, interlaced) {
        if !decoder.fill_buffer(&mut row).map_err(refusal)? {
            return Err(truncated());
        }
        rgb.clear();
        for &index in &row {
            let at = usize::from(index) * 3;
            match colours.get(at..at + 3) {
                Some(colour) if clear != Some(index) => rgb.extend_from_slice(colour),
                _ => rgb.extend_from_slice(&[255; 3]),
            }
        }
        shrinker.pixels(top + y, left, 1, &rgb);
    }
    Ok(Kept::of(shrinker, job.header, job.factors()))
}

/// The rows of a frame in the order in which they are stored.
fn rows(height: u32, interlaced: bool) -> impl Iterator<Item = u32> {
    let passes: &[(u32, usize)] = if interlaced { &[(0, 8), (4, 8), (2, 4), (1, 2)] } else { &[(0, 1)] };
    passes.iter().flat_map(move |&(first, step)| (first..height).step_by(step))
}

fn refusal(error: DecodingError) -> PictureError {
    let why = error.to_string();
    match error {
        DecodingError::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => PictureError::Truncated(why),
        DecodingError::MemoryLimit => PictureError::TooMuchMemory(why),
        _ => PictureError::Corrupt(why),
    }
}

fn truncated() -> PictureError {
    PictureError::Truncated("the file ends before the picture does".to_owned())
}
