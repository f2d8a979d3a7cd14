//! Which tokens may come next.

use super::options::SearchOptions;

/// Tokens that are forbidden: some always, some by the words so far.
pub struct Constraints {
    /// For each token, whether it must not come next.
    forbidden: Vec<bool>,
    /// Tokens that only the words of the present beam forbid.
    lifted: Vec<u32>,
    end: u32,
    min_words: usize,
    ngram: usize,
}

impl Constraints {
    /// Forbids `banned` throughout. All memory is allocated here.
    pub fn new(options: &SearchOptions, banned: &[u32]) -> Self {
        let mut forbidden = vec![false; options.vocabulary as usize];
        for &id in banned {
            forbidden[id as usize] = true;
        }
        Self {
            forbidden,
            lifted: Vec::with_capacity(options.max_words as usize + 1),
            end: options.end_id,
            min_words: options.min_words as usize,
            ngram: options.no_repeat_ngram as usize,
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
                if &run[..self.ngram - 1] == recent {
                    Self::forbid(&mut self.forbidden, &mut self.lifted, run[self.ngram - 1]);
                }
            }
        }
        &self.forbidden
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
        let mut constraints = Constraints::new(&options, &[0, 1]);
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
}
