//! The format of a file, and the content of its header, without unpacking or copying any of it.

use crate::{
    bytes::{be16, be32, le16, le32},
    error::PictureError,
    gif_blocks::first_frame,
    jpeg::{Frame, Segments},
    names,
};

/// A format that this crate reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Jpeg,
    Png,
    WebP,
    Gif,
    Bmp,
}

impl Format {
    /// The format that the first bytes show.
    ///
    /// # Errors
    /// `Empty`, `Truncated`, or `Unsupported` with the name of a format that is known but not supported.
    pub fn of(bytes: &[u8]) -> Result<Self, PictureError> {
        match bytes {
            [] => Err(PictureError::Empty),
            [0xff, 0xd8, 0xff, ..] => Ok(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Self::WebP),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Self::Gif),
            [b'B', b'M', ..] => Ok(Self::Bmp),
            _ if names::is_cut(bytes) => Err(truncated()),
            _ => Err(PictureError::Unsupported(names::describe(bytes))),
        }
    }

    /// `jpeg`, `png`, `webp`, `gif` or `bmp`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
        }
    }
}

/// Content of a picture's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The format.
    pub format: Format,
    /// Pixels from left to right, as stored.
    pub width: u32,
    /// Pixels from top to bottom, as stored.
    pub height: u32,
}

impl Header {
    /// Reads a picture's header.
    ///
    /// # Errors
    ///
    /// `Empty`, `Unsupported`, `Truncated` or `Corrupt`.
    pub fn read(bytes: &[u8]) -> Result<Self, PictureError> {
        let format = Format::of(bytes)?;
        let (width, height) = match format {
            Format::Jpeg => jpeg(bytes)?,
            Format::Png => png(bytes)?,
            Format::WebP => webp(bytes)?,
            Format::Gif => gif(bytes)?,
            Format::Bmp => bmp(bytes)?,
        };
        if width == 0 || height == 0 {
            return Err(PictureError::Corrupt("it has no pixels".to_owned()));
        }
        Ok(Self { format, width, height })
    }
}

fn truncated() -> PictureError {
    PictureError::Truncated("the file ends before the header does".to_owned())
}

fn jpeg(bytes: &[u8]) -> Result<(u32, u32), PictureError> {
    for (marker, payload) in Segments::from(bytes, 2) {
        match marker {
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let frame = Frame::parse(marker, payload)?;
                return Ok((frame.width, frame.height));
            }
            0xf7 => return Err(PictureError::Unsupported("it is JPEG-LS".to_owned())),
            0xda | 0xd9 => return Err(PictureError::Corrupt("there is no frame header".to_owned())),
            _ => {}
        }
    }
    Err(truncated())
}

fn png(bytes: &[u8]) -> Result<(u32, u32), PictureError> {
    // What Xcode makes of every PNG inside an app.
    if bytes.get(12..16) == Some(b"CgBI") {
        return Err(PictureError::Unsupported("it is a PNG in Apple's own form (CgBI)".to_owned()));
    }
    if bytes.get(12..16).is_some_and(|kind| kind != b"IHDR") {
        return Err(PictureError::Corrupt("there is no header".to_owned()));
    }
    be32(bytes, 16).zip(be32(bytes, 20)).ok_or_else(truncated)
}

/// The screen, enlarged to hold the first frame: some encoders write a screen that is too small, or none.
fn gif(bytes: &[u8]) -> Result<(u32, u32), PictureError> {
    let (width, height) = le16(bytes, 6).zip(le16(bytes, 8)).ok_or_else(truncated)?;
    match first_frame(bytes) {
        Ok(frame) => Ok((width.max(frame.left + frame.width), height.max(frame.top + frame.height))),
        // The decoder says what the file lacks.
        Err(_) if width > 0 && height > 0 => Ok((width, height)),
        Err(error) => Err(error),
    }
}

fn bmp(bytes: &[u8]) -> Result<(u32, u32), PictureError> {
    let size = match le32(bytes, 14).ok_or_else(truncated)? {
        12 => le16(bytes, 18).zip(le16(bytes, 20)),
        // A negative height means that the rows come from the top.
        _ => le32(bytes, 18).zip(le32(bytes, 22).map(|height| (height as i32).unsigned_abs())),
    };
    let (width, height) = size.ok_or_else(truncated)?;
    if width > i32::MAX as u32 {
        return Err(PictureError::Corrupt("its width is negative".to_owned()));
    }
    Ok((width, height))
}

fn webp(bytes: &[u8]) -> Result<(u32, u32), PictureError> {
    let wrong = || PictureError::Corrupt("there is no WebP header".to_owned());
    match bytes.get(12..16).ok_or_else(truncated)? {
        b"VP8X" => {
            let side = |at| Some((le16(bytes, at)? | u32::from(*bytes.get(at + 2)?) << 16) + 1);
            side(24).zip(side(27)).ok_or_else(truncated)
        }
        b"VP8L" => {
            let bits = le32(bytes, 21).ok_or_else(truncated)?;
            if bytes[20] != 0x2f { Err(wrong()) } else { Ok(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)) }
        }
        b"VP8 " => {
            let size = le16(bytes, 26).zip(le16(bytes, 28)).ok_or_else(truncated)?;
            if be16(bytes, 23) != Some(0x9d01) || bytes[25] != 0x2a {
                return Err(wrong());
            }
            Ok((size.0 & 0x3fff, size.1 & 0x3fff))
        }
        _ => Err(wrong()),
    }
}
