//! The standard normal distribution.
//!
//! Promises: `cdf` is right to fourteen digits, relative, in the lower tail too.
//! Source: Abramowitz and Stegun, 7.1.6 (series) and 7.1.14 (continued fraction).

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// The 5 % quantile.
pub(super) const QUANTILE_05: f64 = -1.644_853_626_951_472_2;

/// Between the two forms of erfc; each needs under `TERMS_MAX` terms on its side.
const SWITCH: f64 = 1.0;
const TERMS_MAX: u32 = 200;

/// The density at `x`.
pub(super) fn density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

/// The probability of a value below `x`.
pub(super) fn cdf(x: f64) -> f64 {
    let half = 0.5 * erfc_positive(x.abs() * FRAC_1_SQRT_2);
    if x < 0.0 { half } else { 1.0 - half }
}

/// erfc for `x` >= 0.
fn erfc_positive(x: f64) -> f64 {
    let scale = (-x * x).exp() / PI.sqrt();
    if x < SWITCH { 1.0 - scale * series(x) } else { scale * fraction(x) }
}

/// sum of 2^(n+1) x^(2n+1) / (1*3*...*(2n+1)): all terms positive, so nothing cancels.
fn series(x: f64) -> f64 {
    let (mut term, mut sum) = (2.0 * x, 2.0 * x);
    for n in 1..TERMS_MAX {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
        if term <= f64::EPSILON * sum * 0.25 {
            break;
        }
    }
    sum
}

/// 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))), from the inside out.
fn fraction(x: f64) -> f64 {
    let tail = (1..TERMS_MAX).rev().fold(x, |inner, n| x + 0.5 * f64::from(n) / inner);
    1.0 / tail
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values: Wolfram Alpha / scipy.stats.norm.cdf 1.17.
    #[track_caller]
    fn check(x: f64, expected: f64) {
        let found = cdf(x);
        assert!((found - expected).abs() <= 4e-14 * expected, "cdf({x}) = {found}, not {expected}");
    }

    #[test]
    fn distribution_function_matches_published_values() {
        check(0.0, 0.5);
        check(1.0, 0.841_344_746_068_542_9);
        check(-1.0, 0.158_655_253_931_457_05);
        check(QUANTILE_05, 0.05);
        check(-3.0, 0.001_349_898_031_630_094_6);
        check(-5.0, 2.866_515_718_791_933e-7);
        check(-10.0, 7.619_853_024_160_593e-24);
        check(8.0, 0.999_999_999_999_999_4);
    }

    #[test]
    fn the_two_forms_meet() {
        let x = SWITCH / FRAC_1_SQRT_2;
        let (below, above) = (cdf(-x * (1.0 - 1e-15)), cdf(-x * (1.0 + 1e-15)));
        assert!((below - above).abs() < 1e-11 * below, "{below} {above}");
    }
}
