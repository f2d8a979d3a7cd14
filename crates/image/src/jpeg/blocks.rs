//! Skips the data of one block, for each of the ways in which blocks are coded.

use super::{entropy::Bits, huffman::Table};
use crate::error::PictureError;

/// Which coefficients a scan holds, and how finely.
#[derive(Clone, Copy)]
pub struct Band {
    /// First coefficient, in zigzag order.
    pub from: u32,
    /// Last one.
    pub to: u32,
    /// Bits that the previous scan left out, or 0 in the first scan.
    pub high: u32,
    /// Bits that this scan leaves out.
    pub low: u32,
}

fn corrupt(what: &str) -> PictureError {
    PictureError::Corrupt(format!("the pixel data holds {what}"))
}

/// The difference of the DC coefficient.
fn constant(bits: &mut Bits<'_>, dc: &Table) -> Result<(), PictureError> {
    let size = bits.symbol(dc)?;
    if size > 11 {
        return Err(corrupt("a brightness out of range"));
    }
    bits.skip(u32::from(size));
    Ok(())
}

/// All coefficients at once.
pub fn sequential(bits: &mut Bits<'_>, dc: &Table, ac: &Table) -> Result<(), PictureError> {
    constant(bits, dc)?;
    let mut at = 1;
    while at < 64 {
        let symbol = u32::from(bits.symbol(ac)?);
        let (run, size) = (symbol >> 4, symbol & 15);
        if size == 0 {
            if run < 15 {
                break;
            }
            at += 16;
        } else {
            at += run;
            if at > 63 {
                return Err(corrupt("a coefficient behind the last"));
            }
            bits.skip(size);
            at += 1;
        }
    }
    Ok(())
}

/// The DC coefficient of a progressive picture, first or refined.
pub fn progressive_constant(bits: &mut Bits<'_>, dc: Option<&Table>, band: Band) -> Result<(), PictureError> {
    if band.high > 0 {
        bits.skip(1);
        return Ok(());
    }
    constant(bits, dc.ok_or_else(|| corrupt("a scan without its Huffman table"))?)
}

/// AC coefficients for the first time. `set` has a bit for each that is not zero, `rest` counts blocks to skip.
pub fn first(bits: &mut Bits<'_>, ac: &Table, band: Band, set: &mut u64, rest: &mut u32) -> Result<(), PictureError> {
    if *rest > 0 {
        *rest -= 1;
        return Ok(());
    }
    let mut at = band.from;
    while at <= band.to {
        let symbol = u32::from(bits.symbol(ac)?);
        let (run, size) = (symbol >> 4, symbol & 15);
        if size == 0 {
            if run < 15 {
                *rest = (1 << run) - 1 + bits.take(run);
                break;
            }
            at += 16;
        } else {
            at += run;
            if at > band.to {
                return Err(corrupt("a coefficient behind the last of its scan"));
            }
            bits.skip(size);
            *set |= 1 << at;
            at += 1;
        }
    }
    Ok(())
}

/// One more bit of the AC coefficients, and those that become nonzero with this bit.
pub fn refine(bits: &mut Bits<'_>, ac: &Table, band: Band, set: &mut u64, rest: &mut u32) -> Result<(), PictureError> {
    let mut at = band.from;
    if *rest == 0 {
        while at <= band.to {
            let symbol = u32::from(bits.symbol(ac)?);
            let (mut run, size) = (symbol >> 4, symbol & 15);
            match size {
                0 if run < 15 => {
                    *rest = (1 << run) + bits.take(run);
                    break;
                }
                0 => {}
                1 => bits.skip(1),
                _ => return Err(corrupt("a coefficient that grows by more than one bit")),
            }
            while at <= band.to {
                if *set >> at & 1 == 1 {
                    bits.skip(1);
                } else if run == 0 {
                    break;
                } else {
                    run -= 1;
                }
                at += 1;
            }
            if size == 1 {
                if at > band.to {
                    return Err(corrupt("a coefficient behind the last of its scan"));
                }
                *set |= 1 << at;
            }
            at += 1;
        }
    }
    if *rest > 0 {
        let left = if at > band.to { 0 } else { (*set >> at) & (u64::MAX >> (63 - (band.to - at))) };
        for _ in 0..left.count_ones() {
            bits.skip(1);
        }
        *rest -= 1;
    }
    Ok(())
}
