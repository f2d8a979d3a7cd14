//! Why a picture was refused.

use std::fmt;

/// Why a picture was refused. Its text begins with a code and a colon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PictureError {
    /// No bytes at all.
    Empty,
    /// A format, or a kind of it, that this crate does not read.
    Unsupported(String),
    /// The file ends before the picture does.
    Truncated(String),
    /// The content makes no sense, in the header or after it.
    Corrupt(String),
    /// More pixels than the caller allows.
    TooLarge(String),
    /// A side longer than any format needs that this crate reads.
    TooLong(String),
    /// More memory than a decode may take.
    TooMuchMemory(String),
}

impl fmt::Display for PictureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "empty: no bytes"),
            Self::Unsupported(why) => write!(f, "unsupported: {why}"),
            Self::Truncated(why) => write!(f, "truncated: {why}"),
            Self::Corrupt(why) => write!(f, "corrupt: {why}"),
            Self::TooLarge(why) => write!(f, "too-large: {why}"),
            Self::TooLong(why) => write!(f, "too-long: {why}"),
            Self::TooMuchMemory(why) => write!(f, "too-much-memory: {why}"),
        }
    }
}

impl From<PictureError> for String {
    fn from(error: PictureError) -> Self {
        error.to_string()
    }
}

impl From<jpeg_decoder::Error> for PictureError {
    fn from(error: jpeg_decoder::Error) -> Self {
        let why = error.to_string();
        match error {
            jpeg_decoder::Error::Unsupported(_) => Self::Unsupported(why),
            _ => Self::Corrupt(why),
        }
    }
}
