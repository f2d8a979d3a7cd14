//! Names of files that this crate does not read, by their first bytes.

use crate::bytes::be32;

/// First bytes of the formats that this crate reads.
const READ: &[&[u8]] = &[b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM"];

/// Files with a fixed start.
const STARTS: &[(&[u8], &str)] = &[
    (b"II\x2a\0\x10\0\0\0CR", "a raw photo (CR2)"),
    (b"II\x1a\0\0\0HEAPCCDR", "a raw photo (CRW)"),
    (b"IIU\0", "a raw photo (RW2)"),
    (b"IIRO", "a raw photo (ORF)"),
    (b"IIRS", "a raw photo (ORF)"),
    (b"MMOR", "a raw photo (ORF)"),
    (b"FOVb", "a raw photo (X3F)"),
    (b"\0MRM", "a raw photo (MRW)"),
    (b"FUJIFILM", "a raw photo (RAF)"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"II\x2a\0", "TIFF, or a raw photo in its form"),
    (b"II\x2b\0", "TIFF, or a raw photo in its form"),
    (b"MM\0\x2a", "TIFF, or a raw photo in its form"),
    (b"MM\0\x2b", "TIFF, or a raw photo in its form"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"8BPS", "a Photoshop file"),
    (b"gimp xcf ", "a GIMP file (XCF)"),
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript"),
    (b"\0\0\x01\0", "an icon (ICO)"),
    (b"\0\0\x02\0\x01\0", "a cursor (CUR)"),
    (b"icns", "an icon (ICNS)"),
    (b"qoif", "QOI"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "a Radiance picture (HDR)"),
    (b"#?RGBE", "a Radiance picture (HDR)"),
    (b"DDS ", "a texture (DDS)"),
    (b"\x8aMNG\r\n\x1a\n", "MNG"),
    (b"\x8bJNG\r\n\x1a\n", "JNG"),
    (b"AT&TFORM", "DjVu"),
    (b"\xd7\xcd\xc6\x9a", "a Windows metafile"),
    (b"\x1a\x45\xdf\xa3", "a film (WebM or Matroska)"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a file packed by gzip"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\0\x05\x16\x07", "the AppleDouble part of a file, without the picture"),
    (b"version https://git-lfs", "a pointer of Git LFS: fetch the picture with git lfs pull"),
];

/// Says what a file is that this crate does not read, or how it begins.
#[must_use]
pub fn describe(bytes: &[u8]) -> String {
    match known(bytes) {
        Some(name) => format!("it is {name}"),
        None if bytes.iter().all(|&byte| byte == 0) => "the file holds nothing but zeros".to_owned(),
        None => {
            let first: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            format!("the file begins with {}", first.join(" "))
        }
    }
}

/// Whether the file ends within the first bytes of a format that this crate reads.
#[must_use]
pub fn is_cut(bytes: &[u8]) -> bool {
    let riff = bytes.len() < 12 && (b"RIFF".starts_with(&bytes[..bytes.len().min(4)]));
    let webp = riff && b"WEBP".starts_with(bytes.get(8..).unwrap_or_default());
    webp || READ.iter().any(|start| start.starts_with(bytes))
}

fn known(bytes: &[u8]) -> Option<&'static str> {
    let start = || STARTS.iter().find(|(start, _)| bytes.starts_with(start)).map(|&(_, name)| name);
    film(bytes).or_else(start).or_else(|| riff(bytes)).or_else(|| netpbm(bytes)).or_else(|| text(bytes))
}

/// What kind of ISO media file it is: HEIC and AVIF are such files, and so are films.
fn film(bytes: &[u8]) -> Option<&'static str> {
    if bytes.get(4..8)? != b"ftyp" {
        return None;
    }
    // The major brand, then a version, then the compatible ones.
    let length = (be32(bytes, 0)? as usize).clamp(16, 256).min(bytes.len());
    let others = bytes.get(16..length).unwrap_or_default().chunks_exact(4);
    let brands: Vec<&[u8]> = bytes.get(8..12).into_iter().chain(others).collect();
    let has = |names: &[&[u8; 4]]| brands.iter().any(|brand| names.iter().any(|name| brand == *name));
    Some(match () {
        () if has(&[b"avif", b"avis"]) => "AVIF",
        () if has(&[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"]) => "HEIC",
        () if has(&[b"mif1", b"msf1"]) => "HEIF",
        () if has(&[b"crx "]) => "a raw photo (CR3)",
        () => "a film (MP4 or its kin)",
    })
}

fn riff(bytes: &[u8]) -> Option<&'static str> {
    match (bytes.get(..4)?, bytes.get(8..12)?) {
        (b"RIFF", b"AVI ") => Some("a film (AVI)"),
        (b"RIFF", b"WAVE") => Some("sound (WAV)"),
        (b"RIFF", b"ACON") => Some("a cursor (ANI)"),
        _ => None,
    }
}

/// Portable bitmaps: `P1` to `P7`, and white space or a comment behind it.
fn netpbm(bytes: &[u8]) -> Option<&'static str> {
    matches!(bytes, [b'P', b'1'..=b'7', b' ' | b'\t' | b'\r' | b'\n' | b'#', ..]).then_some("a portable bitmap (PNM)")
}

/// Text in which programs find SVG or HTML, in UTF-8 or UTF-16, behind white space and comments.
fn text(bytes: &[u8]) -> Option<&'static str> {
    let head = &bytes[..bytes.len().min(4096)];
    let bare = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    // In UTF-16, every second byte of these words is 0.
    let wide = matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    let letters = bare.iter().skip(if wide { 2 } else { 0 }).filter(|&&byte| !wide || byte != 0);
    let letters: Vec<u8> = letters.map(u8::to_ascii_lowercase).collect();
    let mut rest = letters.trim_ascii_start();
    match rest.first()? {
        b'{' | b'[' => {
            return (rest.trim_ascii_end().ends_with(b"}") || rest.trim_ascii_end().ends_with(b"]")).then_some("JSON");
        }
        b'<' => {}
        _ => return None,
    }
    while rest.starts_with(b"<!--") {
        let end = rest.windows(3).position(|three| three == b"-->")? + 3;
        rest = rest[end..].trim_ascii_start();
    }
    let is = |starts: &[&[u8]]| starts.iter().any(|start| rest.starts_with(start));
    match () {
        () if is(&[b"<svg", b"<?xml", b"<!doctype svg"]) => Some("SVG or another XML text"),
        () if is(&[b"<!doctype html", b"<html", b"<head", b"<body", b"<title", b"<script", b"<meta"]) => {
            Some("an HTML page")
        }
        () => None,
    }
}
