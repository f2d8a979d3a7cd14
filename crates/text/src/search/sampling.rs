//! One draw from the next-token distribution.

use std::cmp::Ordering;

/// Draws tokens, with temperature, top-k (Fan et al., "Hierarchical neural story generation", 2018) and
/// top-p (Holtzman et al., "The curious case of neural text degeneration", 2020).
pub struct Sampler {
    temperature: f64,
    top_k: usize,
    top_p: f64,
    /// Tokens to draw from.
    tokens: Vec<u32>,
    /// Their weights, in proportion to their probabilities.
    weights: Vec<f64>,
}

impl Sampler {
    /// A sampler for `vocabulary` tokens; a `top_k` of 0 and a `top_p` of 1 are off. All memory is allocated here.
    pub fn new(vocabulary: usize, temperature: f64, top_k: usize, top_p: f64) -> Self {
        Self {
            temperature,
            top_k,
            top_p,
            tokens: Vec::with_capacity(vocabulary),
            weights: Vec::with_capacity(vocabulary),
        }
    }

    /// The token that `uniform`, a number from [0, 1), picks; `None` if no token may follow.
    pub fn draw(&mut self, logits: &[f32], forbidden: &[bool], uniform: f64) -> Option<u32> {
        self.tokens.clear();
        self.weights.clear();
        let possible = |&token: &u32| !forbidden[token as usize] && logits[token as usize] != f32::NEG_INFINITY;
        self.tokens.extend((0..logits.len() as u32).filter(possible));
        self.keep_top_k(logits);
        let maximum = self.tokens.iter().map(|&token| logits[token as usize]).fold(f32::NEG_INFINITY, f32::max);
        let temperature = self.temperature;
        self.weights.extend(
            self.tokens
                .iter()
                .map(|&token| ((f64::from(logits[token as usize]) - f64::from(maximum)) / temperature).exp()),
        );
        self.keep_top_p();
        let target = uniform * self.weights.iter().sum::<f64>();
        let mut sum = 0.0;
        for (&token, weight) in self.tokens.iter().zip(&self.weights) {
            sum += weight;
            if sum > target {
                return Some(token);
            }
        }
        // Rounding can leave the target at the very end: then it means the last token that has a chance.
        self.weights.iter().rposition(|&weight| weight > 0.0).map(|last| self.tokens[last])
    }

    /// Keeps the `top_k` most probable tokens; sorts them by falling probability if it drops any.
    fn keep_top_k(&mut self, logits: &[f32]) {
        let falling =
            |&a: &u32, &b: &u32| -> Ordering { logits[b as usize].total_cmp(&logits[a as usize]).then(a.cmp(&b)) };
        let cuts = self.top_k > 0 && self.top_k < self.tokens.len();
        if cuts {
            self.tokens.select_nth_unstable_by(self.top_k - 1, falling);
            self.tokens.truncate(self.top_k);
        }
        if cuts || self.top_p < 1.0 {
            self.tokens.sort_unstable_by(falling);
        }
    }

    /// Keeps the fewest tokens, in falling order, that together have a share of `top_p` of the weights.
    fn keep_top_p(&mut self) {
        if self.top_p >= 1.0 {
            return;
        }
        let enough = self.top_p * self.weights.iter().sum::<f64>();
        let mut sum = 0.0;
        let reaches = |weight: &f64| {
            sum += weight;
            sum >= enough
        };
        let kept = self.weights.iter().position(reaches).map_or(self.weights.len(), |last| last + 1);
        self.tokens.truncate(kept);
        self.weights.truncate(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(mut sampler: Sampler, logits: &[f32], forbidden: &[bool]) -> Vec<i32> {
        let mut counts = vec![0; logits.len()];
        for draw in 0..1000 {
            if let Some(token) = sampler.draw(logits, forbidden, f64::from(draw) / 1000.0) {
                counts[token as usize] += 1;
            }
        }
        counts
    }

    #[test]
    fn shares_follow_the_distribution() {
        let logits = [0.5f32.ln(), 0.25f32.ln(), 0.25f32.ln(), f32::NEG_INFINITY];
        let free = [false; 4];
        for (sampler, forbidden, expected) in [
            (Sampler::new(4, 1.0, 0, 1.0), free, [500, 250, 250, 0]),
            (Sampler::new(4, 1.0, 2, 1.0), free, [667, 333, 0, 0]),
            (Sampler::new(4, 1.0, 0, 0.4), free, [1000, 0, 0, 0]),
            (Sampler::new(4, 1.0, 0, 0.6), free, [667, 333, 0, 0]),
            (Sampler::new(4, 1.0, 0, 1.0), [true, false, false, false], [0, 500, 500, 0]),
            (Sampler::new(4, 1e-300, 0, 1.0), free, [1000, 0, 0, 0]),
            (Sampler::new(4, 1.0, 0, 1.0), [true; 4], [0; 4]),
        ] {
            let counts = drawn(sampler, &logits, &forbidden);
            // A share of 1000 draws is off by at most one, if rounding moves its edge.
            assert!(counts.iter().zip(expected).all(|(&count, share)| (count - share).abs() <= 1), "{counts:?}");
        }
    }
}
