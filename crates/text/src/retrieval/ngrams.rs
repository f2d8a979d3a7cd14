//! The n-grams of a caption, as hashes.

/// Number of words of the longest n-grams.
pub const LONGEST: usize = 4;

/// The n-grams of a caption, of 1 to 4 words: for each its length minus one, and a 32-bit hash (FNV-1a over the words,
/// the length mixed in). Among the 100,000 n-grams of a data set of some thousand photos, one or two share their hash
/// with another.
/// `end_id` is appended to the words, because the place where a caption ends is part of what it says.
pub fn ngrams(tokens: &[u32], end_id: u32) -> Vec<(usize, u32)> {
    let words: Vec<u32> = tokens.iter().copied().chain([end_id]).collect();
    let mut ngrams = Vec::with_capacity(LONGEST * words.len());
    for start in 0..words.len() {
        let mut hash = 0x811c_9dc5;
        for (n, &word) in words[start..].iter().take(LONGEST).enumerate() {
            hash = mix(hash, word);
            ngrams.push((n, mix(hash, n as u32)));
        }
    }
    ngrams
}

/// Adds a number to the hash, byte by byte.
fn mix(hash: u32, value: u32) -> u32 {
    value.to_le_bytes().iter().fold(hash, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_those_of_every_length_with_the_end() {
        let lengths: Vec<usize> = ngrams(&[7, 8], 2).iter().map(|&(n, _)| n).collect();
        assert_eq!(lengths, [0, 1, 2, 0, 1, 0]);
        assert_eq!(ngrams(&[], 2), [(0, ngrams(&[5], 2)[2].1)]);
    }

    #[test]
    fn tells_order_and_length_apart() {
        let hashes = |tokens: &[u32]| -> Vec<u32> { ngrams(tokens, 2).into_iter().map(|(_, hash)| hash).collect() };
        assert_ne!(hashes(&[4, 5])[1], hashes(&[5, 4])[1]);
        assert_ne!(hashes(&[4])[0], hashes(&[4, 0])[1]);
    }
}
