//! From logits to log-probabilities.

use super::error::SearchError;

/// Numbers that are processed together.
const LANES: usize = 8;

/// Turns the logits of a beam into log-probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogSoftmax {
    /// The largest logit; negative infinity if every logit is.
    maximum: f64,
    /// Logarithm of the sum of the exponentials, after the maximum is subtracted.
    log_sum: f64,
}

impl LogSoftmax {
    /// Sums up the logits of a beam.
    ///
    /// # Errors
    ///
    /// [`SearchError::Logit`] names `beam` and the first token whose logit is NaN or positive infinity.
    pub fn new(logits: &[f32], beam: usize) -> Result<Self, SearchError> {
        // Without an early exit, the compiler vectorises the loop.
        let mut broken = false;
        let mut lanes = [f32::NEG_INFINITY; LANES];
        let chunks = logits.chunks_exact(LANES);
        let rest = chunks.remainder();
        for chunk in chunks {
            for (most, &value) in lanes.iter_mut().zip(chunk) {
                broken |= value.is_nan() | (value == f32::INFINITY);
                *most = if value > *most { value } else { *most };
            }
        }
        broken |= rest.iter().any(|value| value.is_nan() || *value == f32::INFINITY);
        if broken {
            for (token, &value) in logits.iter().enumerate() {
                if value.is_nan() || value == f32::INFINITY {
                    return Err(SearchError::Logit { beam, token, value });
                }
            }
        }
        let maximum = lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |most, &value| most.max(value));
        let log_sum = if maximum == f32::NEG_INFINITY { 0.0 } else { sum_of_exponentials(logits, maximum).ln() };
        Ok(Self { maximum: f64::from(maximum), log_sum })
    }

    /// Natural log-probability of a token, from its logit, which is finite.
    pub fn log_probability(&self, logit: f32) -> f64 {
        // In this order a huge maximum does not swallow the sum.
        (f64::from(logit) - self.maximum) - self.log_sum
    }
}

/// The sum of `exp(value - maximum)`, in lanes, so that the compiler can vectorise it.
fn sum_of_exponentials(logits: &[f32], maximum: f32) -> f64 {
    let chunks = logits.chunks_exact(LANES);
    let rest: f64 = chunks.remainder().iter().map(|&value| f64::from(exponential(value - maximum))).sum();
    let mut sums = [0.0_f64; LANES];
    for chunk in chunks {
        // Each in single precision, their sum in double: thousands of small ones count.
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(exponential(value - maximum));
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// `exp(x)` for x up to 0, without a branch. The relative error is at most 2e-7, which is as exact as logits are. x is
/// split into an integer power of two and a remainder of at most half of ln 2, whose exponential comes from its Taylor
/// series. A result below 1e-37 comes out as about 1e-37.
fn exponential(x: f32) -> f32 {
    /// A number this large has no fractional bits: adding it rounds, and leaves the integer in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let x = if x < -86.0 { -86.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let power = shifted - ROUND;
    let rest = (x - power * LN2_HIGH) - power * LN2_LOW;
    let mut series = 1.0 / 5_040.0;
    for reciprocal in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        series = series * rest + reciprocal;
    }
    // The integer moves to where the exponent is stored.
    f32::from_bits(series.to_bits().wrapping_add(shifted.to_bits() << 23))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_those_of_the_library() {
        for step in 0..=u16::MAX {
            let x = -f32::from(step) / 700.0;
            let (found, expected) = (f64::from(exponential(x)), f64::from(x.max(-86.0)).exp());
            assert!((found / expected - 1.0).abs() < 2e-7, "exp({x}) is {expected}, not {found}");
        }
        assert_eq!(exponential(0.0), 1.0);
        assert!(exponential(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn probabilities_sum_to_one() {
        for logits in [[1.0f32, 2.0, 3.0], [1e4, 1e4, -1e4], [-1e30; 3], [3e38, -3e38, 0.0]] {
            let softmax = LogSoftmax::new(&logits, 0).expect("finite");
            let sum: f64 = logits.iter().map(|&logit| softmax.log_probability(logit).exp()).sum();
            assert!((sum - 1.0).abs() < 2e-7, "{sum}");
        }
        assert!(LogSoftmax::new(&[f32::NEG_INFINITY; 3], 0).is_ok());
    }

    #[test]
    fn broken_logits_are_named() {
        let error = LogSoftmax::new(&[0.0, f32::NAN], 3).expect_err("NaN");
        assert!(error.to_string().starts_with("The logits of beam 3 hold NaN at token 1:"), "{error}");
        let error = LogSoftmax::new(&[f32::INFINITY], 0).expect_err("infinity");
        assert!(error.to_string().contains("beam 0 hold inf at token 0"), "{error}");
    }
}
