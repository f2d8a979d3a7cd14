//! English word tokens by the rules of spaCy: the text is split at white space, then the edges and the middle of each
//! chunk are cut. Listed chunks and addresses stay as they are.
//!
//! Every rule looks at a bounded number of neighbours, so the time is linear in the length of the text.

mod affixes;
mod characters;
mod infixes;
mod letters;
mod punctuation;
mod rules;
mod special_cases;
mod symbols;
mod url;

use std::sync::OnceLock;

pub use characters::is_space as is_blank;
use characters::{is_punctuation, is_space};
use rules::Rules;

/// The tokens of `text` in lower case, without punctuation and white space.
///
/// # Examples
///
/// ```
/// assert_eq!(edgecap_text::tokenizer::tokenize("A dog isn't wet."), ["a", "dog", "is", "n't", "wet"]);
/// ```
pub fn tokenize(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for_each_token(text, |token| tokens.push(token));
    tokens
}

/// Calls `take` with every token that [`tokenize`] would give.
pub fn for_each_token(text: &str, mut take: impl FnMut(String)) {
    static RULES: OnceLock<Rules> = OnceLock::new();
    for (start, end) in RULES.get_or_init(Rules::new).split(text) {
        let token = &text[start..end];
        if !token.chars().all(is_punctuation) && !token.chars().all(is_space) {
            take(token.to_lowercase());
        }
    }
}

/// The tokens of every line of `text` with blanks between them, one line for each line. Lines end at line
/// feeds only.
pub fn tokenize_lines(text: &str) -> String {
    let mut lines = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            lines.push('\n');
        }
        let mut first = true;
        for_each_token(line, |token| {
            if !std::mem::take(&mut first) {
                lines.push(' ');
            }
            lines.push_str(&token);
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captions_become_words() {
        for (text, tokens) in [
            ("A black-and-white dog's toy , isn't it ?", "a black and white dog 's toy is n't it"),
            (
                "Two boys ( one in red ) aren't playing at 5:30 p.m. .",
                "two boys one in red are n't playing at 5:30 p.m.",
            ),
            ("He said: \"I'd've gone\" -- but didn't.", "he said i 'd 've gone but did n't"),
            ("AC/DC fans' t-shirts :-)", "ac dc fans t shirts"),
            ("I <3 NY", "i <3 ny"),
            ("An email to a.b@c.com", "an email to a.b@c.com"),
            ("ΟΔΟΣ İstanbul", "οδος i̇stanbul"),
        ] {
            assert_eq!(tokenize(text).join(" "), tokens, "{text}");
        }
    }

    #[test]
    fn a_text_of_only_marks_and_blanks_gives_no_tokens() {
        for text in ["", " ", "\t\n", "...", " ( ) ", "\u{85}\u{3000}", "''"] {
            assert!(tokenize(text).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(tokenize_lines("A dog.\n\nIt isn't wet\r\n"), "a dog\n\nit is n't wet\n");
        assert_eq!(tokenize_lines(""), "");
    }

    #[test]
    fn an_emoticon_with_spaces_is_not_an_emoticon() {
        assert_eq!(tokenize("<3 < 3 >"), ["<3", "<", "3", ">"]);
    }
}
