#![no_main]

use edgecap_image::Header;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(header) = Header::read(bytes) {
        assert!(header.width > 0 && header.height > 0);
    }
});
