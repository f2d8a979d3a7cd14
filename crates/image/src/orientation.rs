//! How to turn a picture upright: the one place that reads its orientation, for every format.
//! The rules are Pillow's: EXIF first, and the picture's XMP if EXIF has no orientation.

use crate::{bytes::be32, exif, format::Format, jpeg::Segments, riff::chunks};
use std::io::Read;

/// Most bytes that compressed metadata may unpack to; what describes a picture's orientation is far smaller.
const MAX_NOTE: u64 = 1 << 18;

/// 1 if it is upright already, 2 to 8 as in EXIF.
#[must_use]
pub fn orientation(format: Format, bytes: &[u8]) -> u8 {
    let notes = match format {
        Format::Jpeg => jpeg(bytes),
        Format::Png => png(bytes),
        Format::WebP => webp(bytes),
        Format::Gif | Format::Bmp => Notes::default(),
    };
    let said = notes.exif.as_deref().and_then(exif::orientation);
    match said.or_else(|| notes.xmp.as_deref().and_then(xmp)) {
        Some(turned @ 2..=8) => turned as u8,
        _ => 1,
    }
}

/// Whether turning a picture upright swaps its width and height.
#[must_use]
pub fn swaps_sides(orientation: u8) -> bool {
    orientation >= 5
}

#[derive(Default)]
struct Notes {
    exif: Option<Vec<u8>>,
    xmp: Option<Vec<u8>>,
}

/// The orientation in XMP: `tiff:Orientation` as an attribute or an element, one digit.
fn xmp(note: &[u8]) -> Option<u32> {
    let name = b"tiff:Orientation";
    let note = &note[..note.len().min(MAX_NOTE as usize)];
    note.windows(name.len()).enumerate().filter(|(_, window)| window == name).find_map(|(at, _)| {
        let behind = &note[at + name.len()..];
        let digit = behind.strip_prefix(b"=\"").or_else(|| behind.strip_prefix(b">"))?.first()?;
        digit.is_ascii_digit().then(|| u32::from(digit - b'0'))
    })
}

/// Several segments of EXIF are joined; of XMP the last one counts.
fn jpeg(bytes: &[u8]) -> Notes {
    let mut notes = Notes::default();
    for (marker, payload) in Segments::from(bytes, 2) {
        match marker {
            0xda | 0xd9 => break,
            0xe1 => {
                if let Some(part) = payload.strip_prefix(b"Exif\0\0") {
                    notes.exif.get_or_insert_with(|| b"Exif\0\0".to_vec()).extend_from_slice(part);
                } else if let Some(packet) = payload.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0") {
                    notes.xmp = Some(packet.split(|&byte| byte == 0).next().unwrap_or_default().to_vec());
                }
            }
            _ => {}
        }
    }
    notes
}

/// The last chunk of each kind counts, and only that is unpacked.
fn png(bytes: &[u8]) -> Notes {
    let (mut exif, mut profile, mut packet) = (None, None, None);
    let mut at = 8;
    while let Some(length) = be32(bytes, at) {
        let Some(end) = at.checked_add(8).and_then(|start| start.checked_add(length as usize)) else { break };
        let (Some(kind), Some(data)) = (bytes.get(at + 4..at + 8), bytes.get(at + 8..end)) else { break };
        match kind {
            b"IEND" => break,
            b"eXIf" => exif = Some([b"Exif\0\0", data].concat()),
            b"tEXt" | b"zTXt" | b"iTXt" => match text(kind, data) {
                Some((b"XML:com.adobe.xmp", text)) => packet = Some(text),
                Some((b"Raw profile type exif", text)) => profile = Some(text),
                _ => {}
            },
            _ => {}
        }
        at = end + 4;
    }
    Notes { exif: exif.or_else(|| from_hex(&profile?.unpacked()?)), xmp: packet.and_then(Text::unpacked) }
}

/// The text of a chunk, as it is or compressed.
enum Text<'a> {
    Plain(&'a [u8]),
    Packed(&'a [u8]),
}

impl Text<'_> {
    fn unpacked(self) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        match self {
            Self::Plain(bytes) => return Some(bytes.to_vec()),
            Self::Packed(bytes) => flate2::read::ZlibDecoder::new(bytes).take(MAX_NOTE).read_to_end(&mut text).ok()?,
        };
        Some(text)
    }
}

/// The keyword of a text chunk and its text, if it is one of the two that can hold an orientation.
fn text<'a>(kind: &[u8], data: &'a [u8]) -> Option<(&'a [u8], Text<'a>)> {
    let split = |data: &'a [u8]| data.iter().position(|&byte| byte == 0).map(|at| (&data[..at], &data[at + 1..]));
    let (keyword, rest) = split(data)?;
    if !matches!(keyword, b"XML:com.adobe.xmp" | b"Raw profile type exif") {
        return None;
    }
    let (packed, packet) = match kind {
        b"tEXt" => (false, rest),
        b"zTXt" => (true, rest.strip_prefix(&[0])?),
        _ => {
            let ([flag, 0, rest @ ..] | [flag @ 0, _, rest @ ..]) = rest else { return None };
            let (_language, rest) = split(rest)?;
            (*flag != 0, split(rest)?.1)
        }
    };
    Some((keyword, if packed { Text::Packed(packet) } else { Text::Plain(packet) }))
}

/// EXIF data as ImageMagick writes it: three lines of heading, then hexadecimal digits.
fn from_hex(profile: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = profile
        .split(|&byte| byte == b'\n')
        .skip(3)
        .flatten()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|&byte| (byte as char).to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// Only what the extended header announces counts, as in libwebp; of each kind, the first chunk.
fn webp(bytes: &[u8]) -> Notes {
    let flags = match bytes.get(12..16) {
        Some(b"VP8X") => bytes.get(20).copied().unwrap_or(0),
        _ => 0,
    };
    let first = |announced: u8, name: &[u8; 4]| {
        let mut found = chunks(bytes).filter(|(kind, _)| kind == name && flags & announced != 0);
        found.next().map(|(_, data)| data.to_vec())
    };
    Notes { exif: first(0x08, b"EXIF"), xmp: first(0x04, b"XMP ") }
}
