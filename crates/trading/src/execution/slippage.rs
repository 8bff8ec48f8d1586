//! Slippage: how much worse than the reference price a market order trades.
//!
//! It applies to market orders and stops, which take what there is. A target is a limit order: it
//! trades at its level or better, so it does not slip.

use crate::order::Side;
use crate::price::{Price, Rate};

/// How a market order moves its own price.
pub trait Slippage: std::fmt::Debug + Send + Sync {
    /// The price of a trade on `side` when the market shows `reference`; never better than it.
    fn price(&self, side: Side, reference: Price) -> Price;
}

/// The models that a workflow file can name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StandardSlippage {
    /// Trades happen at the reference price.
    #[default]
    None,
    /// Buys pay this share more, sells get this share less.
    Bps {
        /// The share; one basis point is 0.0001.
        rate: Rate,
    },
}

impl Slippage for StandardSlippage {
    fn price(&self, side: Side, reference: Price) -> Price {
        let Self::Bps { rate } = *self else { return reference };
        let one = Rate::ONE.raw();
        match side {
            Side::Buy => reference.scaled(one + rate.raw(), one),
            Side::Sell => reference.scaled(one - rate.raw(), one),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(side: Side, expected: &str) {
        let model = StandardSlippage::Bps { rate: Rate::bps(5) };
        assert_eq!(model.price(side, "200".parse().unwrap()).to_string(), expected);
        assert_eq!(StandardSlippage::None.price(side, Price::from_raw(7)), Price::from_raw(7));
    }

    #[test]
    fn buys_pay_more_and_sells_get_less() {
        check(Side::Buy, "200.1");
        check(Side::Sell, "199.9");
    }
}
