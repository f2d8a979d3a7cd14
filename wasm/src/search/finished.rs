//! Captions that have ended, of which the best are kept.

use super::hypotheses::Hypotheses;

/// The best captions that have ended.
pub struct Finished {
    kept: Hypotheses,
    scores: Vec<f64>,
    length_penalty: f64,
}

/// `log-probability / length^alpha` (Wu et al., "Google's neural machine translation system", 2016, in its
/// simple form). A caption of no tokens counts as one, so that the score is defined.
pub fn score(log_probability: f64, length: usize, length_penalty: f64) -> f64 {
    log_probability / (length.max(1) as f64).powf(length_penalty)
}

impl Finished {
    /// Room for `capacity` captions of up to `max_words` words.
    pub fn new(capacity: usize, max_words: usize, length_penalty: f64) -> Self {
        Self { kept: Hypotheses::new(capacity, max_words), scores: Vec::with_capacity(capacity), length_penalty }
    }

    /// The captions kept, in no order.
    pub fn kept(&self) -> &Hypotheses {
        &self.kept
    }

    /// Score of kept caption `index`.
    pub fn score(&self, index: usize) -> f64 {
        self.scores[index]
    }

    /// Score of the worst caption kept, where there is no room for more.
    pub fn worst(&self) -> Option<f64> {
        self.kept.is_full().then(|| self.scores.iter().copied().fold(f64::INFINITY, f64::min))
    }

    /// Ends caption `index` of `live` with an end token of the given log-probability. Where there is no room
    /// left, the worst caption makes place, if this one is better.
    pub fn add(&mut self, live: &Hypotheses, index: usize, end_log_probability: f64) {
        let log_probability = live.log_probability(index) + end_log_probability;
        let score = score(log_probability, live.words(index).len() + 1, self.length_penalty);
        match self.worst() {
            None => {
                self.kept.push(live, index, log_probability);
                self.scores.push(score);
            }
            Some(worst) if score > worst => {
                // The latest of equally bad ones goes.
                if let Some(place) = self.scores.iter().rposition(|&kept| kept == worst) {
                    self.kept.replace(place, live, index, log_probability);
                    self.scores[place] = score;
                }
            }
            Some(_) => (),
        }
    }
}
