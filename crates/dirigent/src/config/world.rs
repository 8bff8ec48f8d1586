//! `instruments` and `portfolio.financing` as typed values.

use dirigent_trading::{Price, Quantity, Rate};
use serde::{Deserialize, Serialize};

/// The name under `instruments` of the terms for symbols without terms of their own.
pub const DEFAULT_TERMS: &str = "default";

/// One of `instruments`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Instrument {
    /// `multiplier`
    pub multiplier: Rate,
    /// `tick`
    pub tick: Option<Price>,
    /// `lot`
    pub lot: Option<Quantity>,
}

/// `portfolio.financing`
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Financing {
    /// `cash_rate`
    pub cash_rate: Rate,
    /// `margin_rate`
    pub margin_rate: Rate,
    /// `borrow_rate`
    pub borrow_rate: Rate,
}
