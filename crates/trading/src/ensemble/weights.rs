//! Weights: how much the word of each member counts.

/// The whole: weights of one regime add up to this many parts.
pub const PARTS: i64 = 1_000_000_000;

/// Why weights cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WeightError {
    /// A weight is no number of zero or more.
    #[error("weight {0} is not a number of zero or more")]
    Value(f64),
    /// All weights are zero, or there are none.
    #[error("no weight is above zero")]
    Nothing,
    /// A regime has weights for another number of members than the first.
    #[error("{found} weights where there are {expected} members")]
    Members {
        /// How many weights there are.
        found: usize,
        /// How many members there are.
        expected: usize,
    },
    /// The share that has to agree is not between zero and one.
    #[error("minimum agreement {0} is not between 0 and 1")]
    Agreement(f64),
}

/// The weights of all members, in whole parts that add up to [`PARTS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights(Vec<i64>);

impl Weights {
    /// Weights in these proportions. What rounding leaves over goes to the largest remainders, the first
    /// of equal ones first.
    ///
    /// # Errors
    /// If one is negative or not finite, or none is above zero.
    #[expect(clippy::cast_possible_truncation, reason = "at most 10^9")]
    #[expect(clippy::cast_precision_loss, reason = "10^9 is a double")]
    pub fn new(proportions: &[f64]) -> Result<Self, WeightError> {
        if let Some(wrong) = proportions.iter().find(|w| !(w.is_finite() && **w >= 0.0)) {
            return Err(WeightError::Value(*wrong));
        }
        let most = proportions.iter().copied().fold(0.0, f64::max);
        if most <= 0.0 {
            return Err(WeightError::Nothing);
        }
        let sum: f64 = proportions.iter().map(|w| w / most).sum();
        let exact: Vec<f64> = proportions.iter().map(|w| w / most / sum * PARTS as f64).collect();
        let mut parts: Vec<i64> = exact.iter().map(|w| w.floor() as i64).collect();
        let mut order: Vec<usize> = (0..parts.len()).collect();
        let rest = |at: &usize| exact[*at] - exact[*at].floor();
        order.sort_by(|a, b| rest(b).total_cmp(&rest(a)).then(a.cmp(b)));
        let missing = PARTS - parts.iter().sum::<i64>();
        // Rounding down loses less than one part for each.
        for at in order.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
            parts[at] += 1;
        }
        Ok(Self(parts))
    }

    /// The same weight for each of `count`.
    ///
    /// # Errors
    /// If there are none.
    pub fn equal(count: usize) -> Result<Self, WeightError> {
        Self::new(&vec![1.0; count])
    }

    /// In parts, by member.
    pub fn parts(&self) -> &[i64] {
        &self.0
    }

    /// As fractions that add up to one, by member.
    #[expect(clippy::cast_precision_loss, reason = "10^9 is a double")]
    pub fn fractions(&self) -> impl Iterator<Item = f64> {
        self.0.iter().map(|parts| *parts as f64 / PARTS as f64)
    }
}

/// How votes are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    by_regime: Vec<Weights>,
    otherwise: Weights,
    agreement: i64,
}

impl Vote {
    /// Counts votes with `weights`; `agreement` is the least share of them that a side needs.
    ///
    /// # Errors
    /// If `agreement` is not a share.
    #[expect(clippy::cast_possible_truncation, reason = "at most 10^9")]
    #[expect(clippy::cast_precision_loss, reason = "10^9 is a double")]
    pub fn new(weights: Weights, agreement: f64) -> Result<Self, WeightError> {
        if !(0.0..=1.0).contains(&agreement) {
            return Err(WeightError::Agreement(agreement));
        }
        let agreement = (agreement * PARTS as f64).round() as i64;
        Ok(Self { by_regime: Vec::new(), otherwise: weights, agreement })
    }

    /// The same with other weights in regimes, by number; the first weights count where no regime
    /// is known.
    ///
    /// # Errors
    /// If a regime has weights for another number of members.
    pub fn by_regime(self, by_regime: Vec<Weights>) -> Result<Self, WeightError> {
        let expected = self.otherwise.0.len();
        if let Some(other) = by_regime.iter().find(|weights| weights.0.len() != expected) {
            return Err(WeightError::Members { found: other.0.len(), expected });
        }
        Ok(Self { by_regime, ..self })
    }

    /// How many members vote.
    pub fn members(&self) -> usize {
        self.otherwise.0.len()
    }

    /// The weights in a regime.
    pub fn weights(&self, regime: Option<u8>) -> &Weights {
        let own = regime.and_then(|regime| self.by_regime.get(usize::from(regime)));
        own.unwrap_or(&self.otherwise)
    }

    /// What is held where these parts of the weight are for long and for short.
    #[inline]
    pub(super) fn outcome(&self, long: i64, short: i64) -> i8 {
        let has = |side: i64, other: i64| side >= self.agreement && side > other;
        i8::from(has(long, short)) - i8::from(has(short, long))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_to_the_whole() {
        for proportions in [
            vec![1.0, 1.0, 1.0],
            vec![0.1; 7],
            vec![0.0, 3.0],
            vec![1e-300, 1e300],
            vec![f64::MAX, f64::MAX],
            (1..=20).map(f64::from).collect(),
        ] {
            let weights = Weights::new(&proportions).unwrap();
            assert_eq!(weights.parts().iter().sum::<i64>(), PARTS, "{proportions:?}");
            let sum: f64 = proportions.iter().map(|w| w / 20.0).sum();
            for (part, proportion) in weights.fractions().zip(&proportions) {
                assert!((part - proportion / 20.0 / sum).abs() < 2e-9, "{proportions:?}");
            }
        }
        assert_eq!(Weights::new(&[1.0, 1.0, 1.0]).unwrap().parts()[0], 333_333_334);
        assert_eq!(Weights::new(&[1.0, -0.5]), Err(WeightError::Value(-0.5)));
        assert_eq!(Weights::new(&[0.0, 0.0]), Err(WeightError::Nothing));
        assert!(Weights::new(&[f64::NAN]).is_err() && Weights::equal(0).is_err());
    }

    #[test]
    fn a_side_needs_enough_and_more_than_the_other() {
        let vote = |agreement| Vote::new(Weights::equal(2).unwrap(), agreement).unwrap();
        let half = PARTS / 2;
        assert_eq!(vote(0.5).outcome(half, 0), 1);
        assert_eq!(vote(0.5).outcome(half, half), 0);
        assert_eq!(vote(0.5).outcome(0, half), -1);
        assert_eq!(vote(0.6).outcome(half, 0), 0);
        assert_eq!(vote(0.0).outcome(0, 0), 0);
        assert_eq!(vote(0.0).outcome(1, 0), 1);
        assert!(Vote::new(Weights::equal(2).unwrap(), 1.1).is_err());
        assert!(vote(0.5).by_regime(vec![Weights::equal(3).unwrap()]).is_err());
    }
}
