//! Turnover: how much is traded on the way from one set of weights to another.

/// The one-way turnover from `held` to `wanted`: the larger of what is bought and what is sold,
/// which is half of all changes when cash is counted as one more asset.
pub fn turnover(held: &[f64], wanted: &[f64]) -> f64 {
    let changes = || held.iter().zip(wanted).map(|(held, wanted)| wanted - held);
    let bought: f64 = changes().map(|change| change.max(0.0)).sum();
    let sold: f64 = changes().map(|change| (-change).max(0.0)).sum();
    bought.max(sold)
}

/// The weights on the straight way from `held` to `wanted` at which the turnover is `most`;
/// `wanted` if that takes no more.
pub fn toward(held: &[f64], wanted: &[f64], most: f64) -> Vec<f64> {
    let whole = turnover(held, wanted);
    if whole <= most {
        return wanted.to_vec();
    }
    let share = most / whole;
    held.iter().zip(wanted).map(|(held, wanted)| held + share * (wanted - held)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(held: &[f64], wanted: &[f64], expected: f64) {
        let found = turnover(held, wanted);
        assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
        // Cash is one more asset.
        let cash = |weights: &[f64]| 1.0 - weights.iter().sum::<f64>();
        let all = held.iter().zip(wanted).map(|(a, b)| (a - b).abs()).sum::<f64>();
        let half = 0.5 * (all + (cash(held) - cash(wanted)).abs());
        assert!((found - half).abs() < 1e-12, "{found}, not {half}");
    }

    #[test]
    fn turnover_is_the_larger_of_purchases_and_sales() {
        check(&[0.5, 0.5], &[0.5, 0.5], 0.0);
        check(&[0.5, 0.5], &[0.8, 0.2], 0.3);
        check(&[0.0, 0.0], &[0.6, 0.4], 1.0);
        check(&[0.6, 0.2], &[0.1, 0.3], 0.5);
    }

    #[test]
    fn a_step_goes_as_far_as_the_turnover_lets_it() {
        let close = |found: Vec<f64>, expected: [f64; 2]| {
            let is_near = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(is_near, "{found:?}, not {expected:?}");
        };
        close(toward(&[0.5, 0.5], &[0.9, 0.1], 0.1), [0.6, 0.4]);
        close(toward(&[0.0, 0.0], &[0.6, 0.4], 0.25), [0.15, 0.1]);
        assert_eq!(toward(&[0.5, 0.5], &[0.9, 0.1], 0.4), [0.9, 0.1]);
    }
}
