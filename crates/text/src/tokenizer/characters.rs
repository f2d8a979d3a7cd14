//! Classes of characters that the affix and infix rules use.

use super::letters::in_ranges;
use super::punctuation::PUNCTUATION;
use super::symbols::SYMBOLS;

/// White space that separates tokens: the Unicode property, and the four ASCII separators 1C to 1F.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1C}'..='\u{1F}').contains(&c)
}

/// Marks that are cut off at either edge of a word.
pub fn is_mark(c: char) -> bool {
    matches!(
        c,
        '…' | ','
            | ':'
            | ';'
            | '!'
            | '?'
            | '¿'
            | '؟'
            | '¡'
            | '('
            | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '<'
            | '>'
            | '_'
            | '#'
            | '*'
            | '&'
            | '。'
            | '？'
            | '！'
            | '，'
            | '、'
            | '；'
            | '：'
            | '～'
            | '·'
            | '।'
            | '،'
            | '۔'
            | '؛'
            | '٪'
    )
}

/// Quotation marks, and the brackets of East Asian scripts that serve as such.
pub fn is_quote(c: char) -> bool {
    matches!(
        c,
        '\'' | '"'
            | ','
            | '`'
            | '«'
            | '´'
            | '»'
            | '‘'..='‚'
            | '“'..='„'
            | '\u{2329}'
            | '\u{232A}'
            | '⟦'
            | '⟧'
            | '〈'..='】'
            | '〔'
            | '〕'
            | '（'
            | '）'
    )
}

/// A currency sign of one character.
pub fn is_currency(c: char) -> bool {
    matches!(c, '$' | '£' | '¥' | '฿' | '\u{FDFC}' | '\u{20A0}'..='\u{20BF}')
}

/// A dingbat, arrow or emoji.
pub fn is_symbol(c: char) -> bool {
    !c.is_ascii() && in_ranges(SYMBOLS, c as u32)
}

/// General category P: a token that consists only of such characters is dropped as punctuation.
pub fn is_punctuation(c: char) -> bool {
    in_ranges(PUNCTUATION, c as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_that_rust_does_not_call_white_space_separate() {
        assert!(is_space('\u{1C}') && is_space('\u{1F}') && is_space('\u{85}') && is_space('\u{3000}'));
        assert!(!is_space('\u{200B}') && !is_space('\u{1B}') && !is_space('\u{FEFF}'));
    }

    #[test]
    fn punctuation_is_not_symbols() {
        assert!("!#%&()*,-./:;?@[]_{}¡—…“".chars().all(is_punctuation));
        assert!(!"$+<=>^`|~°😀aé0".chars().any(is_punctuation));
        assert!(is_symbol('😀') && is_symbol('°') && is_symbol('\u{FFFD}') && !is_symbol('a'));
    }
}
