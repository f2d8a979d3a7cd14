//! Marker segments, and the frame that one of them describes.

use crate::{bytes::be16, error::PictureError};

/// The marker segments from an offset up to the entropy-coded data: marker, payload, and where it ends.
pub struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Segments<'a> {
    /// Segments from the offset `at`. Skips fill bytes and bytes that do not begin a marker, as libjpeg does.
    #[must_use]
    pub fn from(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Where to look for the next segment.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = (u8, &'a [u8]);

    /// The next complete segment. Markers without a payload, such as the end of the image, come with an empty one.
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            while *self.bytes.get(self.at)? != 0xff {
                self.at += 1;
            }
            while *self.bytes.get(self.at)? == 0xff {
                self.at += 1;
            }
            let marker = self.bytes[self.at];
            self.at += 1;
            match marker {
                0x00 | 0x01 | 0xd0..=0xd8 => {}
                0xd9 => return Some((marker, &[])),
                _ => {
                    let length = be16(self.bytes, self.at)?;
                    let payload = self.bytes.get(self.at + 2..self.at + length)?;
                    self.at += length;
                    return Some((marker, payload));
                }
            }
        }
    }
}

/// One component of a frame: luma, chroma, or ink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The number by which scans refer to it.
    pub id: u8,
    /// Horizontal sampling, 1 to 4.
    pub h: u32,
    /// Vertical sampling, 1 to 4.
    pub v: u32,
}

/// How the components become colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// One component.
    Grey,
    /// Three, of which two are chroma.
    YCbCr,
    /// Three, without conversion.
    Rgb,
    /// Four, stored inverted.
    Cmyk,
    /// Four, of which two are chroma, stored inverted.
    Ycck,
}

/// What the frame header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Whether coefficients come in several scans of increasing precision.
    pub progressive: bool,
    /// One, three or four.
    pub components: Vec<Component>,
}

impl Frame {
    /// Reads the payload of a start-of-frame segment.
    ///
    /// # Errors
    ///
    /// `Unsupported` for kinds that no browser reads either, `Corrupt` for values out of range.
    pub fn parse(marker: u8, payload: &[u8]) -> Result<Self, PictureError> {
        let unsupported = |what: &str| Err(PictureError::Unsupported(format!("a JPEG {what}")));
        match marker {
            0xc0..=0xc2 => {}
            0xc3 => return unsupported("coded without loss"),
            0xc9..=0xcb => return unsupported("with arithmetic coding"),
            _ => return unsupported("of the hierarchical kind"),
        }
        let corrupt = |what: &str| PictureError::Corrupt(format!("the frame header {what}"));
        let [precision, h1, h0, w1, w0, count, rest @ ..] = payload else {
            return Err(corrupt("is cut short"));
        };
        if *precision != 8 {
            return unsupported(&format!("with {precision} bits a sample"));
        }
        let (width, height) = (u32::from(*w1) << 8 | u32::from(*w0), u32::from(*h1) << 8 | u32::from(*h0));
        if height == 0 {
            return unsupported("that tells its height behind its pixels");
        }
        if width == 0 {
            return Err(corrupt("says that there are no pixels"));
        }
        if !matches!(count, 1 | 3 | 4) {
            return unsupported(&format!("of {count} components"));
        }
        if rest.len() != usize::from(*count) * 3 {
            return Err(corrupt("has not the length that it needs"));
        }
        let components: Vec<Component> = rest
            .chunks_exact(3)
            .map(|c| Component { id: c[0], h: u32::from(c[1] >> 4), v: u32::from(c[1] & 15) })
            .collect();
        if components.iter().any(|c| !(1..=4).contains(&c.h) || !(1..=4).contains(&c.v)) {
            return Err(corrupt("has a sampling factor out of range"));
        }
        Ok(Self { width, height, progressive: marker == 0xc2, components })
    }

    /// Whether two components have the same number, against the standard.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        let twice = |i: usize| self.components[..i].iter().any(|other| other.id == self.components[i].id);
        (0..self.components.len()).any(twice)
    }

    /// The largest sampling factors, horizontal and vertical.
    #[must_use]
    pub fn sampling(&self) -> (u32, u32) {
        let largest = |of: fn(&Component) -> u32| self.components.iter().map(of).max().unwrap_or(1);
        (largest(|c| c.h), largest(|c| c.v))
    }

    /// Interleaved units of the entire picture, across and down.
    #[must_use]
    pub fn units(&self) -> (u32, u32) {
        let (h, v) = self.sampling();
        (self.width.div_ceil(8 * h), self.height.div_ceil(8 * v))
    }

    /// Blocks of a component in a scan of only this component, across and down.
    #[must_use]
    pub fn own_blocks(&self, component: &Component) -> (u32, u32) {
        let (h, v) = self.sampling();
        let across = (self.width * component.h).div_ceil(h).div_ceil(8);
        (across, (self.height * component.v).div_ceil(v).div_ceil(8))
    }

    /// Blocks of a component in complete units, across and down: as many as decoders keep.
    #[must_use]
    pub fn kept_blocks(&self, component: &Component) -> (u32, u32) {
        let (across, down) = self.units();
        (across * component.h, down * component.v)
    }

    /// How the components become colours, by libjpeg's rules.
    #[must_use]
    pub fn colour(&self, jfif: bool, adobe_transform: Option<u8>) -> Colour {
        let ids: Vec<u8> = self.components.iter().map(|c| c.id).collect();
        match (self.components.len(), adobe_transform) {
            (1, _) => Colour::Grey,
            (3, _) if jfif => Colour::YCbCr,
            (3, Some(0)) => Colour::Rgb,
            (3, None) if ids == *b"RGB" => Colour::Rgb,
            (3, _) => Colour::YCbCr,
            (_, None | Some(0)) => Colour::Cmyk,
            _ => Colour::Ycck,
        }
    }
}
