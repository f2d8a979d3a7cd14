//! Captions that have ended; only the best are kept.

use super::hypotheses::Hypotheses;
use super::options::SearchOptions;

/// The best captions that have ended.
pub struct Finished {
    kept: Hypotheses,
    scores: Vec<f64>,
    length_penalty: f64,
    least_end: f64,
}

/// `log-probability / length^alpha` (the simple form of Wu et al., "Google's neural machine translation system", 2016).
/// A caption without tokens counts as one token long, so that the score is defined.
pub fn score(log_probability: f64, length: usize, length_penalty: f64) -> f64 {
    log_probability / (length.max(1) as f64).powf(length_penalty)
}

impl Finished {
    /// Room for `capacity` captions.
    pub fn new(capacity: usize, options: &SearchOptions) -> Self {
        Self {
            kept: Hypotheses::new(capacity, options.max_words as usize),
            scores: Vec::with_capacity(capacity),
            length_penalty: options.length_penalty,
            least_end: if options.is_limited() { options.least_end } else { f64::NEG_INFINITY },
        }
    }

    /// The captions kept, in no particular order.
    pub fn kept(&self) -> &Hypotheses {
        &self.kept
    }

    /// Score of kept caption `index`.
    pub fn score(&self, index: usize) -> f64 {
        self.scores[index]
    }

    /// Score of the worst caption kept, or `None` while there is room for more.
    pub fn worst(&self) -> Option<f64> {
        self.kept.is_full().then(|| self.scores.iter().copied().fold(f64::INFINITY, f64::min))
    }

    /// Ends caption `index` of `live` with an end token of the given log-probability. If there is no room left and this
    /// caption is better than the worst one, it replaces that one. If characters are limited, an end that is too
    /// improbable does not count.
    pub fn add(&mut self, live: &Hypotheses, index: usize, end_log_probability: f64) {
        if end_log_probability < self.least_end {
            return;
        }
        let log_probability = live.log_probability(index) + end_log_probability;
        let score = score(log_probability, live.words(index).len() + 1, self.length_penalty);
        match self.worst() {
            None => {
                self.kept.push(live, index, log_probability);
                self.scores.push(score);
            }
            Some(worst) if score > worst => {
                // Of equally bad captions, the latest is dropped.
                if let Some(place) = self.scores.iter().rposition(|&kept| kept == worst) {
                    self.kept.replace(place, live, index, log_probability);
                    self.scores[place] = score;
                }
            }
            Some(_) => (),
        }
    }
}
