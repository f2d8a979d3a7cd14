//! The rules for cutting tokens off the front and the back of a chunk.

use super::characters::{is_currency, is_mark, is_quote, is_symbol};
use super::letters::{is_lower, is_upper};

/// Units of measurement that are cut off a number, as in `5km`.
const UNITS: &[&str] = &[
    "km",
    "km²",
    "km³",
    "m",
    "m²",
    "m³",
    "dm",
    "dm²",
    "dm³",
    "cm",
    "cm²",
    "cm³",
    "mm",
    "mm²",
    "mm³",
    "ha",
    "µm",
    "nm",
    "yd",
    "in",
    "ft",
    "kg",
    "g",
    "mg",
    "µg",
    "t",
    "lb",
    "oz",
    "m/s",
    "km/h",
    "kmh",
    "mph",
    "hPa",
    "Pa",
    "mbar",
    "mb",
    "MB",
    "kb",
    "KB",
    "gb",
    "GB",
    "tb",
    "TB",
    "T",
    "G",
    "M",
    "K",
    "%",
    "км",
    "км²",
    "км³",
    "м",
    "м²",
    "м³",
    "дм",
    "дм²",
    "дм³",
    "см",
    "см²",
    "см³",
    "мм",
    "мм²",
    "мм³",
    "нм",
    "кг",
    "г",
    "мг",
    "м/с",
    "км/ч",
    "кПа",
    "Па",
    "мбар",
    "Кб",
    "КБ",
    "кб",
    "Мб",
    "МБ",
    "мб",
    "Гб",
    "ГБ",
    "гб",
    "Тб",
    "ТБ",
    "тбكم",
    "كم",
    "كم²",
    "كم³",
    "م",
    "م²",
    "م³",
    "سم",
    "سم²",
    "سم³",
    "مم",
    "مم²",
    "مم³",
    "غرام",
    "جرام",
    "جم",
    "كغ",
    "ملغ",
    "كوب",
    "اكواب",
];

/// Characters in the longest of [`UNITS`].
const LONGEST_UNIT: usize = 5;

/// Dollars of a named country. The bare signs are [`is_currency`].
const DOLLARS: &[&str] = &["US$", "C$", "A$"];

/// Endings of a possessive.
const POSSESSIVES: &[&str] = &["'s", "'S", "’s", "’S"];

/// Bytes at the front of `chunk` that are a token of their own; 0 if no rule applies.
pub fn prefix_length(chunk: &str) -> usize {
    let mut characters = chunk.chars();
    let Some(first) = characters.next() else {
        return 0;
    };
    let single = match first {
        '§' | '%' | '=' | '—' | '–' => true,
        '+' => !characters.next().is_some_and(|next| next.is_ascii_digit()),
        '.' => {
            let dots = chunk.bytes().take_while(|&byte| byte == b'.').count();
            return if dots > 1 { dots } else { 0 };
        }
        _ => is_mark(first) || is_quote(first) || is_currency(first) || is_symbol(first),
    };
    if single {
        return first.len_utf8();
    }
    DOLLARS.iter().find(|dollars| chunk.starts_with(**dollars)).map_or(0, |dollars| dollars.len())
}

/// Bytes at the back of `chunk` that are a token of their own; 0 if no rule applies. If several rules apply, the
/// longest wins.
pub fn suffix_length(chunk: &str) -> usize {
    let mut reversed = chunk.chars().rev();
    let Some(last) = reversed.next() else {
        return 0;
    };
    let mark = match last {
        '…' if chunk.ends_with("……") => 2 * last.len_utf8(),
        '.' => full_stop_length(chunk),
        '+' if reversed.next().is_some_and(|before| before.is_ascii_digit()) => 1,
        '—' | '–' => last.len_utf8(),
        _ if is_mark(last) || is_quote(last) || is_symbol(last) => last.len_utf8(),
        _ => 0,
    };
    let possessive = POSSESSIVES.iter().find(|ending| chunk.ends_with(**ending)).map_or(0, |ending| ending.len());
    mark.max(possessive).max(measure_length(chunk))
}

/// Bytes of the full stops at the back of `chunk` that end a sentence, not an abbreviation.
fn full_stop_length(chunk: &str) -> usize {
    let dots = chunk.bytes().rev().take_while(|&byte| byte == b'.').count();
    if dots > 1 {
        return dots;
    }
    let mut reversed = chunk[..chunk.len() - 1].chars().rev();
    let (Some(before), earlier) = (reversed.next(), reversed.next()) else {
        return 0;
    };
    let after_degrees = earlier == Some('°') && matches!(before, 'F' | 'f' | 'C' | 'c' | 'K' | 'k');
    let after_word = before.is_ascii_digit()
        || is_lower(before)
        || matches!(before, '%' | '²' | '-' | '+' | '|')
        || is_mark(before)
        || is_quote(before);
    let after_capitals = is_upper(before) && earlier.is_some_and(is_upper);
    usize::from(after_degrees || after_word || after_capitals)
}

/// Bytes of the unit or currency at the back of `chunk`, if a digit comes before it.
fn measure_length(chunk: &str) -> usize {
    let Some((digit, _)) =
        chunk.char_indices().rev().take(LONGEST_UNIT + 1).find(|(_, character)| character.is_ascii_digit())
    else {
        return 0;
    };
    let measure = &chunk[digit + 1..];
    let mut characters = measure.chars();
    let sign = characters.next().is_some_and(is_currency) && characters.next().is_none();
    if sign || DOLLARS.contains(&measure) || UNITS.contains(&measure) { measure.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unit_has_the_stated_length() {
        assert_eq!(UNITS.iter().map(|unit| unit.chars().count()).max(), Some(LONGEST_UNIT));
    }

    #[test]
    fn prefixes() {
        for (chunk, length) in
            [("(a", 1), ("+a", 1), ("+1", 0), (".a", 0), ("...a", 3), ("US$5", 3), ("“a", 3), ("-a", 0), ("", 0)]
        {
            assert_eq!(prefix_length(chunk), length, "{chunk}");
        }
    }

    #[test]
    fn suffixes() {
        for (chunk, length) in [
            ("dog.", 1),
            ("dog...", 3),
            ("D.", 0),
            ("US.", 1),
            ("5km", 2),
            ("5km/h", 4),
            ("km", 0),
            ("5US$", 3),
            ("a's", 2),
            ("a’s", 4),
            ("5+", 1),
            ("a+", 0),
            ("°C.", 1),
            ("a……", 6),
            ("", 0),
        ] {
            assert_eq!(suffix_length(chunk), length, "{chunk}");
        }
    }
}
