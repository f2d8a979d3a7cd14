//! The text half of edgecap: tokenizer, vocabulary, the search for a caption, and
//! the training photos that help to choose one.
//! The modules are plain Rust, tested on any host. This file only exposes them to JavaScript.

#![warn(missing_docs)]

pub mod retrieval;
pub mod search;
pub mod tokenizer;
pub mod vocabulary;

use wasm_bindgen::prelude::*;

/// The tokens of `text` in lower case, without punctuation and white space.
#[wasm_bindgen]
pub fn tokenize(text: &str) -> Vec<String> {
    tokenizer::tokenize(text)
}

/// The tokens of every line of `text` with blanks between them, one line for each line. Faster than one call per line
/// if there are many.
#[wasm_bindgen(js_name = tokenizeLines)]
pub fn tokenize_lines(text: &str) -> String {
    tokenizer::tokenize_lines(text)
}

/// Words and their ids.
#[wasm_bindgen]
pub struct Vocabulary(vocabulary::Vocabulary);

#[wasm_bindgen]
impl Vocabulary {
    /// The words that occur at least `minimum_count` times in `captions`, by falling count.
    pub fn build(captions: Vec<String>, minimum_count: u32) -> Self {
        Self(vocabulary::Vocabulary::build(captions.iter().map(String::as_str), minimum_count))
    }

    /// Reads one entry per line.
    pub fn parse(text: &str) -> Result<Self, JsError> {
        Ok(Self(vocabulary::Vocabulary::parse(text)?))
    }

    /// One entry per line, in the order of the ids.
    pub fn serialise(&self) -> String {
        self.0.serialise()
    }

    /// Number of entries, including the special ones.
    #[wasm_bindgen(getter)]
    pub fn size(&self) -> usize {
        self.0.size()
    }

    /// The ids of `words`.
    pub fn encode(&self, words: Vec<String>) -> Vec<u32> {
        words.iter().map(|word| self.0.id(word)).collect()
    }

    /// The words of `ids`.
    pub fn decode(&self, ids: &[u32]) -> Result<Vec<String>, JsError> {
        Ok(self.0.decode(ids)?)
    }

    /// The word of `id`.
    pub fn word(&self, id: u32) -> Option<String> {
        self.0.word(id).map(str::to_owned)
    }
}

/// Options of a search; `search::SearchOptions` says what each means.
#[wasm_bindgen]
#[derive(Default)]
pub struct SearchOptions(search::SearchOptions);

/// Options that belong together are set together, because every call into wasm costs time.
#[wasm_bindgen]
impl SearchOptions {
    /// Options of a greedy search.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sizes: tokens of the vocabulary, beams, and the words of a caption.
    pub fn sizes(&mut self, vocabulary: u32, beams: u32, min_words: u32, max_words: u32) {
        (self.0.vocabulary, self.0.beams, self.0.min_words, self.0.max_words) =
            (vocabulary, beams, min_words, max_words);
    }

    /// Ids of the tokens that begin and end a caption.
    pub fn ends(&mut self, start_id: u32, end_id: u32) {
        (self.0.start_id, self.0.end_id) = (start_id, end_id);
    }

    /// Options of the search for the most probable caption.
    pub fn ranking(&mut self, length_penalty: f64, no_repeat_ngram: u32) {
        (self.0.length_penalty, self.0.no_repeat_ngram) = (length_penalty, no_repeat_ngram);
    }

    /// Words that may repeat: `no_repeat_ngram` does not forbid runs of only such words.
    pub fn repeatable(&mut self, words: Vec<u32>) {
        self.0.repeatable = words;
    }

    /// Adds a required concept: its forms have `lengths` tokens, one after another in `tokens`.
    pub fn require(&mut self, tokens: &[u32], lengths: &[u32]) {
        let mut rest = tokens;
        let forms = lengths.iter().map(|&length| {
            let (form, others) = rest.split_at(rest.len().min(length as usize));
            rest = others;
            form.to_vec()
        });
        self.0.required.push(forms.collect());
    }

    /// What each required concept that a caption names adds to its score.
    pub fn reward(&mut self, concept_reward: f64) {
        self.0.concept_reward = concept_reward;
    }

    /// Most characters of a caption, those that each token adds, and the least log-probability of an end.
    pub fn limit(&mut self, max_characters: u32, characters: Vec<u32>, least_end: f64) {
        (self.0.max_characters, self.0.characters, self.0.least_end) = (max_characters, characters, least_end);
    }

    /// Options of drawing words.
    pub fn sampling(&mut self, temperature: f64, top_k: u32, top_p: f64, seed: f64) {
        (self.0.temperature, self.0.top_k, self.0.top_p, self.0.seed) = (temperature, top_k, top_p, seed);
    }
}

/// A caption that a search found.
#[wasm_bindgen]
pub struct Hypothesis(search::Hypothesis);

#[wasm_bindgen]
impl Hypothesis {
    /// Ids of its words.
    #[wasm_bindgen(getter)]
    pub fn tokens(&self) -> Vec<u32> {
        self.0.tokens.clone()
    }

    /// Natural log-probability.
    #[wasm_bindgen(getter, js_name = logProbability)]
    pub fn log_probability(&self) -> f64 {
        self.0.log_probability
    }

    /// Natural log-probability of each word.
    #[wasm_bindgen(getter, js_name = wordLogProbabilities)]
    pub fn word_log_probabilities(&self) -> Vec<f32> {
        self.0.word_log_probabilities.clone()
    }

    /// The score that it is ranked by.
    #[wasm_bindgen(getter)]
    pub fn score(&self) -> f64 {
        self.0.score
    }

    /// Whether it ended by itself.
    #[wasm_bindgen(getter)]
    pub fn finished(&self) -> bool {
        self.0.finished
    }

    /// How many of the required concepts it names.
    #[wasm_bindgen(getter)]
    pub fn named(&self) -> u32 {
        self.0.named
    }
}

/// The state of one search. JavaScript gets buffers as addresses in wasm memory, so that nothing is copied.
#[wasm_bindgen]
pub struct Search(search::Search);

#[wasm_bindgen]
impl Search {
    /// Begins a search in which the ids of `banned` are never words.
    #[wasm_bindgen(constructor)]
    pub fn new(options: SearchOptions, banned: &[u32]) -> Result<Self, JsError> {
        Ok(Self(search::Search::new(options.0, banned)?))
    }

    /// Number of beams to run the next step for.
    pub fn live(&self) -> usize {
        self.0.live()
    }

    /// Address of the `live` tokens, 32-bit integers.
    #[wasm_bindgen(js_name = tokensAddress)]
    pub fn tokens_address(&self) -> usize {
        self.0.tokens().as_ptr() as usize
    }

    /// Address of the `live` parents, 32-bit integers.
    #[wasm_bindgen(js_name = parentsAddress)]
    pub fn parents_address(&self) -> usize {
        self.0.parents().as_ptr() as usize
    }

    /// Address of the `live * vocabulary` logits, 32-bit floats to be filled in.
    #[wasm_bindgen(js_name = logitsAddress)]
    pub fn logits_address(&mut self) -> usize {
        self.0.logits().as_ptr() as usize
    }

    /// Processes the logits; returns whether there is more to do.
    pub fn advance(&mut self) -> Result<bool, JsError> {
        Ok(self.0.advance()?)
    }

    /// Up to `count` captions, best first.
    pub fn results(&self, count: usize) -> Vec<Hypothesis> {
        self.0.results(count).into_iter().map(Hypothesis).collect()
    }
}

/// Hashes of the n-grams of a caption, of 1 to 4 words, each as often as it occurs; `end_id` is appended to the words.
#[wasm_bindgen(js_name = ngramHashes)]
pub fn ngram_hashes(tokens: &[u32], end_id: u32) -> Vec<u32> {
    retrieval::ngrams(tokens, end_id).into_iter().map(|(_, hash)| hash).collect()
}

/// Content of a datastore's file.
#[wasm_bindgen]
#[derive(Default)]
pub struct DatastoreParts(retrieval::DatastoreParts);

/// Parts that belong together are set together, because every call into wasm costs time.
#[wasm_bindgen]
impl DatastoreParts {
    /// An empty set of parts.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// What photos are compared by.
    pub fn photos(&mut self, mean: Vec<f32>, scale: Vec<f32>, vectors: Vec<i8>) {
        (self.0.mean, self.0.scale, self.0.vectors) = (mean, scale, vectors);
    }

    /// What people wrote under them.
    pub fn captions(&mut self, captions: Vec<u8>, lengths: Vec<u8>, tokens: Vec<u16>) {
        (self.0.captions, self.0.lengths, self.0.tokens) = (captions, lengths, tokens);
    }

    /// How common n-grams are.
    pub fn ngrams(&mut self, ngrams: Vec<u32>, frequencies: Vec<u16>) {
        (self.0.ngrams, self.0.frequencies) = (ngrams, frequencies);
    }
}

/// Training photos with their captions.
#[wasm_bindgen]
pub struct Datastore(retrieval::Datastore);

#[wasm_bindgen]
impl Datastore {
    /// Puts the parts together.
    #[wasm_bindgen(constructor)]
    pub fn new(parts: DatastoreParts, vocabulary: usize) -> Result<Self, JsError> {
        Ok(Self(retrieval::Datastore::new(parts.0, vocabulary)?))
    }

    /// The numbers of the photos nearest to a vector, nearest first.
    pub fn nearest(&self, vector: &[f32], count: usize) -> Vec<u32> {
        self.0.nearest(vector, count)
    }

    /// How similar a vector is to some photos: the mean cosine, -1 to 1.
    pub fn likeness(&self, vector: &[f32], photos: &[u32]) -> f64 {
        self.0.likeness(vector, photos)
    }

    /// How far captions, of `lengths` words one after another in `tokens`, agree with those of some photos.
    pub fn consensus(&self, tokens: &[u32], lengths: &[u32], photos: &[u32], end_id: u32) -> Vec<f64> {
        let mut rest = tokens;
        let mut candidates = Vec::with_capacity(lengths.len());
        for &length in lengths {
            let (words, others) = rest.split_at(length as usize);
            candidates.push(words);
            rest = others;
        }
        self.0.consensus(&candidates, photos, end_id)
    }
}
