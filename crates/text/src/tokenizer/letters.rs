//! The letters that the tokenizer rules know, with and without case.

/// Scripts with case: Latin with its extensions, Greek, Cyrillic. Inclusive ranges in rising order.
const CASED: &[(u32, u32)] = &[
    (0x0041, 0x005A),
    (0x0061, 0x007A),
    (0x00C0, 0x00D6),
    (0x00D8, 0x00F6),
    (0x00F8, 0x01BF),
    (0x01C4, 0x02AF),
    (0x0386, 0x0386),
    (0x0388, 0x038A),
    (0x038C, 0x038C),
    (0x038E, 0x038F),
    (0x0391, 0x03A9),
    (0x03AC, 0x03AF),
    (0x03B1, 0x03C9),
    (0x03CC, 0x03CE),
    (0x0400, 0x0401),
    (0x0403, 0x040A),
    (0x040C, 0x040D),
    (0x0410, 0x0451),
    (0x0453, 0x045A),
    (0x045C, 0x045D),
    (0x0490, 0x0491),
    (0x0496, 0x0497),
    (0x04A2, 0x04A3),
    (0x04AE, 0x04AF),
    (0x04BA, 0x04BB),
    (0x04D8, 0x04D9),
    (0x04E8, 0x04E9),
    (0x1D00, 0x1D25),
    (0x1D6B, 0x1D77),
    (0x1D79, 0x1D9A),
    (0x1E00, 0x1EFF),
    (0x2C60, 0x2C7B),
    (0x2C7E, 0x2C7F),
    (0xA722, 0xA76F),
    (0xA771, 0xA787),
    (0xA78B, 0xA78E),
    (0xA790, 0xA7B9),
    (0xA7FA, 0xA7FA),
    (0xAB30, 0xAB5A),
    (0xAB60, 0xAB64),
    (0xFF21, 0xFF3A),
    (0xFF41, 0xFF5A),
];

/// Scripts without case, whose letters count as both upper and lower case: Hebrew, Arabic, the
/// scripts of India, Ethiopic, Hangul, kana and Han. Inclusive ranges in rising order.
const UNCASED: &[(u32, u32)] = &[
    (0x0591, 0x05F4),
    (0x0620, 0x064A),
    (0x066E, 0x06D5),
    (0x06E5, 0x06FF),
    (0x0750, 0x077F),
    (0x08A0, 0x08BD),
    (0x0900, 0x09FF),
    (0x0B80, 0x0CFF),
    (0x0D80, 0x0DFF),
    (0x1100, 0x137F),
    (0x2E80, 0x2FDF),
    (0x2FF0, 0x30FF),
    (0x31C0, 0x31EF),
    (0x3200, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7AF),
    (0xF900, 0xFAFF),
    (0xFB1D, 0xFBB1),
    (0xFBD3, 0xFD3D),
    (0xFD50, 0xFDC7),
    (0xFDF0, 0xFDFB),
    (0xFE30, 0xFE4F),
    (0xFE70, 0xFEFC),
    (0x1EE00, 0x1EEBB),
    (0x1F200, 0x1F2FF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2EBEF),
    (0x2F800, 0x2FA1F),
];

/// Whether `code` lies in one of `ranges`, which are inclusive and in rising order.
pub fn in_ranges(ranges: &[(u32, u32)], code: u32) -> bool {
    let after = ranges.partition_point(|&(first, _)| first <= code);
    after > 0 && code <= ranges[after - 1].1
}

/// A letter of any case.
pub fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    in_ranges(CASED, c as u32) || in_ranges(UNCASED, c as u32)
}

/// A lower-case letter, or one of a script without case.
pub fn is_lower(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_lowercase();
    }
    // The two glottal letters have no case by Unicode 17, but the reference rules list them among the lower-case ones.
    in_ranges(UNCASED, c as u32)
        || (in_ranges(CASED, c as u32) && (c.is_lowercase() || matches!(c, '\u{294}' | '\u{295}')))
}

/// An upper-case letter, or one of a script without case.
pub fn is_upper(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_uppercase();
    }
    // U+03A2 is unassigned, but lies inside the range from Alpha to Omega that the reference rules give.
    in_ranges(UNCASED, c as u32) || (in_ranges(CASED, c as u32) && (c.is_uppercase() || c == '\u{3A2}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_inclusive_at_both_ends() {
        let ranges = [(2, 4), (7, 7)];
        let inside: Vec<u32> = (0..10).filter(|&code| in_ranges(&ranges, code)).collect();
        assert_eq!(inside, [2, 3, 4, 7]);
    }

    #[test]
    fn letters_without_case_are_upper_and_lower() {
        for c in ['犬', 'あ', 'א', '한'] {
            assert!(is_letter(c) && is_lower(c) && is_upper(c), "{c}");
        }
        assert!(is_lower('é') && !is_upper('é') && is_upper('É') && !is_lower('É'));
        assert!(!is_letter('×') && !is_letter('7') && !is_letter('_'));
    }
}
