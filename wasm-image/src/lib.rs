//! Pictures in, RGB pixels out: decoding by the `image` crate, resizing by `fast_image_resize`.

mod complete;
mod decode;
mod error;

pub use complete::is_complete;
pub use decode::{Header, decode_rgb, probe};
pub use error::PictureError;
use wasm_bindgen::prelude::wasm_bindgen;

/// What a picture's header says.
#[wasm_bindgen(js_name = PictureHeader, getter_with_clone)]
pub struct JsHeader {
    /// `jpeg`, `png`, `webp`, `gif` or `bmp`.
    pub format: String,
    /// Pixels from left to right, before any EXIF orientation.
    pub width: u32,
    /// Pixels from top to bottom, before any EXIF orientation.
    pub height: u32,
}

/// Reads a picture's header. Throws a text that begins with a code and a colon.
#[wasm_bindgen(js_name = probe)]
pub fn js_probe(bytes: &[u8]) -> Result<JsHeader, String> {
    let Header { format, width, height } = probe(bytes)?;
    Ok(JsHeader { format: format.to_owned(), width, height })
}

/// Decodes a picture to `width * height` RGB pixels. Throws a text that begins with a code and a colon.
#[wasm_bindgen(js_name = decodeRgb)]
pub fn js_decode_rgb(bytes: &[u8], width: u32, height: u32, max_pixels: f64) -> Result<Vec<u8>, String> {
    Ok(decode_rgb(bytes, width, height, max_pixels as u64)?)
}
