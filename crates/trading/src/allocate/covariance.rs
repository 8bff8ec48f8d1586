//! Covariance of returns, as the sample has it and shrunk.
//!
//! Invariant: square, finite, symmetric. Whether it can be inverted is found out by who needs it.

use super::{ASSETS_MAX, Error, check_finite, check_returns, dot, float, matrix::Factor};

/// A symmetric matrix of covariances.
#[derive(Clone, Debug, PartialEq)]
pub struct Covariance {
    rows: Vec<Vec<f64>>,
}

/// A covariance drawn towards a multiple of the identity.
#[derive(Clone, Debug, PartialEq)]
pub struct Shrunk {
    /// The result.
    pub covariance: Covariance,
    /// How far it was drawn: 0 is the sample, 1 the identity.
    pub shrinkage: f64,
}

impl Covariance {
    /// Takes a matrix row by row.
    ///
    /// # Errors
    /// No or too many assets, rows of another length, numbers that are not finite, or a matrix
    /// that is not symmetric.
    pub fn from_rows(rows: Vec<Vec<f64>>) -> Result<Self, Error> {
        let expected = rows.len();
        if !(1..=ASSETS_MAX).contains(&expected) {
            return Err(Error::Assets(expected));
        }
        for (index, row) in rows.iter().enumerate() {
            let what = || format!("covariance row {index}");
            if row.len() != expected {
                return Err(Error::Length { what: what(), found: row.len(), expected });
            }
            check_finite(what, row)?;
        }
        for (row, values) in rows.iter().enumerate() {
            for (column, value) in values.iter().enumerate().take(row) {
                let mirror = rows[column][row];
                if (value - mirror).abs() > 1e-12 * value.abs().max(mirror.abs()) {
                    return Err(Error::NotSymmetric { row, column });
                }
            }
        }
        Ok(Self { rows })
    }

    /// The sample covariance (divisor n-1) of `returns[asset][period]`, times the periods of a
    /// year.
    ///
    /// # Errors
    /// No or too many assets, columns of different lengths, fewer than two returns, or numbers
    /// that are not finite.
    pub fn sample(returns: &[Vec<f64>], periods_per_year: f64) -> Result<Self, Error> {
        let periods = check_returns(returns, 2)?;
        let scale = periods_per_year / float(periods - 1);
        Self::from_rows(products(&centered(returns, periods), scale))
    }

    /// The Ledoit-Wolf covariance (divisor n, shrunk towards mean variance times identity) of
    /// `returns[asset][period]`, times the periods of a year.
    ///
    /// Source: Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance
    /// matrices", 2004; the same numbers as `sklearn.covariance.ledoit_wolf`.
    ///
    /// # Errors
    /// As for `sample`.
    pub fn ledoit_wolf(returns: &[Vec<f64>], periods_per_year: f64) -> Result<Shrunk, Error> {
        let periods = check_returns(returns, 2)?;
        let (assets, n) = (float(returns.len()), float(periods));
        let columns = centered(returns, periods);
        let mut rows = products(&columns, 1.0 / n);
        let mean_variance = (0..rows.len()).map(|i| rows[i][i]).sum::<f64>() / assets;
        let squares: f64 = rows.iter().map(|row| dot(row, row)).sum();
        let distance = squares - assets * mean_variance * mean_variance;
        let fourth: f64 = (0..periods)
            .map(|period| columns.iter().map(|c| c[period] * c[period]).sum::<f64>().powi(2))
            .sum();
        let noise = ((fourth / n - squares) / n).min(distance);
        let shrinkage = if noise > 0.0 { noise / distance } else { 0.0 };
        for (index, row) in rows.iter_mut().enumerate() {
            row.iter_mut().for_each(|value| *value *= (1.0 - shrinkage) * periods_per_year);
            row[index] += shrinkage * mean_variance * periods_per_year;
        }
        Ok(Shrunk { covariance: Self::from_rows(rows)?, shrinkage })
    }

    /// How many assets.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Never: there is at least one asset.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Covariances of one asset with each.
    pub fn row(&self, asset: usize) -> &[f64] {
        &self.rows[asset]
    }

    /// The variance of a portfolio: w' C w.
    pub fn variance_of(&self, weights: &[f64]) -> f64 {
        dot(weights, &self.times(weights))
    }

    /// The matrix times a vector: how each asset moves with the portfolio.
    pub fn times(&self, weights: &[f64]) -> Vec<f64> {
        self.rows.iter().map(|row| dot(row, weights)).collect()
    }

    /// The variance of each asset.
    ///
    /// # Errors
    /// An asset whose variance is not above zero.
    pub(super) fn variances(&self) -> Result<Vec<f64>, Error> {
        let variances: Vec<f64> = (0..self.len()).map(|i| self.rows[i][i]).collect();
        match variances.iter().position(|variance| *variance <= 0.0) {
            None => Ok(variances),
            Some(asset) => Err(Error::NoVariance { asset }),
        }
    }

    /// The matrix, factored.
    ///
    /// # Errors
    /// The matrix is singular, or not a covariance.
    pub(super) fn factor(&self) -> Result<Factor, Error> {
        self.variances()?;
        Factor::of(self.len(), |row, column| self.rows[row][column])
            .map_err(|asset| Error::Singular { asset })
    }
}

/// Each column less its mean.
fn centered(returns: &[Vec<f64>], periods: usize) -> Vec<Vec<f64>> {
    let center = |column: &Vec<f64>| {
        let mean = column.iter().sum::<f64>() / float(periods);
        column.iter().map(|x| x - mean).collect()
    };
    returns.iter().map(center).collect()
}

/// The products of all pairs of columns, times `scale`.
fn products(columns: &[Vec<f64>], scale: f64) -> Vec<Vec<f64>> {
    let size = columns.len();
    let mut rows = vec![vec![0.0; size]; size];
    for row in 0..size {
        for column in 0..=row {
            let value = dot(&columns[row], &columns[column]) * scale;
            rows[row][column] = value;
            rows[column][row] = value;
        }
    }
    rows
}
