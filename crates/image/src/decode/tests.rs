use super::*;

const WIDTH: u32 = 20;
const HEIGHT: u32 = 10;

fn gradient() -> Vec<u8> {
    (0..HEIGHT).flat_map(|y| (0..WIDTH).flat_map(move |x| [x as u8 * 12, y as u8 * 25, 90])).collect()
}

fn png(colour: ::png::ColorType, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, WIDTH, HEIGHT);
    encoder.set_color(colour);
    let mut writer = encoder.write_header().expect("memory takes it");
    writer.write_image_data(pixels).expect("the pixels fit");
    writer.finish().expect("memory takes it");
    bytes
}

fn bmp() -> Vec<u8> {
    let mut bytes = [
        b"BM".as_slice(),
        &[0; 8],
        &[54, 0, 0, 0, 40, 0, 0, 0, WIDTH as u8, 0, 0, 0],
        &[HEIGHT as u8, 0, 0, 0, 1, 0, 24],
    ]
    .concat();
    bytes.resize(54, 0);
    for row in gradient().chunks_exact(WIDTH as usize * 3).rev() {
        bytes.extend(row.chunks_exact(3).flat_map(|rgb| [rgb[2], rgb[1], rgb[0]]));
    }
    bytes
}

fn webp() -> Vec<u8> {
    let mut bytes = Vec::new();
    image_webp::WebPEncoder::new(&mut bytes)
        .encode(&gradient(), WIDTH, HEIGHT, image_webp::ColorType::Rgb8)
        .expect("memory takes it");
    bytes
}

fn gif() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut frame = ::gif::Frame::from_indexed_pixels(WIDTH as u16, HEIGHT as u16, vec![1; 200], None);
    frame.palette = Some(vec![0, 0, 0, 200, 100, 50]);
    {
        let mut encoder = ::gif::Encoder::new(&mut bytes, WIDTH as u16, HEIGHT as u16, &[]).expect("memory takes it");
        encoder.write_frame(&frame).expect("memory takes it");
    }
    bytes
}

fn jpeg() -> Vec<u8> {
    include_bytes!("../../../../test/fixtures/images/progressive.jpg").to_vec()
}

fn exactly(bytes: &[u8]) -> Result<Picture, PictureError> {
    decode(bytes, Size::AtMost(1000), 10_000)
}

#[test]
fn lossless_formats_decode_to_the_same_pixels() {
    for bytes in [png(::png::ColorType::Rgb, &gradient()), bmp(), webp()] {
        let picture = exactly(&bytes).expect("it is a whole picture");
        assert_eq!((picture.width, picture.height), (WIDTH, HEIGHT));
        assert_eq!(picture.rgb, gradient(), "{:?}", picture.header.format);
    }
}

/// Bytes at the end of a file that the picture does not need: an end marker, or a part of it.
fn spare(format: Format) -> usize {
    match format {
        Format::Png => 12,
        // The trailer, and the end of the last block before it.
        Format::Gif => 2,
        Format::Jpeg => 2,
        Format::WebP | Format::Bmp => 0,
    }
}

#[test]
fn every_cut_is_an_error_except_one_through_the_end_marker() {
    for bytes in [png(::png::ColorType::Rgb, &gradient()), bmp(), webp(), gif(), jpeg()] {
        let whole = exactly(&bytes).expect("it is a whole picture");
        for length in 0..bytes.len() {
            let cut = exactly(&bytes[..length]);
            let format = whole.header.format;
            if length + spare(format) >= bytes.len() {
                assert_eq!(cut.as_ref(), Ok(&whole), "{format:?} cut to {length} of {}", bytes.len());
            } else {
                assert!(cut.is_err(), "{format:?} cut to {length} of {}", bytes.len());
            }
        }
    }
}

#[test]
fn a_jpeg_whose_data_stops_early_is_truncated_even_if_it_has_an_end_marker() {
    let bytes = jpeg();
    let half = [&bytes[..bytes.len() * 2 / 3], &[0xff, 0xd9]].concat();
    assert!(matches!(exactly(&half), Err(PictureError::Truncated(_) | PictureError::Corrupt(_))));
}

#[test]
fn limits_are_checked_against_the_header() {
    let bytes = png(::png::ColorType::Rgb, &gradient());
    let size = Size::Exact(8, 8);
    assert_eq!(decode(&bytes, size, 199), Err(PictureError::TooLarge("20 x 10 pixels".to_owned())));
    assert!(decode(&bytes, size, 200).is_ok());
    let mut long = bytes.clone();
    long[16..20].copy_from_slice(&70_000u32.to_be_bytes());
    assert!(matches!(decode(&long, size, u64::MAX), Err(PictureError::TooLong(_))));
    // A side of 16383, twice.
    let mut wide = webp();
    let header = wide.windows(4).position(|four| four == b"VP8L").expect("it is lossless") + 9;
    wide[header..header + 4].copy_from_slice(&[0xfe, 0xbf, 0xff, 0x0f]);
    assert!(matches!(decode(&wide, size, u64::MAX), Err(PictureError::TooMuchMemory(_))));
}

#[test]
fn transparency_shows_white() {
    let clear: Vec<u8> = [10, 20, 30, 0].repeat(200);
    let picture = exactly(&png(::png::ColorType::Rgba, &clear)).expect("it is a whole picture");
    assert!(picture.rgb.iter().all(|&value| value == 255));
}

#[test]
fn shrinking_averages_blocks_in_either_order() {
    let rgb = gradient();
    let mut rows = Shrinker::new(WIDTH, HEIGHT, (3, 4), Order::TopDown);
    let mut scattered = Shrinker::new(WIDTH, HEIGHT, (3, 4), Order::Any);
    for y in 0..HEIGHT {
        let row = &rgb[(y * WIDTH * 3) as usize..((y + 1) * WIDTH * 3) as usize];
        rows.row(row);
        for x in 0..WIDTH {
            scattered.pixels(y, x, 1, &row[x as usize * 3..][..3]);
        }
    }
    let (averages, width, height) = rows.finish();
    assert_eq!((width, height), (7, 3));
    // The first block: columns 0 to 2 and rows 0 to 3.
    assert_eq!(&averages[..3], &[12, 38, 90]);
    let (others, ..) = scattered.finish();
    assert!(averages.iter().zip(&others).all(|(a, b)| a.abs_diff(*b) <= 1));
}
