//! Samples: rows of features, one for each bar.

use super::{Error, check_count, check_finite, float};

/// Rows of equal width in one slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Samples<'a> {
    values: &'a [f64],
    width: usize,
}

impl<'a> Samples<'a> {
    /// Takes rows of `width` numbers, one after another.
    ///
    /// # Errors
    /// No column, a last row that is not whole, or a number that is not finite.
    pub fn new(values: &'a [f64], width: usize) -> Result<Self, Error> {
        check_count("columns of samples", width, 1)?;
        check_finite("sample", values)?;
        let expected = values.len().next_multiple_of(width);
        if expected != values.len() {
            return Err(Error::Length { what: "the samples", found: values.len(), expected });
        }
        Ok(Self { values, width })
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// One row.
    pub fn row(&self, index: usize) -> &'a [f64] {
        &self.values[index * self.width..(index + 1) * self.width]
    }

    /// All rows.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &'a [f64]> + 'a {
        self.values.chunks_exact(self.width)
    }

    /// The rows from `start` up to `end`, not included.
    #[must_use]
    pub fn part(&self, start: usize, end: usize) -> Self {
        Self { values: &self.values[start * self.width..end * self.width], width: self.width }
    }

    /// Mean and variance (by the count) of each column.
    pub(super) fn moments(&self) -> Vec<(f64, f64)> {
        let n = float(self.len());
        let column = |at: usize| {
            let mean = self.rows().map(|row| row[at]).sum::<f64>() / n;
            let square = |row: &[f64]| (row[at] - mean) * (row[at] - mean);
            (mean, self.rows().map(square).sum::<f64>() / n)
        };
        (0..self.width).map(column).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_must_be_whole_and_finite() {
        assert!(Samples::new(&[1.0, 2.0, 3.0], 2).is_err());
        assert!(Samples::new(&[1.0], 0).is_err());
        assert!(Samples::new(&[f64::NAN], 1).is_err());
        let samples = Samples::new(&[1.0, 2.0, 3.0, 6.0], 2).unwrap();
        assert_eq!((samples.len(), samples.row(1)), (2, &[3.0, 6.0][..]));
        assert_eq!(samples.moments(), [(2.0, 1.0), (4.0, 4.0)]);
        assert!(samples.part(1, 1).is_empty());
    }
}
