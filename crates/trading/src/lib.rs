//! Markets and money: data, indicators, rules, strategies, orders, portfolio, risk, backtest.
//!
//! Promises: no network, no async, no wall clock; files are opened only in `data`. The same code
//! serves backtest, paper and live trading.
//! Not here: workflows, journals, reports; they use this crate, it knows none of them.

pub mod allocate;
pub mod analysis;
pub mod backtest;
pub mod corporate;
pub mod currency;
pub mod data;
pub mod ensemble;
pub mod execution;
pub mod indicator;
pub mod instrument;
pub mod metrics;
pub mod order;
pub mod period;
pub mod portfolio;
pub mod price;
pub mod risk;
pub mod rules;
pub mod signal;
pub mod strategy;
pub mod sweep;
pub mod universe;
pub mod venue;

pub use data::bars::Bars;
pub use price::{Money, Price, Quantity, Rate};
pub use signal::Signal;
