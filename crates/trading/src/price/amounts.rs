//! Amounts: a column of money, eight bytes each as long as all of them fit.
//!
//! An account after a million bars is a million amounts, and the memory they take is most of what
//! keeping them costs.
//! Invariant: sixteen bytes each only if one of them needs more than eight; equal columns are thus
//! equally stored.

use super::Money;

/// A column of amounts of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amounts(Column);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Column {
    Narrow(Vec<i64>),
    Wide(Vec<i128>),
}

impl Default for Amounts {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl Amounts {
    /// An empty column with room for some amounts.
    pub fn with_capacity(count: usize) -> Self {
        Self(Column::Narrow(Vec::with_capacity(count)))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Column::Narrow(raws) => raws.len(),
            Column::Wide(raws) => raws.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The amount at a place.
    pub fn get(&self, place: usize) -> Option<Money> {
        match &self.0 {
            Column::Narrow(raws) => raws.get(place).map(|raw| narrow(*raw)),
            Column::Wide(raws) => raws.get(place).map(|raw| Money::from_raw(*raw)),
        }
    }

    /// The first amount.
    pub fn first(&self) -> Option<Money> {
        self.get(0)
    }

    /// The last amount.
    pub fn last(&self) -> Option<Money> {
        self.get(self.len().checked_sub(1)?)
    }

    /// The amounts, in order.
    pub fn iter(&self) -> impl Iterator<Item = Money> {
        let (raws, wide): (&[i64], &[i128]) = match &self.0 {
            Column::Narrow(raws) => (raws, &[]),
            Column::Wide(wide) => (&[], wide),
        };
        raws.iter().map(|raw| narrow(*raw)).chain(wide.iter().map(|raw| Money::from_raw(*raw)))
    }

    /// The nearest doubles.
    #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked")]
    pub fn to_f64(&self) -> Vec<f64> {
        match &self.0 {
            Column::Narrow(raws) => raws.iter().map(|r| *r as f64 / super::SCALE as f64).collect(),
            Column::Wide(raws) => raws.iter().map(|raw| Money::from_raw(*raw).to_f64()).collect(),
        }
    }

    /// Adds an amount.
    #[inline]
    pub fn push(&mut self, amount: Money) {
        match (&mut self.0, i64::try_from(amount.raw())) {
            (Column::Narrow(raws), Ok(raw)) => raws.push(raw),
            _ => self.widened().push(amount.raw()),
        }
    }

    /// Whether one of those from `place` on is `amount`.
    pub(crate) fn has_since(&self, place: usize, amount: Money) -> bool {
        match (&self.0, i64::try_from(amount.raw())) {
            (Column::Narrow(raws), Ok(raw)) => {
                raws[place..].iter().fold(false, |any, other| any | (*other == raw))
            }
            (Column::Narrow(_), Err(_)) => false,
            (Column::Wide(raws), _) => raws[place..].contains(&amount.raw()),
        }
    }

    /// Keeps the first amounts only.
    pub(crate) fn truncate(&mut self, count: usize) {
        match &mut self.0 {
            Column::Narrow(raws) => raws.truncate(count),
            Column::Wide(raws) => {
                raws.truncate(count);
                *self = self.iter().collect();
            }
        }
    }

    /// The steps of 10^-9 of all amounts, if they fit.
    pub(crate) fn narrow_mut(&mut self) -> Option<&mut Vec<i64>> {
        match &mut self.0 {
            Column::Narrow(raws) => Some(raws),
            Column::Wide(_) => None,
        }
    }

    #[cold]
    fn widened(&mut self) -> &mut Vec<i128> {
        if let Column::Narrow(raws) = &self.0 {
            self.0 = Column::Wide(raws.iter().map(|raw| i128::from(*raw)).collect());
        }
        match &mut self.0 {
            Column::Wide(raws) => raws,
            Column::Narrow(_) => unreachable!("it was just made wide"),
        }
    }
}

impl FromIterator<Money> for Amounts {
    fn from_iter<I: IntoIterator<Item = Money>>(amounts: I) -> Self {
        let mut column = Self::default();
        amounts.into_iter().for_each(|amount| column.push(amount));
        column
    }
}

fn narrow(raw: i64) -> Money {
    Money::from_raw(raw.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn amounts_of_any_size_come_back(
            raws in prop::collection::vec((any::<i128>(), 0_u32..120), 0..20), kept in 0_usize..20,
        ) {
            let raws = raws.into_iter().map(|(raw, shift)| Money::from_raw(raw >> shift));
            let mut plain: Vec<Money> = raws.collect();
            let mut amounts: Amounts = plain.iter().copied().collect();
            prop_assert!(amounts.iter().eq(plain.iter().copied()));
            let kept = kept.min(plain.len());
            for amount in &plain {
                prop_assert_eq!(amounts.has_since(kept, *amount), plain[kept..].contains(amount));
            }
            plain.truncate(kept);
            amounts.truncate(kept);
            prop_assert!(amounts.iter().eq(plain.iter().copied()));
            prop_assert_eq!((amounts.first(), amounts.last()), (plain.first().copied(), plain.last().copied()));
            let doubles = plain.iter().map(|amount| amount.to_f64().to_bits());
            prop_assert!(amounts.to_f64().into_iter().map(f64::to_bits).eq(doubles));
            let fits = plain.iter().all(|amount| i64::try_from(amount.raw()).is_ok());
            prop_assert_eq!(amounts.narrow_mut().is_some(), fits);
            prop_assert_eq!(amounts, plain.into_iter().collect());
        }
    }
}
