//! The image half of edgecap: decodes pictures to RGB pixels with well-known crates. Limits of pixels and memory are
//! checked before the work begins.

mod bytes;
mod decode;
mod error;
mod exif;
mod format;
mod gif_blocks;
mod jpeg;
mod names;
mod orientation;
mod resize;
mod riff;
mod shrink;

pub use decode::{MAX_MEMORY, MAX_SIDE, Picture, Size, decode};
pub use error::PictureError;
pub use format::{Format, Header};
pub use orientation::orientation;
use wasm_bindgen::prelude::wasm_bindgen;

/// Content of a picture's header.
#[wasm_bindgen(js_name = PictureHeader, getter_with_clone)]
pub struct JsHeader {
    /// `jpeg`, `png`, `webp`, `gif` or `bmp`.
    pub format: String,
    /// Pixels from left to right, before any EXIF orientation.
    pub width: u32,
    /// Pixels from top to bottom, before any EXIF orientation.
    pub height: u32,
}

impl From<&Header> for JsHeader {
    fn from(header: &Header) -> Self {
        Self { format: header.format.name().to_owned(), width: header.width, height: header.height }
    }
}

/// Reads a picture's header. Throws a text that begins with a code and a colon.
#[wasm_bindgen(js_name = probe)]
pub fn js_probe(bytes: &[u8]) -> Result<JsHeader, String> {
    Ok(JsHeader::from(&Header::read(bytes)?))
}

/// A decoded picture.
#[wasm_bindgen(js_name = Picture)]
pub struct JsPicture(Picture);

#[wasm_bindgen(js_class = Picture)]
impl JsPicture {
    /// What the file's header says.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn header(&self) -> JsHeader {
        JsHeader::from(&self.0.header)
    }

    /// Pixels of the decoded picture from left to right.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn width(&self) -> u32 {
        self.0.width
    }

    /// Pixels of the decoded picture from top to bottom.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn height(&self) -> u32 {
        self.0.height
    }

    /// Red, green, blue, row by row. A second call gives nothing.
    #[wasm_bindgen(js_name = takeRgb)]
    pub fn take_rgb(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0.rgb)
    }
}

/// Decodes a picture to `width` x `height` pixels. Throws a text that begins with a code and a colon.
#[wasm_bindgen(js_name = decode)]
pub fn js_decode(bytes: &[u8], width: u32, height: u32, max_pixels: f64) -> Result<JsPicture, String> {
    Ok(JsPicture(decode(bytes, Size::Exact(width, height), max_pixels as u64)?))
}

/// Decodes a picture with its proportions kept, the longer side at most `longer` pixels. Throws as `decode` does.
#[wasm_bindgen(js_name = decodeWithin)]
pub fn js_decode_within(bytes: &[u8], longer: u32, max_pixels: f64) -> Result<JsPicture, String> {
    Ok(JsPicture(decode(bytes, Size::AtMost(longer), max_pixels as u64)?))
}
