//! From logits to log-probabilities.

use super::error::SearchError;

/// What turns the logits of a beam into log-probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogSoftmax {
    /// The largest logit; negative infinity where every logit is.
    maximum: f64,
    /// Logarithm of the sum of the exponentials, the maximum taken off first.
    log_sum: f64,
}

impl LogSoftmax {
    /// Sums up the logits of a beam, in double precision.
    ///
    /// # Errors
    ///
    /// [`SearchError::Logit`] names `beam` and the first token whose logit is NaN or positive infinity.
    pub fn new(logits: &[f32], beam: usize) -> Result<Self, SearchError> {
        let mut maximum = f32::NEG_INFINITY;
        for (token, &value) in logits.iter().enumerate() {
            if value.is_nan() || value == f32::INFINITY {
                return Err(SearchError::Logit { beam, token, value });
            }
            maximum = maximum.max(value);
        }
        let maximum = f64::from(maximum);
        if maximum == f64::NEG_INFINITY {
            return Ok(Self { maximum, log_sum: 0.0 });
        }
        let sum: f64 = logits.iter().map(|&value| (f64::from(value) - maximum).exp()).sum();
        Ok(Self { maximum, log_sum: sum.ln() })
    }

    /// Natural log-probability of a token by its logit, which is finite.
    pub fn log_probability(&self, logit: f32) -> f64 {
        // In this order a huge maximum does not swallow the sum.
        (f64::from(logit) - self.maximum) - self.log_sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one() {
        for logits in [[1.0f32, 2.0, 3.0], [1e4, 1e4, -1e4], [-1e30; 3], [3e38, -3e38, 0.0]] {
            let softmax = LogSoftmax::new(&logits, 0).expect("finite");
            let sum: f64 = logits.iter().map(|&logit| softmax.log_probability(logit).exp()).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{sum}");
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
