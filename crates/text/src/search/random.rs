//! Random numbers that are the same everywhere.

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
#[derive(Clone, Copy, Debug)]
pub struct Random {
    state: u64,
}

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Random {
    /// The numbers of stream `stream` of `seed`; the streams of one seed are independent of each other.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { state: mix(mix(seed.wrapping_add(STEP)).wrapping_add(stream)) }
    }

    /// The next number, evenly spread over [0, 1) in steps of 2^-53.
    pub fn next(&mut self) -> f64 {
        self.state = self.state.wrapping_add(STEP);
        (mix(self.state) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_first_numbers() {
        // The reference implementation's first outputs for the seed 1234567.
        let mut random = Random { state: 1_234_567 };
        let expected = [6_457_827_717_110_365_317u64, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        for number in expected {
            assert_eq!(random.next(), (number >> 11) as f64 / (1u64 << 53) as f64);
        }
    }

    #[test]
    fn numbers_are_even_and_streams_differ() {
        let mut sums = [0.0; 2];
        for (stream, sum) in sums.iter_mut().enumerate() {
            let mut random = Random::new(7, stream as u64);
            *sum = (0..10_000).map(|_| random.next()).sum::<f64>() / 10_000.0;
        }
        assert!(sums.iter().all(|mean| (mean - 0.5).abs() < 0.02) && sums[0] != sums[1], "{sums:?}");
    }
}
