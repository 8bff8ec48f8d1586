//! Equity: the account after every time, as stretches in which it stays what it was but for prices.
//!
//! Only a fill moves cash, and without a position the equity is the cash, so a long run keeps far
//! fewer amounts than it has times.
//! Invariant: stretches are not empty and neighbors differ; an equity that is the cash is never
//! kept. Equal accounts are thus equally stored.

use std::iter::repeat_n;

use crate::data::Times;
use crate::price::{Amounts, Money};

/// The account after every time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Equity {
    /// The times.
    pub time: Times,
    /// The number of times before the end of each stretch.
    until: Vec<usize>,
    /// The cash of each stretch.
    cash: Amounts,
    /// Whether the equity of each stretch is another than its cash.
    is_marked: Vec<bool>,
    /// The equity at all times of such stretches.
    marks: Amounts,
}

impl Equity {
    /// No account yet, and room for so many stretches.
    pub(super) fn new(time: Times, stretches: usize) -> Self {
        Self {
            until: Vec::with_capacity(stretches),
            cash: Amounts::with_capacity(stretches),
            is_marked: Vec::with_capacity(stretches),
            marks: Amounts::with_capacity(time.len()),
            time,
        }
    }

    /// How many times have an account so far.
    pub(super) fn len(&self) -> usize {
        self.until.last().copied().unwrap_or_default()
    }

    /// Each stretch: how many times it has, its cash, and whether its equity is another.
    fn stretches(&self) -> impl Iterator<Item = (usize, Money, bool)> {
        let mut from = 0;
        let stretches = self.until.iter().zip(self.cash.iter()).zip(&self.is_marked);
        stretches.map(move |((until, cash), is_marked)| {
            (until - std::mem::replace(&mut from, *until), cash, *is_marked)
        })
    }

    /// The cash after each time, in order.
    pub fn cash(&self) -> impl Iterator<Item = Money> {
        self.stretches().flat_map(|(times, cash, _)| repeat_n(cash, times))
    }

    /// Cash and positions at the last prices after each time, in order.
    pub fn iter(&self) -> impl Iterator<Item = Money> {
        let mut marks = self.marks.iter();
        let each = self
            .stretches()
            .flat_map(|(times, cash, is_marked)| repeat_n((!is_marked).then_some(cash), times));
        each.map_while(move |cash| cash.or_else(|| marks.next()))
    }

    /// The nearest doubles of `iter`.
    pub fn to_f64(&self) -> Vec<f64> {
        let marks = self.marks.to_f64();
        let (mut marks, mut doubles) = (&marks[..], Vec::with_capacity(self.len()));
        for (times, cash, is_marked) in self.stretches() {
            if is_marked {
                let (these, others) = marks.split_at(times);
                doubles.extend_from_slice(these);
                marks = others;
            } else {
                doubles.resize(doubles.len() + times, cash.to_f64());
            }
        }
        doubles
    }

    /// Cash and positions after the first time.
    pub fn first(&self) -> Option<Money> {
        if *self.is_marked.first()? { self.marks.first() } else { self.cash.first() }
    }

    /// Cash and positions after the last time.
    pub fn last(&self) -> Option<Money> {
        if *self.is_marked.last()? { self.marks.last() } else { self.cash.last() }
    }

    /// At all further times before `until` there is `cash` and nothing else.
    #[inline]
    pub(super) fn stay(&mut self, until: usize, cash: Money) {
        self.extend(until, cash, false);
    }

    /// At one more time there is `cash`, and `equity` with the positions.
    #[inline]
    pub(super) fn mark(&mut self, cash: Money, equity: Money) {
        let is_marked = equity != cash;
        self.extend(self.len() + 1, cash, is_marked);
        if is_marked {
            self.marks.push(equity);
        }
    }

    /// At all further times before `until` there is `cash`, and with the positions what `add` adds.
    pub(super) fn hold<T>(
        &mut self,
        until: usize,
        cash: Money,
        add: impl FnOnce(&mut Amounts) -> T,
    ) -> T {
        let known = self.marks.len();
        let added = add(&mut self.marks);
        if self.marks.has_since(known, cash) {
            let equity: Vec<Money> = self.marks.iter().skip(known).collect();
            self.marks.truncate(known);
            equity.into_iter().for_each(|equity| self.mark(cash, equity));
        } else {
            self.extend(until, cash, true);
        }
        added
    }

    #[inline]
    fn extend(&mut self, until: usize, cash: Money, is_marked: bool) {
        match self.until.last_mut() {
            Some(last) if *last == until => {} // no further times
            Some(last)
                if self.is_marked.last() == Some(&is_marked) && self.cash.last() == Some(cash) =>
            {
                *last = until;
            }
            _ => {
                self.until.push(until);
                self.cash.push(cash);
                self.is_marked.push(is_marked);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(raw: i128) -> Money {
        Money::from_raw(raw)
    }

    proptest! {
        #[test]
        fn every_time_comes_back_however_it_was_told(
            rows in prop::collection::vec((1_i128..4, -1_i128..3), 0..60),
            pieces in prop::collection::vec(1_usize..9, 60), wide: bool,
        ) {
            let unit = if wide { 1 << 80 } else { 1 };
            let rows: Vec<(Money, Money)> = rows
                .into_iter()
                .map(|(cash, held)| (money(cash * unit), money((cash + held) * unit)))
                .collect();
            let mut by_time = Equity::default();
            rows.iter().for_each(|(cash, equity)| by_time.mark(*cash, *equity));
            let mut by_stretch = Equity::default();
            for stretch in rows.chunk_by(|a, b| a.0 == b.0) {
                let (cash, mut left, mut sizes) = (stretch[0].0, stretch, pieces.iter());
                while let Some(size) = sizes.next().filter(|_| !left.is_empty()) {
                    let (piece, rest) = left.split_at(left.len().min(*size));
                    let until = by_stretch.len() + piece.len();
                    if piece.iter().all(|(cash, equity)| cash == equity) {
                        by_stretch.stay(until, cash);
                    } else {
                        let equity = piece.iter().map(|(_, equity)| *equity);
                        by_stretch.hold(until, cash, |marks| equity.for_each(|e| marks.push(e)));
                    }
                    left = rest;
                }
            }
            prop_assert!(by_time.cash().eq(rows.iter().map(|row| row.0)));
            prop_assert!(by_time.iter().eq(rows.iter().map(|row| row.1)));
            prop_assert_eq!(by_time.len(), rows.len());
            prop_assert_eq!(by_time.first(), rows.first().map(|row| row.1));
            prop_assert_eq!(by_time.last(), rows.last().map(|row| row.1));
            let doubles: Vec<f64> = rows.iter().map(|row| row.1.to_f64()).collect();
            prop_assert_eq!(by_time.to_f64(), doubles);
            prop_assert_eq!(by_time, by_stretch);
        }
    }
}
