//! Huffman tables as the walk needs them: the length of a code, and its symbol.

use crate::error::PictureError;

const FAST_BITS: u32 = 9;

/// A table that gives the symbol and the length of the code at the front of 16 bits.
#[derive(Clone)]
pub struct Table {
    /// Length in the high byte, symbol in the low; 0 for codes longer than `FAST_BITS`.
    fast: Vec<u16>,
    /// Largest code of each length, -1 for lengths without a code.
    largest: [i32; 17],
    /// For each length, what to add to a code to get the place of its symbol.
    offset: [i32; 17],
    symbols: Vec<u8>,
}

impl Table {
    /// Makes a table from the number of codes of each length and their symbols.
    ///
    /// # Errors
    /// `Corrupt` if the counts do not make a code.
    pub fn new(counts: &[u8], symbols: &[u8]) -> Result<Self, PictureError> {
        let mut table =
            Self { fast: vec![0; 1 << FAST_BITS], largest: [-1; 17], offset: [0; 17], symbols: symbols.to_vec() };
        let (mut code, mut place) = (0i32, 0usize);
        for length in 1..=16u32 {
            let count = usize::from(counts[length as usize - 1]);
            table.offset[length as usize] = place as i32 - code;
            for &symbol in &symbols[place..place + count] {
                if code >= 1 << length {
                    return Err(PictureError::Corrupt("a Huffman table holds more codes than are possible".to_owned()));
                }
                if length <= FAST_BITS {
                    let first = (code << (FAST_BITS - length)) as usize;
                    let entry = (length as u16) << 8 | u16::from(symbol);
                    table.fast[first..first + (1 << (FAST_BITS - length))].fill(entry);
                }
                code += 1;
            }
            place += count;
            if count > 0 {
                table.largest[length as usize] = code - 1;
            }
            code <<= 1;
        }
        Ok(table)
    }

    /// The symbol and the length of the code at the front of 16 bits; `None` if no code matches.
    #[inline]
    pub fn find(&self, bits: u32) -> Option<(u8, u32)> {
        let entry = self.fast[(bits >> (16 - FAST_BITS)) as usize];
        if entry != 0 {
            return Some((entry as u8, u32::from(entry >> 8)));
        }
        for length in FAST_BITS + 1..=16 {
            let code = (bits >> (16 - length)) as i32;
            if code <= self.largest[length as usize] {
                let symbol = self.symbols.get((code + self.offset[length as usize]) as usize)?;
                return Some((*symbol, length));
            }
        }
        None
    }
}

/// The tables of each class: for DC coefficients, and for AC coefficients.
#[derive(Clone, Default)]
pub struct Tables {
    pub dc: [Option<Table>; 4],
    pub ac: [Option<Table>; 4],
}

impl Tables {
    /// Reads the payload of a segment that defines tables.
    ///
    /// # Errors
    /// `Corrupt` if it is cut short or does not define a code.
    pub fn define(&mut self, mut payload: &[u8]) -> Result<(), PictureError> {
        let corrupt = || PictureError::Corrupt("a Huffman table is cut short or its number is out of range".to_owned());
        while let [which, rest @ ..] = payload {
            let counts = rest.get(..16).ok_or_else(corrupt)?;
            let total = counts.iter().map(|&count| usize::from(count)).sum::<usize>();
            let symbols = rest.get(16..16 + total).ok_or_else(corrupt)?;
            let class = match which >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(corrupt()),
            };
            *class.get_mut(usize::from(which & 15)).ok_or_else(corrupt)? = Some(Table::new(counts, symbols)?);
            payload = &rest[16 + total..];
        }
        Ok(())
    }
}

/// The tables of the standard's annex K as a segment: the frames of a Motion JPEG leave them out.
pub const STANDARD: &[u8] = include_bytes!("standard_tables.bin");
