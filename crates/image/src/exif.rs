//! The orientation in EXIF data, read by Pillow's rules.

use crate::bytes::{be16, be32, le16, le32};

const ORIENTATION: u32 = 0x0112;

/// The orientation in EXIF data: `None` if there is no such entry, or none that can be read; otherwise its number,
/// which is not necessarily a valid orientation.
#[must_use]
pub fn orientation(note: &[u8]) -> Option<u32> {
    let note = without_prefix(without_prefix(note));
    let little = match note.get(..4)? {
        b"II\x2a\0" | b"II\0\x2a" => true,
        b"MM\0\x2a" | b"MM\x2a\0" => false,
        _ => return None,
    };
    let short = |at| if little { le16(note, at) } else { be16(note, at).map(|value| value as u32) };
    let long = |at| if little { le32(note, at) } else { be32(note, at) };
    let directory = long(4)? as usize;
    for entry in 0..short(directory)? as usize {
        let at = directory.checked_add(2 + 12 * entry)?;
        // An entry that is cut off ends the directory.
        note.get(at..at.checked_add(12)?)?;
        if short(at)? != ORIENTATION {
            continue;
        }
        let (kind, count) = (short(at + 2)?, long(at + 4)?);
        let size = match kind {
            1 | 2 | 6 | 7 => 1u64,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16 => 8,
            _ => continue,
        };
        let total = size * u64::from(count);
        if total == 0 {
            continue;
        }
        let place = if total <= 4 { at + 8 } else { long(at + 8)? as usize };
        let fits =
            usize::try_from(total).ok().and_then(|total| place.checked_add(total)).is_some_and(|end| end <= note.len());
        if !fits {
            continue;
        }
        return value(kind, place, note, little).or(Some(0));
    }
    None
}

/// WebP files and some writers put the prefix of JPEG's segment in front of the EXIF data.
fn without_prefix(note: &[u8]) -> &[u8] {
    note.strip_prefix(b"Exif\0\0").unwrap_or(note)
}

/// The first value of an entry, if it is an integer or a number that stands for one.
fn value(kind: u32, at: usize, note: &[u8], little: bool) -> Option<u32> {
    let short = |at| if little { le16(note, at) } else { be16(note, at).map(|value| value as u32) };
    let long = |at| if little { le32(note, at) } else { be32(note, at) };
    let whole = |value: f64| (value.fract() == 0.0 && (0.0..=255.0).contains(&value)).then_some(value as u32);
    let double = |high: u32, low: u32| f64::from_bits(u64::from(high) << 32 | u64::from(low));
    match kind {
        3 | 8 => short(at),
        4 | 9 | 13 => long(at),
        6 => note.get(at).map(|&byte| u32::from(byte)),
        5 | 10 => match (long(at)?, long(at + 4)?) {
            (_, 0) => None,
            (above, below) => whole(f64::from(above) / f64::from(below)),
        },
        11 => whole(f64::from(f32::from_bits(long(at)?))),
        12 => {
            let (first, second) = (long(at)?, long(at + 4)?);
            whole(if little { double(second, first) } else { double(first, second) })
        }
        16 => {
            let (first, second) = (long(at)?, long(at + 4)?);
            let (high, low) = if little { (second, first) } else { (first, second) };
            (high == 0).then_some(low)
        }
        // Text and bytes do not count as numbers, as in Pillow.
        _ => None,
    }
}
