//! What `data` says of bars beyond where they come from: sessions and how bars are made.

use dirigent_trading::{Money, Price, Quantity, data, price::SCALE, rules::Frame};
use serde::{Deserialize, Serialize};

impl super::workflow::Data {
    /// What rules have to know of the bars; `None` for bars that do not end with their time.
    pub(crate) fn frame(&self) -> Option<Frame> {
        if self.bars.is_some_and(|bars| bars.kind != BarKind::Time) {
            return None;
        }
        let session = self.session.as_ref().map(Session::to_domain);
        Some(Frame { timeframe: self.timeframe.parse().ok()?, session })
    }
}

/// `data.synthetic`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Synthetic {
    /// `bars`
    pub bars: u64,
    /// `seed`; `None` is the run's seed.
    pub seed: Option<u64>,
    /// `drift` per year.
    pub drift: f64,
    /// `volatility` per year.
    pub volatility: f64,
    /// `start_price`
    pub start_price: Price,
}

/// `data.session`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// `open`: `HH:MM`.
    pub open: String,
    /// `close`: `HH:MM`.
    pub close: String,
    /// `timezone`
    pub timezone: String,
}

impl Session {
    /// The same in the terms of the domain.
    pub(crate) fn to_domain(&self) -> data::Session {
        data::Session {
            open: of_day(&self.open),
            close: of_day(&self.close),
            timezone: self.timezone.clone(),
        }
    }
}

/// Nanoseconds from midnight to `HH:MM`.
fn of_day(text: &str) -> i64 {
    const MINUTE: i64 = 60_000_000_000;
    let (hours, minutes) = text.split_once(':').unwrap_or((text, "0"));
    let number = |text: &str| text.parse::<i64>().unwrap_or(0);
    (60 * number(hours) + number(minutes)) * MINUTE
}

/// `data.partial_bar`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartialBar {
    /// As it is.
    #[default]
    Keep,
    /// Left out.
    Drop,
}

/// `data.zero_volume`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZeroVolume {
    /// A bar as any other.
    #[default]
    Trade,
    /// As if it were not there.
    Halt,
}

/// `data.bars`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BarRule {
    /// `type`
    #[serde(rename = "type")]
    pub kind: BarKind,
    /// `size`; there for all types but time.
    pub size: Option<Quantity>,
}

/// `data.bars.type`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BarKind {
    /// With its time.
    Time,
    /// After so many units.
    Volume,
    /// After so much money.
    Dollar,
    /// After so many trades.
    Ticks,
}

impl BarRule {
    /// The same in the terms of the domain.
    pub(crate) fn to_domain(self) -> data::BarRule {
        let size = self.size.unwrap_or(Quantity::ZERO);
        match self.kind {
            BarKind::Time => data::BarRule::Time,
            BarKind::Volume => data::BarRule::Volume(size),
            BarKind::Dollar => data::BarRule::Value(Money::from_raw(size.raw().into())),
            BarKind::Ticks => {
                data::BarRule::Trades(u64::try_from(size.raw() / SCALE).unwrap_or_default())
            }
        }
    }
}
