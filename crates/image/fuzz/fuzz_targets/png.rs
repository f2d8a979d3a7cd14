#![no_main]

use edgecap_image_fuzz::{check, with_checksums};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check(&with_checksums(bytes)));
