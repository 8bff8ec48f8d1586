//! Commission: what a broker takes for a trade.

use crate::price::{Money, Price, Quantity, Rate};

/// A broker's price list.
pub trait Commission: std::fmt::Debug + Send + Sync {
    /// What trading `quantity` units (positive) at `price` costs; never negative, and never less
    /// for more units.
    fn fee(&self, price: Price, quantity: Quantity) -> Money;
}

/// The price lists that a workflow file can name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StandardCommission {
    /// Trading is free.
    #[default]
    None,
    /// A share of the value traded, at least `minimum` per trade.
    Bps {
        /// The share; one basis point is 0.0001.
        rate: Rate,
        /// The least a trade costs.
        minimum: Money,
    },
    /// An amount per unit, at least `minimum` per trade.
    PerShare {
        /// The amount per unit.
        amount: Price,
        /// The least a trade costs.
        minimum: Money,
    },
    /// The same amount for every trade.
    Fixed {
        /// The amount per trade.
        amount: Money,
    },
}

impl Commission for StandardCommission {
    fn fee(&self, price: Price, quantity: Quantity) -> Money {
        match *self {
            Self::None => Money::ZERO,
            Self::Bps { rate, minimum } => rate.of(price.notional(quantity)).max(minimum),
            Self::PerShare { amount, minimum } => amount.notional(quantity).max(minimum),
            Self::Fixed { amount } => amount,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fee of 250 units at 40.
    #[track_caller]
    fn check(commission: StandardCommission, expected: &str) {
        let fee = commission.fee("40".parse().unwrap(), Quantity::from_units(250).unwrap());
        assert_eq!(fee.to_string(), expected, "{commission:?}");
    }

    #[test]
    fn fees_follow_the_price_list() {
        let five: Money = "5".parse().unwrap();
        let amount = "0.005".parse().unwrap();
        check(StandardCommission::None, "0");
        check(StandardCommission::Bps { rate: Rate::bps(10), minimum: Money::ZERO }, "10");
        check(StandardCommission::Bps { rate: Rate::bps(1), minimum: five }, "5");
        check(StandardCommission::PerShare { amount, minimum: Money::ZERO }, "1.25");
        check(StandardCommission::PerShare { amount, minimum: five }, "5");
        check(StandardCommission::Fixed { amount: five }, "5");
    }
}
