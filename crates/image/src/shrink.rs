//! Shrinks a picture while it is read: it averages blocks of pixels, so that all of a large picture is never in memory.

/// A picture is at least this many times the wanted size before the last, finer filter. With three, the result looks
/// the same as resampling the entire picture (Pillow's `reducing_gap` gives the same advice).
pub const GAP: u32 = 3;

/// How many pixels become one, across and down, for a side of `from` that ends as `to`.
#[must_use]
pub fn factor(from: u32, to: u32) -> u32 {
    (from / (to.saturating_mul(GAP)).max(1)).max(1)
}

/// The order in which pixels come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Complete rows from top to bottom.
    TopDown,
    /// Any order, as in interlaced pictures.
    Any,
}

/// Reads a picture's RGB pixels and keeps the averages of blocks of them.
pub struct Shrinker {
    width: u32,
    height: u32,
    across: u32,
    down: u32,
    order: Order,
    /// Sums of the blocks that are not complete yet: one row of them, or all.
    sums: Vec<u32>,
    rows: Vec<u8>,
    next: u32,
}

impl Shrinker {
    /// A shrinker for a picture of `width` x `height` pixels that turns blocks of `across` x `down` pixels into one.
    #[must_use]
    pub fn new(width: u32, height: u32, (across, down): (u32, u32), order: Order) -> Self {
        let (kept_width, kept_height) = (width.div_ceil(across) as usize, height.div_ceil(down) as usize);
        let bytes = kept_width * kept_height * 3;
        let sums = match order {
            _ if across * down == 1 => 0,
            Order::TopDown => kept_width * 3,
            Order::Any => bytes,
        };
        let rows = match order {
            Order::TopDown => Vec::with_capacity(bytes),
            // Pixels that an interlaced file leaves out become white.
            Order::Any => vec![255; bytes],
        };
        Self { width, height, across, down, order, sums: vec![0; sums], rows, next: 0 }
    }

    /// Bytes that such a shrinker takes.
    #[must_use]
    pub fn memory(width: u32, height: u32, (across, down): (u32, u32), order: Order) -> u64 {
        let bytes = u64::from(width.div_ceil(across)) * u64::from(height.div_ceil(down)) * 3;
        match order {
            Order::Any if across * down > 1 => bytes * 5,
            _ => bytes + u64::from(width) * 12,
        }
    }

    /// Takes the next row from the top.
    pub fn row(&mut self, rgb: &[u8]) {
        let y = self.next;
        self.next += 1;
        if self.across * self.down == 1 {
            self.rows.extend_from_slice(rgb);
            return;
        }
        for (sums, block) in self.sums.chunks_exact_mut(3).zip(rgb.chunks(3 * self.across as usize)) {
            for pixel in block.chunks_exact(3) {
                for (sum, &value) in sums.iter_mut().zip(pixel) {
                    *sum += u32::from(value);
                }
            }
        }
        if self.next.is_multiple_of(self.down) || self.next == self.height {
            let rows = y % self.down + 1;
            for (x, sums) in self.sums.chunks_exact_mut(3).enumerate() {
                let count = block_length(x as u32, self.across, self.width) * rows;
                for sum in sums {
                    self.rows.push(((*sum + count / 2) / count) as u8);
                    *sum = 0;
                }
            }
        }
    }

    /// Takes pixels of row `y`: the first at `x`, the others each `step` further. Skips those outside the picture.
    pub fn pixels(&mut self, y: u32, x: u32, step: u32, rgb: &[u8]) {
        debug_assert!(self.order == Order::Any);
        if y >= self.height {
            return;
        }
        let kept = self.width.div_ceil(self.across) as usize;
        let row = (y / self.down) as usize * kept;
        for (pixel, x) in rgb.chunks_exact(3).zip((x..self.width).step_by(step as usize)) {
            let at = (row + (x / self.across) as usize) * 3;
            if self.sums.is_empty() {
                self.rows[at..at + 3].copy_from_slice(pixel);
            } else {
                for (sum, &value) in self.sums[at..at + 3].iter_mut().zip(pixel) {
                    // Missing pixels are white: sums count how much darker than white the pixels are.
                    *sum += u32::from(255 - value);
                }
            }
        }
    }

    /// The averages, row by row, and how many of them there are across and down.
    #[must_use]
    pub fn finish(mut self) -> (Vec<u8>, u32, u32) {
        let (kept_width, kept_height) = (self.width.div_ceil(self.across), self.height.div_ceil(self.down));
        if self.order == Order::Any && !self.sums.is_empty() {
            for (i, (value, sum)) in self.rows.iter_mut().zip(&self.sums).enumerate() {
                let (x, y) = (i as u32 / 3 % kept_width, i as u32 / 3 / kept_width);
                let count = block_length(x, self.across, self.width) * block_length(y, self.down, self.height);
                *value = 255 - ((sum + count / 2) / count) as u8;
            }
        }
        self.rows.resize(kept_width as usize * kept_height as usize * 3, 255);
        (self.rows, kept_width, kept_height)
    }
}

/// Pixels of a side in the block with this number: the last block may be shorter.
fn block_length(number: u32, factor: u32, side: u32) -> u32 {
    factor.min(side - number * factor)
}
