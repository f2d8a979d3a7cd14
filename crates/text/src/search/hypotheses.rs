//! Unfinished captions, in memory that is allocated once.

/// A list of captions. Their number and length are limited.
pub struct Hypotheses {
    max_words: usize,
    capacity: usize,
    words: Vec<u32>,
    word_log_probabilities: Vec<f32>,
    lengths: Vec<usize>,
    log_probabilities: Vec<f64>,
}

impl Hypotheses {
    /// Room for `capacity` captions of up to `max_words` words.
    pub fn new(capacity: usize, max_words: usize) -> Self {
        Self {
            max_words,
            capacity,
            words: vec![0; capacity * max_words],
            word_log_probabilities: vec![0.0; capacity * max_words],
            lengths: Vec::with_capacity(capacity),
            log_probabilities: Vec::with_capacity(capacity),
        }
    }

    /// Captions in the list.
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Whether the list has no more room.
    pub fn is_full(&self) -> bool {
        self.len() == self.capacity
    }

    /// Removes every caption.
    pub fn clear(&mut self) {
        self.lengths.clear();
        self.log_probabilities.clear();
    }

    /// Words of caption `index`.
    pub fn words(&self, index: usize) -> &[u32] {
        let start = index * self.max_words;
        &self.words[start..start + self.lengths[index]]
    }

    /// Natural log-probabilities of the words of caption `index`.
    pub fn word_log_probabilities(&self, index: usize) -> &[f32] {
        let start = index * self.max_words;
        &self.word_log_probabilities[start..start + self.lengths[index]]
    }

    /// Natural log-probability of caption `index` so far.
    pub fn log_probability(&self, index: usize) -> f64 {
        self.log_probabilities[index]
    }

    /// Adds a caption without words.
    pub fn push_empty(&mut self) {
        self.lengths.push(0);
        self.log_probabilities.push(0.0);
    }

    /// Adds caption `index` of `others` with the log-probability it now has.
    pub fn push(&mut self, others: &Self, index: usize, log_probability: f64) {
        self.push_empty();
        self.replace(self.len() - 1, others, index, log_probability);
    }

    /// Puts caption `index` of `others`, with the log-probability it now has, in place of caption `place`.
    pub fn replace(&mut self, place: usize, others: &Self, index: usize, log_probability: f64) {
        let length = others.lengths[index];
        let to = place * self.max_words;
        self.words[to..to + length].copy_from_slice(others.words(index));
        self.word_log_probabilities[to..to + length].copy_from_slice(others.word_log_probabilities(index));
        self.lengths[place] = length;
        self.log_probabilities[place] = log_probability;
    }

    /// Adds caption `index` of `others` with one more word, which must fit.
    pub fn push_extended(&mut self, others: &Self, index: usize, word: u32, word_log_probability: f64) {
        self.push(others, index, others.log_probabilities[index] + word_log_probability);
        let place = self.len() - 1;
        let at = place * self.max_words + self.lengths[place];
        self.words[at] = word;
        self.word_log_probabilities[at] = word_log_probability as f32;
        self.lengths[place] += 1;
    }
}
