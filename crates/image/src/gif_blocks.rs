//! The blocks of a GIF: whether all are there, and where the first frame is.

use crate::{bytes::le16, error::PictureError};

const EXTENSION: u8 = 0x21;
const FRAME: u8 = 0x2c;
const TRAILER: u8 = 0x3b;

/// The first frame of a GIF.
pub struct FirstFrame<'a> {
    /// Where the header ends, with its colours.
    pub head: usize,
    /// The last graphic control extension before the frame, which says what is transparent; may be empty.
    pub control: &'a [u8],
    /// Where the frame's descriptor begins.
    pub at: usize,
    /// Pixels of the screen to the left of the frame.
    pub left: u32,
    /// Pixels of the screen above the frame.
    pub top: u32,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// Finds the first frame, without reading its pixels.
///
/// # Errors
/// `Truncated`, or `Corrupt` if there is no frame.
pub fn first_frame(bytes: &[u8]) -> Result<FirstFrame<'_>, PictureError> {
    let head = head(bytes)?;
    let (mut at, mut control): (usize, &[u8]) = (head, &[]);
    while let Some((kind, start)) = next_block(bytes, at)? {
        if kind == FRAME {
            let side = |offset| le16(bytes, start + offset).ok_or_else(truncated);
            let (left, top, width, height) = (side(1)?, side(3)?, side(5)?, side(7)?);
            return Ok(FirstFrame { head, control, at: start, left, top, width, height });
        }
        if kind != EXTENSION {
            return Err(unknown(kind));
        }
        at = sub_blocks(bytes, start + 2).ok_or_else(truncated)?;
        if bytes[start + 1] == 0xf9 {
            control = &bytes[start..at];
        }
    }
    Err(PictureError::Corrupt("it has no frame".to_owned()))
}

/// Walks the blocks. All must be complete; the end of the last one and the trailer may be missing.
///
/// # Errors
/// `Truncated`, or `Corrupt` if something else than a block comes before the first frame.
pub fn check_blocks(bytes: &[u8]) -> Result<(), PictureError> {
    let (mut at, mut frames) = (head(bytes)?, 0);
    loop {
        let block = match next_block(bytes, at) {
            Err(_) if frames > 0 => None,
            block => block?,
        };
        let data = match block {
            None => return Ok(()),
            Some((EXTENSION, start)) => start + 2,
            Some((FRAME, start)) => start + 11 + table(*bytes.get(start + 9).ok_or_else(truncated)?),
            // After the picture, anything that is not a block ends the file, as the trailer would.
            Some(_) if frames > 0 => return Ok(()),
            Some((kind, _)) => return Err(unknown(kind)),
        };
        let is_frame = block.is_some_and(|(kind, _)| kind == FRAME);
        at = match sub_blocks(bytes, data) {
            Some(end) => end,
            None if is_frame && ends_whole(bytes, data) => bytes.len(),
            None => return Err(truncated()),
        };
        frames += usize::from(is_frame);
    }
}

/// Bytes of the header, with the colours of all frames.
fn head(bytes: &[u8]) -> Result<usize, PictureError> {
    let head = 13 + table(*bytes.get(10).ok_or_else(truncated)?);
    if bytes.len() < head { Err(truncated()) } else { Ok(head) }
}

/// Bytes of a table of colours, by the flags that announce it.
fn table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// The next block's kind and place, behind the zeros that some encoders pad with; `None` at the trailer.
fn next_block(bytes: &[u8], at: usize) -> Result<Option<(u8, usize)>, PictureError> {
    let rest = bytes.get(at..).unwrap_or_default();
    let padding = rest.iter().position(|&byte| byte != 0).ok_or_else(truncated)?;
    Ok(match rest[padding] {
        TRAILER => None,
        kind => Some((kind, at + padding)),
    })
}

/// Where the blocks of data that begin at `at` end; `None` if the file ends before.
fn sub_blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *bytes.get(at)? {
            0 => return Some(at + 1),
            length => at += 1 + usize::from(length),
        }
    }
}

/// Whether the file ends exactly where one of the blocks of data that begin at `at` ends.
fn ends_whole(bytes: &[u8], mut at: usize) -> bool {
    while let Some(&length) = bytes.get(at) {
        at += 1 + usize::from(length);
    }
    at == bytes.len()
}

fn unknown(kind: u8) -> PictureError {
    PictureError::Corrupt(format!("it has a block of unknown kind {kind:02x}"))
}

fn truncated() -> PictureError {
    PictureError::Truncated("the file ends before the picture does".to_owned())
}
