//! Sets of beams that name required concepts, beside the beams of the plain search (Anderson et al., "Guided open
//! vocabulary image captioning with constrained beam search", 2017).
//! For every choice of at least one concept there is a set of beams that have named exactly these. A beam that names
//! one more concept moves to another set, where it does not compete with beams that name fewer. Instead of a set of
//! beams that name no concept there are the beams of the plain search, which continue as if there were no sets, so that
//! nothing that it finds is lost. A beam promises a form of several words with the first of them: it then belongs to
//! the set in which it will be, and adds no other word before the form is complete.

use super::beam::{Candidate, Candidates};
use super::constraints::Constraints;
use super::finished::{Finished, score};
use super::hypotheses::Hypotheses;
use super::log_softmax::LogSoftmax;
use super::options::SearchOptions;
use super::required::{Progress, Required};

/// The beams that have named, or promised, the same concepts.
struct Set {
    candidates: Candidates,
    finished: Finished,
}

/// The sets of one search.
pub struct Sets {
    required: Required,
    /// By the number of their concepts less 1: each concept is a bit.
    sets: Vec<Set>,
    beams: usize,
    /// Progress of each live beam, in their order, including those of the plain search.
    live: Vec<Progress>,
    next: Vec<Progress>,
}

/// Input of a step.
pub struct Step<'a> {
    /// The beams before the step.
    pub live: &'a Hypotheses,
    /// Their logits, row by row.
    pub logits: &'a [f32],
    /// Their sums.
    pub softmaxes: &'a [LogSoftmax],
    /// What the plain search chose from them: beam and token.
    pub taken: &'a [(usize, u32)],
}

impl Sets {
    /// The sets of valid options. All memory is allocated here.
    pub fn new(options: &SearchOptions) -> Self {
        let beams = options.set_beams();
        let set = || Set { candidates: Candidates::new(2 * beams), finished: Finished::new(beams, options) };
        let mut live = Vec::with_capacity(options.most_live());
        live.push(Progress::default());
        Self {
            required: Required::new(options),
            sets: (0..options.sets()).map(|_| set()).collect(),
            beams,
            live,
            next: Vec::with_capacity(options.most_live()),
        }
    }

    /// Most tokens that [`Sets::extend`] forbids in addition.
    pub fn most_forbidden(options: &SearchOptions) -> usize {
        let required: usize = options.required.iter().flatten().count();
        2 * required + 2 * options.beams as usize
    }

    /// The concepts that a caption names.
    pub fn named(&self, words: &[u32]) -> u8 {
        self.required.named(words)
    }

    /// The captions of each set that have ended.
    pub fn finished(&self) -> impl Iterator<Item = &Finished> {
        self.sets.iter().map(|set| &set.finished)
    }

    /// Begins a step: `plain` gives beam and token of each beam that the plain search continues.
    pub fn begin(&mut self, live: &Hypotheses, plain: impl Iterator<Item = (usize, u32)>) {
        self.next.clear();
        for (beam, token) in plain {
            let named = self.required.named_after(self.live[beam].named, live.words(beam), token);
            self.next.push(Progress::of(named));
        }
    }

    /// Takes a step: appends the beams of each set to `next`, and calls `push` with beam and token of each.
    pub fn extend(
        &mut self,
        step: &Step,
        constraints: &mut Constraints,
        next: &mut Hypotheses,
        mut push: impl FnMut(usize, u32),
    ) {
        for set in &mut self.sets {
            set.candidates.clear();
        }
        let vocabulary = step.logits.len() / step.live.len();
        for (beam, row) in step.logits.chunks_exact(vocabulary).enumerate() {
            constraints.after(step.live.words(beam));
            for &(_, token) in step.taken.iter().filter(|&&(from, _)| from == beam) {
                constraints.also(token);
            }
            self.offer(step, beam, row, constraints);
        }
        for set in &mut self.sets {
            let mut places = self.beams;
            for (rank, candidate) in set.candidates.best().iter().enumerate() {
                let &Candidate { beam, token, token_log_probability, progress, .. } = candidate;
                if constraints.is_end(token) {
                    // An end is not worth a place unless it is better than the words that continue.
                    if rank < self.beams {
                        set.finished.add(step.live, beam, token_log_probability);
                    }
                } else if places > 0 {
                    places -= 1;
                    next.push_extended(step.live, beam, token, token_log_probability);
                    self.next.push(progress);
                    push(beam, token);
                }
            }
        }
        std::mem::swap(&mut self.live, &mut self.next);
    }

    /// Offers each token that may follow a beam to the set that the beam then belongs to.
    fn offer(&mut self, step: &Step, beam: usize, row: &[f32], constraints: &mut Constraints) {
        let words = step.live.words(beam);
        let softmax = step.softmaxes[beam];
        let log_probability = step.live.log_probability(beam);
        let progress = self.live[beam];
        let sets = &mut self.sets;
        let mut offer_once = |token: u32, progress: Progress| {
            let token_log_probability = softmax.log_probability(row[token as usize]);
            let log_probability = log_probability + token_log_probability;
            let candidate = Candidate { beam, token, token_log_probability, log_probability, progress };
            sets[usize::from(progress.set()) - 1].candidates.offer_once(candidate, step.live);
        };
        let possible = |token: u32, constraints: &Constraints| {
            !constraints.forbidden()[token as usize] && row[token as usize] != f32::NEG_INFINITY
        };
        if progress.promised != 0 {
            for token in self.required.kept_by(progress, words).filter(|&token| possible(token, constraints)) {
                offer_once(token, self.required.going_on(progress, words, token));
            }
            return;
        }
        for &token in self.required.turning() {
            if !possible(token, constraints) {
                continue;
            }
            let named = self.required.named_after(progress.named, words, token);
            let mut begun = self.required.begun_by(named, words.len(), token);
            while begun != 0 {
                let promised = begun & begun.wrapping_neg();
                begun ^= promised;
                offer_once(token, Progress { named, promised, inside: 1 });
            }
            if named != progress.named {
                offer_once(token, Progress::of(named));
                constraints.also(token);
            }
        }
        if progress.named != 0 {
            let candidates = &mut self.sets[usize::from(progress.named) - 1].candidates;
            candidates.offer(beam, (log_probability, progress), row, softmax, constraints.forbidden());
        }
    }

    /// Whether no live beam can still displace the worst finished caption of any set that it can reach.
    pub fn are_decided(&self, live: &Hypotheses, options: &SearchOptions) -> bool {
        self.sets.iter().zip(1u8..).all(|(set, concepts)| {
            self.live.iter().enumerate().filter(|(_, progress)| progress.set() & !concepts == 0).all(|(beam, _)| {
                let most = score(live.log_probability(beam), options.max_words as usize, options.length_penalty);
                set.finished.worst().is_some_and(|worst| most <= worst)
            })
        })
    }
}
