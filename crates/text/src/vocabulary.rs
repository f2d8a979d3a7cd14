//! Words and their ids.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;

use crate::tokenizer::{for_each_token, is_blank};

/// Entries that every vocabulary begins with: padding, start, end, and words that it does not hold.
pub const SPECIAL: [&str; 4] = ["<pad>", "<start>", "<end>", "<unk>"];

/// Id of words that a vocabulary does not hold.
pub const UNKNOWN: u32 = 3;

/// A list of words and its inverse. The id of a word is its place in the list.
#[derive(Debug)]
pub struct Vocabulary {
    words: Vec<String>,
    ids: HashMap<String, u32>,
}

/// Why a vocabulary could not be read, or an id could not be looked up.
#[derive(Clone, Debug, PartialEq)]
pub enum VocabularyError {
    /// A line is not what it must be.
    Line {
        /// The line, counted from 1.
        line: usize,
        /// What it holds.
        entry: String,
        /// What is wrong about it.
        problem: String,
    },
    /// No word has this id.
    Id {
        /// The id.
        id: u32,
        /// Entries of the vocabulary.
        size: usize,
    },
}

impl fmt::Display for VocabularyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { line, entry, problem } => {
                write!(formatter, "Line {line} of the vocabulary is {entry:?}, {problem}: give one word per line.")
            }
            Self::Id { id, size } => {
                write!(formatter, "The vocabulary has no word {id}: its {size} entries end at {}.", size - 1)
            }
        }
    }
}

impl std::error::Error for VocabularyError {}

impl Vocabulary {
    /// The words that occur at least `minimum_count` times in `captions`, by falling count, ties in code
    /// point order, after the [`SPECIAL`] entries.
    pub fn build<'a>(captions: impl IntoIterator<Item = &'a str>, minimum_count: u32) -> Self {
        let mut counts: HashMap<String, u32> = HashMap::new();
        for caption in captions {
            for_each_token(caption, |token| {
                let count = counts.entry(token).or_insert(0);
                *count = count.saturating_add(1);
            });
        }
        let mut words: Vec<(String, u32)> = counts
            .into_iter()
            .filter(|(word, count)| *count >= minimum_count && !SPECIAL.contains(&word.as_str()))
            .collect();
        words.sort_unstable_by(|(word, count), (other, others)| (Reverse(count), word).cmp(&(Reverse(others), other)));
        let entries = SPECIAL.iter().map(|&entry| entry.to_owned()).chain(words.into_iter().map(|(word, _)| word));
        Self::from_words(entries.collect())
    }

    /// Reads what [`Vocabulary::serialise`] gives.
    ///
    /// # Errors
    ///
    /// [`VocabularyError::Line`] if the first lines are not the [`SPECIAL`] entries, or a line is empty,
    /// holds white space or occurs twice.
    pub fn parse(text: &str) -> Result<Self, VocabularyError> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let mut words: Vec<String> = Vec::new();
        let mut lines: HashMap<&str, usize> = HashMap::new();
        for (index, entry) in text.split('\n').enumerate() {
            let line = index + 1;
            let wrong = |problem: String| VocabularyError::Line { line, entry: entry.to_owned(), problem };
            if let Some(special) = SPECIAL.get(index).filter(|special| **special != entry) {
                return Err(wrong(format!("not {special:?}")));
            }
            if entry.is_empty() || entry.chars().any(is_blank) {
                return Err(wrong("which is empty or holds white space".to_owned()));
            }
            if let Some(first) = lines.insert(entry, line) {
                return Err(wrong(format!("as line {first} is")));
            }
            words.push(entry.to_owned());
        }
        if let Some(missing) = SPECIAL.get(words.len()) {
            let line = words.len() + 1;
            let problem = format!("not {missing:?}");
            return Err(VocabularyError::Line { line, entry: String::new(), problem });
        }
        Ok(Self::from_words(words))
    }

    fn from_words(words: Vec<String>) -> Self {
        let ids = words.iter().zip(0..).map(|(word, id)| (word.clone(), id)).collect();
        Self { words, ids }
    }

    /// One entry per line, in the order of the ids, with a line feed after the last.
    pub fn serialise(&self) -> String {
        self.words.iter().flat_map(|word| [word.as_str(), "\n"]).collect()
    }

    /// Number of entries, including the special ones.
    pub fn size(&self) -> usize {
        self.words.len()
    }

    /// The id of `word`; [`UNKNOWN`] if the vocabulary does not hold it.
    pub fn id(&self, word: &str) -> u32 {
        self.ids.get(word).copied().unwrap_or(UNKNOWN)
    }

    /// The word of `id`.
    pub fn word(&self, id: u32) -> Option<&str> {
        self.words.get(id as usize).map(String::as_str)
    }

    /// The words of `ids`.
    ///
    /// # Errors
    ///
    /// [`VocabularyError::Id`] names the first id without a word.
    pub fn decode(&self, ids: &[u32]) -> Result<Vec<String>, VocabularyError> {
        let word = |&id: &u32| self.word(id).map(str::to_owned).ok_or(VocabularyError::Id { id, size: self.size() });
        ids.iter().map(word).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_ordered_by_count_then_code_points() {
        let vocabulary = Vocabulary::build(["b a a ｚ 𝐚 once", "b a ｚ 𝐚 .", "c c"], 2);
        assert_eq!(vocabulary.serialise(), "<pad>\n<start>\n<end>\n<unk>\na\nb\nc\nｚ\n𝐚\n");
        assert_eq!((vocabulary.id("a"), vocabulary.id("once"), vocabulary.word(5)), (4, UNKNOWN, Some("b")));
    }

    #[test]
    fn text_round_trips() {
        let vocabulary = Vocabulary::build(["a dog isn't wet", "a dog"], 1);
        let parsed = Vocabulary::parse(&vocabulary.serialise()).expect("own output");
        assert_eq!(parsed.serialise(), vocabulary.serialise());
        assert_eq!(parsed.decode(&[4, 5]).expect("known ids"), ["a", "dog"]);
        let error = parsed.decode(&[4, 99]).expect_err("unknown id");
        assert_eq!(error.to_string(), "The vocabulary has no word 99: its 9 entries end at 8.");
    }

    #[test]
    fn broken_text_is_refused_by_line() {
        for (text, message) in [
            ("", "Line 1 of the vocabulary is \"\", not \"<pad>\""),
            ("<pad>\n<start>\n<end>\n", "Line 4 of the vocabulary is \"\", not \"<unk>\""),
            ("<pad>\n<start>\n<end>\n<unk>\na\na\n", "Line 6 of the vocabulary is \"a\", as line 5 is"),
            ("<pad>\n<start>\n<end>\n<unk>\na b\n", "Line 5 of the vocabulary is \"a b\", which"),
            ("<pad>\r\n<start>\n", "Line 1 of the vocabulary is \"<pad>\\r\", not"),
            ("<pad>\n<start>\n<end>\n<unk>\n\n", "Line 5 of the vocabulary is \"\", which is empty"),
        ] {
            let error = Vocabulary::parse(text).expect_err(text);
            assert!(error.to_string().starts_with(message), "{error}");
        }
    }
}
