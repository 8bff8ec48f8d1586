//! What happened on the price charts beside the trades: orders, fills, and what the strategy computes.
//!
//! Promises: what is empty is left out of the page.
//! Not here: how any of it is drawn.

use std::borrow::Cow;

use dirigent_core::Timestamp;

/// Everything beside the trades.
#[derive(Clone, Copy, Debug, Default)]
pub struct Market<'a> {
    /// Every order, by number.
    pub orders: &'a [OrderMark<'a>],
    /// Every fill, in the order they happened.
    pub fills: &'a [FillMark<'a>],
    /// What the strategy computes, for each series of prices in their order; none at all, or one
    /// list for each.
    pub columns: &'a [Vec<ColumnSeries<'a>>],
    /// Constants that the columns of each pane are compared with.
    pub guides: &'a [Vec<f64>],
}

/// What an order is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// To trade.
    Plain,
    /// To close a position that loses.
    Stop,
    /// To close a position that gained.
    Target,
}

/// An order over its life.
#[derive(Clone, Debug)]
pub struct OrderMark<'a> {
    /// Its number.
    pub number: u64,
    /// Which of the series of prices it is of.
    pub series: usize,
    /// Whether it buys.
    pub is_buy: bool,
    /// `limit`, `market`.
    pub kind: &'a str,
    /// What it is there for.
    pub role: Role,
    /// When it was made.
    pub created: Timestamp,
    /// When it ended; `None` while it works.
    pub ended: Option<Timestamp>,
    /// Where it waits: from which time on at which price; empty for a market order.
    pub levels: Vec<(Timestamp, f64)>,
    /// How many units it asks for.
    pub quantity: f64,
    /// How many were filled.
    pub filled: f64,
    /// What became of it: `filled`, `cancelled`.
    pub state: &'a str,
    /// Why it was refused or taken back; may be empty.
    pub why: Cow<'a, str>,
}

/// A trade that happened.
#[derive(Clone, Debug)]
pub struct FillMark<'a> {
    /// Number of its order.
    pub order: u64,
    /// Which of the series of prices it is of.
    pub series: usize,
    /// Whether it was a purchase.
    pub is_buy: bool,
    /// The time of its bar.
    pub time: Timestamp,
    /// Units.
    pub quantity: f64,
    /// Price per unit.
    pub price: f64,
    /// Why it happened: `stop_loss`.
    pub reason: &'a str,
    /// The level that was reached and how, in words; may be empty.
    pub detail: Cow<'a, str>,
}

/// A column that the strategy computes, on the bars of its series of prices.
#[derive(Clone, Debug)]
pub struct ColumnSeries<'a> {
    /// What it is: `sma(close, 20)`.
    pub label: &'a str,
    /// Its pane; none if it lies over the prices.
    pub pane: Option<usize>,
    /// Its last value in each bar; NaN where it is not known.
    pub last: Vec<f64>,
    /// Its lowest and highest value in each bar, where bars are joined from several; else empty.
    pub range: Vec<(f64, f64)>,
}
