//! JPEG: checked for missing blocks, then decoded at the fraction of its size that is needed.

use super::{Job, Kept};
use crate::{
    error::PictureError,
    jpeg::{Colour, Frame, Scans, Segments, walk},
};
use jpeg_decoder::{ColorTransform, Decoder, PixelFormat};
use std::io::{self, Read};

pub fn decode(job: &Job<'_>) -> Result<Kept, PictureError> {
    let frame = frame_of(job.bytes)?;
    let side = fraction(job, &frame)?;
    let scans = walk(job.bytes)?;
    check_support(&scans.frame, &scans.alone)?;
    let (head, from) = head(job.bytes, &scans);
    let mut decoder = Decoder::new(Pieces { pieces: [&head, &job.bytes[from..scans.end], &[0xff, 0xd9]] });
    decoder.set_color_transform(match scans.colour {
        Colour::Grey => ColorTransform::Grayscale,
        Colour::YCbCr => ColorTransform::YCbCr,
        Colour::Rgb => ColorTransform::RGB,
        Colour::Cmyk => ColorTransform::CMYK,
        Colour::Ycck => ColorTransform::YCCK,
    });
    let scaled = |full: u32| (full * side).div_ceil(8);
    let (width, height) = (scaled(frame.width), scaled(frame.height));
    // The decoder uses the smallest fraction at which one side is as long as requested. A side of few pixels is that
    // at several fractions, so only the longer side is requested; at its full size, nothing that a fraction can reach.
    let unreached = u16::MAX;
    match (side, width >= height) {
        (8, _) => decoder.scale(unreached, unreached),
        (_, true) => decoder.scale(width as u16, unreached),
        (_, false) => decoder.scale(unreached, height as u16),
    }?;
    let pixels = decoder.decode()?;
    let info = decoder.info().ok_or_else(|| PictureError::Corrupt("there is no frame header".to_owned()))?;
    drop(decoder);
    if (u32::from(info.width), u32::from(info.height)) != (width, height) {
        return Err(PictureError::Corrupt(format!("it decodes to {} x {} pixels", info.width, info.height)));
    }
    let rgb = match info.pixel_format {
        PixelFormat::RGB24 => pixels,
        PixelFormat::L8 => pixels.iter().flat_map(|&grey| [grey; 3]).collect(),
        PixelFormat::CMYK32 => ink(pixels),
        PixelFormat::L16 => return Err(PictureError::Unsupported("a JPEG with 16 bits a sample".to_owned())),
    };
    let covered = |full: u32| f64::from(full) * f64::from(side) / 8.0;
    Ok(Kept { rgb, width, height, covered: (covered(frame.width), covered(frame.height)) })
}

fn frame_of(bytes: &[u8]) -> Result<Frame, PictureError> {
    for (marker, payload) in Segments::from(bytes, 2) {
        if matches!(marker, 0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf) {
            return Frame::parse(marker, payload);
        }
    }
    Err(PictureError::Truncated("the file ends before the header does".to_owned()))
}

/// Eighths of the full size to decode at: 8, 4, 2 or 1. As coarse as the wanted size allows; coarser if memory is
/// short, as long as no side falls below the wanted size.
fn fraction(job: &Job<'_>, frame: &Frame) -> Result<u32, PictureError> {
    let (across, down) = job.factors();
    let mut side = 8 >> across.min(down).ilog2().min(3);
    loop {
        let kept = ((frame.width * side).div_ceil(8), (frame.height * side).div_ceil(8));
        let outcome = job.check_sum(memory(frame, side), kept);
        let halved = |full: u32| full * side / 16;
        if outcome.is_ok() || side == 1 || halved(frame.width) < job.wanted.0 || halved(frame.height) < job.wanted.1 {
            return outcome.map(|()| side);
        }
        side /= 2;
    }
}

/// Most bytes that the walk and the decoding take at any one time.
fn memory(frame: &Frame, side: u32) -> u64 {
    let mut sum = 0;
    for component in &frame.components {
        let (across, down) = frame.kept_blocks(component);
        let blocks = u64::from(across) * u64::from(down);
        // Samples at the fraction, and some rows of coefficients; all coefficients if the JPEG is progressive.
        sum += blocks * u64::from(side * side) + u64::from(across) * 4 * 256;
        sum += if frame.progressive { blocks * 128 } else { 0 };
    }
    let pixels = u64::from((frame.width * side).div_ceil(8)) * u64::from((frame.height * side).div_ceil(8));
    // Grey becomes RGB in a second buffer.
    sum + pixels * frame.components.len().max(4) as u64
}

/// Refuses what the decoder would read wrongly. For a scan of one component, it counts blocks in complete units, up to
/// the picture's own number. If the component has fewer, the decoder would take the next row's data for this row.
fn check_support(frame: &Frame, alone: &[bool]) -> Result<(), PictureError> {
    let (h, v) = frame.sampling();
    for (component, &alone) in frame.components.iter().zip(alone) {
        let odd = h % component.h != 0 || v % component.v != 0;
        let (kept, own) = (frame.kept_blocks(component), frame.own_blocks(component));
        let counted = (kept.0.min(frame.width.div_ceil(8)), kept.1.min(frame.height.div_ceil(8)));
        if odd || alone && counted != own {
            let (a, b) = (component.h, component.v);
            return Err(PictureError::Unsupported(format!("a JPEG with a component sampled {a}x{b} beside {h}x{v}")));
        }
    }
    Ok(())
}

/// The header as the decoder needs it, and where the rest of the file begins: without metadata, profiles and settings
/// of arithmetic coding, with the tables that the frames of a Motion JPEG leave out, and with a number of its own for
/// each component. If two have the same number, there is one scan, and its header is included.
fn head(bytes: &[u8], scans: &Scans) -> (Vec<u8>, usize) {
    let mut head = vec![0xff, 0xd8];
    push_segment(&mut head, 0xc4, crate::jpeg::STANDARD);
    for (marker, payload) in Segments::from(&bytes[..scans.start], 2) {
        match marker {
            0xc0..=0xc2 if scans.frame.is_ambiguous() => push_numbered(&mut head, marker, payload, 6, 3),
            0xcc | 0xe0..=0xef | 0xfe | 0xd9 => {}
            _ => push_segment(&mut head, marker, payload),
        }
    }
    if !scans.frame.is_ambiguous() {
        return (head, scans.start);
    }
    let mut segments = Segments::from(bytes, scans.start);
    if let Some((marker, payload)) = segments.next() {
        push_numbered(&mut head, marker, payload, 1, 2);
    }
    (head, segments.position())
}

/// Adds a segment whose components, which begin at `at` and take `step` bytes each, are numbered from 1.
fn push_numbered(head: &mut Vec<u8>, marker: u8, payload: &[u8], at: usize, step: usize) {
    let mut payload = payload.to_vec();
    let count = usize::from(payload[at - 1]);
    for (place, number) in payload[at..].iter_mut().step_by(step).take(count).zip(1..) {
        *place = number;
    }
    push_segment(head, marker, &payload);
}

fn push_segment(head: &mut Vec<u8>, marker: u8, payload: &[u8]) {
    head.extend_from_slice(&[0xff, marker]);
    head.extend_from_slice(&((payload.len() + 2) as u16).to_be_bytes());
    head.extend_from_slice(payload);
}

/// Parts of a file, read one after another.
struct Pieces<'a> {
    pieces: [&'a [u8]; 3],
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.pieces.iter_mut().find(|piece| !piece.is_empty()) {
            Some(piece) => piece.read(buffer),
            None => Ok(0),
        }
    }

    /// The decoder reads byte by byte.
    #[inline]
    fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        for piece in &mut self.pieces {
            if piece.len() >= buffer.len() {
                return piece.read_exact(buffer);
            }
            if !piece.is_empty() {
                break;
            }
        }
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read(&mut buffer[filled..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => filled += count,
            }
        }
        Ok(())
    }
}

/// Converts CMYK to RGB in place.
fn ink(mut pixels: Vec<u8>) -> Vec<u8> {
    for at in 0..pixels.len() / 4 {
        let light = 255 - u32::from(pixels[at * 4 + 3]);
        for channel in 0..3 {
            let bare = 255 - u32::from(pixels[at * 4 + channel]);
            pixels[at * 3 + channel] = ((bare * light + 127) / 255) as u8;
        }
    }
    pixels.truncate(pixels.len() / 4 * 3);
    pixels
}
