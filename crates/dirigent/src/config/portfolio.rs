//! `portfolio.rebalance` as typed values.

use dirigent_trading::{backtest::sleeves::Rebalancing, period::Period, price::Rate};
use serde::{Deserialize, Serialize};

use super::decimal::Percent;

/// `portfolio.rebalance`
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Rebalance {
    /// `every`
    pub every: Every,
    /// `drift_pct`
    pub drift_pct: Option<Percent>,
}

/// `portfolio.rebalance.every`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Money stays where it was made.
    Never,
    /// At the last bar of each day.
    Daily,
    /// Of each week.
    Weekly,
    /// Of each month.
    Monthly,
    /// Of each quarter.
    Quarterly,
    /// Of each year.
    Yearly,
}

impl Rebalance {
    /// The same in the terms of the domain.
    pub(crate) fn to_domain(self) -> Rebalancing {
        let every = match self.every {
            Every::Never => None,
            Every::Daily => Some(Period::Day),
            Every::Weekly => Some(Period::Week),
            Every::Monthly => Some(Period::Month),
            Every::Quarterly => Some(Period::Quarter),
            Every::Yearly => Some(Period::Year),
        };
        let drift = self.drift_pct.map_or(Rate::ZERO, |drift| Rate::from_raw(drift.share_raw()));
        Rebalancing { every, drift }
    }
}
