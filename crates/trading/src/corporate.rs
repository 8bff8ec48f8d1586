//! Corporate actions: what a company does to the units of those who hold it, and what an exchange
//! makes holders of a swap pay each other.
//!
//! Invariant: a ratio is positive and reduced; what it makes of units and prices is rounded once.
//! Not here: when and on what they act; see `backtest`.

use std::{fmt, str::FromStr};

use dirigent_core::Timestamp;

use crate::price::{Price, Quantity, Rate};

/// The most units that one becomes in a split, or that become one.
const RATIO_MAX: i64 = 100_000;

/// One action on one symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The symbol; those that a run does not trade are passed over.
    pub symbol: String,
    /// The first day on which prices show it (the ex-date); the day of the last price, or one
    /// after it, for a delisting.
    pub date: Timestamp,
    /// What happens.
    pub event: Event,
}

/// What happens to the units of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Units become more or fewer at no cost.
    Split(Ratio),
    /// Each unit brings this much cash; those who are short pay it.
    Dividend(Price),
    /// Those who are long pay this share of what their units are worth to those who are short; the
    /// other way round where it is negative. Perpetual swaps do, every few hours.
    Funding(Rate),
    /// A series goes from one contract, which opens at `left`, into the next, which opens at
    /// `entered`; who holds it trades both. The prices of the series are not changed.
    Roll {
        /// The open of the old contract.
        left: Price,
        /// The open of the new one.
        entered: Price,
    },
    /// Trading ends; each unit is paid off at this price, or at the last close.
    Delisting(Option<Price>),
}

/// New units to old ones: 2:1 makes two of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    new: i64,
    old: i64,
}

/// A text that is no ratio of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no ratio such as `4`, `0.5` or `3:2`, with at most 100,000 for 1")]
pub struct InvalidRatio;

impl Ratio {
    /// `new` units for `old` ones.
    ///
    /// # Errors
    /// If one of them is not positive, or more than 100,000 times the other.
    pub fn new(new: i64, old: i64) -> Result<Self, InvalidRatio> {
        let is_far = |a: i64, b: i64| a / RATIO_MAX >= b && a != b.saturating_mul(RATIO_MAX);
        if new <= 0 || old <= 0 || is_far(new, old) || is_far(old, new) {
            return Err(InvalidRatio);
        }
        let divisor = common_divisor(new, old);
        Ok(Self { new: new / divisor, old: old / divisor })
    }

    /// What `units` become, in steps of 10^-9 toward zero.
    pub(crate) fn units_raw(self, units: Quantity) -> i128 {
        i128::from(units.raw()) * i128::from(self.new) / i128::from(self.old)
    }

    /// What `units` become, toward zero; the most there can be if a quantity cannot hold them.
    pub fn units(self, units: Quantity) -> Quantity {
        let limit = if units.is_negative() { -i64::MAX } else { i64::MAX };
        Quantity::from_raw(i64::try_from(self.units_raw(units)).unwrap_or(limit))
    }

    /// The ratio as a double, for pictures.
    pub fn to_f64(self) -> f64 {
        Rate::from_raw(self.new).to_f64() / Rate::from_raw(self.old).to_f64()
    }

    /// What a price per unit becomes.
    pub fn price(self, price: Price) -> Price {
        price.scaled(self.old, self.new)
    }
}

impl FromStr for Ratio {
    type Err = InvalidRatio;

    /// Reads `4`, `0.5`, and `3:2` where the quotient has no end.
    fn from_str(text: &str) -> Result<Self, InvalidRatio> {
        if let Some((new, old)) = text.split_once(':') {
            let whole = |part: &str| part.trim().parse().map_err(|_| InvalidRatio);
            return Self::new(whole(new)?, whole(old)?);
        }
        let ratio: Rate = text.parse().map_err(|_| InvalidRatio)?;
        Self::new(ratio.raw(), Rate::ONE.raw())
    }
}

impl fmt::Display for Ratio {
    /// `2:1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.new, self.old)
    }
}

fn common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = text.parse::<Ratio>().map_or("none".to_owned(), |ratio| ratio.to_string());
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn ratios_are_read_and_reduced() {
        for text in
            ["", "0", "-2", "2:0", "0:1", "x", "3:2:1", "1e9", "100001", "1:100001", "1.5:1"]
        {
            check(text, "none");
        }
        check("4", "4:1");
        check("0.5", "1:2");
        check("1.5", "3:2");
        check("6:4", "3:2");
        check("1:3", "1:3");
        check("100000", "100000:1");
    }

    #[test]
    fn units_and_prices_go_opposite_ways() {
        let ratio: Ratio = "3:2".parse().unwrap();
        assert_eq!(ratio.units("-5".parse().unwrap()).to_string(), "-7.5");
        assert_eq!(ratio.price("90".parse().unwrap()).to_string(), "60");
        let third: Ratio = "1:3".parse().unwrap();
        assert_eq!(third.units("10".parse().unwrap()).to_string(), "3.333333333");
        let most = Quantity::from_raw(i64::MAX);
        assert_eq!(ratio.units(most), most);
    }
}
