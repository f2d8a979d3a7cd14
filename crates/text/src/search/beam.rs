//! One step of beam search.

use std::cmp::Ordering;

use super::hypotheses::Hypotheses;
use super::log_softmax::LogSoftmax;
use super::required::Progress;

/// A token that could continue a beam.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// The beam, counted from 0.
    pub beam: usize,
    /// The token.
    pub token: u32,
    /// Natural log-probability of the token.
    pub token_log_probability: f64,
    /// Natural log-probability of the beam with the token.
    pub log_probability: f64,
    /// Which required concepts the beam has named, with the token.
    pub progress: Progress,
}

/// Tokens that are examined together.
const CHUNK: usize = 32;

/// The best candidates, best first. Among equals, the one offered first comes first.
pub struct Candidates {
    best: Vec<Candidate>,
    capacity: usize,
}

impl Candidates {
    /// Room for `capacity` candidates. All memory is allocated here.
    pub fn new(capacity: usize) -> Self {
        Self { best: Vec::with_capacity(capacity), capacity }
    }

    /// The candidates kept, best first.
    pub fn best(&self) -> &[Candidate] {
        &self.best
    }

    /// Forgets all candidates.
    pub fn clear(&mut self) {
        self.best.clear();
    }

    /// Offers the tokens that may follow a beam of the given log-probability and progress. Skips tokens whose logit
    /// makes them impossible.
    pub fn offer(
        &mut self,
        beam: usize,
        (log_probability, progress): (f64, Progress),
        logits: &[f32],
        softmax: LogSoftmax,
        forbidden: &[bool],
    ) {
        for (chunk, values) in logits.chunks(CHUNK).enumerate() {
            // Most chunks have no token that is worth a place.
            if let Some(last) = self.last_place() {
                let most =
                    values.iter().fold(f32::NEG_INFINITY, |most, &value| if value > most { value } else { most });
                if log_probability + softmax.log_probability(most) <= last {
                    continue;
                }
            }
            for (&logit, token) in values.iter().zip(chunk * CHUNK..) {
                if forbidden[token] || logit == f32::NEG_INFINITY {
                    continue;
                }
                let token_log_probability = softmax.log_probability(logit);
                self.insert(Candidate {
                    beam,
                    token: token as u32,
                    token_log_probability,
                    log_probability: log_probability + token_log_probability,
                    progress,
                });
            }
        }
    }

    /// Offers one candidate, unless one with the same words is kept: beams with the same words can differ in the
    /// concepts that they are about to name.
    pub fn offer_once(&mut self, candidate: Candidate, beams: &Hypotheses) {
        let same = |kept: &Candidate| {
            kept.token == candidate.token
                && (kept.beam == candidate.beam || beams.words(kept.beam) == beams.words(candidate.beam))
        };
        if !self.best.iter().any(same) {
            self.insert(candidate);
        }
    }

    /// The log-probability that a further candidate has to exceed; `None` while there is room.
    fn last_place(&self) -> Option<f64> {
        if self.best.len() < self.capacity { None } else { self.best.last().map(|kept| kept.log_probability) }
    }

    fn insert(&mut self, candidate: Candidate) {
        let worse = |kept: &Candidate| kept.log_probability.total_cmp(&candidate.log_probability) == Ordering::Less;
        if self.best.len() == self.capacity {
            if !self.best.last().is_some_and(worse) {
                return;
            }
            self.best.pop();
        }
        let place = self.best.partition_point(|kept| !worse(kept));
        self.best.insert(place, candidate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_kept_in_order() {
        let mut candidates = Candidates::new(3);
        // One token has all the probability, so that log-probabilities are logits.
        let softmax = LogSoftmax::new(&[0.0], 0).expect("finite");
        candidates.offer(0, (0.0, Progress::default()), &[-3.0, -1.0, -2.0, f32::NEG_INFINITY], softmax, &[false; 4]);
        let worse = (-1.0, Progress::default());
        candidates.offer(1, worse, &[0.0, 5.0, -9.0, 0.0], softmax, &[false, true, false, false]);
        let best: Vec<(usize, u32)> = candidates.best().iter().map(|kept| (kept.beam, kept.token)).collect();
        assert_eq!(best, [(0, 1), (1, 0), (1, 3)]);
    }
}
