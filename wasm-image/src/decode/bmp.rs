//! BMP: decoded whole, and then shrunk. The decoder reads every row that the header promises, or fails.

use super::{Job, Kept, over_white};
use crate::{error::PictureError, shrink::{Order, Shrinker}};
use image::{ColorType, ImageDecoder, ImageError, codecs::bmp::BmpDecoder};
use std::io::{Cursor, ErrorKind};

pub fn decode(job: &Job<'_>) -> Result<Kept, PictureError> {
    let (width, height) = (job.header.width, job.header.height);
    let decoder = BmpDecoder::new(Cursor::new(job.bytes)).map_err(refusal)?;
    if decoder.dimensions() != (width, height) {
        return Err(PictureError::Corrupt("its headers disagree about its size".to_owned()));
    }
    let channels: usize = match decoder.color_type() {
        ColorType::Rgb8 => 3,
        ColorType::Rgba8 => 4,
        other => return Err(PictureError::Unsupported(format!("a BMP of {other:?}"))),
    };
    job.check_memory(u64::from(width) * u64::from(height) * channels as u64 + (1 << 20), Order::TopDown)?;
    let mut pixels = vec![0; width as usize * height as usize * channels];
    decoder.read_image(&mut pixels).map_err(refusal)?;
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

fn refusal(error: ImageError) -> PictureError {
    let why = error.to_string();
    match error {
        ImageError::Limits(_) => PictureError::TooMuchMemory(why),
        ImageError::IoError(io) if io.kind() == ErrorKind::UnexpectedEof => PictureError::Truncated(why),
        // The decoder has a limit of its own, and no kind of error for it.
        ImageError::Unsupported(_) if why.contains("too large") => PictureError::TooMuchMemory(why),
        ImageError::Unsupported(_) => PictureError::Unsupported(why),
        _ => PictureError::Corrupt(why),
    }
}
