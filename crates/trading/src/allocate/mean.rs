//! Expected returns, as the past has them.

use super::{Error, check_returns, float};

/// The mean return of each asset of `returns[asset][period]`, times the periods of a year.
///
/// # Errors
/// No or too many assets, columns of different lengths, no returns, or numbers that are not
/// finite.
pub fn mean_arithmetic(returns: &[Vec<f64>], periods_per_year: f64) -> Result<Vec<f64>, Error> {
    let periods = float(check_returns(returns, 1)?);
    let mean = |column: &Vec<f64>| column.iter().sum::<f64>() / periods * periods_per_year;
    Ok(returns.iter().map(mean).collect())
}

/// What each asset of `returns[asset][period]` grew a year, compounded.
///
/// # Errors
/// As for `mean_arithmetic`, and an asset that lost everything.
pub fn mean_geometric(returns: &[Vec<f64>], periods_per_year: f64) -> Result<Vec<f64>, Error> {
    let periods = float(check_returns(returns, 1)?);
    let growth = |(asset, column): (usize, &Vec<f64>)| {
        if column.iter().any(|x| *x <= -1.0) {
            return Err(Error::Ruined { asset });
        }
        let growth: f64 = column.iter().map(|x| 1.0 + x).product();
        Ok(growth.powf(periods_per_year / periods) - 1.0)
    };
    returns.iter().enumerate().map(growth).collect()
}
