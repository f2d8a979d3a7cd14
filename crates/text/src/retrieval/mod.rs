//! Training photos that are similar to another photo, and how well captions of it agree with theirs.

mod ngrams;
mod weighted;

use std::fmt;

pub use ngrams::ngrams;
use weighted::Weighted;

/// What a datastore's file holds; `src/retrieval/datastore.ts` says what each is.
#[derive(Default)]
pub struct DatastoreParts {
    /// Subtracted from a photo's vector, [dimensions].
    pub mean: Vec<f32>,
    /// Factors for the difference, [dimensions].
    pub scale: Vec<f32>,
    /// Vectors prepared in this way, [photos, dimensions].
    pub vectors: Vec<i8>,
    /// Captions of each photo, [photos].
    pub captions: Vec<u8>,
    /// Words of each caption.
    pub lengths: Vec<u8>,
    /// Ids of the words of all captions.
    pub tokens: Vec<u16>,
    /// Hashes of n-grams, rising.
    pub ngrams: Vec<u32>,
    /// Number of photos in whose captions each n-gram occurs.
    pub frequencies: Vec<u16>,
}

/// Parts that do not belong together.
#[derive(Debug, PartialEq, Eq)]
pub struct DatastoreError(String);

impl fmt::Display for DatastoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DatastoreError {}

/// Training photos with their captions.
pub struct Datastore {
    parts: DatastoreParts,
    /// Length of each vector.
    norms: Vec<f32>,
    /// For each photo, the number of its first caption; one more entry at the end.
    first_caption: Vec<usize>,
    /// For each caption, where its words begin; one more entry at the end.
    first_word: Vec<usize>,
    /// For each value of a hash's first 16 bits, where those hashes begin; one more entry at the end.
    first_ngram: Vec<usize>,
    /// For each number of photos, the logarithm of how many times more photos the datastore has.
    idf: Vec<f64>,
}

impl Datastore {
    /// Puts the parts together.
    ///
    /// # Errors
    ///
    /// [`DatastoreError`] if lengths disagree, or a token is not in the `vocabulary`.
    pub fn new(parts: DatastoreParts, vocabulary: usize) -> Result<Self, DatastoreError> {
        let (dimensions, photos) = (parts.mean.len(), parts.captions.len());
        let first_caption = running(&parts.captions);
        let first_word = running(&parts.lengths);
        let counts = [
            ("scale", parts.scale.len(), dimensions),
            ("vectors", parts.vectors.len(), photos * dimensions),
            ("lengths", parts.lengths.len(), first_caption[photos]),
            ("tokens", parts.tokens.len(), first_word[parts.lengths.len()]),
            ("frequencies", parts.frequencies.len(), parts.ngrams.len()),
        ];
        for (name, found, expected) in counts {
            if found != expected {
                return Err(DatastoreError(format!("\"{name}\" has {found} of {expected} numbers")));
            }
        }
        if let Some(token) = parts.tokens.iter().find(|&&token| usize::from(token) >= vocabulary) {
            return Err(DatastoreError(format!("the token {token} is not in the vocabulary of {vocabulary}")));
        }
        if !parts.ngrams.is_sorted() {
            return Err(DatastoreError("\"ngrams\" do not rise".to_owned()));
        }
        let norms = parts
            .vectors
            .chunks_exact(dimensions.max(1))
            .map(|vector| length(vector.iter().map(|&value| f32::from(value))))
            .collect();
        let mut beginning = vec![0_usize; 1 << 16];
        for hash in &parts.ngrams {
            beginning[(hash >> 16) as usize] += 1;
        }
        let first_ngram = running(&beginning);
        let most = parts.frequencies.iter().copied().fold(1, u16::max);
        let idf = (0..=most).map(|frequency| (photos as f64 / f64::from(frequency)).ln()).collect();
        Ok(Self { parts, norms, first_caption, first_word, first_ngram, idf })
    }

    /// The numbers of the `count` photos nearest to a photo by the angle between their vectors, nearest first.
    ///
    /// # Panics
    /// If `vector` is not [dimensions].
    pub fn nearest(&self, vector: &[f32], count: usize) -> Vec<u32> {
        let query = self.prepared(vector);
        let rounded = whole_numbers(&query);
        let dimensions = query.len().max(1);
        let mut ranked: Vec<(f32, u32)> = self
            .parts
            .vectors
            .chunks_exact(dimensions)
            .zip(&self.norms)
            .zip(0..)
            .map(|((other, norm), photo)| (whole_product(&rounded, other) as f32 / norm, photo))
            .collect();
        let nearer = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        // Rounding moves none of the nearest photos this far.
        let near = 4 * count;
        if near < ranked.len() {
            ranked.select_nth_unstable_by(near, nearer);
            ranked.truncate(near);
        }
        for (cosine, photo) in &mut ranked {
            *cosine = self.cosine(&query, *photo);
        }
        ranked.sort_unstable_by(nearer);
        ranked.into_iter().take(count).map(|(_, photo)| photo).collect()
    }

    /// How similar a photo is to some photos: the mean of the cosines of the angles between their vectors, -1 to 1.
    ///
    /// # Panics
    /// If `vector` is not [dimensions], or a photo is not in the datastore.
    pub fn likeness(&self, vector: &[f32], photos: &[u32]) -> f64 {
        let query = self.prepared(vector);
        let norm = length(query.iter().copied());
        let sum: f64 = photos.iter().map(|&photo| f64::from(self.cosine(&query, photo) / norm)).sum();
        sum / photos.len().max(1) as f64
    }

    /// A photo's vector, prepared as the stored ones are.
    fn prepared(&self, vector: &[f32]) -> Vec<f32> {
        let DatastoreParts { mean, scale, .. } = &self.parts;
        assert_eq!(vector.len(), mean.len(), "a vector of other dimensions");
        vector.iter().zip(mean).zip(scale).map(|((x, m), s)| (x - m) * s).collect()
    }

    /// The cosine of the angle between a prepared vector and a photo's, times the length of the former.
    fn cosine(&self, query: &[f32], photo: u32) -> f32 {
        let place = photo as usize;
        product(query, &self.parts.vectors[place * query.len()..(place + 1) * query.len()]) / self.norms[place]
    }

    /// How well candidate captions agree with those of some photos. For each candidate: the mean over the photos of the
    /// mean over their captions, 0 to 1.
    ///
    /// # Panics
    /// If a photo is not in the datastore.
    pub fn consensus(&self, candidates: &[&[u32]], photos: &[u32], end_id: u32) -> Vec<f64> {
        let idf = |hash| self.inverse_document_frequency(hash);
        let candidates: Vec<Weighted> = candidates.iter().map(|tokens| Weighted::new(tokens, end_id, idf)).collect();
        let mut agreement = vec![0.0; candidates.len()];
        for &photo in photos {
            let captions = self.first_caption[photo as usize]..self.first_caption[photo as usize + 1];
            let share = 1.0 / (captions.len() * photos.len()) as f64;
            for caption in captions {
                let words = &self.parts.tokens[self.first_word[caption]..self.first_word[caption + 1]];
                let words: Vec<u32> = words.iter().map(|&word| u32::from(word)).collect();
                let written = Weighted::new(&words, end_id, idf);
                for (sum, candidate) in agreement.iter_mut().zip(&candidates) {
                    *sum += share * candidate.agreement(&written);
                }
            }
        }
        agreement
    }

    /// The logarithm of all photos divided by the photos that have an n-gram in their captions.
    fn inverse_document_frequency(&self, hash: u32) -> f64 {
        let start = (hash >> 16) as usize;
        let (first, end) = (self.first_ngram[start], self.first_ngram[start + 1]);
        let frequency = match self.parts.ngrams[first..end].binary_search(&hash) {
            Ok(place) => self.parts.frequencies[first + place],
            // The file leaves out n-grams of a single photo.
            Err(_) => 1,
        };
        self.idf[usize::from(frequency)]
    }
}

/// For each place the sum of the numbers before it, and the sum of all.
fn running<T: Copy + Into<usize>>(numbers: &[T]) -> Vec<usize> {
    let mut sum = 0;
    let mut sums = Vec::with_capacity(numbers.len() + 1);
    sums.push(0);
    for &number in numbers {
        sum += number.into();
        sums.push(sum);
    }
    sums
}

/// Euclidean length; 1 where it is zero.
fn length(values: impl Iterator<Item = f32>) -> f32 {
    let squares: f32 = values.map(|value| value * value).sum();
    if squares > 0.0 { squares.sqrt() } else { 1.0 }
}

/// A vector of the same direction in integers, as large as products with 8-bit numbers leave room for.
fn whole_numbers(vector: &[f32]) -> Vec<i16> {
    let largest = vector.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let sum: f32 = vector.iter().map(|value| value.abs()).sum();
    if largest == 0.0 {
        return vec![0; vector.len()];
    }
    // Half of what 32 bits hold, because every number may be rounded up.
    let scale = (32_767.0 / largest).min(((i32::MAX / 256) as f32 - vector.len() as f32) / sum);
    vector.iter().map(|value| (value * scale).round() as i16).collect()
}

/// Inner product of integers: vectorised, with twice as many numbers at a time as [`product`].
fn whole_product(a: &[i16], b: &[i8]) -> i32 {
    const LANES: usize = 16;
    let mut sums = [0; LANES];
    let (left, right) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: i32 = left.remainder().iter().zip(right.remainder()).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum();
    for (x, y) in left.zip(right) {
        for lane in 0..LANES {
            sums[lane] += i32::from(x[lane]) * i32::from(i16::from(y[lane]));
        }
    }
    sums.iter().sum::<i32>() + rest
}

/// Inner product, in lanes, so that the compiler can vectorise it.
fn product(a: &[f32], b: &[i8]) -> f32 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let (left, right) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = left.remainder().iter().zip(right.remainder()).map(|(&x, &y)| x * f32::from(y)).sum();
    for (x, y) in left.zip(right) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * f32::from(y[lane]);
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> DatastoreParts {
        DatastoreParts {
            mean: vec![1.0, 0.0],
            scale: vec![1.0, 2.0],
            vectors: vec![10, 0, 0, 3, -5, 0],
            captions: vec![2, 0, 1],
            lengths: vec![2, 1, 3],
            tokens: vec![4, 5, 6, 4, 5, 7],
            ngrams: vec![1, 9],
            frequencies: vec![2, 2],
        }
    }

    #[test]
    fn finds_the_nearest() {
        let datastore = Datastore::new(parts(), 8).expect("parts of one datastore");
        assert_eq!(datastore.nearest(&[3.0, 0.5], 2), [0, 1]);
        assert_eq!(datastore.nearest(&[0.0, 0.1], 99), [2, 1, 0]);
    }

    #[test]
    fn is_like_what_points_the_same_way() {
        let datastore = Datastore::new(parts(), 8).expect("parts of one datastore");
        let like = |vector: &[f32], photos: &[u32]| datastore.likeness(vector, photos);
        assert!((like(&[5.0, 0.0], &[0]) - 1.0).abs() < 1e-6);
        assert!((like(&[5.0, 0.0], &[0, 1, 2])).abs() < 1e-6);
        assert!((like(&[1.0, 3.0], &[1]) - 1.0).abs() < 1e-6);
        assert_eq!(like(&[1.0, 0.0], &[0]), 0.0);
        assert_eq!(like(&[5.0, 0.0], &[]), 0.0);
    }

    #[test]
    fn agrees_most_with_what_was_written() {
        let datastore = Datastore::new(parts(), 8).expect("parts of one datastore");
        let found = datastore.consensus(&[&[4, 5, 7], &[6]], &[2], 2);
        assert!((found[0] - 1.0).abs() < 1e-12 && found[1] < 0.2, "{found:?}");
        assert_eq!(datastore.consensus(&[&[4]], &[1], 2), [0.0]);
    }

    #[test]
    fn refuses_parts_that_disagree() {
        let refused = |change: fn(&mut DatastoreParts)| {
            let mut wrong = parts();
            change(&mut wrong);
            Datastore::new(wrong, 8).err().expect("an error").to_string()
        };
        assert_eq!(refused(|p| p.scale.push(1.0)), "\"scale\" has 3 of 2 numbers");
        assert_eq!(refused(|p| p.captions.push(0)), "\"vectors\" has 6 of 8 numbers");
        assert_eq!(refused(|p| p.captions[0] = 3), "\"lengths\" has 3 of 4 numbers");
        assert_eq!(refused(|p| p.lengths[0] = 3), "\"tokens\" has 6 of 7 numbers");
        assert_eq!(refused(|p| p.tokens[0] = 8), "the token 8 is not in the vocabulary of 8");
        assert_eq!(refused(|p| p.ngrams.reverse()), "\"ngrams\" do not rise");
        assert_eq!(refused(|p| p.ngrams.clear()), "\"frequencies\" has 2 of 0 numbers");
    }

    #[test]
    fn ranks_as_exact_products_do() {
        let mut state = 1_u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as i8
        };
        let (photos, dimensions) = (300, 37);
        let parts = DatastoreParts {
            mean: vec![0.0; dimensions],
            scale: vec![1.0; dimensions],
            vectors: (0..photos * dimensions).map(|_| byte()).collect(),
            captions: vec![0; photos],
            ..DatastoreParts::default()
        };
        let query: Vec<f32> = (0..dimensions).map(|_| f32::from(byte()) / 100.0).collect();
        let datastore = Datastore::new(parts, 8).expect("parts of one datastore");
        let cosine = |photo: &u32| {
            let place = *photo as usize;
            product(&query, &datastore.parts.vectors[place * dimensions..(place + 1) * dimensions])
                / datastore.norms[place]
        };
        let mut expected: Vec<u32> = (0..photos as u32).collect();
        expected.sort_by(|a, b| cosine(b).total_cmp(&cosine(a)));
        assert_eq!(datastore.nearest(&query, 20), expected[..20]);
        assert_eq!(datastore.nearest(&vec![0.0; dimensions], 3), [0, 1, 2]);
    }

    #[test]
    fn whole_products_fit() {
        let a = whole_numbers(&vec![1e9; 4096]);
        assert_eq!(whole_product(&a, &[-128; 4096]), -128 * 4096 * i32::from(a[0]));
        assert_eq!(whole_numbers(&[0.5, -1.0]), [16_384, -32_767]);
    }

    #[test]
    fn products_of_any_length() {
        for n in 0..20_i8 {
            let a: Vec<f32> = (0..n).map(f32::from).collect();
            let b: Vec<i8> = (0..n).map(|i| 3 - i).collect();
            let expected: f32 = (0..n).map(|i| f32::from(i) * f32::from(3 - i)).sum();
            assert_eq!(product(&a, &b), expected);
        }
    }
}
