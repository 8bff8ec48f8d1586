//! Drawdowns: how far and how long an equity curve lies under its highest point so far.
//!
//! Bars count points of the curve from 0, the start. A drawdown runs from the last point at the
//! old high to the first point at or above it; depth is a fraction, negative.

use super::float;

/// One stay under water.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawdown {
    /// The last point at the high.
    pub peak_bar: usize,
    /// The lowest point; the first one where several are equally low.
    pub valley_bar: usize,
    /// The first point back at the high; `None` while still under water.
    pub recovery_bar: Option<usize>,
    /// Valley over peak less one: -0.25 is a quarter lost.
    pub depth: f64,
    /// Number of points strictly below the high.
    pub bars_underwater: usize,
}

impl Drawdown {
    /// Bars from the high until it was reached again.
    pub fn bars_peak_to_recovery(&self) -> Option<usize> {
        self.recovery_bar.map(|recovery| recovery - self.peak_bar)
    }

    /// The last bar that belongs to it: the recovery, or the end of the curve.
    pub fn last_bar(&self) -> usize {
        self.recovery_bar.unwrap_or(self.peak_bar + self.bars_underwater)
    }
}

/// Every drawdown of a curve of positive levels, in order of time.
pub fn drawdowns(equity: &[f64]) -> Vec<Drawdown> {
    let mut found = Vec::new();
    let mut open: Option<Drawdown> = None;
    let (mut peak, mut peak_bar) = (f64::NEG_INFINITY, 0);
    for (bar, &level) in equity.iter().enumerate() {
        if level >= peak {
            if let Some(drawdown) = open.take() {
                found.push(Drawdown { recovery_bar: Some(bar), ..drawdown });
            }
            (peak, peak_bar) = (level, bar);
            continue;
        }
        let depth = level / peak - 1.0;
        let drawdown = open.get_or_insert(Drawdown {
            peak_bar,
            valley_bar: bar,
            recovery_bar: None,
            depth,
            bars_underwater: 0,
        });
        drawdown.bars_underwater += 1;
        if depth < drawdown.depth {
            (drawdown.depth, drawdown.valley_bar) = (depth, bar);
        }
    }
    found.extend(open);
    found
}

/// The distance of each point from the highest so far: 0 at a high, negative below.
pub fn drawdown_series(equity: &[f64]) -> Vec<f64> {
    let mut peak = f64::NEG_INFINITY;
    equity
        .iter()
        .map(|&level| {
            peak = peak.max(level);
            level / peak - 1.0
        })
        .collect()
}

/// The deepest point of `drawdown_series`: zero for a curve that never falls, `None` for none.
pub fn max_drawdown(equity: &[f64]) -> Option<f64> {
    summary(equity).map(|(deepest, _)| deepest)
}

/// The deepest drawdown and the sum of all squared ones, in one pass.
pub(super) fn summary(equity: &[f64]) -> Option<(f64, f64)> {
    let mut peak = *equity.first()?;
    let (mut deepest, mut squares) = (0.0_f64, super::moments::Sum::default());
    for &level in equity {
        peak = peak.max(level);
        let depth = level / peak - 1.0;
        deepest = deepest.min(depth);
        squares.add(depth * depth);
    }
    Some((deepest, squares.total()))
}

/// Ulcer index: the root of `squares` over `divisor` drawdowns (P. Martin, 1987).
pub(super) fn ulcer(squares: f64, divisor: usize) -> Option<f64> {
    (divisor > 0).then(|| (squares / float(divisor)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(equity: &[f64]) -> Vec<(usize, usize, Option<usize>, usize)> {
        drawdowns(equity)
            .iter()
            .map(|d| (d.peak_bar, d.valley_bar, d.recovery_bar, d.bars_underwater))
            .collect()
    }

    #[test]
    fn a_curve_that_never_falls_has_none() {
        assert_eq!(bars(&[]), []);
        assert_eq!(bars(&[1.0, 1.0, 2.0]), []);
        assert_eq!(max_drawdown(&[1.0, 1.0, 2.0]), Some(0.0));
        assert_eq!(max_drawdown(&[]), None);
    }

    #[test]
    fn a_loss_on_the_first_bar_counts() {
        assert_eq!(bars(&[1.0, 0.9, 1.0]), [(0, 1, Some(2), 1)]);
        assert_eq!(max_drawdown(&[2.0, 1.0]), Some(-0.5));
    }

    #[test]
    fn a_drawdown_starts_at_the_last_bar_of_a_flat_high() {
        assert_eq!(bars(&[1.0, 1.0, 0.5, 0.5, 1.0, 2.0]), [(1, 2, Some(4), 2)]);
    }

    #[test]
    fn an_open_drawdown_has_no_recovery() {
        assert_eq!(bars(&[1.0, 2.0, 1.5, 1.0]), [(1, 3, None, 2)]);
        assert_eq!(drawdowns(&[1.0, 2.0, 1.5, 1.0])[0].last_bar(), 3);
    }
}
