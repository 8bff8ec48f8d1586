//! How much labels say about what comes next.
//!
//! Each return that follows a label is foretold twice, from such returns before it alone: by the
//! mean and deviation of all of them, and by those that followed the same label. The score is how much
//! likelier, in mean log-likelihood, the second makes what came. Both are distributions of Student
//! with five degrees of freedom, so that a crash does not decide alone; the numbers of a regime
//! begin at those of all and leave them as bars of its own come, with a weight of
//! twenty bars. Names and order of labels do not matter, and one regime more earns only what it
//! tells.
//! Source: prequential scoring, Dawid, "Statistical theory: the prequential approach" (1984).

use super::{Error, check_count, check_finite, float};

/// How many bars of its own a regime needs to count as much as all bars do.
const PRIOR_BARS: f64 = 20.0;
/// Bars before the first that is foretold.
const START_BARS: f64 = 20.0;
/// Degrees of freedom.
const FREEDOM: f64 = 5.0;

/// Sums of returns, by the recurrence of Welford.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, x: f64) {
        self.count += 1.0;
        let distance = x - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (x - self.mean);
    }

    /// Mean and variance of all bars.
    fn plain(&self) -> (f64, f64) {
        (self.mean, self.squares / self.count)
    }

    /// The same of a regime, drawn towards those of all bars.
    fn drawn_to(&self, (mean, variance): (f64, f64)) -> (f64, f64) {
        let all = self.count + PRIOR_BARS;
        let apart = self.mean - mean;
        let between = self.count * PRIOR_BARS / all * apart * apart;
        (
            (self.count * self.mean + PRIOR_BARS * mean) / all,
            (self.squares + PRIOR_BARS * variance + between) / all,
        )
    }
}

/// ln of the density of `x`, but for what all distributions have in common.
fn log_density(x: f64, (mean, variance): (f64, f64)) -> f64 {
    let scale = variance * (FREEDOM - 2.0) / FREEDOM;
    let distance = (x - mean) * (x - mean) / scale;
    -0.5 * libm::log(scale) - 0.5 * (FREEDOM + 1.0) * libm::log(1.0 + distance / FREEDOM)
}

/// The mean gain in log-likelihood for each return after the first, in nats: the return of bar t is
/// foretold by the label of bar t - 1. Zero says nothing, and a bar without a label before it gains
/// nothing.
///
/// # Errors
/// Labels and returns of different lengths, a label that is not below `count`, a return that is
/// not finite, or fewer than two returns.
pub fn predictive_gain(
    labels: &[Option<usize>],
    returns: &[f64],
    count: usize,
) -> Result<f64, Error> {
    super::summary::check_labels(labels, count)?;
    check_finite("return", returns)?;
    check_count("returns", returns.len(), 2)?;
    if labels.len() != returns.len() {
        let (found, expected) = (labels.len(), returns.len());
        return Err(Error::Length { what: "the list of labels", found, expected });
    }
    let mut all = Moments::default();
    let mut each = vec![Moments::default(); count];
    let mut gain = 0.0;
    for (label, x) in labels.iter().zip(&returns[1..]) {
        let Some(label) = label else { continue };
        let plain = all.plain();
        if all.count >= START_BARS && plain.1 > 0.0 {
            gain += log_density(*x, each[*label].drawn_to(plain)) - log_density(*x, plain);
        }
        each[*label].add(*x);
        all.add(*x);
    }
    Ok(gain / float(returns.len() - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dirigent_core::Seed;

    /// Turns of 100 bars, calm and wild.
    fn world() -> (Vec<Option<usize>>, Vec<f64>) {
        let mut stream = Seed::master(4).stream();
        let turn = |i: usize| i / 100 % 2;
        let risk = |i: usize| if turn(i) == 1 { 0.03 } else { 0.01 };
        let returns = (0..2000).map(|i| risk(i) * stream.normal()).collect();
        ((0..2000).map(|i| Some(turn(i + 1))).collect(), returns)
    }

    #[test]
    fn true_labels_tell_and_false_ones_do_not() {
        let (labels, returns) = world();
        let truth = predictive_gain(&labels, &returns, 2).unwrap();
        assert!(truth > 0.1, "{truth}");
        let mut stream = Seed::master(5).stream();
        let chance: Vec<Option<usize>> =
            labels.iter().map(|_| Some(usize::from(stream.uniform() < 0.5))).collect();
        let luck = predictive_gain(&chance, &returns, 2).unwrap();
        assert!(luck.abs() < 0.005, "{luck}");
        let late: Vec<Option<usize>> = [&[None; 50][..], &labels[..1950]].concat();
        let late = predictive_gain(&late, &returns, 2).unwrap();
        assert!(late < truth / 3.0, "{late}");
    }

    #[test]
    fn one_regime_or_none_gains_nothing() {
        let (labels, returns) = world();
        let gain = |labels: &[Option<usize>]| predictive_gain(labels, &returns, 2).unwrap();
        assert_eq!(gain(&vec![None; 2000]).to_bits(), 0.0_f64.to_bits());
        assert!(gain(&vec![Some(0); 2000]).abs() < 1e-9);
        let swapped: Vec<Option<usize>> = labels.iter().map(|l| l.map(|l| 1 - l)).collect();
        assert_eq!(gain(&labels).to_bits(), gain(&swapped).to_bits());
    }

    #[test]
    fn a_gain_needs_numbers_that_fit() {
        assert!(predictive_gain(&[Some(0)], &[0.1, 0.2], 1).is_err());
        assert!(predictive_gain(&[Some(1), None], &[0.1, 0.2], 1).is_err());
        assert!(predictive_gain(&[Some(0), None], &[0.1, f64::NAN], 1).is_err());
        assert!(predictive_gain(&[Some(0)], &[0.1], 1).is_err());
        let still = predictive_gain(&[Some(0); 50], &[0.0; 50], 1).unwrap();
        assert_eq!(still.to_bits(), 0.0_f64.to_bits());
    }
}
