//! `data.roll`: how contracts become one series.

use dirigent_core::Timestamp;
use dirigent_trading::data;
use serde::{Deserialize, Serialize};

/// One of `data.roll`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Roll {
    /// `contracts`, in the order of their expiries.
    pub contracts: Vec<String>,
    /// `by`
    pub by: RollBy,
    /// `days_before_expiry`
    pub days_before_expiry: u32,
    /// `expiries`: `YYYY-MM-DD` for each contract.
    pub expiries: Vec<String>,
    /// `dates`: `YYYY-MM-DD` for each contract but the last.
    pub dates: Vec<String>,
    /// `adjust`
    pub adjust: RollAdjust,
}

/// `data.roll.*.by`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollBy {
    /// When the next traded more.
    Volume,
    /// When the next had more units open.
    OpenInterest,
    /// Days before it expires.
    Expiry,
    /// On these days.
    Dates,
}

/// `data.roll.*.adjust`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollAdjust {
    /// By differences.
    Back,
    /// By quotients.
    Ratio,
    /// Not at all.
    None,
}

impl Roll {
    /// The same in the terms of the domain.
    pub(crate) fn to_domain(&self) -> data::RollRule {
        let days = |texts: &[String]| -> Vec<Timestamp> {
            texts.iter().filter_map(|text| data::parse_date(text)).collect()
        };
        let by = match self.by {
            RollBy::Volume => data::RollBy::Volume,
            RollBy::OpenInterest => data::RollBy::OpenInterest,
            RollBy::Expiry => data::RollBy::BeforeExpiry {
                days: self.days_before_expiry,
                expiries: days(&self.expiries),
            },
            RollBy::Dates => data::RollBy::Dates(days(&self.dates)),
        };
        let adjust = match self.adjust {
            RollAdjust::Back => data::RollAdjust::Back,
            RollAdjust::Ratio => data::RollAdjust::Ratio,
            RollAdjust::None => data::RollAdjust::None,
        };
        data::RollRule { by, adjust }
    }
}
