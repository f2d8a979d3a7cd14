//! Bits of entropy-coded data, up to the next marker.

use super::huffman::Table;
use crate::error::PictureError;

/// Reads bits. After the last one it gives zeros, and `starved` says whether any of those was read.
pub struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u64,
    count: u32,
    /// Bits in `held` that stand in for missing ones.
    padding: u32,
    starved: bool,
}

impl<'a> Bits<'a> {
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, held: 0, count: 0, padding: 0, starved: false }
    }

    /// Whether a bit was read that is not in the file.
    pub fn starved(&self) -> bool {
        self.starved
    }

    /// Makes sure that `held` has at least 32 bits, from the file or padding.
    #[inline]
    fn fill(&mut self) {
        while self.count <= 56 {
            let byte = match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
                (Some(0xff), Some(0)) => {
                    self.at += 2;
                    0xff
                }
                // A marker, or the end of the file: do not move past it.
                (Some(0xff), _) | (None, _) => {
                    self.padding += 8;
                    0
                }
                (Some(&byte), _) => {
                    self.at += 1;
                    byte
                }
            };
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    #[inline]
    pub fn skip(&mut self, count: u32) {
        if count > self.count {
            self.fill();
        }
        self.held <<= count;
        self.count -= count;
        if self.count < self.padding {
            self.padding = self.count;
            self.starved = true;
        }
    }

    #[inline]
    pub fn take(&mut self, count: u32) -> u32 {
        if count > self.count {
            self.fill();
        }
        let value = if count == 0 { 0 } else { (self.held >> (64 - count)) as u32 };
        self.skip(count);
        value
    }

    /// The symbol of the next code.
    #[inline]
    pub fn symbol(&mut self, table: &Table) -> Result<u8, PictureError> {
        if self.count < 32 {
            self.fill();
        }
        match table.find((self.held >> 48) as u32) {
            Some((symbol, length)) => {
                self.skip(length);
                Ok(symbol)
            }
            // Zeros that stand in for missing bits are not necessarily a code.
            None if self.padding > self.count.saturating_sub(16) => {
                (self.held, self.count, self.padding, self.starved) = (0, 0, 0, true);
                Ok(0)
            }
            None => Err(PictureError::Corrupt("the pixel data holds a code that no table has".to_owned())),
        }
    }

    /// Continues after the next restart marker, which must follow.
    pub fn restart(&mut self, number: u8) -> Result<(), PictureError> {
        let mut at = self.at;
        // There may be unread bytes before it: libjpeg skips them, and so do decoders at the end of a scan.
        while self.bytes.get(at) == Some(&0xff) && self.bytes.get(at + 1) == Some(&0xff) {
            at += 1;
        }
        match (self.bytes.get(at), self.bytes.get(at + 1)) {
            (Some(0xff), Some(&marker)) if marker == 0xd0 + number => {
                *self = Self { starved: self.starved, ..Self::new(self.bytes, at + 2) };
                Ok(())
            }
            (Some(0xff), None) | (None, _) => {
                self.starved = true;
                Ok(())
            }
            (Some(0xff), Some(0xd9)) => {
                self.starved = true;
                Ok(())
            }
            _ => Err(PictureError::Corrupt(format!("restart marker {number} is missing or out of place"))),
        }
    }

    /// Where the data ends: at a marker other than a restart, or at the end of the file.
    pub fn end(&self) -> usize {
        let mut at = self.at;
        while at < self.bytes.len() {
            if self.bytes[at] == 0xff && !matches!(self.bytes.get(at + 1), Some(0x00 | 0xff | 0xd0..=0xd7)) {
                break;
            }
            at += 1;
        }
        at
    }
}
