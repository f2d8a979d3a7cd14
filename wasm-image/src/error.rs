//! Why a picture was refused.

use image::ImageError;
use std::{fmt, io};

/// Why a picture was refused; as text, a code and a colon come first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PictureError {
    /// No bytes at all.
    Empty,
    /// Not a format, or a kind of it, that is read here.
    Unsupported(String),
    /// The file ends before the picture does.
    Truncated(String),
    /// The header can be read and the rest makes no sense.
    Corrupt(String),
    /// More pixels than allowed, or than can be addressed.
    TooLarge(String),
}

impl fmt::Display for PictureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "empty: no bytes"),
            Self::Unsupported(why) => write!(f, "unsupported: {why}"),
            Self::Truncated(why) => write!(f, "truncated: {why}"),
            Self::Corrupt(why) => write!(f, "corrupt: {why}"),
            Self::TooLarge(why) => write!(f, "too-large: {why}"),
        }
    }
}

impl From<PictureError> for String {
    fn from(error: PictureError) -> Self {
        error.to_string()
    }
}

impl From<ImageError> for PictureError {
    fn from(error: ImageError) -> Self {
        let why = error.to_string();
        match error {
            ImageError::Limits(_) => Self::TooLarge(why),
            ImageError::IoError(io) if io.kind() == io::ErrorKind::UnexpectedEof => Self::Truncated(why),
            // BMP's decoder has a limit of its own, and no kind of error for it.
            ImageError::Unsupported(_) if why.contains("too large") => Self::TooLarge(why),
            ImageError::Unsupported(_) => Self::Unsupported(why),
            _ => Self::Corrupt(why),
        }
    }
}
