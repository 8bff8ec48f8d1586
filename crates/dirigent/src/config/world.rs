//! `instruments`, `data.fx`, `portfolio.account` and `portfolio.financing` as typed values.

use dirigent_trading::{Price, Quantity, Rate};
use serde::{Deserialize, Serialize};

use super::decimal::Percent;

/// The name under `instruments` of the terms for symbols without terms of their own.
pub const DEFAULT_TERMS: &str = "default";

/// One of `instruments`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Instrument {
    /// `type`
    #[serde(rename = "type", default)]
    pub kind: InstrumentType,
    /// `currency`
    #[serde(default)]
    pub currency: Option<String>,
    /// `multiplier`
    pub multiplier: Rate,
    /// `tick`
    pub tick: Option<Price>,
    /// `lot`
    pub lot: Option<Quantity>,
    /// `initial_margin`
    #[serde(default)]
    pub initial_margin: Option<Price>,
    /// `maintenance_margin`
    #[serde(default)]
    pub maintenance_margin: Option<Price>,
    /// `initial_margin_pct`
    #[serde(default)]
    pub initial_margin_pct: Option<Percent>,
    /// `maintenance_margin_pct`
    #[serde(default)]
    pub maintenance_margin_pct: Option<Percent>,
    /// `borrow_rate`
    #[serde(default)]
    pub borrow_rate: Option<Rate>,
    /// `expiry`: `YYYY-MM-DD`.
    #[serde(default)]
    pub expiry: Option<String>,
}

/// `type` of one of `instruments`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstrumentType {
    /// Shares.
    #[default]
    Equity,
    /// Shares of a fund.
    Etf,
    /// A pair of currencies.
    Fx,
    /// Coins.
    Crypto,
    /// A future.
    Future,
    /// A perpetual swap.
    Perpetual,
}

/// One of `data.fx`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fx {
    /// `path`, with `${NAME}` replaced.
    pub path: String,
    /// `inverted`
    pub inverted: bool,
}

/// `portfolio.account`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Account {
    /// Each position covered in full.
    #[default]
    Unlevered,
    /// Long only.
    Cash,
    /// On margin.
    Margin {
        /// To enter.
        initial_margin_pct: Percent,
        /// To hold.
        maintenance_margin_pct: Percent,
    },
    /// On the margins of the instruments.
    Futures,
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
