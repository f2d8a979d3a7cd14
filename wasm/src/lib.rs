//! a
pub mod tokenizer;
