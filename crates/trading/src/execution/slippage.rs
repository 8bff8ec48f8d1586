//! Slippage: how much worse than the reference price a market order trades.
//!
//! It applies to market orders and stops, which take what there is. A target is a limit order: it
//! trades at its level or better, so it does not slip.

use crate::order::Side;
use crate::price::{Price, Quantity, Rate};

/// How a market order moves its own price.
pub trait Slippage: std::fmt::Debug + Send + Sync {
    /// The price of a trade on `side` when the market shows `reference`; never better than it.
    fn price(&self, side: Side, reference: Price) -> Price;

    /// The price of a whole trade, whose size may matter.
    fn price_of(&self, trade: &Taking) -> Price {
        self.price(trade.side, trade.reference)
    }

    /// Whether `price_of` is `price` for every trade: runs are faster then.
    fn is_plain(&self) -> bool {
        false
    }
}

/// A trade that takes what the market shows.
#[derive(Clone, Copy, Debug)]
pub struct Taking {
    /// Bought or sold.
    pub side: Side,
    /// The price that the market shows.
    pub reference: Price,
    /// Units, positive.
    pub quantity: Quantity,
    /// Units that were traded in the bar in all; zero if that is not known.
    pub volume: f64,
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
    /// Buys pay this amount per unit more, sells get it less.
    Ticks {
        /// The amount.
        amount: Price,
    },
    /// The price moves by `rate` times the square of the trade's share in the volume of its bar,
    /// as in Zipline's `VolumeShareSlippage`.
    VolumeShare {
        /// What a trade of the whole volume moves.
        rate: Rate,
    },
    /// The price moves by `rate` times the square root of the trade's share in the volume of its
    /// bar (Almgren, Thum, Hauptmann and Li, 2005, put the exponent at 0.6; Barra and others use
    /// one half).
    SquareRoot {
        /// What a trade of the whole volume moves.
        rate: Rate,
    },
}

/// `reference` moved by `rate` against `side`.
fn moved(side: Side, reference: Price, rate: Rate) -> Price {
    let one = Rate::ONE.raw();
    match side {
        Side::Buy => reference.scaled(one + rate.raw(), one),
        Side::Sell => reference.scaled(one - rate.raw(), one),
    }
}

impl Slippage for StandardSlippage {
    fn price(&self, side: Side, reference: Price) -> Price {
        match (*self, side) {
            (Self::None | Self::VolumeShare { .. } | Self::SquareRoot { .. }, _) => reference,
            (Self::Bps { rate }, _) => moved(side, reference, rate),
            (Self::Ticks { amount }, Side::Buy) => reference + amount,
            (Self::Ticks { amount }, Side::Sell) => reference - amount,
        }
    }

    fn is_plain(&self) -> bool {
        !matches!(self, Self::VolumeShare { .. } | Self::SquareRoot { .. })
    }

    fn price_of(&self, trade: &Taking) -> Price {
        let (rate, exponent) = match *self {
            Self::VolumeShare { rate } => (rate, 2.0),
            Self::SquareRoot { rate } => (rate, 0.5),
            _ => return self.price(trade.side, trade.reference),
        };
        // Where no volume is known, the trade is all of it.
        let share = match trade.volume > 0.0 {
            true => (trade.quantity.to_f64() / trade.volume).min(1.0),
            false => 1.0,
        };
        let rate = Rate::from_f64(rate.to_f64() * share.powf(exponent)).unwrap_or(rate);
        moved(trade.side, trade.reference, rate)
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
    fn the_share_in_the_volume_moves_the_price() {
        let trade = |side, quantity, volume| Taking {
            side,
            reference: "100".parse().unwrap(),
            quantity: Quantity::from_units(quantity).unwrap(),
            volume,
        };
        let quadratic = StandardSlippage::VolumeShare { rate: Rate::percent(10) };
        // A tenth of the volume: 10 % of 0.01.
        assert_eq!(quadratic.price_of(&trade(Side::Buy, 10, 100.0)).to_string(), "100.1");
        let root = StandardSlippage::SquareRoot { rate: Rate::percent(10) };
        // A quarter of the volume: 10 % of one half.
        assert_eq!(root.price_of(&trade(Side::Sell, 25, 100.0)).to_string(), "95");
        assert_eq!(root.price_of(&trade(Side::Sell, 25, 0.0)).to_string(), "90");
        let ticks = StandardSlippage::Ticks { amount: "0.02".parse().unwrap() };
        assert_eq!(ticks.price_of(&trade(Side::Buy, 1, 1.0)).to_string(), "100.02");
        assert_eq!(ticks.price_of(&trade(Side::Sell, 1, 1.0)).to_string(), "99.98");
    }

    #[test]
    fn buys_pay_more_and_sells_get_less() {
        check(Side::Buy, "200.1");
        check(Side::Sell, "199.9");
    }
}
