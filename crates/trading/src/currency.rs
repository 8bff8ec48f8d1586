//! Currencies: what money in one is worth in that of the account, at any time.
//!
//! Promises: a rate is seen only once it was known: that of an open from the open on, that of a
//! close once its bar has ended. Every trade settles in the currency of the account at the rate of
//! its moment; nothing is kept in other currencies but the units themselves.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use dirigent_core::Timestamp;

use crate::data::bars::Bars;
use crate::price::{Price, Rate, SCALE};

/// The most letters of a currency.
const LETTERS_MAX: usize = 8;

/// A currency, or what else units are priced in: `EUR`, `USDT`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; LETTERS_MAX]);

/// A text that names no currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no currency such as `EUR`: two to eight capital letters and digits")]
pub struct InvalidCurrency;

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(text: &str) -> Result<Self, InvalidCurrency> {
        let fits = (2..=LETTERS_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if !fits {
            return Err(InvalidCurrency);
        }
        let mut letters = [b' '; LETTERS_MAX];
        letters[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self(letters))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or_default().trim_end())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// When a rate is known: at this instant, as the last of what ended there or the first of what
/// began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    nanos: i64,
    is_open: bool,
}

/// What one unit of a currency is worth in that of the account, over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateSeries {
    known: Vec<Known>,
    rates: Vec<Rate>,
}

/// A series that gives no rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rate at {time} is `{price}`, which is no rate above zero that nine decimals can tell")]
pub struct InvalidRate {
    /// When.
    pub time: Timestamp,
    /// What it is.
    pub price: Price,
}

impl RateSeries {
    /// The rates of `bars`, each of which lasts `length` nanoseconds; `inverted` where they tell
    /// what one unit of the account's currency is worth in the other.
    ///
    /// # Errors
    /// If one of them is not positive, or too small to be told with nine decimals.
    pub fn new(bars: &Bars, length: i64, inverted: bool) -> Result<Self, InvalidRate> {
        let mut all = Vec::with_capacity(2 * bars.len());
        for (bar, time) in bars.time.iter().enumerate() {
            let rate =
                |price: Price| rate_of(price, inverted).ok_or(InvalidRate { time: *time, price });
            let next = bars.time.get(bar + 1).map_or(i64::MAX, |next| next.as_nanos());
            let end = time.as_nanos().saturating_add(length).min(next);
            all.push((Known { nanos: time.as_nanos(), is_open: true }, rate(bars.open[bar])?));
            all.push((Known { nanos: end, is_open: false }, rate(bars.close[bar])?));
        }
        all.sort_by_key(|(known, _)| *known);
        let (known, rates) = all.into_iter().unzip();
        Ok(Self { known, rates })
    }

    /// The last rate that is known when a bar begins at `nanos`; `None` before the first.
    pub(crate) fn at_open(&self, nanos: i64) -> Option<Rate> {
        self.at(Known { nanos, is_open: true })
    }

    /// The last rate that is known when a bar ends at `nanos`, before another begins there.
    pub(crate) fn at_close(&self, nanos: i64) -> Option<Rate> {
        self.at(Known { nanos, is_open: false })
    }

    fn at(&self, now: Known) -> Option<Rate> {
        let after = self.known.partition_point(|known| *known <= now);
        after.checked_sub(1).map(|last| self.rates[last])
    }

    /// The last rate of what was over at `end`; `None` before the first.
    pub fn known_before(&self, end: Timestamp) -> Option<Rate> {
        self.at_close(end.as_nanos())
    }

    /// From when to when there are rates, in nanoseconds.
    pub fn range(&self) -> Option<(i64, i64)> {
        Some((self.known.first()?.nanos, self.known.last()?.nanos))
    }
}

fn rate_of(price: Price, inverted: bool) -> Option<Rate> {
    if !price.is_positive() {
        return None;
    }
    let rate = match inverted {
        false => Rate::from_raw(price.raw()),
        true => Rate::from_raw(Price::from_raw(SCALE).scaled(SCALE, price.raw()).raw()),
    };
    rate.is_positive().then_some(rate)
}

/// The currencies of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Currencies {
    /// The rate of each that is not the account's.
    pub rates: BTreeMap<Currency, Arc<RateSeries>>,
    /// How long a bar of what is traded lasts, in nanoseconds.
    pub bar: i64,
}

impl Currencies {
    /// Whether everything is priced in the currency of the account.
    pub fn is_single(&self) -> bool {
        self.rates.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000_000;

    fn series(inverted: bool) -> RateSeries {
        let price = |text: &str| text.parse::<Price>().unwrap();
        let bars = Bars {
            time: vec![Timestamp::from_nanos(0), Timestamp::from_nanos(24 * HOUR)].into(),
            open: vec![price("1.1"), price("1.3")],
            close: vec![price("1.2"), price("1.4")],
            ..Bars::default()
        };
        RateSeries::new(&bars, 24 * HOUR, inverted).unwrap()
    }

    #[test]
    fn a_close_is_known_once_its_bar_has_ended() {
        let series = series(false);
        let at_open = |hour: i64| series.at_open(hour * HOUR).map(|rate| rate.to_string());
        let at_close = |hour: i64| series.at_close(hour * HOUR).map(|rate| rate.to_string());
        assert_eq!(at_open(-1), None);
        assert_eq!(at_open(0).unwrap(), "1.1");
        assert_eq!(at_close(23).unwrap(), "1.1");
        assert_eq!(at_close(24).unwrap(), "1.2");
        assert_eq!(at_open(24).unwrap(), "1.3");
        assert_eq!(at_close(48).unwrap(), "1.4");
        assert_eq!(at_open(1000).unwrap(), "1.4");
    }

    #[test]
    fn the_other_way_round_is_one_over_the_price() {
        assert_eq!(series(true).at_open(0).unwrap().to_string(), "0.909090909");
        let odd = Bars {
            time: vec![Timestamp::default()].into(),
            open: vec![Price::ZERO],
            close: vec![Price::ZERO],
            ..Bars::default()
        };
        assert!(RateSeries::new(&odd, 1, false).is_err());
    }

    #[test]
    fn names_are_capitals() {
        let shown = |text: &str| text.parse::<Currency>().map(|currency| currency.to_string());
        assert_eq!(shown("EUR").unwrap(), "EUR");
        assert_eq!(shown("USDT").unwrap(), "USDT");
        for text in ["", "E", "eur", "EURO-ZONE", "€", "ABCDEFGHI"] {
            assert!(shown(text).is_err(), "{text}");
        }
    }
}
