//! Small arithmetic: counts as doubles, compensated sums, mean and deviation.

/// Returns whose spread is below this are all equal: each is a ratio near one less one, so its
/// last digits are rounding, not risk. The same limit as `trading::metrics` has.
pub(super) const NOISE: f64 = 64.0 * f64::EPSILON;

/// A count as a double.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(super) fn float(count: usize) -> f64 {
    count as f64
}

/// The whole part of a number that is not negative and far below 2^53.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked by callers")]
pub(super) fn whole(x: f64) -> usize {
    x as usize
}

/// A sum with its rounding error carried along (Neumaier, 1974).
pub(super) fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut error) = (0.0_f64, 0.0);
    for x in values {
        let next = sum + x;
        error += if sum.abs() >= x.abs() { (sum - next) + x } else { (x - next) + sum };
        sum = next;
    }
    sum + error
}

/// The arithmetic mean; zero of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { sum(values.iter().copied()) / float(values.len()) }
}

/// The sample deviation (n-1); zero of fewer than two values and when all are equal.
pub(super) fn deviation(values: &[f64]) -> f64 {
    if values.len() < 2 || is_constant(values) {
        return 0.0;
    }
    let mean = mean(values);
    (sum(values.iter().map(|x| (x - mean) * (x - mean))) / float(values.len() - 1)).sqrt()
}

/// Whether all values are the same but for rounding.
pub(super) fn is_constant(values: &[f64]) -> bool {
    let (low, high) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(*x), h.max(*x)));
    // Nothing at all has no spread either: its "high" is below its "low".
    high - low <= NOISE
}

/// Mean over sample deviation; `None` without deviation.
pub(super) fn sharpe(values: &[f64]) -> Option<f64> {
    let deviation = deviation(values);
    (deviation > 0.0).then(|| mean(values) / deviation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_what_plain_addition_loses() {
        let found = sum([1.0, 1e100, 1.0, -1e100].into_iter());
        assert_eq!(found.to_bits(), 2.0_f64.to_bits());
    }

    #[test]
    fn equal_values_have_no_sharpe_ratio() {
        assert_eq!(sharpe(&[0.001; 100]), None);
        assert_eq!(sharpe(&[]), None);
        assert!(sharpe(&[0.0, 0.001]).is_some());
    }
}
