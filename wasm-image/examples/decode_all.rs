//! Decodes each file named on standard input, one a line, for scripts that compare with another decoder.
//!
//! For each it prints a line: `ok WIDTH HEIGHT ORIENTATION` and after it the RGB pixels, or the refusal.
//! An argument bounds the longer side.

use edgecap_wasm_image::{Format, Size, decode, orientation};
use std::io::{self, BufRead, Write};

fn main() -> io::Result<()> {
    let longer = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(65_535);
    let mut out = io::BufWriter::new(io::stdout().lock());
    for path in io::stdin().lock().lines() {
        let bytes = std::fs::read(path?)?;
        match decode(&bytes, Size::AtMost(longer), 1 << 32) {
            Ok(picture) => {
                let turned = Format::of(&bytes).map_or(1, |format| orientation(format, &bytes));
                writeln!(out, "ok {} {} {turned}", picture.width, picture.height)?;
                out.write_all(&picture.rgb)?;
            }
            Err(error) => writeln!(out, "{error}")?,
        }
    }
    out.flush()
}
