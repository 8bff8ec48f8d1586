//! Rebalancing: the orders that move positions to target weights.
//!
//! Target value = weight × portfolio value at the prices of the moment, before costs. Orders run
//! by ascending signed value, rounded to four decimals, ties by symbol: sales first and the
//! largest purchase last, so that sales pay for purchases and the last one takes the rest.

use crate::order::{RejectReason, Side, SymbolId};
use crate::portfolio::sizing::floor_to;
use crate::price::{Money, Price, Quantity, Rate};

/// One ten-thousandth, in the steps of 10^-9 that money is kept in.
const ORDER_VALUE_STEP: i64 = 100_000;

/// Where one symbol shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The symbol.
    pub symbol: SymbolId,
    /// Its share of the portfolio; negative is short.
    pub weight: Rate,
    /// Units held now.
    pub position: Quantity,
    /// What a unit is worth at the price of the moment.
    pub price: Price,
    /// The smallest step of its quantity.
    pub lot: Quantity,
}

/// One order of a rebalancing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// The symbol.
    pub symbol: SymbolId,
    /// Buy or sell.
    pub side: Side,
    /// Units, positive; or why there is no such number.
    pub quantity: Result<Quantity, RejectReason>,
}

/// The orders from where the portfolio is to where it shall be, in the order they run.
pub fn plan(targets: &[Target], equity: Money) -> Vec<Move> {
    let mut moves: Vec<(i128, Move)> =
        targets.iter().filter_map(|target| target.order(equity)).collect();
    // The sort is stable: symbols of one value stay in their order.
    moves.sort_by_key(|(value, _)| *value);
    moves.into_iter().map(|(_, order)| order).collect()
}

impl Target {
    /// The order and its signed value in steps of four decimals; `None` if there is nothing to do.
    fn order(&self, equity: Money) -> Option<(i128, Move)> {
        let wanted = self.weight.of(equity);
        let value = wanted - self.price.notional(self.position);
        let (side, quantity) = match self.change(wanted) {
            Some(change) if change.is_zero() => return None,
            Some(change) if change.is_negative() => (Side::Sell, Ok(-change)),
            Some(change) => (Side::Buy, Ok(change)),
            None if value.is_negative() => (Side::Sell, Err(RejectReason::TooManyUnits)),
            None => (Side::Buy, Err(RejectReason::TooManyUnits)),
        };
        Some((round_to_step(value), Move { symbol: self.symbol, side, quantity }))
    }

    /// The units to trade, negative to sell; `None` if a quantity cannot hold them.
    fn change(&self, wanted: Money) -> Option<Quantity> {
        let units = wanted.abs().units_at(self.price)?;
        let units = floor_to(if wanted.is_negative() { -units } else { units }, self.lot);
        units.checked_add(-self.position)
    }
}

/// The number of steps of four decimals nearest to `value`, a tie to the even one.
fn round_to_step(value: Money) -> i128 {
    value.scaled(1, ORDER_VALUE_STEP).raw()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plans for (weight in percent, units held, price) per symbol in a portfolio of 10,000.
    #[track_caller]
    fn check(targets: &[(i32, i64, i64)], expected: &[(usize, &str, &str)]) {
        let targets: Vec<Target> = targets
            .iter()
            .enumerate()
            .map(|(index, (weight, position, price))| Target {
                symbol: SymbolId::new(index),
                weight: Rate::percent(*weight),
                position: Quantity::from_units(*position).unwrap(),
                price: Price::from_raw(price * crate::price::SCALE),
                lot: Quantity::from_units(1).unwrap(),
            })
            .collect();
        let moves = plan(&targets, "10000".parse().unwrap());
        let moves: Vec<_> = moves
            .iter()
            .map(|order| {
                (order.symbol.index(), order.side.as_str(), order.quantity.unwrap().to_string())
            })
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(symbol, side, units)| (*symbol, *side, units.to_string()))
            .collect();
        assert_eq!(moves, expected);
    }

    #[test]
    fn nothing_to_do_is_no_order() {
        check(&[(50, 50, 100), (50, 100, 50), (0, 0, 10)], &[]);
    }

    #[test]
    fn sales_come_first_and_the_largest_purchase_last() {
        check(
            &[(60, 0, 100), (20, 0, 100), (0, 40, 50), (20, 80, 100)],
            &[(3, "sell", "60"), (2, "sell", "40"), (1, "buy", "20"), (0, "buy", "60")],
        );
    }

    #[test]
    fn equal_values_run_in_the_order_of_symbols() {
        check(&[(30, 0, 10), (30, 0, 20)], &[(0, "buy", "300"), (1, "buy", "150")]);
    }

    #[test]
    fn a_negative_weight_is_a_short_position() {
        check(&[(-30, 10, 100)], &[(0, "sell", "40")]);
    }
}
