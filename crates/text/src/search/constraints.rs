//! Which tokens may come next.

use super::options::SearchOptions;

/// Tokens that are forbidden: some always, some because of the words so far.
pub struct Constraints {
    /// For each token, whether it must not come next.
    forbidden: Vec<bool>,
    /// Tokens that are forbidden only because of the words of the current beam.
    lifted: Vec<u32>,
    end: u32,
    min_words: usize,
    ngram: usize,
    /// For each token, whether it may come again; empty if no such words are given.
    repeatable: Vec<bool>,
    /// Characters that each token adds; empty if characters are not limited.
    characters: Vec<u32>,
    max_characters: u32,
    /// Tokens that have characters, those with the most first; empty if characters are not limited.
    longest_first: Vec<u32>,
}

impl Constraints {
    /// Always forbids `banned`, and has room for `others` tokens that [`Constraints::also`] adds. All memory is
    /// allocated here.
    pub fn new(options: &SearchOptions, banned: &[u32], others: usize) -> Self {
        let mut forbidden = vec![false; options.vocabulary as usize];
        for &id in banned {
            forbidden[id as usize] = true;
        }
        let mut repeatable = Vec::new();
        if !options.repeatable.is_empty() {
            repeatable.resize(options.vocabulary as usize, false);
            for &id in &options.repeatable {
                repeatable[id as usize] = true;
            }
        }
        let mut longest_first: Vec<u32> =
            (0..options.characters.len() as u32).filter(|&id| id != options.end_id).collect();
        longest_first.sort_by_key(|&id| std::cmp::Reverse(options.characters[id as usize]));
        Self {
            forbidden,
            lifted: Vec::with_capacity(options.max_words as usize + 2 + others + longest_first.len()),
            end: options.end_id,
            min_words: options.min_words as usize,
            ngram: options.no_repeat_ngram as usize,
            repeatable,
            characters: options.characters.clone(),
            max_characters: options.max_characters,
            longest_first,
        }
    }

    /// For each token, whether it must not follow `words`.
    pub fn after(&mut self, words: &[u32]) -> &[bool] {
        for token in self.lifted.drain(..) {
            self.forbidden[token as usize] = false;
        }
        if words.len() < self.min_words {
            Self::forbid(&mut self.forbidden, &mut self.lifted, self.end);
        }
        if self.ngram > 0 && words.len() >= self.ngram {
            let recent = &words[words.len() + 1 - self.ngram..];
            for run in words.windows(self.ngram) {
                let may = |&word: &u32| self.repeatable.get(word as usize).is_some_and(|&may| may);
                if &run[..self.ngram - 1] == recent && !run.iter().all(may) {
                    Self::forbid(&mut self.forbidden, &mut self.lifted, run[self.ngram - 1]);
                }
            }
        }
        if let Some(&last) = words.last().filter(|_| !self.repeatable.is_empty()) {
            Self::forbid(&mut self.forbidden, &mut self.lifted, last);
        }
        if !self.characters.is_empty() {
            let used: u64 = words.iter().map(|&word| u64::from(self.characters[word as usize])).sum();
            let left = u64::from(self.max_characters).saturating_sub(used);
            for &token in &self.longest_first {
                if u64::from(self.characters[token as usize]) <= left {
                    break;
                }
                Self::forbid(&mut self.forbidden, &mut self.lifted, token);
            }
        }
        &self.forbidden
    }

    /// Forbids one more token, until the next call of [`Constraints::after`].
    pub fn also(&mut self, token: u32) {
        Self::forbid(&mut self.forbidden, &mut self.lifted, token);
    }

    /// For each token, whether it must not come next.
    pub fn forbidden(&self) -> &[bool] {
        &self.forbidden
    }

    /// Whether `token` ends a caption.
    pub fn is_end(&self, token: u32) -> bool {
        token == self.end
    }

    fn forbid(forbidden: &mut [bool], lifted: &mut Vec<u32>, token: u32) {
        if !std::mem::replace(&mut forbidden[token as usize], true) {
            lifted.push(token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forbidden(change: impl FnOnce(&mut SearchOptions), words: &[u32]) -> Vec<usize> {
        let mut options = SearchOptions { vocabulary: 10, ..SearchOptions::default() };
        change(&mut options);
        let mut constraints = Constraints::new(&options, &[0, 1], 0);
        constraints.after(&[5, 6, 5, 6, 5, 6, 7, 8, 9]);
        let after = constraints.after(words);
        (0..10).filter(|&token| after[token]).collect()
    }

    #[test]
    fn words_so_far_forbid() {
        assert_eq!(forbidden(|_| (), &[4, 5, 4]), [0, 1]);
        assert_eq!(forbidden(|o| o.min_words = 3, &[4, 5]), [0, 1, 2]);
        assert_eq!(forbidden(|o| o.min_words = 3, &[4, 5, 6]), [0, 1]);
        assert_eq!(forbidden(|o| o.no_repeat_ngram = 1, &[4, 5]), [0, 1, 4, 5]);
        assert_eq!(forbidden(|o| o.no_repeat_ngram = 2, &[4, 5, 4, 6, 4]), [0, 1, 5, 6]);
        assert_eq!(forbidden(|o| o.no_repeat_ngram = 3, &[4, 5, 6, 4, 5]), [0, 1, 6]);
        assert_eq!(forbidden(|o| o.no_repeat_ngram = 3, &[4, 5]), [0, 1]);
    }

    #[test]
    fn runs_of_repeatable_words_may_come_twice() {
        let phrases = |o: &mut SearchOptions| (o.no_repeat_ngram, o.repeatable) = (2, vec![4, 5]);
        assert_eq!(forbidden(phrases, &[4, 5, 6, 4]), [0, 1, 4]);
        assert_eq!(forbidden(phrases, &[4, 6, 5, 4]), [0, 1, 4, 6]);
        assert_eq!(forbidden(phrases, &[6, 4, 7, 6]), [0, 1, 4, 6]);
        assert_eq!(forbidden(|o| o.repeatable = vec![4], &[7]), [0, 1, 7]);
        assert_eq!(forbidden(phrases, &[]), [0, 1]);
    }

    #[test]
    fn what_has_no_room_is_forbidden() {
        let limited = |o: &mut SearchOptions| (o.characters, o.max_characters) = ((0..10).collect(), 14);
        assert_eq!(forbidden(limited, &[]), [0, 1]);
        assert_eq!(forbidden(limited, &[7]), [0, 1, 8, 9]);
        assert_eq!(forbidden(limited, &[7, 5]), [0, 1, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(forbidden(limited, &[7, 9]), [0, 1, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn what_is_forbidden_besides_is_lifted_again() {
        let options = SearchOptions { vocabulary: 10, ..SearchOptions::default() };
        let mut constraints = Constraints::new(&options, &[0], 2);
        constraints.after(&[4]);
        constraints.also(0);
        constraints.also(7);
        assert!(constraints.forbidden()[7] && constraints.forbidden()[0]);
        assert!(!constraints.after(&[4])[7] && constraints.forbidden()[0]);
    }
}
