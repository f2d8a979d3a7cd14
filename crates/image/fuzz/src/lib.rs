//! Code that the targets share.

use edgecap_image::{Size, decode};

/// Enough pixels for every path, and few enough that a run takes a millisecond.
const MAX_PIXELS: u64 = 1 << 16;

/// Decodes at the size for an encoder and at the picture's own size, and checks the results.
pub fn check(bytes: &[u8]) {
    for size in [Size::Exact(24, 24), Size::AtMost(65_535)] {
        if let Ok(picture) = decode(bytes, size, MAX_PIXELS) {
            assert_eq!(picture.rgb.len(), (picture.width * picture.height * 3) as usize);
        }
    }
}

/// A target that decodes its input as it is.
#[macro_export]
macro_rules! decodes {
    () => {
        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| $crate::check(bytes));
    };
}

/// Corrects the checksum of every chunk of a PNG, so that a change to a chunk reaches its reader.
#[must_use]
pub fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut png = bytes.to_vec();
    let mut at = 8;
    while let Some(head) = png.get(at..at + 8) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some(end) = at.checked_add(8).and_then(|start| start.checked_add(length)) else { break };
        if end + 4 > png.len() {
            break;
        }
        let sum = crc32fast::hash(&png[at + 4..end]);
        png[end..end + 4].copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
    png
}

/// Decodes a picture and the same picture without its last `cut` bytes: either the cut one is refused, or both give the
/// same pixels.
pub fn check_cut(bytes: &[u8], cut: usize) {
    let Ok(picture) = decode(bytes, Size::AtMost(65_535), MAX_PIXELS) else { return };
    let kept = &bytes[..bytes.len().saturating_sub(cut)];
    if let Ok(other) = decode(kept, Size::AtMost(65_535), MAX_PIXELS) {
        assert!(picture.rgb == other.rgb, "{cut} bytes fewer give other pixels");
    }
}
