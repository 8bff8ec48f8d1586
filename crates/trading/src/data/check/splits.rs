//! Splits: the jumps of a symbol that an actions file explains.

/// The splits of one symbol, in the order of their times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Splits(Vec<(i64, f64)>);

impl Splits {
    /// These, each with how many units one becomes.
    pub(crate) fn of(mut splits: Vec<(i64, f64)>) -> Self {
        splits.sort_unstable_by_key(|(time, _)| *time);
        Self(splits)
    }

    /// How many units one becomes after `before` and up to `now`; `None` without a split.
    pub(crate) fn between(&self, before: i64, now: i64) -> Option<f64> {
        let until = |time: i64| self.0.partition_point(|(split, _)| *split <= time);
        let splits = self.0.get(until(before)..until(now)).filter(|splits| !splits.is_empty())?;
        Some(splits.iter().map(|(_, ratio)| ratio).product())
    }
}
