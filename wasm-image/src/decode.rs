//! From a file's bytes to pixels of the size that the encoder takes.

use crate::{complete::is_complete, error::PictureError};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer, images::Image};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, metadata::Orientation};
use std::io::Cursor;

/// What a picture's header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `jpeg`, `png`, `webp`, `gif` or `bmp`.
    pub format: &'static str,
    /// Pixels from left to right, before any EXIF orientation.
    pub width: u32,
    /// Pixels from top to bottom, before any EXIF orientation.
    pub height: u32,
}

/// Reads a picture's header.
///
/// # Errors
///
/// Any [`PictureError`] but `TooLarge`.
pub fn probe(bytes: &[u8]) -> Result<Header, PictureError> {
    let (format, name) = format_of(bytes)?;
    let decoder = decoder_of(bytes, format)?;
    let (width, height) = decoder.dimensions();
    Ok(Header { format: name, width, height })
}

/// Decodes a picture, upright by its EXIF orientation, transparent parts over white, squashed to `width` x `height`.
///
/// # Errors
///
/// Any [`PictureError`]; `TooLarge` is known from the header, before anything is decoded.
pub fn decode_rgb(bytes: &[u8], width: u32, height: u32, max_pixels: u64) -> Result<Vec<u8>, PictureError> {
    let (format, _) = format_of(bytes)?;
    let mut decoder = decoder_of(bytes, format)?;
    let (full_width, full_height) = decoder.dimensions();
    if u64::from(full_width) * u64::from(full_height) > max_pixels {
        return Err(PictureError::TooLarge(format!("{full_width} x {full_height} pixels")));
    }
    if full_width == 0 || full_height == 0 {
        return Err(PictureError::Corrupt("it has no pixels".to_owned()));
    }
    if !is_complete(format, bytes) {
        return Err(PictureError::Truncated("the file ends before the picture does".to_owned()));
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(1 << 30);
    decoder.set_limits(limits)?;
    // Damaged metadata is no reason to refuse a picture whose pixels are whole.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    let (upright_width, upright_height) = (picture.width(), picture.height());
    let rgb = over_white(picture);
    if (upright_width, upright_height) == (width, height) {
        return Ok(rgb);
    }
    resize(rgb, upright_width, upright_height, width, height)
}

fn format_of(bytes: &[u8]) -> Result<(ImageFormat, &'static str), PictureError> {
    if bytes.is_empty() {
        return Err(PictureError::Empty);
    }
    let unsupported = || {
        let first: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        PictureError::Unsupported(format!("the file begins with {}", first.join(" ")))
    };
    let format = image::guess_format(bytes).map_err(|_| unsupported())?;
    let name = match format {
        ImageFormat::Jpeg => "jpeg",
        ImageFormat::Png => "png",
        ImageFormat::WebP => "webp",
        ImageFormat::Gif => "gif",
        ImageFormat::Bmp => "bmp",
        _ => return Err(unsupported()),
    };
    Ok((format, name))
}

fn decoder_of(bytes: &[u8], format: ImageFormat) -> Result<impl ImageDecoder + '_, PictureError> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    // The caller's limit of pixels comes after the header, and says more than the decoder's limit of bytes would.
    reader.no_limits();
    // A header that is cut off reads as a format error in some decoders.
    reader.into_decoder().map_err(|error| match PictureError::from(error) {
        PictureError::Corrupt(why) if !is_complete(format, bytes) => PictureError::Truncated(why),
        other => other,
    })
}

/// RGB pixels; what shows through is white, as on a page.
fn over_white(picture: DynamicImage) -> Vec<u8> {
    if !picture.color().has_alpha() {
        return picture.into_rgb8().into_raw();
    }
    let rgba = picture.into_rgba8().into_raw();
    let mut rgb = Vec::with_capacity(rgba.len() / 4 * 3);
    for pixel in rgba.chunks_exact(4) {
        let alpha = u32::from(pixel[3]);
        for &value in &pixel[..3] {
            rgb.push(((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8);
        }
    }
    rgb
}

/// Antialiased bilinear, as Pillow's BILINEAR.
fn resize(rgb: Vec<u8>, from_width: u32, from_height: u32, width: u32, height: u32) -> Result<Vec<u8>, PictureError> {
    let corrupt = |why: String| PictureError::Corrupt(why);
    let source = Image::from_vec_u8(from_width, from_height, rgb, PixelType::U8x3)
        .map_err(|error| corrupt(error.to_string()))?;
    let mut target = Image::new(width, height, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize(&source, &mut target, &options).map_err(|error| corrupt(error.to_string()))?;
    Ok(target.into_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::RgbImage;

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("a picture in memory can be written");
        bytes.into_inner()
    }

    fn gradient() -> DynamicImage {
        DynamicImage::ImageRgb8(RgbImage::from_fn(20, 10, |x, y| image::Rgb([x as u8 * 12, y as u8 * 25, 90])))
    }

    #[test]
    fn lossless_formats_come_back_as_they_were() {
        for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::WebP] {
            let rgb = decode_rgb(&encoded(&gradient(), format), 20, 10, 1000).expect("it is a whole picture");
            assert_eq!(rgb, gradient().into_rgb8().into_raw(), "{format:?}");
        }
    }

    #[test]
    fn every_cut_of_every_format_is_an_error() {
        for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Jpeg] {
            let bytes = encoded(&gradient(), format);
            for length in 0..bytes.len() {
                assert!(
                    decode_rgb(&bytes[..length], 8, 8, 1000).is_err(),
                    "{format:?} cut to {length} of {}",
                    bytes.len()
                );
            }
        }
    }

    #[test]
    fn the_limit_is_checked_against_the_header() {
        let bytes = encoded(&gradient(), ImageFormat::Png);
        assert_eq!(decode_rgb(&bytes, 8, 8, 199), Err(PictureError::TooLarge("20 x 10 pixels".to_owned())));
        assert!(decode_rgb(&bytes, 8, 8, 200).is_ok());
    }

    #[test]
    fn transparency_shows_white() {
        let clear = DynamicImage::ImageRgba8(image::RgbaImage::from_pixel(4, 4, image::Rgba([10, 20, 30, 0])));
        let rgb = decode_rgb(&encoded(&clear, ImageFormat::Png), 4, 4, 100).expect("it is a whole picture");
        assert!(rgb.iter().all(|&value| value == 255));
    }
}
