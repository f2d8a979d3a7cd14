//! Where the rules split a chunk in the middle.

use super::characters::{is_quote, is_symbol};
use super::letters::{is_letter, is_lower, is_upper};

/// Dashes that join two words, in the order in which they are tried: first those of one character.
const DASHES: &[&str] = &["-", "–", "—", "--", "---", "——", "~"];

/// Calls `found(start, end)` with the bytes of every infix of `chunk`, from left to right.
pub fn for_each_infix(chunk: &str, mut found: impl FnMut(usize, usize)) {
    let mut at = 0;
    let mut before: Option<char> = None;
    while let Some(character) = chunk[at..].chars().next() {
        let length = infix_length(&chunk[at..], before, character);
        if length > 0 {
            found(at, at + length);
            before = chunk[at..at + length].chars().next_back();
            at += length;
        } else {
            before = Some(character);
            at += character.len_utf8();
        }
    }
}

/// Bytes of the infix that `rest` begins with; `character` is its first character and `before` the one before it.
fn infix_length(rest: &str, before: Option<char>, character: char) -> usize {
    if character == '.' {
        let dots = rest.bytes().take_while(|&byte| byte == b'.').count();
        if dots > 1 {
            return dots;
        }
    }
    if character == '…' || is_symbol(character) {
        return character.len_utf8();
    }
    let Some(before) = before else {
        return 0;
    };
    let after = rest[character.len_utf8()..].chars().next();
    let single = match character {
        '+' | '-' | '*' | '^' if before.is_ascii_digit() && after.is_some_and(|c| c.is_ascii_digit() || c == '-') => {
            true
        }
        '.' => (is_lower(before) || is_quote(before)) && after.is_some_and(|c| is_upper(c) || is_quote(c)),
        ',' => is_letter(before) && after.is_some_and(is_letter),
        ':' | '<' | '>' | '=' | '/' => (is_letter(before) || before.is_ascii_digit()) && after.is_some_and(is_letter),
        _ => false,
    };
    if single {
        return character.len_utf8();
    }
    if !matches!(character, '-' | '–' | '—' | '~') || !(is_letter(before) || before.is_ascii_digit()) {
        return 0;
    }
    let joins = |dash: &&&str| rest.starts_with(**dash) && rest[dash.len()..].chars().next().is_some_and(is_letter);
    DASHES.iter().find(joins).map_or(0, |dash| dash.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infixes(chunk: &str) -> Vec<&str> {
        let mut found = Vec::new();
        for_each_infix(chunk, |start, end| found.push(&chunk[start..end]));
        found
    }

    #[test]
    fn words_are_split_where_two_are_joined() {
        assert_eq!(infixes("black-and-white"), ["-", "-"]);
        assert_eq!(infixes("cats/birds"), ["/"]);
        assert_eq!(infixes("one,two"), [","]);
        assert_eq!(infixes("end.Start"), ["."]);
        assert_eq!(infixes("wait...what"), ["..."]);
        assert_eq!(infixes("em—dash--long---longer"), ["—", "--", "---"]);
        assert_eq!(infixes("3-4*5"), ["-", "*"]);
    }

    #[test]
    fn words_that_only_look_joined_stay_in_one_piece() {
        for chunk in ["5:30", "dogs&cats", "1,000", "a.b", "U.S", "x-"] {
            assert!(infixes(chunk).is_empty(), "{chunk}");
        }
    }
}
