//! Cholesky factors: a symmetric positive definite matrix as a lower triangle times its mirror.
//!
//! Invariant: every diagonal element of a `Factor` is above zero, so solving cannot fail.
//! Source: Golub and Van Loan, Matrix Computations, 4.2.

use super::{dot, float};

/// The lower triangle of a factored matrix, row by row.
#[derive(Clone, Debug, Default)]
pub(super) struct Factor {
    rows: Vec<Vec<f64>>,
}

impl Factor {
    /// Factors the matrix whose element is `element(row, column)`, column <= row.
    ///
    /// # Errors
    /// The first row that depends, to rounding, on those above it.
    pub(super) fn of(size: usize, element: impl Fn(usize, usize) -> f64) -> Result<Self, usize> {
        let mut factor = Self { rows: Vec::with_capacity(size) };
        for row in 0..size {
            let elements = (0..=row).map(|column| element(row, column)).collect();
            if !factor.push(elements) {
                return Err(row);
            }
        }
        Ok(factor)
    }

    /// Appends a row of the matrix, its diagonal element last; refuses one that depends on those
    /// above it.
    pub(super) fn push(&mut self, mut row: Vec<f64>) -> bool {
        let last = self.rows.len();
        let whole = row[last];
        for column in 0..last {
            let above = &self.rows[column];
            let rest = row[column] - dot(&row[..column], &above[..column]);
            row[column] = rest / above[column];
        }
        let pivot = whole - dot(&row[..last], &row[..last]);
        row[last] = pivot.sqrt();
        // What is left after subtracting `last` products of this size is rounding. A NaN fails too.
        let independent = pivot > 4.0 * float(last + 1) * f64::EPSILON * whole;
        if independent {
            self.rows.push(row);
        }
        independent
    }

    /// Solves `matrix * x = right`.
    pub(super) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let mut x = right.to_vec();
        for (index, row) in self.rows.iter().enumerate() {
            x[index] = (x[index] - dot(&row[..index], &x[..index])) / row[index];
        }
        for (index, row) in self.rows.iter().enumerate().rev() {
            x[index] /= row[index];
            let solved = x[index];
            x[..index].iter_mut().zip(row).for_each(|(left, factor)| *left -= factor * solved);
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependent_row_is_named() {
        let matrix = [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 5.0]];
        assert_eq!(Factor::of(3, |row, column| matrix[row][column]).err(), Some(1));
        assert_eq!(Factor::of(1, |_, _| f64::NAN).err(), Some(0));
    }

    #[test]
    fn solving_inverts_the_matrix() {
        let matrix = [[4.0, 2.0, 0.4], [2.0, 5.0, 1.0], [0.4, 1.0, 3.0]];
        let factor = Factor::of(3, |row, column| matrix[row][column]).expect("definite");
        let x = factor.solve(&[1.0, -2.0, 3.0]);
        for (row, right) in matrix.iter().zip([1.0, -2.0, 3.0]) {
            assert!((dot(row, &x) - right).abs() < 1e-14);
        }
    }
}
