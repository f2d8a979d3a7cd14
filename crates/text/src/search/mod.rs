//! The search for the words of one caption: greedy, beam search or sampling over a step graph that runs
//! elsewhere.
//!
//! The caller feeds [`Search::tokens`] to the graph, with the states of [`Search::parents`], writes the logits
//! into [`Search::logits`] and calls [`Search::advance`], until that returns false. All memory is allocated in
//! [`Search::new`]: a step allocates none.

mod beam;
mod constraints;
mod error;
mod finished;
mod hypotheses;
mod log_softmax;
mod options;
mod random;
mod required;
mod sampling;
mod sets;

use beam::Candidates;
use constraints::Constraints;
pub use error::SearchError;
use finished::{Finished, score};
use hypotheses::Hypotheses;
use log_softmax::LogSoftmax;
pub use options::{
    LARGEST_REWARD, LARGEST_SEED, MOST_BEAMS, MOST_FORM_TOKENS, MOST_LOGITS, MOST_REQUIRED, MOST_TOKENS, MOST_WORDS,
    SearchOptions,
};
use random::Random;
use required::Progress;
use sampling::Sampler;
use sets::{Sets, Step};

/// A caption that the search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// Ids of its words, without start and end.
    pub tokens: Vec<u32>,
    /// Natural log-probability by the raw model: the sum over the words and, if the caption finished, the end.
    pub log_probability: f64,
    /// Natural log-probability of each word by the raw model.
    pub word_log_probabilities: Vec<f32>,
    /// `log_probability / length^alpha`, where the end counts towards the length, plus the reward of each concept
    /// named.
    pub score: f64,
    /// Whether it ended by itself, not by the limit of words.
    pub finished: bool,
    /// How many of the required concepts it names.
    pub named: u32,
}

/// The state of one search.
pub struct Search {
    options: SearchOptions,
    constraints: Constraints,
    candidates: Candidates,
    sampler: Sampler,
    live: Hypotheses,
    next: Hypotheses,
    finished: Finished,
    /// Beams that must name required concepts, if there are any; they come after those of the plain search.
    sets: Option<Sets>,
    /// Number of live beams of the plain search, which come first.
    plain: usize,
    /// What the plain search chose from the live beams: beam and token.
    taken: Vec<(usize, u32)>,
    /// One generator for each live caption that is being drawn; before the first step, one for each caption to come.
    random: Vec<Random>,
    tokens: Vec<i32>,
    parents: Vec<u32>,
    logits: Vec<f32>,
    softmaxes: Vec<LogSoftmax>,
    words: u32,
    done: bool,
}

impl Search {
    /// Begins a search in which the ids of `banned` are never words.
    ///
    /// # Errors
    ///
    /// [`SearchError::Option`] if an option is out of range.
    pub fn new(options: SearchOptions, banned: &[u32]) -> Result<Self, SearchError> {
        options.validate(banned)?;
        let (beams, vocabulary) = (options.beams as usize, options.vocabulary as usize);
        let max_words = options.max_words as usize;
        let most_live = options.most_live();
        let mut search = Self {
            constraints: Constraints::new(&options, banned, Sets::most_forbidden(&options)),
            // As many captions may end as may continue.
            candidates: Candidates::new(2 * beams),
            sampler: Sampler::new(vocabulary, options.temperature, options.top_k as usize, options.top_p),
            live: Hypotheses::new(most_live, max_words),
            next: Hypotheses::new(most_live, max_words),
            finished: Finished::new(beams, &options),
            sets: (!options.required.is_empty()).then(|| Sets::new(&options)),
            plain: 1,
            taken: Vec::with_capacity(2 * beams),
            random: (0..beams as u64).map(|stream| Random::new(options.seed as u64, stream)).collect(),
            tokens: Vec::with_capacity(most_live),
            parents: Vec::with_capacity(most_live),
            logits: vec![0.0; most_live * vocabulary],
            softmaxes: Vec::with_capacity(most_live),
            words: 0,
            done: false,
            options,
        };
        search.live.push_empty();
        search.tokens.push(search.options.start_id as i32);
        search.parents.push(0);
        Ok(search)
    }

    /// Number of beams to run the next step for: 1 at first, and at most [`SearchOptions::most_live`].
    pub fn live(&self) -> usize {
        self.tokens.len()
    }

    /// The token to feed to each live beam.
    pub fn tokens(&self) -> &[i32] {
        &self.tokens
    }

    /// For each live beam, the beam of the previous step that it continues.
    pub fn parents(&self) -> &[u32] {
        &self.parents
    }

    /// Where the logits of the live beams go, row by row. The place in memory never changes.
    pub fn logits(&mut self) -> &mut [f32] {
        let filled = self.live() * self.options.vocabulary as usize;
        &mut self.logits[..filled]
    }

    /// Processes the logits. Returns whether there is more to do; once it has returned false, it stays false.
    ///
    /// # Errors
    ///
    /// [`SearchError::Logit`] if a logit is NaN or positive infinity, and [`SearchError::NothingLeft`] if no token may
    /// follow. The search is then unchanged, and you can give it better logits. If characters are limited, the search
    /// ends instead of failing with `NothingLeft`: there may be no caption that fits.
    pub fn advance(&mut self) -> Result<bool, SearchError> {
        if self.done {
            return Ok(false);
        }
        self.softmaxes.clear();
        for (beam, row) in
            self.logits.chunks_exact(self.options.vocabulary as usize).take(self.tokens.len()).enumerate()
        {
            self.softmaxes.push(LogSoftmax::new(row, beam)?);
        }
        if self.options.temperature > 0.0 {
            self.draw()?
        } else {
            self.extend_beams()?
        }
        std::mem::swap(&mut self.live, &mut self.next);
        self.words += 1;
        self.done = self.done || self.live.len() == 0 || self.words == self.options.max_words;
        Ok(!self.done)
    }

    /// Up to `count` captions, best first: those that ended, then those that were cut or are unfinished, each group by
    /// falling score. No two have the same words and the same ending. Without required concepts there are at most
    /// `beams`; with them come those of the sets as well.
    pub fn results(&self, count: usize) -> Vec<Hypothesis> {
        let ended = std::iter::once(&self.finished).chain(self.sets.iter().flat_map(Sets::finished));
        let ended = ended.flat_map(|finished| {
            let kept = finished.kept();
            (0..kept.len()).map(|index| self.hypothesis(kept, index, finished.score(index), true))
        });
        let mut results: Vec<Hypothesis> = ended
            .chain((0..self.live.len()).map(|index| {
                let length = self.live.words(index).len();
                let score = score(self.live.log_probability(index), length, self.options.length_penalty);
                self.hypothesis(&self.live, index, score, false)
            }))
            .collect();
        results.sort_by(|a, b| b.finished.cmp(&a.finished).then(b.score.total_cmp(&a.score)));
        let mut distinct: Vec<Hypothesis> = Vec::new();
        for result in results {
            if !distinct.iter().any(|kept| kept.finished == result.finished && kept.tokens == result.tokens) {
                distinct.push(result);
            }
        }
        let most = if self.sets.is_some() { count } else { count.min(self.options.beams as usize) };
        distinct.truncate(most);
        distinct
    }

    /// Beam search: the best continuations of all beams stay live; those that end a caption are kept apart.
    fn extend_beams(&mut self) -> Result<(), SearchError> {
        let vocabulary = self.options.vocabulary as usize;
        let beams = self.options.beams as usize;
        self.candidates.clear();
        for beam in 0..self.plain {
            let row = &self.logits[beam * vocabulary..(beam + 1) * vocabulary];
            let forbidden = self.constraints.after(self.live.words(beam));
            let so_far = (self.live.log_probability(beam), Progress::default());
            self.candidates.offer(beam, so_far, row, self.softmaxes[beam], forbidden);
            let end = row[self.options.end_id as usize];
            // If room is short, every likely end counts: the words that would follow may find no end.
            if self.options.is_limited() && !forbidden[self.options.end_id as usize] && end != f32::NEG_INFINITY {
                self.finished.add(&self.live, beam, self.softmaxes[beam].log_probability(end));
            }
        }
        if !self.options.is_limited()
            && self.plain > 0
            && self.candidates.best().is_empty()
            && self.finished.kept().len() == 0
        {
            return Err(SearchError::NothingLeft { beam: 0 });
        }
        let live = self.live();
        self.begin_next();
        self.taken.clear();
        let mut ended = false;
        for (rank, candidate) in self.candidates.best().iter().enumerate() {
            if candidate.token == self.options.end_id {
                // An end is not worth a place unless it is better than the words that continue.
                if rank < beams {
                    if !self.options.is_limited() {
                        self.finished.add(&self.live, candidate.beam, candidate.token_log_probability);
                    }
                    self.taken.push((candidate.beam, candidate.token));
                }
                // With one beam the search is greedy: it stops at the first end that counts.
                ended |= beams == 1 && rank == 0 && self.finished.kept().len() > 0;
            } else if self.next.len() < beams && !ended {
                self.next.push_extended(&self.live, candidate.beam, candidate.token, candidate.token_log_probability);
                self.tokens.push(candidate.token as i32);
                self.parents.push(candidate.beam as u32);
                self.taken.push((candidate.beam, candidate.token));
            }
        }
        self.plain = self.next.len();
        let Some(sets) = &mut self.sets else {
            self.done = ended || is_decided(&self.finished, &self.next, &self.options);
            return Ok(());
        };
        if ended || (self.plain > 0 && is_decided(&self.finished, &self.next, &self.options)) {
            // The plain search is over: only the captions that it ended stay.
            self.plain = 0;
            self.taken.retain(|&(_, token)| token == self.options.end_id);
            self.next.clear();
            self.tokens.clear();
            self.parents.clear();
        }
        let plain = self.parents.iter().zip(&self.tokens).map(|(&beam, &token)| (beam as usize, token as u32));
        sets.begin(&self.live, plain);
        let step = Step {
            live: &self.live,
            logits: &self.logits[..live * vocabulary],
            softmaxes: &self.softmaxes,
            taken: &self.taken,
        };
        sets.extend(&step, &mut self.constraints, &mut self.next, |beam, token| {
            self.tokens.push(token as i32);
            self.parents.push(beam as u32);
        });
        self.done = self.plain == 0 && sets.are_decided(&self.next, &self.options);
        Ok(())
    }

    /// Sampling: every caption draws its next word by itself.
    fn draw(&mut self) -> Result<(), SearchError> {
        let vocabulary = self.options.vocabulary as usize;
        let first = self.words == 0;
        // Change nothing before every row is known to have a token left.
        for beam in 0..self.live.len() {
            let row = &self.logits[beam * vocabulary..(beam + 1) * vocabulary];
            let forbidden = self.constraints.after(self.live.words(beam));
            if !row.iter().zip(forbidden).any(|(&logit, &forbidden)| !forbidden && logit != f32::NEG_INFINITY) {
                return Err(SearchError::NothingLeft { beam });
            }
        }
        self.begin_next();
        let mut kept = 0;
        for chain in 0..self.random.len() {
            let beam = if first { 0 } else { chain };
            let row = &self.logits[beam * vocabulary..(beam + 1) * vocabulary];
            let forbidden = self.constraints.after(self.live.words(beam));
            let uniform = self.random[chain].next();
            let Some(token) = self.sampler.draw(row, forbidden, uniform) else {
                continue;
            };
            let token_log_probability = self.softmaxes[beam].log_probability(row[token as usize]);
            if token == self.options.end_id {
                self.finished.add(&self.live, beam, token_log_probability);
            } else {
                self.next.push_extended(&self.live, beam, token, token_log_probability);
                self.tokens.push(token as i32);
                self.parents.push(beam as u32);
                self.random.swap(kept, chain);
                kept += 1;
            }
        }
        self.random.truncate(kept);
        Ok(())
    }

    fn begin_next(&mut self) {
        self.next.clear();
        self.tokens.clear();
        self.parents.clear();
    }

    fn hypothesis(&self, from: &Hypotheses, index: usize, score: f64, finished: bool) -> Hypothesis {
        let words = from.words(index);
        let named = self.sets.as_ref().map_or(0, |sets| sets.named(words).count_ones());
        Hypothesis {
            tokens: words.to_vec(),
            log_probability: from.log_probability(index),
            word_log_probabilities: from.word_log_probabilities(index).to_vec(),
            score: score + f64::from(named) * self.options.concept_reward,
            finished,
            named,
        }
    }
}

/// Whether none of the beams can still displace the worst caption that has ended. A beam can only lose log-probability;
/// at best it makes up for that with the greatest length allowed.
fn is_decided(finished: &Finished, beams: &Hypotheses, options: &SearchOptions) -> bool {
    let longest = options.max_words as usize;
    finished.worst().is_some_and(|worst| {
        (0..beams.len()).all(|beam| score(beams.log_probability(beam), longest, options.length_penalty) <= worst)
    })
}
