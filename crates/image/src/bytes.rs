//! Reads numbers from bytes; gives `None` if the bytes end too early.

/// A big-endian 16-bit number.
pub fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(*bytes.get(at)?) << 8 | usize::from(*bytes.get(at.checked_add(1)?)?))
}

/// A big-endian 32-bit number.
pub fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
}

/// A little-endian 16-bit number.
pub fn le16(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(*bytes.get(at)?) | u32::from(*bytes.get(at.checked_add(1)?)?) << 8)
}

/// A little-endian 32-bit number.
pub fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    be32(bytes, at).map(u32::swap_bytes)
}
