//! The chunks of a RIFF file, which WebP is.

use crate::bytes::le32;

/// The complete chunks of a WebP file, each with its name and content.
pub fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut at = 12usize;
    std::iter::from_fn(move || {
        let start = at + 8;
        let end = start.checked_add(le32(bytes, at + 4)? as usize)?;
        let chunk = (&bytes[at..at + 4], bytes.get(start..end)?);
        at = end + end % 2;
        Some(chunk)
    })
}
