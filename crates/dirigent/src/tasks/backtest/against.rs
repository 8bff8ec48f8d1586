//! A run beside its benchmark, for the report: what the result document does not have.

use dirigent_trading::metrics::{self, Relative, Returns};

/// Figures of a run against its benchmark; `None` where undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Against {
    /// Last level of the benchmark over its first, less one.
    pub(crate) benchmark_return: Option<f64>,
    /// Of returns per bar.
    pub(crate) correlation: Option<f64>,
    /// Deviation of the difference of returns, per year.
    pub(crate) tracking_error: Option<f64>,
    /// Mean over deviation of that difference, per year.
    pub(crate) information_ratio: Option<f64>,
    /// Mean return over the benchmark's, in bars in which the benchmark rose.
    pub(crate) up_capture: Option<f64>,
    /// The same where it fell.
    pub(crate) down_capture: Option<f64>,
}

impl Against {
    /// The figures of two curves over the same bars; `None` if they cannot be compared.
    pub(super) fn of(equity: &[f64], benchmark: &[f64], periods_per_year: f64) -> Option<Self> {
        let (own, other) = (metrics::returns_of(equity), metrics::returns_of(benchmark));
        let returns = Returns::new(&own, periods_per_year).ok()?;
        let pair = Relative::new(&returns, &other).ok()?;
        let growth =
            benchmark.last().zip(benchmark.first()).map(|(last, first)| last / first - 1.0);
        let annual = |ratio: f64| ratio * periods_per_year.sqrt();
        Some(Self {
            benchmark_return: growth.filter(|growth| growth.is_finite()),
            correlation: pair.correlation(),
            tracking_error: pair.tracking_error(),
            information_ratio: pair.information_ratio().map(annual),
            up_capture: pair.capture(|level| level > 0.0),
            down_capture: pair.capture(|level| level < 0.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The benchmark gains 10 %, loses 10 %, gains 10 %; the run half of each, so it captures half
    /// of either and moves with it exactly.
    #[test]
    fn half_of_a_benchmark_captures_half() {
        let curve = |moves: [f64; 3]| {
            let mut levels = vec![100.0];
            for by in moves {
                levels.push(levels[levels.len() - 1] * (1.0 + by));
            }
            levels
        };
        let (own, other) = (curve([0.05, -0.05, 0.05]), curve([0.1, -0.1, 0.1]));
        let found = Against::of(&own, &other, 252.0).unwrap();
        let near = |value: Option<f64>, expected: f64| {
            assert!((value.unwrap() - expected).abs() < 1e-12, "{value:?} is not {expected}");
        };
        near(found.up_capture, 0.5);
        near(found.down_capture, 0.5);
        near(found.correlation, 1.0);
        near(found.benchmark_return, 1.1 * 0.9 * 1.1 - 1.0);
        // Differences −5 %, +5 %, −5 %: mean −1/60, sample deviation √(1/300).
        let deviation = (1.0_f64 / 300.0).sqrt();
        near(found.tracking_error, deviation * 252.0_f64.sqrt());
        near(found.information_ratio, -1.0 / 60.0 / deviation * 252.0_f64.sqrt());
    }

    #[test]
    fn a_benchmark_that_stands_still_is_no_measure() {
        let found = Against::of(&[100.0, 101.0, 99.0], &[5.0; 3], 252.0).unwrap();
        assert_eq!((found.correlation, found.up_capture, found.down_capture), (None, None, None));
    }
}
