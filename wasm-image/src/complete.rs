//! Whether a file reaches its own end: decoders fill what is missing with grey and say nothing.

use image::ImageFormat;

/// Whether the file holds all that its structure announces; bytes behind its end do no harm.
#[must_use]
pub fn is_complete(format: ImageFormat, bytes: &[u8]) -> bool {
    match format {
        ImageFormat::Jpeg => jpeg(bytes),
        ImageFormat::Png => png(bytes),
        ImageFormat::WebP => webp(bytes),
        ImageFormat::Gif => gif(bytes).is_some(),
        // The decoder of bitmaps reads every row that the header promises, or fails.
        _ => true,
    }
}

/// Walks the segments, and the entropy-coded data between them, up to the end-of-image marker.
fn jpeg(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        // In entropy-coded data FF is followed by 00, or by a restart marker; fill bytes may repeat FF.
        while at < bytes.len() && bytes[at] != 0xff {
            at += 1;
        }
        while bytes.get(at) == Some(&0xff) {
            at += 1;
        }
        let Some(&marker) = bytes.get(at) else { return false };
        at += 1;
        match marker {
            0xd9 => return true,
            0x00 | 0x01 | 0xd0..=0xd8 => {}
            _ => {
                let Some(length) = be16(bytes, at) else { return false };
                at += length;
            }
        }
    }
}

/// Walks the chunks up to IEND.
fn png(bytes: &[u8]) -> bool {
    let mut at = 8usize;
    while let (Some(high), Some(low)) = (be16(bytes, at), be16(bytes, at + 2)) {
        let end = at.saturating_add(12).saturating_add(high << 16 | low);
        if end > bytes.len() {
            return false;
        }
        if &bytes[at + 4..at + 8] == b"IEND" {
            return true;
        }
        at = end;
    }
    false
}

/// The container says how long it is.
fn webp(bytes: &[u8]) -> bool {
    bytes.get(4..8).is_some_and(|size| {
        let size = u32::from_le_bytes([size[0], size[1], size[2], size[3]]) as usize;
        size.saturating_add(8) <= bytes.len()
    })
}

/// Walks the blocks up to the trailer.
fn gif(bytes: &[u8]) -> Option<()> {
    let table = |flags: u8| if flags & 0x80 != 0 { 3 << ((flags & 7) + 1) } else { 0 };
    let mut at = 13 + table(*bytes.get(10)?);
    loop {
        let block = *bytes.get(at)?;
        at += match block {
            0x3b => return Some(()),
            0x21 => 2,
            0x2c => 11 + table(*bytes.get(at + 9)?),
            // Some encoders pad between blocks.
            _ => 1,
        };
        if block == 0x21 || block == 0x2c {
            loop {
                let length = *bytes.get(at)? as usize;
                at += 1 + length;
                if length == 0 {
                    break;
                }
            }
        }
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(*bytes.get(at)?) << 8 | usize::from(*bytes.get(at + 1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jpeg_ends_at_its_own_marker_and_not_at_a_thumbnails() {
        let whole = [0xff, 0xd8, 0xff, 0xe1, 0, 6, 0xff, 0xd9, 1, 1, 0xff, 0xda, 0, 2, 7, 0xff, 0, 7, 0xff, 0xd9, 9];
        assert!(is_complete(ImageFormat::Jpeg, &whole));
        assert!(!is_complete(ImageFormat::Jpeg, &whole[..18]));
    }

    #[test]
    fn gif_needs_its_trailer() {
        let whole =
            [b"GIF89a".as_slice(), &[1, 0, 1, 0, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 1, 5, 0, 0x3b]].concat();
        assert!(is_complete(ImageFormat::Gif, &whole));
        assert!(!is_complete(ImageFormat::Gif, &whole[..whole.len() - 1]));
    }
}
