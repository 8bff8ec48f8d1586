//! Correlations: how returns of several series go together.

use dirigent_core::Timestamp;

use super::{Spread, float};

/// Returns in common that a correlation takes.
const COMMON_MIN: usize = 20;

/// The correlation of each pair of series, by the times that both have; `None` where they are
/// fewer than twenty, or one of them does not move. Times rise.
pub fn correlations(series: &[Vec<(Timestamp, f64)>]) -> Vec<Vec<Option<f64>>> {
    let count = series.len();
    let mut found = vec![vec![None; count]; count];
    for row in 0..count {
        for column in 0..=row {
            let pair = correlation(&series[row], &series[column]);
            // But for rounding, a series goes with itself.
            let pair = if row == column { pair.map(|_| 1.0) } else { pair };
            found[row][column] = pair;
            found[column][row] = pair;
        }
    }
    found
}

fn correlation(a: &[(Timestamp, f64)], b: &[(Timestamp, f64)]) -> Option<f64> {
    let mut common: Vec<(f64, f64)> = Vec::new();
    let mut rest = b.iter().peekable();
    for (time, x) in a {
        while rest.next_if(|(other, _)| other < time).is_some() {}
        if let Some((_, y)) = rest.next_if(|(other, _)| other == time) {
            common.push((*x, *y));
        }
    }
    if common.len() < COMMON_MIN {
        return None;
    }
    let (left, right) =
        (Spread::of(common.iter().map(|(x, _)| *x)), Spread::of(common.iter().map(|(_, y)| *y)));
    let product: f64 = common.iter().map(|(x, y)| (x - left.mean) * (y - right.mean)).sum::<f64>();
    let moves = |of: &Spread| of.squares > f64::EPSILON * float(common.len()) * of.mean.powi(2);
    (moves(&left) && moves(&right))
        .then(|| (product / (left.squares.sqrt() * right.squares.sqrt())).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(from: i64, values: impl Iterator<Item = f64>) -> Vec<(Timestamp, f64)> {
        (from..).map(Timestamp::from_nanos).zip(values).collect()
    }

    #[test]
    fn series_are_compared_where_both_are() {
        let wave = |i: i64| [1.0, -2.0, 0.5, 3.0, -1.0][usize::try_from(i % 5).unwrap()];
        let one = series(0, (0..60).map(wave));
        let shifted = series(30, (30..90).map(|i| -2.0 * wave(i) + 1.0));
        let late = series(50, (50..70).map(wave));
        let still = series(0, std::iter::repeat_n(0.5, 60));
        let found = correlations(&[one, shifted, late, still]);
        assert!((found[0][1].unwrap() + 1.0).abs() < 1e-12);
        assert!((found[0][0].unwrap() - 1.0).abs() < 1e-12);
        // Ten times in common are too few, and what stands still goes with nothing.
        assert_eq!((found[0][2], found[0][3], found[3][3]), (None, None, None));
        assert_eq!(found[1][2], found[2][1]);
    }
}
