#![no_main]

edgecap_image_fuzz::decodes!();
