//! Commission: what a broker takes for a trade.

use std::sync::Arc;

use crate::order::Side;
use crate::price::{Money, Price, Quantity, Rate};

/// A broker's price list.
pub trait Commission: std::fmt::Debug + Send + Sync {
    /// What trading `quantity` units (positive) at `price` costs; never negative, and never less
    /// for more units.
    fn fee(&self, price: Price, quantity: Quantity) -> Money;

    /// What a trade costs whose side and way of trading are known; for a purchase never more than
    /// `fee`.
    fn fee_of(&self, dealt: &Dealt) -> Money {
        self.fee(dealt.price, dealt.quantity)
    }

    /// Whether `fee_of` is `fee` for every trade: runs are faster then.
    fn is_plain(&self) -> bool {
        false
    }
}

/// A trade as a price list sees it.
#[derive(Clone, Copy, Debug)]
pub struct Dealt {
    /// Bought or sold.
    pub side: Side,
    /// Price per unit.
    pub price: Price,
    /// Units, positive.
    pub quantity: Quantity,
    /// Whether the order waited in the market before it traded.
    pub is_maker: bool,
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
    /// A share of the value traded: less for orders that waited in the market.
    MakerTaker {
        /// The share for orders that waited.
        maker: Rate,
        /// The share for all others; not below `maker`.
        taker: Rate,
    },
}

/// An amount per unit that falls with the units of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiered {
    /// From how many units on which amount per unit; sorted, the first from zero.
    pub tiers: Vec<(Quantity, Price)>,
    /// The least a trade costs.
    pub minimum: Money,
}

impl Commission for Tiered {
    /// Each unit costs what its own tier says, so that more units never cost less.
    fn fee(&self, _price: Price, quantity: Quantity) -> Money {
        let ends = self.tiers.iter().skip(1).map(|(from, _)| *from);
        let ends = ends.chain([Quantity::from_raw(i64::MAX)]);
        let of = |((from, amount), end): (&(Quantity, Price), Quantity)| {
            amount.notional((quantity.min(end) - *from).max(Quantity::ZERO))
        };
        self.tiers.iter().zip(ends).map(of).sum::<Money>().max(self.minimum)
    }
}

/// What authorities take from sales, on top of what the broker takes.
#[derive(Clone, Debug)]
pub struct WithSaleFees {
    /// What the broker takes.
    pub broker: Arc<dyn Commission>,
    /// A share of the value sold.
    pub share: Rate,
    /// An amount per unit sold.
    pub per_unit: Price,
    /// The most that `per_unit` comes to in one trade; zero is no bound.
    pub per_unit_max: Money,
}

impl Commission for WithSaleFees {
    fn fee(&self, price: Price, quantity: Quantity) -> Money {
        self.broker.fee(price, quantity)
    }

    fn fee_of(&self, dealt: &Dealt) -> Money {
        let broker = self.broker.fee_of(dealt);
        if dealt.side == Side::Buy {
            return broker;
        }
        let units = self.per_unit.notional(dealt.quantity);
        let bounded = self.per_unit_max.is_positive();
        let units = if bounded { units.min(self.per_unit_max) } else { units };
        broker + self.share.of(dealt.price.notional(dealt.quantity)) + units
    }
}

impl Commission for StandardCommission {
    fn fee(&self, price: Price, quantity: Quantity) -> Money {
        match *self {
            Self::None => Money::ZERO,
            Self::Bps { rate, minimum } => rate.of(price.notional(quantity)).max(minimum),
            Self::PerShare { amount, minimum } => amount.notional(quantity).max(minimum),
            Self::Fixed { amount } => amount,
            Self::MakerTaker { taker, .. } => taker.of(price.notional(quantity)),
        }
    }

    fn is_plain(&self) -> bool {
        !matches!(self, Self::MakerTaker { .. })
    }

    fn fee_of(&self, dealt: &Dealt) -> Money {
        match *self {
            Self::MakerTaker { maker, .. } if dealt.is_maker => {
                maker.of(dealt.price.notional(dealt.quantity))
            }
            _ => self.fee(dealt.price, dealt.quantity),
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

    #[test]
    fn fees_of_makers_tiers_and_sales() {
        let units = |n| Quantity::from_units(n).unwrap();
        let dealt = |side, is_maker| Dealt {
            side,
            price: "40".parse().unwrap(),
            quantity: units(250),
            is_maker,
        };
        let crypto = StandardCommission::MakerTaker { maker: Rate::bps(1), taker: Rate::bps(5) };
        assert_eq!(crypto.fee_of(&dealt(Side::Buy, true)).to_string(), "1");
        assert_eq!(crypto.fee_of(&dealt(Side::Buy, false)).to_string(), "5");
        let tiers = vec![
            (Quantity::ZERO, "0.01".parse().unwrap()),
            (units(100), "0.005".parse().unwrap()),
            (units(200), "0.001".parse().unwrap()),
        ];
        let tiered = Tiered { tiers, minimum: "1".parse().unwrap() };
        // 100 at 0.01, 100 at 0.005, 50 at 0.001.
        assert_eq!(tiered.fee("40".parse().unwrap(), units(250)).to_string(), "1.55");
        assert_eq!(tiered.fee("40".parse().unwrap(), units(10)).to_string(), "1");
        let us = WithSaleFees {
            broker: Arc::new(tiered),
            share: Rate::bps(1),
            per_unit: "0.01".parse().unwrap(),
            per_unit_max: "2".parse().unwrap(),
        };
        assert_eq!(us.fee_of(&dealt(Side::Buy, false)).to_string(), "1.55");
        assert_eq!(us.fee_of(&dealt(Side::Sell, false)).to_string(), "4.55");
    }
}
