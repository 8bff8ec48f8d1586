//! What `data` says of bars beyond where they come from: sessions and how bars are made.

use dirigent_trading::data;
use serde::{Deserialize, Serialize};

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
