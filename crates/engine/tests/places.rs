//! Where pixels, weights and taps lie, at sizes that no two of the formulas have in common.

use edgecap_engine::ends::{LANES, quantise};
use edgecap_engine::layout::{COLUMNS, Picture, Taps};
use edgecap_engine::pack::{Shape, pack};
use edgecap_engine::taps::write;

#[test]
fn a_picture_lies_inside_of_its_padding_whatever_its_width() {
    for (size, pad) in [(1, 0), (2, 3), (3, 1), (5, 2)] {
        let whole = size + 2 * pad;
        let picture = Picture {
            pixels: 0,
            image: 0,
            size: size as u32,
            channels: 1,
            pad: pad as u32,
            zero: 0,
            scale: 1.0,
            means: [0.0; 4],
        };
        let pixels: Vec<f32> = (1..=size * size).map(|number| number as f32).collect();
        let mut image = vec![99u8; whole * whole * LANES];
        quantise(&picture, &pixels, &mut image);
        for row in 0..whole {
            for column in 0..whole {
                let inside = (pad..pad + size).contains(&row) && (pad..pad + size).contains(&column);
                let expected = if inside { (row - pad) * size + column - pad + 1 } else { 99 };
                assert_eq!(usize::from(image[(row * whole + column) * LANES]), expected, "{size} {pad} {row} {column}");
            }
        }
    }
}

#[test]
fn each_tap_holds_its_own_positions() {
    // A kernel of 3x3 as the picture has it: a tap holds a row of three positions, four lanes each.
    let (area, taps, pixels, lanes, depth) = (9, 3, 3, 4, 16);
    let weights: Vec<i8> = (0..COLUMNS * area).map(|number| number as i8).collect();
    let shape = Shape { channels: COLUMNS, inputs: 1, area, taps, pixels, lanes, depth };
    let mut packed = vec![9i8; COLUMNS * taps * depth];
    pack(&weights, &shape, 4, &mut packed);
    for tap in 0..taps {
        for pixel in 0..pixels {
            for column in 0..COLUMNS {
                let at = ((tap * depth / 4 + pixel) * COLUMNS + column) * 4;
                let expected = (column * area + tap * pixels + pixel) as i8;
                assert_eq!(packed[at..at + 4], [expected, 0, 0, 0], "{tap} {pixel} {column}");
            }
        }
    }
}

#[test]
fn taps_end_where_the_image_ends() {
    let (side, outside) = (3, 7);
    let taps = Taps {
        table: 0,
        image: 100,
        outside,
        side,
        pixel_bytes: 10,
        size: side,
        rows: 3,
        columns: 3,
        stride: 1,
        pad: 1,
    };
    let mut table = vec![0; 81];
    write(&taps, &mut table);
    let mut found = table.iter();
    let near = |place: u32| (0..3).map(move |tap| place + tap).map(|sum| sum.checked_sub(1).filter(|&at| at < side));
    for y in 0..side {
        for x in 0..side {
            for row in near(y) {
                for column in near(x) {
                    let expected = match (row, column) {
                        (Some(row), Some(column)) => 100 + 10 * (row * side + column),
                        _ => outside,
                    };
                    assert_eq!(found.next(), Some(&expected), "{y} {x} {row:?} {column:?}");
                }
            }
        }
    }
}
