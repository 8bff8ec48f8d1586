//! What a run says beyond its curve, trades and metrics: the numbers of the analysis, as given.
//!
//! Promises: what is empty is left out of the page. Amounts are in the currency of the sheet.
//! Not here: how any of it looks, see `section`; how it is computed, which is the caller's.

use std::borrow::Cow;

use crate::sheet::{Exact, Metric};

/// Everything of the analysis.
#[derive(Clone, Copy, Debug, Default)]
pub struct Analysis<'a> {
    /// How closed trades went by something they have in common.
    pub breakdowns: &'a [Breakdown<'a>],
    /// From the gross result to the net one, in order; the last is the net result.
    pub account: &'a [Post<'a>],
    /// Whose the net result is: by symbol, by strategy.
    pub shares: &'a [Shares<'a>],
    /// What positions were worth.
    pub exposure: Option<Exposure<'a>>,
    /// How much was held and traded.
    pub activity: &'a [Metric<'a>],
    /// The run against its benchmark.
    pub relative: &'a [Metric<'a>],
}

/// Closed trades by something they have in common.
#[derive(Clone, Debug)]
pub struct Breakdown<'a> {
    /// By what: `Weekday of entry`.
    pub title: &'a str,
    /// What a reader has to know of it; may be empty.
    pub note: &'a str,
    /// The parts, in their own order.
    pub buckets: Vec<Bucket<'a>>,
}

/// Some of the closed trades.
#[derive(Clone, Debug)]
pub struct Bucket<'a> {
    /// What they have in common: `Monday`.
    pub label: Cow<'a, str>,
    /// How many there were.
    pub trades: usize,
    /// How many brought a profit after costs.
    pub wins: usize,
    /// What they brought together after costs.
    pub total: Exact<'a>,
}

/// One line between the gross and the net result.
#[derive(Clone, Debug)]
pub struct Post<'a> {
    /// What it is: `Commission`.
    pub label: &'a str,
    /// What it added; a cost is negative.
    pub amount: Exact<'a>,
    /// What it says, in one line.
    pub meaning: &'a str,
    /// Whether it is a sum of those before it and not one of them.
    pub is_sum: bool,
}

/// Whose the net result is.
#[derive(Clone, Debug)]
pub struct Shares<'a> {
    /// By what: `By symbol`.
    pub title: &'a str,
    /// What they are: `Symbol`.
    pub kind: &'a str,
    /// The parts; together they are the whole.
    pub parts: Vec<Share<'a>>,
    /// The net result.
    pub total: Exact<'a>,
}

/// A part of the net result.
#[derive(Clone, Debug)]
pub struct Share<'a> {
    /// Whose: a symbol, or `Interest`.
    pub name: Cow<'a, str>,
    /// Closed trades and those with a profit; `None` where there can be none.
    pub trades: Option<(usize, usize)>,
    /// What closed trades brought after costs.
    pub closed: Exact<'a>,
    /// What is still open brought so far, after costs.
    pub open: Exact<'a>,
    /// Commissions, which are taken off already.
    pub fees: Exact<'a>,
    /// Closed and open together.
    pub total: Exact<'a>,
}

/// What positions were worth at each bar of the equity curve, as fractions of the equity.
#[derive(Clone, Copy, Debug)]
pub struct Exposure<'a> {
    /// Long and short positions, added.
    pub gross: &'a [f64],
    /// Long positions less short ones.
    pub net: &'a [f64],
}
