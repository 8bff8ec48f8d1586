//! Means: rules that only compare prices and their simple averages, decided in whole numbers.
//!
//! Prices are whole numbers of the last decimal, so two averages are compared exactly by their sums,
//! each times the bars of the other; from bar to bar the difference moves by a few prices. No column
//! of doubles is made, which is most of what such rules would cost.
//!
//! Promises: the signals of `Evaluator`; where doubles might not tell two averages apart that differ,
//! it has none.

use crate::{
    data::bars::Bars,
    indicator::{Column, bars as bars_of},
    price::Price,
    signal::Signal,
};

use super::{
    graph::{Graph, Op, Value, numbers},
    wishes::{Compared, Leaves, Wishes},
};

/// Doubles tell all whole numbers below this apart, and their quotients too.
const EXACT_MAX: u128 = 1 << 52;

/// All comparisons of the rules.
#[derive(Debug)]
pub(super) struct Means(Vec<Pair>);

/// Two averages of a column, and what is wanted.
#[derive(Debug)]
struct Pair {
    column: Column,
    /// Over how many bars each is.
    bars: [usize; 2],
    /// What is wanted if the first is less, equal and greater.
    wanted: [Signal; 3],
}

impl Means {
    /// Those of rules that do nothing but compare averages of the same column.
    pub(super) fn new(graph: &Graph, wishes: &Wishes, leaves: &Leaves) -> Option<Self> {
        let pair = |Compared { comparison, sides, holds, fails }| {
            let [one, other] = sides.map(|place| average(graph, leaves.wanted[place]));
            let ((column, one), (same, other)) = one.zip(other)?;
            let wanted = comparison.truths().map(|truth| if truth { holds } else { fails });
            (column == same).then_some(Pair { column, bars: [one, other], wanted })
        };
        wishes.comparisons()?.into_iter().map(pair).collect::<Option<_>>().map(Self)
    }

    /// Adds the wishes of each bar from `warmup` on; answers whether all prices were small enough.
    /// Otherwise what is in `out` means nothing.
    pub(super) fn mark(&self, bars: &Bars, warmup: usize, out: &mut [Signal]) -> bool {
        let fits = self.0.iter().all(|pair| pair.mark(bars, out));
        let silent = warmup.min(out.len());
        out[..silent].fill(Signal::NONE);
        fits
    }
}

/// The column of prices and the number of bars that `value` is an average over; a price is one over
/// a single bar.
fn average(graph: &Graph, value: Value) -> Option<(Column, usize)> {
    let node = &graph.nodes()[value.node];
    match (&node.op, node.inputs.as_slice()) {
        (Op::Bar(Column::Volume), _) => None,
        (Op::Bar(column), _) => Some((*column, 1)),
        (Op::Stateful(function, params), &[input]) if function.name == "sma" => {
            let (column, once) = average(graph, input)?;
            (once == 1).then(|| (column, bars_of(numbers(params)[0])))
        }
        _ => None,
    }
}

impl Pair {
    /// Answers whether the prices are small enough for all that it does; it wraps where they are not.
    fn mark(&self, bars: &Bars, out: &mut [Signal]) -> bool {
        let Some(prices) = bars.prices(self.column) else { return false };
        let [one, other] = self.bars;
        let longest = one.max(other);
        let Some(rest) = prices.len().checked_sub(longest) else { return true };
        // What the sum of each side is multiplied with, and what that comes to with a price of one.
        let common = common(one, other);
        let (a, b, most) = (other / common, one / common, one / common * other);
        let [a, b] = [a, b].map(|factor| factor as i64);
        let ahead = |one: i64, other: i64| a.wrapping_mul(one).wrapping_sub(b.wrapping_mul(other));
        let sum = |bars: usize| {
            let last = &prices[longest - bars..longest];
            last.iter().fold(0_i64, |sum, price| sum.wrapping_add(price.raw()))
        };
        let pick = |ahead: i64| self.wanted[usize::from(ahead > 0) + usize::from(ahead >= 0)];
        let (first, out) = out[longest - 1..].split_at_mut(1);
        let mut now = ahead(sum(one), sum(other));
        first[0] = first[0].with(pick(now));
        // No price is above all their bits together; those of a negative one are a large number.
        let bits = |bits, price: &Price| bits | price.raw().cast_unsigned();
        let mut all = prices[..longest].iter().fold(0, bits);
        let left = |bars: usize| &prices[longest - bars..][..rest];
        let sides = left(one).iter().zip(left(other));
        for ((out, price), (one, other)) in out.iter_mut().zip(&prices[longest..]).zip(sides) {
            let change = |left: &Price| price.raw().wrapping_sub(left.raw());
            now = now.wrapping_add(ahead(change(one), change(other)));
            *out = out.with(pick(now));
            all = bits(all, price);
        }
        u128::from(all) * (most as u128) < EXACT_MAX
    }
}

/// The greatest common divisor.
fn common(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{RuleSet, compile};

    /// Signals are right either way, so only this says which way was taken.
    #[track_caller]
    fn check(entry: &str, close: i64, expected: bool) {
        let close = vec![Price::from_raw(close); 40];
        let bars = Bars {
            time: (0..40).map(dirigent_core::Timestamp::from_nanos).collect(),
            close,
            ..Bars::default()
        };
        let set = RuleSet { entry: Some(entry.to_owned()), ..RuleSet::default() };
        let mut out = vec![Signal::NONE; 40];
        assert_eq!(compile(&set).unwrap().compare_means(&bars, &mut out), expected, "{entry}");
    }

    #[test]
    fn prices_of_usual_size_are_compared_in_whole_numbers() {
        check("sma(close, 10) > sma(close, 30)", 100_000_000_000, true);
        check("close <= sma(close, 30)", (1 << 52) / 30, true);
        check("close <= sma(close, 30)", (1 << 52) / 29, false);
        check("close > sma(close, 3)", -1, false);
        check("close > ema(close, 3)", 100_000_000_000, false);
        check("close > sma(close, 3) and close > 1", 100_000_000_000, false);
    }
}
