//! Options of a search, and their ranges.

use super::error::SearchError;

/// Most tokens of a vocabulary.
pub const MOST_TOKENS: u32 = 1 << 20;
/// Most beams side by side.
pub const MOST_BEAMS: u32 = 64;
/// Most words of a caption.
pub const MOST_WORDS: u32 = 1000;
/// Most concepts that a caption can be required to name.
pub const MOST_REQUIRED: usize = 3;
/// Most tokens of a form of a required concept.
pub const MOST_FORM_TOKENS: usize = 3;
/// Largest reward of a required concept.
pub const LARGEST_REWARD: f64 = 1000.0;
/// Most logits of a step, over all beams: 256 MiB of them.
pub const MOST_LOGITS: u64 = 1 << 26;
/// Largest seed: the largest integer that every runtime holds exactly.
pub const LARGEST_SEED: f64 = 9_007_199_254_740_991.0;

/// How to search. See each field for its range.
#[derive(Clone, Debug)]
pub struct SearchOptions {
    /// Tokens of the vocabulary, 2 to [`MOST_TOKENS`].
    pub vocabulary: u32,
    /// Beams, or captions drawn side by side if `temperature` is above 0; 1 to [`MOST_BEAMS`].
    pub beams: u32,
    /// Most words of a caption, which is cut after them; 1 to [`MOST_WORDS`].
    pub max_words: u32,
    /// Fewest words of a caption, 0 to `max_words`.
    pub min_words: u32,
    /// Alpha of `score = log-probability / length^alpha`, 0 to 10.
    pub length_penalty: f64,
    /// No run of this many words occurs twice in a caption; 0 is off, at most [`MOST_WORDS`].
    pub no_repeat_ngram: u32,
    /// Words that may occur again, such as "a" and "in". If there are any, runs of only such words do not count for
    /// `no_repeat_ngram`, and no word comes twice in a row.
    pub repeatable: Vec<u32>,
    /// Concepts that captions should name, up to [`MOST_REQUIRED`]: for each its forms, any of which names it, of 1 to
    /// [`MOST_FORM_TOKENS`] tokens. Empty if `temperature` is above 0.
    pub required: Vec<Vec<Vec<u32>>>,
    /// What each required concept that a caption names adds to its score, 0 to [`LARGEST_REWARD`].
    pub concept_reward: f64,
    /// Characters that each token adds to a caption, [`SearchOptions::vocabulary`] of them, or empty if captions may
    /// have any number of characters. Empty if `temperature` is above 0.
    pub characters: Vec<u32>,
    /// Most characters of a caption, if `characters` are given.
    pub max_characters: u32,
    /// If `characters` are given, a caption ends only when the end has at least this log-probability, 0 or below. So no
    /// sentence stops in the middle because it has no room left.
    pub least_end: f64,
    /// Token that is fed to the first step.
    pub start_id: u32,
    /// Token that ends a caption.
    pub end_id: u32,
    /// 0 looks for the most probable caption; above that, up to 100, words are drawn at this temperature.
    pub temperature: f64,
    /// Words are drawn only from this many most probable ones; 0 is off.
    pub top_k: u32,
    /// Words are drawn only from the most probable ones that together have this probability; above 0, and 1 is off.
    pub top_p: f64,
    /// Seed of the random numbers, an integer from 0 to [`LARGEST_SEED`].
    pub seed: f64,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            vocabulary: 2,
            beams: 1,
            max_words: 20,
            min_words: 0,
            length_penalty: 0.0,
            no_repeat_ngram: 0,
            repeatable: Vec::new(),
            required: Vec::new(),
            concept_reward: 0.0,
            characters: Vec::new(),
            max_characters: 0,
            least_end: f64::NEG_INFINITY,
            start_id: 1,
            end_id: 2,
            temperature: 0.0,
            top_k: 0,
            top_p: 1.0,
            seed: 0.0,
        }
    }
}

impl SearchOptions {
    /// Sets of beams beside those of the plain search: one for each choice of at least one required concept.
    pub fn sets(&self) -> usize {
        (1 << self.required.len().min(MOST_REQUIRED)) - 1
    }

    /// Beams of each of these sets: together about as many as the plain search has, so that the work at most doubles.
    pub fn set_beams(&self) -> usize {
        (self.beams as usize).div_ceil(self.sets().max(1))
    }

    /// Most beams of a step.
    pub fn most_live(&self) -> usize {
        self.beams as usize + self.sets() * self.set_beams()
    }

    /// Whether the characters of a caption are limited.
    pub fn is_limited(&self) -> bool {
        !self.characters.is_empty()
    }

    /// Refuses options that are out of range, `banned` ids included.
    ///
    /// # Errors
    ///
    /// [`SearchError::Option`] names the first option that is out of range.
    pub fn validate(&self, banned: &[u32]) -> Result<(), SearchError> {
        let check = |name, value: f64, accepted: bool, range| {
            if accepted { Ok(()) } else { Err(SearchError::Option { name, value, range }) }
        };
        let integer = |name, value: u32, low: u32, high: u32, range| {
            check(name, f64::from(value), (low..=high).contains(&value), range)
        };
        integer("vocabulary", self.vocabulary, 2, MOST_TOKENS, "an integer from 2 to 1048576")?;
        integer("beams", self.beams, 1, MOST_BEAMS, "an integer from 1 to 64")?;
        check(
            "beams",
            f64::from(self.beams),
            self.most_live() as u64 * u64::from(self.vocabulary) <= MOST_LOGITS,
            "fewer, as beams times vocabulary must not exceed 67108864",
        )?;
        integer("maxWords", self.max_words, 1, MOST_WORDS, "an integer from 1 to 1000")?;
        integer("minWords", self.min_words, 0, self.max_words, "an integer from 0 to maxWords")?;
        let alpha = self.length_penalty;
        check("lengthPenalty", alpha, (0.0..=10.0).contains(&alpha), "a number from 0 to 10")?;
        integer("noRepeatNgram", self.no_repeat_ngram, 0, MOST_WORDS, "an integer from 0 to 1000")?;
        integer("startId", self.start_id, 0, self.vocabulary - 1, "an id of the vocabulary")?;
        integer("endId", self.end_id, 0, self.vocabulary - 1, "an id of the vocabulary")?;
        let temperature = self.temperature;
        check("temperature", temperature, (0.0..=100.0).contains(&temperature), "a number from 0 to 100")?;
        check("topP", self.top_p, self.top_p > 0.0 && self.top_p <= 1.0, "a number above 0, at most 1")?;
        let whole = (0.0..=LARGEST_SEED).contains(&self.seed) && self.seed.fract() == 0.0;
        check("seed", self.seed, whole, "an integer from 0 to 9007199254740991")?;
        for &id in banned {
            integer("banned", id, 0, self.vocabulary - 1, "ids of the vocabulary")?;
            check("banned", f64::from(id), id != self.end_id, "ids other than endId, or no caption could end")?;
        }
        for &id in &self.repeatable {
            integer("repeatable", id, 0, self.vocabulary - 1, "ids of the vocabulary")?;
        }
        let lengths = self.characters.len();
        let for_all = lengths == 0 || lengths == self.vocabulary as usize;
        check("characters", lengths as f64, for_all, "none, or a number for each token of the vocabulary")?;
        check("characters", lengths as f64, lengths == 0 || temperature == 0.0, "none if temperature is above 0")?;
        check("leastEnd", self.least_end, self.least_end <= 0.0, "a log-probability, 0 or below")?;
        let reward = self.concept_reward;
        check("conceptReward", reward, (0.0..=LARGEST_REWARD).contains(&reward), "a number from 0 to 1000")?;
        let concepts = self.required.len();
        check("required", concepts as f64, concepts <= MOST_REQUIRED, "at most 3 concepts")?;
        check("required", concepts as f64, concepts == 0 || temperature == 0.0, "none if temperature is above 0")?;
        for forms in &self.required {
            check("required", 0.0, !forms.is_empty(), "at least one form for each concept")?;
            for form in forms {
                let tokens = form.len();
                check("required", tokens as f64, (1..=MOST_FORM_TOKENS).contains(&tokens), "forms of 1 to 3 tokens")?;
                for &id in form {
                    integer("required", id, 0, self.vocabulary - 1, "ids of the vocabulary")?;
                    check("required", f64::from(id), id != self.end_id, "ids other than endId")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut SearchOptions), banned: &[u32]) -> String {
        let mut options = SearchOptions { vocabulary: 10, ..SearchOptions::default() };
        change(&mut options);
        options.validate(banned).map_or_else(|error| error.to_string(), |()| "accepted".to_owned())
    }

    #[test]
    fn out_of_range_options_are_named() {
        assert_eq!(refused(|_| (), &[0, 1, 3]), "accepted");
        assert!(refused(|o| o.beams = 0, &[]).starts_with("The search option beams is 0: give"));
        assert!(refused(|o| o.min_words = 21, &[]).contains("minWords is 21"));
        assert!(refused(|o| o.length_penalty = f64::NAN, &[]).contains("lengthPenalty is NaN"));
        assert!(refused(|o| o.temperature = f64::INFINITY, &[]).contains("temperature is inf"));
        assert!(refused(|o| o.top_p = 0.0, &[]).contains("topP is 0"));
        assert!(refused(|o| o.seed = 0.5, &[]).contains("seed is 0.5"));
        assert!(refused(|o| o.end_id = 10, &[]).contains("endId is 10"));
        assert!(refused(|o| o.repeatable = vec![10], &[]).contains("repeatable is 10"));
        assert!(refused(|o| o.concept_reward = -1.0, &[]).contains("conceptReward is -1"));
        assert!(refused(|o| o.required = vec![vec![vec![4]]; 4], &[]).contains("required is 4"));
        assert!(refused(|o| o.required = vec![vec![vec![4, 5, 6, 7]]], &[]).contains("forms of 1 to 3"));
        assert!(refused(|o| o.required = vec![vec![vec![]]], &[]).contains("forms of 1 to 3"));
        assert!(refused(|o| o.required = vec![vec![]], &[]).contains("at least one form"));
        assert!(refused(|o| o.required = vec![vec![vec![10]]], &[]).contains("required is 10"));
        assert!(refused(|o| o.required = vec![vec![vec![4, 2]]], &[]).contains("ids other than endId"));
        let drawn = |o: &mut SearchOptions| (o.temperature, o.required) = (1.0, vec![vec![vec![4]]]);
        assert!(refused(drawn, &[]).contains("none if temperature"));
        assert!(
            refused(|o| o.characters = vec![1; 9], &[]).contains("characters is 9: give none, or a number for each")
        );
        let drawn = |o: &mut SearchOptions| (o.temperature, o.characters) = (1.0, vec![1; 10]);
        assert!(refused(drawn, &[]).contains("characters is 10: give none if temperature"));
        assert!(refused(|o| o.least_end = 0.5, &[]).contains("leastEnd is 0.5"));
        assert!(refused(|_| (), &[10]).contains("banned is 10"));
        assert!(refused(|_| (), &[2]).contains("banned is 2"));
        let wide = |o: &mut SearchOptions| (o.vocabulary, o.beams) = (MOST_TOKENS, MOST_BEAMS + 1);
        assert!(refused(wide, &[]).contains("beams is 65"));
    }
}
