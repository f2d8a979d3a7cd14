//! What the module exports for decoders. Every address comes from the caller, which is why each of these is unsafe.

use crate::dense::{self, HALF_SHIFT, PANEL};
use crate::layout::{Matrix, Operation};
use crate::product::{self, Bytes, Floats, Halves, Product, Weights};
use crate::{curves, exports::slice, exports::slice_mut};
use core::arch::wasm32::*;

/// The beginning of a row.
fn row(matrix: Matrix, at: u32) -> *mut f32 {
    (matrix.address as *mut f32).wrapping_add((at * matrix.stride) as usize)
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident: $run:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `operation` must point to an [`Operation`], and what it describes must lie where it says; the output
        /// overlaps no matrix that is read, unless it is the same.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(operation: *const Operation) {
            // SAFETY: the caller's promise.
            unsafe { $run(&*operation) }
        }
    )*};
}

operations! {
    /// `left` times weights in float32.
    product_of_floats: |operation| multiply::<Floats>(operation, 1.0);
    /// `left` times weights in half precision.
    product_of_halves: |operation| multiply::<Halves>(operation, 2f32.powi(HALF_SHIFT));
    /// `left` times weights in int8.
    product_of_bytes: |operation| multiply::<Bytes>(operation, 1.0);
    /// Each row of `left` times each row of `right`.
    product_of_rows: rows_by_rows;
    /// `left`, whose columns are `depth`, times `right`.
    product: rows_by_columns;
    /// `left + right`.
    add: |operation| pairs(operation, |left, right| f32x4_add(left, right));
    /// `left * right`.
    times: |operation| pairs(operation, |left, right| f32x4_mul(left, right));
    /// Each row of `left` divided by the only number of the same row of `right`.
    divide: divide_rows;
    /// 1 / (1 + e^-x) of each number of `left`.
    sigmoid: |operation| each(operation, curves::sigmoid);
    /// The hyperbolic tangent of each number of `left`. An export called `tanh` would be taken for the C library's.
    tangent: |operation| each(operation, curves::tanh);
    /// The numbers of `left`, or 0 for those below.
    relu: |operation| each(operation, curves::relu);
    /// The softmax of each row of `left`.
    softmax: softmax_rows;
    /// A copy of `left`, without anything behind its rows.
    copy: copy_rows;
    /// The mean of the `depth` rows of `left`.
    mean: mean_of_rows;
    /// The sum of the `depth` numbers of each row of `left`.
    sum: sums_of_rows;
    /// The `columns` largest of the `depth` numbers at `left`, the largest first; `right` gets their places, as
    /// integers.
    largest: largest_of_row;
    /// Those rows of a table in float32 whose numbers lie at `left`, as integers.
    pick_floats: |operation| pick(operation, |number: f32, _| number);
    /// The same of a table in half precision.
    pick_halves: |operation| pick(operation, |half: u16, _| dense::widened(half));
    /// The same of a table in int8, with a scale for each of its rows.
    pick_bytes: |operation| pick(operation, |byte: i8, scale| f32::from(byte) * scale);
}

/// # Safety
/// As for [`product_of_floats`]; `scratch` must hold what [`Operation::scratch`] says.
unsafe fn multiply<W: Weights>(operation: &Operation, factor: f32) {
    let Operation { left, output, rows, columns, depth, weights, scales, scratch, .. } = *operation;
    let (depth, columns) = (depth as usize, (columns as usize).next_multiple_of(PANEL));
    for at in 0..rows {
        // SAFETY: the caller promises both.
        unsafe {
            let source = slice::<f32>(row(left, at) as u32, depth);
            let target = slice_mut::<f32>(scratch + at * depth as u32 * 4, depth);
            for (target, source) in target.iter_mut().zip(source) {
                *target = source * factor;
            }
        }
    }
    let product = Product {
        input: scratch as *mut f32,
        rows: rows as usize,
        depth,
        weights: weights as *const u8,
        scales: scales as *const f32,
        columns,
        output: output.address as *mut f32,
        stride: output.stride as usize,
        room: (scratch + rows * depth as u32 * 4) as *mut u32,
    };
    // SAFETY: the caller's promise.
    unsafe { product::multiply::<W>(&product) }
}

/// # Safety
/// As for [`product_of_rows`].
unsafe fn rows_by_rows(&Operation { left, right, output, rows, columns, depth, .. }: &Operation) {
    for at in 0..rows {
        for column in 0..columns {
            // SAFETY: the caller's promise.
            unsafe {
                let sum = product::dot(row(left, at), row(right, column), depth as usize);
                row(output, at).add(column as usize).write(sum);
            }
        }
    }
}

/// # Safety
/// As for [`product`].
unsafe fn rows_by_columns(&Operation { left, right, output, rows, columns, depth, .. }: &Operation) {
    let length = columns.next_multiple_of(4) as usize;
    for at in 0..rows {
        // SAFETY: the caller's promise.
        unsafe {
            slice_mut::<f32>(row(output, at) as u32, length).fill(0.0);
            for step in 0..depth {
                let factor = *row(left, at).add(step as usize);
                product::add_multiple(factor, row(right, step), row(output, at), length);
            }
        }
    }
}

/// # Safety
/// As for [`add`].
#[inline(always)]
unsafe fn pairs(operation: &Operation, combine: impl Fn(v128, v128) -> v128) {
    let Operation { left, right, output, rows, columns, .. } = *operation;
    for at in 0..rows {
        let (left, right, output) = (row(left, at), row(right, at), row(output, at));
        for place in (0..columns as usize).step_by(4) {
            // SAFETY: the caller's promise.
            unsafe {
                let both = (v128_load(left.add(place).cast()), v128_load(right.add(place).cast()));
                v128_store(output.add(place).cast(), combine(both.0, both.1));
            }
        }
    }
}

/// # Safety
/// As for [`divide`].
unsafe fn divide_rows(operation: &Operation) {
    let Operation { left, right, output, rows, columns, .. } = *operation;
    for at in 0..rows {
        // SAFETY: the caller's promise.
        unsafe {
            let divisor = f32x4_splat(*row(right, at));
            for place in (0..columns as usize).step_by(4) {
                let quotient = f32x4_div(v128_load(row(left, at).add(place).cast()), divisor);
                v128_store(row(output, at).add(place).cast(), quotient);
            }
        }
    }
}

/// # Safety
/// As for [`sigmoid`].
#[inline(always)]
unsafe fn each(operation: &Operation, curve: impl Fn(v128) -> v128) {
    let Operation { left, output, rows, columns, .. } = *operation;
    for at in 0..rows {
        for place in (0..columns as usize).step_by(4) {
            // SAFETY: the caller's promise.
            unsafe {
                let value = curve(v128_load(row(left, at).add(place).cast()));
                v128_store(row(output, at).add(place).cast(), value);
            }
        }
    }
}

/// # Safety
/// As for [`softmax`].
unsafe fn softmax_rows(&Operation { left, output, rows, columns, .. }: &Operation) {
    for at in 0..rows {
        // SAFETY: the caller's promise.
        unsafe { curves::softmax(row(left, at), columns as usize, row(output, at)) }
    }
}

/// # Safety
/// As for [`copy`].
unsafe fn copy_rows(&Operation { left, output, rows, columns, .. }: &Operation) {
    for at in 0..rows {
        // SAFETY: the caller's promise.
        unsafe { row(output, at).copy_from(row(left, at), columns as usize) }
    }
}

/// # Safety
/// As for [`mean`].
unsafe fn mean_of_rows(&Operation { left, output, columns, depth, .. }: &Operation) {
    let length = columns.next_multiple_of(4) as usize;
    // SAFETY: the caller's promise.
    unsafe {
        let means = slice_mut::<f32>(output.address, length);
        means.fill(0.0);
        for at in 0..depth {
            product::add_multiple(1.0, row(left, at), means.as_mut_ptr(), length);
        }
        for mean in means {
            *mean /= depth as f32;
        }
    }
}

/// # Safety
/// As for [`sum`].
unsafe fn sums_of_rows(&Operation { left, output, rows, depth, .. }: &Operation) {
    for at in 0..rows {
        // SAFETY: the caller's promise.
        unsafe { row(output, at).write(slice::<f32>(row(left, at) as u32, depth as usize).iter().sum()) }
    }
}

/// # Safety
/// As for [`largest`].
unsafe fn largest_of_row(&Operation { left, right, output, columns, depth, .. }: &Operation) {
    let count = columns as usize;
    // SAFETY: the caller's promise.
    unsafe {
        let numbers = slice(left.address, depth as usize);
        dense::largest(numbers, slice_mut(output.address, count), slice_mut(right.address, count));
    }
}

/// # Safety
/// As for [`pick_floats`]; `scales`, unless 0, holds a number for each row of the table.
unsafe fn pick<T: Copy>(operation: &Operation, widen: impl Fn(T, f32) -> f32) {
    let Operation { left, output, rows, columns, weights, scales, .. } = *operation;
    let columns = columns as usize;
    for at in 0..rows {
        // SAFETY: the caller promises the places and that each lies in the table.
        unsafe {
            let place = *(left.address as *const u32).add(at as usize) as usize;
            let scale = if scales == 0 { 1.0 } else { *(scales as *const f32).add(place) };
            let source = core::slice::from_raw_parts((weights as *const T).add(place * columns), columns);
            for (target, &source) in slice_mut(row(output, at) as u32, columns).iter_mut().zip(source) {
                *target = widen(source, scale);
            }
        }
    }
}

/// Packs weights of float32 for [`product_of_floats`]: `length` numbers with `columns` in a row.
///
/// # Safety
/// `length` numbers must lie at `weights`, and at `packed` as many, with the rows filled up to whole panels.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pack_dense_floats(weights: u32, length: usize, columns: usize, packed: u32) {
    // SAFETY: the caller's promise.
    unsafe { pack_dense::<f32>(weights, length, columns, packed) };
}

/// The same for [`product_of_bytes`].
///
/// # Safety
/// As for [`pack_dense_floats`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pack_dense_bytes(weights: u32, length: usize, columns: usize, packed: u32) {
    // SAFETY: the caller's promise.
    unsafe { pack_dense::<i8>(weights, length, columns, packed) };
}

/// The same for [`product_of_halves`]; `false` if one is 128 or more, which leaves them unusable.
///
/// # Safety
/// As for [`pack_dense_floats`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pack_dense_halves(weights: u32, length: usize, columns: usize, packed: u32) -> bool {
    // SAFETY: the caller's promise.
    dense::prepare_halves(unsafe { pack_dense::<u16>(weights, length, columns, packed) })
}

/// # Safety
/// As for [`pack_dense_floats`].
unsafe fn pack_dense<'a, T: Copy + Default>(weights: u32, length: usize, columns: usize, packed: u32) -> &'a mut [T] {
    let whole = length / columns * columns.next_multiple_of(PANEL);
    // SAFETY: the caller promises both places, and that they do not overlap.
    unsafe {
        let packed = slice_mut::<T>(packed, whole);
        dense::pack(slice::<T>(weights, length), columns, packed);
        packed
    }
}
