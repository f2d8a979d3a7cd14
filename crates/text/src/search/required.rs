//! The concepts that a caption should name: which of them a beam has named, and which it is about to name.

use super::options::SearchOptions;

/// Which of the required concepts a beam has named. A set of concepts is a number with a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// The concepts that its words name.
    pub named: u8,
    /// The one concept whose form it has begun and must continue; 0 if it has begun no form.
    pub promised: u8,
    /// How many words of that form it has.
    pub inside: u8,
}

impl Progress {
    /// A beam that is not in the middle of a form.
    pub fn of(named: u8) -> Self {
        Self { named, promised: 0, inside: 0 }
    }

    /// The set of beams that it belongs to, by the concepts that it has named or promised.
    pub fn set(self) -> u8 {
        self.named | self.promised
    }
}

/// One way to name a concept.
struct Form {
    /// The concept's bit.
    concept: u8,
    /// The words, at least one.
    tokens: Vec<u32>,
}

/// The concepts that a caption should name.
pub struct Required {
    forms: Vec<Form>,
    /// Tokens after which a beam may belong to another set: those that begin or end a form; each once, rising.
    turning: Vec<u32>,
    max_words: usize,
}

impl Required {
    /// The concepts of valid options. All memory is allocated here.
    pub fn new(options: &SearchOptions) -> Self {
        let forms: Vec<Form> = options
            .required
            .iter()
            .enumerate()
            .flat_map(|(concept, forms)| {
                forms.iter().map(move |tokens| Form { concept: 1 << concept, tokens: tokens.clone() })
            })
            .collect();
        let mut turning: Vec<u32> =
            forms.iter().flat_map(|form| form.tokens.first().into_iter().chain(form.tokens.last()).copied()).collect();
        turning.sort_unstable();
        turning.dedup();
        Self { forms, turning, max_words: options.max_words as usize }
    }

    /// Tokens after which a beam may belong to another set.
    pub fn turning(&self) -> &[u32] {
        &self.turning
    }

    /// The concepts that are named once `token` follows `words`, which already name the concepts `named`.
    pub fn named_after(&self, named: u8, words: &[u32], token: u32) -> u8 {
        let ended = |form: &&Form| {
            form.tokens.split_last().is_some_and(|(&last, before)| last == token && words.ends_with(before))
        };
        self.forms.iter().filter(ended).fold(named, |named, form| named | form.concept)
    }

    /// The concepts that a complete caption names.
    pub fn named(&self, words: &[u32]) -> u8 {
        (0..words.len()).fold(0, |named, end| self.named_after(named, &words[..end], words[end]))
    }

    /// The concepts not yet `named` that have a form of several words which begins with `token` and, after `words`
    /// words, still fits in full.
    pub fn begun_by(&self, named: u8, words: usize, token: u32) -> u8 {
        self.forms
            .iter()
            .filter(|form| {
                form.tokens.len() > 1
                    && form.tokens[0] == token
                    && form.concept & named == 0
                    && words + form.tokens.len() <= self.max_words
            })
            .fold(0, |begun, form| begun | form.concept)
    }

    /// The tokens that may follow in a beam that has promised a concept; a token can occur several times.
    pub fn kept_by<'a>(&'a self, progress: Progress, words: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
        let inside = usize::from(progress.inside);
        let (before, begun) = words.split_at(words.len() - inside);
        self.forms.iter().filter_map(move |form| {
            let goes_on = form.concept == progress.promised
                && form.tokens.len() > inside
                && form.tokens.starts_with(begun)
                && before.len() + form.tokens.len() <= self.max_words;
            goes_on.then(|| form.tokens[inside])
        })
    }

    /// Progress of a beam that keeps its promise with `token`.
    pub fn going_on(&self, progress: Progress, words: &[u32], token: u32) -> Progress {
        let named = self.named_after(progress.named, words, token);
        if named & progress.promised == 0 {
            Progress { named, inside: progress.inside + 1, ..progress }
        } else {
            Progress::of(named)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn required(max_words: u32) -> Required {
        let required = vec![vec![vec![4], vec![5, 6], vec![5, 7, 8]], vec![vec![6], vec![9, 4]]];
        Required::new(&SearchOptions { vocabulary: 12, max_words, required, ..SearchOptions::default() })
    }

    #[test]
    fn a_form_names_its_concept_wherever_it_ends() {
        let required = required(9);
        assert_eq!(required.turning(), [4, 5, 6, 8, 9]);
        assert_eq!(required.named(&[10, 5, 7]), 0);
        assert_eq!(required.named(&[10, 4]), 1);
        assert_eq!(required.named(&[6]), 2);
        // The last word of one form can be another.
        assert_eq!(required.named(&[5, 6]), 3);
        assert_eq!(required.named(&[9, 4]), 3);
        assert_eq!(required.named(&[5, 7, 8, 10]), 1);
        assert_eq!(required.named(&[5, 10, 7, 8]), 0);
        assert_eq!(required.named_after(1, &[10], 11), 1);
    }

    #[test]
    fn a_form_that_has_begun_is_completed() {
        let required = required(4);
        assert_eq!(required.begun_by(0, 0, 5), 1);
        assert_eq!(required.begun_by(1, 0, 5), 0);
        assert_eq!(required.begun_by(1, 2, 9), 2);
        // No room for two more words.
        assert_eq!(required.begun_by(0, 3, 5), 0);
        let begun = Progress { named: 0, promised: 1, inside: 1 };
        let next = |progress, words: &[u32]| required.kept_by(progress, words).collect::<Vec<u32>>();
        assert_eq!(next(begun, &[10, 5]), [6, 7]);
        // "5 7 8" would be too long here.
        assert_eq!(next(begun, &[10, 10, 5]), [6]);
        assert_eq!(required.going_on(begun, &[5], 6), Progress::of(3));
        let further = required.going_on(begun, &[5], 7);
        assert_eq!(further, Progress { inside: 2, ..begun });
        assert_eq!(next(further, &[5, 7]), [8]);
        assert_eq!(required.going_on(further, &[5, 7], 8), Progress::of(1));
    }
}
