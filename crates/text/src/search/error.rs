//! What can go wrong in a search.

use std::fmt;

/// Why a search refused its options or its logits.
#[derive(Clone, Debug, PartialEq)]
pub enum SearchError {
    /// An option is outside its range.
    Option {
        /// Its name, as TypeScript spells it.
        name: &'static str,
        /// What was given.
        value: f64,
        /// What is accepted.
        range: &'static str,
    },
    /// A logit is NaN or positive infinity.
    Logit {
        /// The live beam, counted from 0.
        beam: usize,
        /// The token id.
        token: usize,
        /// The logit.
        value: f32,
    },
    /// Every token is banned, or has a logit of negative infinity.
    NothingLeft {
        /// The first live beam of which this is true, counted from 0.
        beam: usize,
    },
}

impl fmt::Display for SearchError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option { name, value, range } => {
                write!(formatter, "The search option {name} is {value}: give {range}.")
            }
            Self::Logit { beam, token, value } => write!(
                formatter,
                "The logits of beam {beam} hold {value} at token {token}: check the decoder graph and its inputs."
            ),
            Self::NothingLeft { beam } => write!(
                formatter,
                "No token is left to continue beam {beam}: ban fewer ids, or lower minWords or noRepeatNgram."
            ),
        }
    }
}

impl std::error::Error for SearchError {}
