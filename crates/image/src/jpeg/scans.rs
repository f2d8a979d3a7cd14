//! The walk over all scans of a JPEG.

use super::{
    blocks::{Band, first, progressive_constant, refine, sequential},
    entropy::Bits,
    frame::{Colour, Component, Frame, Segments},
    huffman::{STANDARD, Table, Tables},
};
use crate::{bytes::be16, error::PictureError};

/// Most scans of a picture: encoders write about ten, and each one costs time, however small it is.
const MAX_SCANS: u32 = 100;

/// What the walk finds out.
pub struct Scans {
    /// The frame header.
    pub frame: Frame,
    /// How its components become colours.
    pub colour: Colour,
    /// For each component, whether a scan holds only this component.
    pub alone: Vec<bool>,
    /// Where the first scan's header begins.
    pub start: usize,
    /// Where the last scan's data ends.
    pub end: usize,
}

/// Walks a JPEG, block by block, up to where its picture is complete.
///
/// # Errors
/// `Truncated` if a block is missing, with or without an end marker; `Corrupt` if the data cannot be read;
/// `Unsupported` for other kinds of JPEG.
pub fn walk(bytes: &[u8]) -> Result<Scans, PictureError> {
    let mut tables = Tables::default();
    tables.define(STANDARD)?;
    let mut walk = Walk {
        bytes,
        tables,
        restart_interval: 0,
        frame: None,
        set: Vec::new(),
        missing: Vec::new(),
        alone: Vec::new(),
    };
    let (mut jfif, mut adobe) = (false, None);
    let (mut start, mut end, mut scans) = (None, 0, 0);
    let mut segments = Segments::from(bytes, 2);
    while let Some((marker, payload)) = segments.next() {
        match marker {
            0xd9 => break,
            0xc4 => walk.tables.define(payload)?,
            0xdd => walk.restart_interval = be16(payload, 0).unwrap_or(0) as u32,
            0xe0 if start.is_none() && payload.starts_with(b"JFIF\0") => jfif = true,
            0xee if start.is_none() && payload.starts_with(b"Adobe") && payload.len() >= 12 => {
                adobe = Some(payload[11])
            }
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                if walk.frame.is_some() {
                    return Err(PictureError::Corrupt("there are two frame headers".to_owned()));
                }
                walk.begin(Frame::parse(marker, payload)?);
            }
            0xda => {
                scans += 1;
                if scans > MAX_SCANS {
                    return Err(PictureError::Corrupt(format!("there are more than {MAX_SCANS} scans")));
                }
                start.get_or_insert(segments.position() - payload.len() - 4);
                end = walk.scan(payload, segments.position())?;
                if walk.is_complete() {
                    break;
                }
                segments = Segments::from(bytes, end);
            }
            _ => {}
        }
    }
    let ended = matches!(bytes.get(end..end + 2), Some([0xff, 0xd9]));
    let complete = walk.is_complete();
    match (walk.frame, start) {
        // A progressive picture may end at any precision if it has an end marker and every component has begun.
        (Some(frame), Some(start))
            if complete || ended && frame.progressive && walk.missing.iter().all(|m| m[0] < 16) =>
        {
            let colour = frame.colour(jfif, adobe);
            Ok(Scans { frame, colour, alone: walk.alone, start, end })
        }
        _ => Err(truncated()),
    }
}

fn truncated() -> PictureError {
    PictureError::Truncated("the file ends before the picture does".to_owned())
}

struct Walk<'a> {
    bytes: &'a [u8],
    tables: Tables,
    restart_interval: u32,
    frame: Option<Frame>,
    /// For progressive pictures: for each component and block, a bit for each coefficient that is not zero.
    set: Vec<Vec<u64>>,
    /// For each component and coefficient, how many bits are missing; 255 if none has come yet.
    missing: Vec<[u8; 64]>,
    alone: Vec<bool>,
}

impl Walk<'_> {
    fn begin(&mut self, frame: Frame) {
        self.missing = vec![[255; 64]; frame.components.len()];
        self.alone = vec![false; frame.components.len()];
        if frame.progressive {
            let blocks = |component: &Component| {
                let (across, down) = frame.kept_blocks(component);
                vec![0; across as usize * down as usize]
            };
            self.set = frame.components.iter().map(blocks).collect();
        }
        self.frame = Some(frame);
    }

    fn is_complete(&self) -> bool {
        self.frame.is_some() && self.missing.iter().flatten().all(|&bits| bits == 0)
    }

    /// Walks one scan, whose data begins at `at`, and returns where it ends.
    fn scan(&mut self, header: &[u8], at: usize) -> Result<usize, PictureError> {
        let corrupt = |what: &str| PictureError::Corrupt(format!("a scan {what}"));
        let frame = self.frame.as_ref().ok_or_else(|| corrupt("comes before the frame header"))?;
        let count = usize::from(*header.first().ok_or_else(|| corrupt("has no header"))?);
        if !(1..=frame.components.len()).contains(&count) || header.len() != 4 + 2 * count {
            return Err(corrupt("header has not the length that it needs"));
        }
        // A scan of all components has them in the frame's order, so their numbers do not matter: libjpeg reads it too.
        let ambiguous = frame.is_ambiguous();
        if ambiguous && (frame.progressive || count != frame.components.len()) {
            return Err(corrupt("names a component by a number that two have"));
        }
        let mut parts = Vec::with_capacity(count);
        for pair in header[1..=2 * count].chunks_exact(2) {
            let index = frame
                .components
                .iter()
                .enumerate()
                .position(|(place, component)| component.id == pair[0] && (!ambiguous || place == parts.len()))
                .ok_or_else(|| corrupt("names a component that the frame has not"))?;
            if parts.iter().any(|part: &Part<'_>| part.index >= index) {
                return Err(corrupt("has its components in another order than the frame"));
            }
            let table = |tables: &'_ [Option<Table>; 4], number: u8| tables.get(usize::from(number)).cloned().flatten();
            let component = &frame.components[index];
            let (dc, ac) = (table(&self.tables.dc, pair[1] >> 4), table(&self.tables.ac, pair[1] & 15));
            parts.push(Part { index, component, dc, ac, across: frame.kept_blocks(component).0 as usize });
        }
        let [from, to, bits] = header[1 + 2 * count..] else { return Err(corrupt("has no header")) };
        let mut band = Band { from: from.into(), to: to.into(), high: u32::from(bits >> 4), low: u32::from(bits & 15) };
        if !frame.progressive {
            band = Band { from: 0, to: 63, high: 0, low: 0 };
        } else if band.from > band.to || band.to > 63 || (band.from == 0) != (band.to == 0) || band.low > 13 {
            return Err(corrupt("holds coefficients that there are not"));
        } else if band.from > 0 && count > 1 {
            return Err(corrupt("mixes components where it must not"));
        }
        let units = match parts.as_slice() {
            [part] => frame.own_blocks(part.component),
            _ => frame.units(),
        };
        let mut bits = Bits::new(self.bytes, at);
        let (mut until_restart, mut restart, mut rest) = (self.restart_interval, 0u8, 0u32);
        let alone = parts.len() == 1;
        for y in 0..units.1 {
            for x in 0..units.0 {
                if self.restart_interval > 0 {
                    if until_restart == 0 {
                        bits.restart(restart)?;
                        (until_restart, restart, rest) = (self.restart_interval, (restart + 1) % 8, 0);
                    }
                    until_restart -= 1;
                }
                for part in &parts {
                    let (h, v) = if alone { (1, 1) } else { (part.component.h, part.component.v) };
                    for block in 0..h * v {
                        if !frame.progressive {
                            sequential(&mut bits, part.dc()?, part.ac()?)?;
                        } else if band.from == 0 {
                            progressive_constant(&mut bits, part.dc.as_ref(), band)?;
                        } else {
                            let place = (y * v + block / h) as usize * part.across + (x * h + block % h) as usize;
                            let set = &mut self.set[part.index][place];
                            let pass = if band.high == 0 { first } else { refine };
                            pass(&mut bits, part.ac()?, band, set, &mut rest)?;
                        }
                    }
                }
                if bits.starved() {
                    return Err(truncated());
                }
            }
        }
        for part in &parts {
            self.alone[part.index] |= alone;
            self.missing[part.index][band.from as usize..=band.to as usize].fill(band.low as u8);
        }
        Ok(bits.end())
    }
}

/// A component's part in a scan.
struct Part<'a> {
    index: usize,
    component: &'a Component,
    dc: Option<Table>,
    ac: Option<Table>,
    /// Blocks in a row of `Walk::set`.
    across: usize,
}

impl Part<'_> {
    fn dc(&self) -> Result<&Table, PictureError> {
        self.dc.as_ref().ok_or_else(|| {
            PictureError::Corrupt("a scan names a Huffman table that the file does not define".to_owned())
        })
    }

    fn ac(&self) -> Result<&Table, PictureError> {
        self.ac.as_ref().ok_or_else(|| {
            PictureError::Corrupt("a scan names a Huffman table that the file does not define".to_owned())
        })
    }
}
