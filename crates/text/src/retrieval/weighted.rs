//! The n-grams of a caption as tf-idf weights, as CIDEr compares captions.

use super::ngrams::{LONGEST, ngrams};

/// Weights of a caption's n-grams by rising hash; those of each length together have the Euclidean length 1.
pub struct Weighted {
    weights: Vec<(u32, f64)>,
    words: usize,
}

/// CIDEr-D's width of the penalty for captions of other lengths, in words.
const SIGMA: f64 = 6.0;

impl Weighted {
    /// Weighs the n-grams of a caption. `idf` gives an n-gram's inverse document frequency.
    pub fn new(tokens: &[u32], end_id: u32, idf: impl Fn(u32) -> f64) -> Self {
        let mut found = ngrams(tokens, end_id);
        found.sort_unstable_by_key(|&(n, hash)| (hash, n));
        let mut squares = [0.0; LONGEST];
        let mut lengths = Vec::with_capacity(found.len());
        let mut weights: Vec<(u32, f64)> = Vec::with_capacity(found.len());
        for same in found.chunk_by(|a, b| a == b) {
            let (n, hash) = same[0];
            let weight = same.len() as f64 * idf(hash);
            squares[n] += weight * weight;
            lengths.push(n);
            weights.push((hash, weight));
        }
        let norms = squares.map(|sum: f64| if sum > 0.0 { sum.sqrt() } else { 1.0 });
        for ((_, weight), n) in weights.iter_mut().zip(lengths) {
            *weight /= norms[n];
        }
        Self { weights, words: tokens.len() }
    }

    /// How well two captions agree, 0 to 1: the mean, over the lengths of n-grams, of the cosine of the angle between
    /// them, reduced for captions of different lengths.
    pub fn agreement(&self, other: &Self) -> f64 {
        let (mut sum, mut a, mut b) = (0.0, 0, 0);
        while a < self.weights.len() && b < other.weights.len() {
            let ((left, x), (right, y)) = (self.weights[a], other.weights[b]);
            if left == right {
                sum += x * y;
            }
            a += usize::from(left <= right);
            b += usize::from(right <= left);
        }
        let difference = self.words as f64 - other.words as f64;
        sum / LONGEST as f64 * (-difference * difference / (2.0 * SIGMA * SIGMA)).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_agrees_with_itself_wholly() {
        let caption = Weighted::new(&[4, 5, 4, 6], 2, |_| 2.0);
        assert!((caption.agreement(&caption) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn captions_of_no_common_word_agree_in_their_end_alone() {
        let one = Weighted::new(&[4, 5, 6], 2, |_| 1.0);
        let other = Weighted::new(&[7, 8, 9], 2, |_| 1.0);
        assert!((one.agreement(&other) - 1.0 / 16.0).abs() < 1e-12);
    }

    #[test]
    fn other_lengths_cost() {
        let one = Weighted::new(&[4], 2, |hash| if hash % 2 == 0 { 1.0 } else { 1.5 });
        let longer = Weighted::new(&[4, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9], 2, |_| 1.0);
        assert!(one.agreement(&longer) < 0.1);
    }
}
