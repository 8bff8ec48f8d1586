//! Sizing: how many units an entry trades, at the price it would trade at.
//!
//! Promises: what a sized order is worth, commission included, is at most what the rule allots, and
//! what it ties up is at most what the account has free; a fixed size that cannot be paid is left
//! for risk to refuse, never quietly cut.

use crate::execution::Commission;
use crate::order::RejectReason;
use crate::portfolio::Kelly;
use crate::price::{Money, Price, Quantity, Rate};

/// How large an entry is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sizing {
    /// This share of equity, commission included.
    PercentEquity(Rate),
    /// This many units.
    FixedQuantity(Quantity),
    /// This amount of money, commission included.
    FixedCash(Money),
    /// The share of equity at which the position's own volatility is the target, at most all.
    VolatilityTarget {
        /// The wanted volatility per year.
        target: Rate,
        /// The number of returns the present volatility is measured over; at least 2.
        lookback_bars: usize,
        /// Bars in a year: 252 for daily sessions.
        bars_per_year: f64,
    },
    /// The share of equity that Kelly's rule makes of the trades so far.
    Kelly(Kelly),
}

/// Everything a sizing rule may look at.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Equity at the prices of the moment, before the orders of the moment.
    pub equity: Money,
    /// What may be tied up.
    pub free: Money,
    /// Price per unit, slippage included.
    pub price: Price,
    /// What a unit ties up: its price, but on margin.
    pub tied: Price,
    /// The largest share of equity that a position may be worth by itself: all, but on margin.
    pub share_max: Rate,
    /// The smallest step of a quantity.
    pub lot: Quantity,
    /// What the broker takes.
    pub commission: &'a dyn Commission,
    /// The most the position may be worth.
    pub position_max: Option<Money>,
    /// Closes up to the bar of the decision.
    pub closes: &'a [Price],
    /// What Kelly's rule makes of the trades so far, where that is the rule.
    pub kelly: Option<Rate>,
}

impl Sizing {
    /// The number of units of an entry from flat.
    ///
    /// # Errors
    /// If the volatility cannot be measured or a quantity cannot hold the units.
    pub fn quantity(&self, ask: &Ask<'_>) -> Result<Quantity, RejectReason> {
        let share = match *self {
            Self::FixedQuantity(quantity) => return Ok(floor_to(quantity, ask.lot)),
            Self::FixedCash(amount) => return ask.units(amount),
            Self::PercentEquity(share) => share,
            Self::Kelly(rule) => ask.kelly.unwrap_or(rule.start).min(ask.share_max),
            Self::VolatilityTarget { target, lookback_bars, bars_per_year } => {
                let volatility = volatility(ask.closes, lookback_bars)
                    .ok_or(RejectReason::NoVolatility)?
                    * bars_per_year.sqrt();
                Rate::from_f64(target.to_f64() / volatility)
                    .map_or(ask.share_max, |share| share.min(ask.share_max))
            }
        };
        let quantity = ask.allotted(share.of(ask.equity))?;
        Ok(match ask.position_max {
            Some(most) if ask.price.notional(quantity) > most => {
                most.units_at(ask.price).map_or(quantity, |units| floor_to(units, ask.lot))
            }
            _ => quantity,
        })
    }
}

impl Ask<'_> {
    /// The most units that are worth no more than `budget` and tie up no more than is free.
    fn allotted(&self, budget: Money) -> Result<Quantity, RejectReason> {
        if self.tied == self.price {
            return self.units(budget.min(self.free));
        }
        let payable = affordable_on(self.free, self.price, self.tied, self.lot, self.commission);
        let worth = self.units(budget)?;
        Ok(payable.map_or(worth, |payable| payable.min(worth)))
    }

    fn units(&self, budget: Money) -> Result<Quantity, RejectReason> {
        affordable(budget, self.price, self.lot, self.commission).ok_or(RejectReason::TooManyUnits)
    }
}

/// `quantity` down to a multiple of `lot`, toward zero.
pub(crate) fn floor_to(quantity: Quantity, lot: Quantity) -> Quantity {
    Quantity::from_raw(quantity.raw() / lot.raw() * lot.raw())
}

/// The sample standard deviation of the last `lookback` simple returns; `None` if there are fewer.
fn volatility(closes: &[Price], lookback: usize) -> Option<f64> {
    let from = closes.len().checked_sub(lookback + 1)?;
    let returns: Vec<f64> =
        closes[from..].windows(2).map(|pair| pair[1].to_f64() / pair[0].to_f64() - 1.0).collect();
    let count = f64::from(u32::try_from(returns.len()).ok()?);
    let mean = returns.iter().sum::<f64>() / count;
    let squares: f64 = returns.iter().map(|r| (r - mean) * (r - mean)).sum();
    Some((squares / (count - 1.0)).sqrt())
}

/// The most units, in steps of `lot`, that `budget` pays for at `price`, commission included;
/// `None` if a quantity cannot hold what it pays for without commission.
///
/// A double gives the first guess; exact amounts decide, so the answer is exact for any price
/// list whose fee does not fall with the quantity.
pub fn affordable(
    budget: Money,
    price: Price,
    lot: Quantity,
    commission: &dyn Commission,
) -> Option<Quantity> {
    affordable_on(budget, price, price, lot, commission)
}

/// The same where a unit that trades at `price` ties up only `tied` of the budget.
pub fn affordable_on(
    budget: Money,
    price: Price,
    tied: Price,
    lot: Quantity,
    commission: &dyn Commission,
) -> Option<Quantity> {
    let units = |lots: i64| Quantity::from_raw(lots * lot.raw());
    let cost = |lots: i64| tied.notional(units(lots)) + commission.fee(price, units(lots));
    let fits = |lots: i64| cost(lots) <= budget;
    let most = budget.max(Money::ZERO).units_at(tied)?.raw() / lot.raw();
    let cost_of_most = cost(most);
    if most == 0 || cost_of_most <= budget {
        return Some(units(most));
    }
    let share = budget.to_f64() / cost_of_most.to_f64();
    Some(units(last_that_fits(guess(most, share), most, fits)))
}

/// About `most * share`, within 0 and `most`.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a first guess")]
fn guess(most: i64, share: f64) -> i64 {
    ((most as f64 * share) as i64).clamp(0, most)
}

/// The largest number below `limit` that fits, given that `limit` does not and that zero does.
fn last_that_fits(guess: i64, limit: i64, fits: impl Fn(i64) -> bool) -> i64 {
    let (mut low, mut high, mut step) = (0, limit, 1);
    if fits(guess) {
        low = guess;
        while low + step < high {
            if !fits(low + step) {
                high = low + step;
                break;
            }
            low += step;
            step *= 2;
        }
    } else {
        high = guess;
        while high - step > low {
            if fits(high - step) {
                low = high - step;
                break;
            }
            high -= step;
            step *= 2;
        }
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fits(middle) { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::execution::StandardCommission;

    const WHOLE: &str = "1";
    const FRACTIONAL: &str = "0.000000001";

    #[track_caller]
    fn check(sizing: Sizing, price: &str, lot: &str, bps: i32, expected: &str) {
        let commission = StandardCommission::Bps { rate: Rate::bps(bps), minimum: Money::ZERO };
        let equity = "100000".parse().unwrap();
        let closes: Vec<Price> =
            ["100", "101", "99.99"].iter().map(|text| text.parse().unwrap()).collect();
        let ask = Ask {
            equity,
            free: equity,
            price: price.parse().unwrap(),
            tied: price.parse().unwrap(),
            share_max: Rate::ONE,
            lot: lot.parse().unwrap(),
            commission: &commission,
            position_max: None,
            closes: &closes,
            kelly: None,
        };
        let quantity = sizing.quantity(&ask).map_or_else(|e| e.to_string(), |q| q.to_string());
        assert_eq!(quantity, expected, "{sizing:?}");
    }

    #[test]
    fn all_in_pays_for_price_and_commission() {
        let all = Sizing::PercentEquity(Rate::ONE);
        check(all, "116", WHOLE, 0, "862");
        check(all, "116", WHOLE, 10, "861");
        check(all, "116", FRACTIONAL, 0, "862.068965517");
        check(all, "116", FRACTIONAL, 10, "861.207757759");
        check(all, "100", WHOLE, 0, "1000");
        check(all, "100001", WHOLE, 0, "0");
    }

    #[test]
    fn other_rules_size_as_they_say() {
        check(Sizing::PercentEquity(Rate::percent(25)), "100", WHOLE, 0, "250");
        check(Sizing::FixedQuantity(Quantity::from_units(5000).unwrap()), "100", WHOLE, 0, "5000");
        check(Sizing::FixedCash("1000".parse().unwrap()), "30", WHOLE, 0, "33");
        // Returns +1 % and −1 %: a sample deviation of 1.414 % per bar.
        let target = |lookback_bars| Sizing::VolatilityTarget {
            target: Rate::bps(100),
            lookback_bars,
            bars_per_year: 1.0,
        };
        check(target(2), "100", WHOLE, 0, "707");
        check(target(3), "100", WHOLE, 0, "not enough bars to measure the volatility");
    }

    proptest! {
        #[test]
        fn one_lot_more_could_not_be_paid(
            budget in 0_i64..i64::MAX, price in 1_i64..1_000_000_000_000_000,
            lot in prop::sample::select(vec![1_i64, 1_000_000, 1_000_000_000, 100_000_000_000]),
            kind in 0..4, amount in 0_i64..2_000_000_000, minimum in 0_i64..50_000_000_000,
        ) {
            let minimum = Money::from_raw(minimum.into());
            let commission = match kind {
                0 => StandardCommission::None,
                1 => StandardCommission::Bps { rate: Rate::from_raw(amount / 10), minimum },
                2 => StandardCommission::PerShare { amount: Price::from_raw(amount), minimum },
                _ => StandardCommission::Fixed { amount: minimum },
            };
            let (budget, price) = (Money::from_raw(budget.into()), Price::from_raw(price));
            let lot = Quantity::from_raw(lot);
            let Some(quantity) = affordable(budget, price, lot, &commission) else {
                prop_assert_eq!(budget.units_at(price), None);
                return Ok(());
            };
            let cost = |q: Quantity| price.notional(q) + commission.fee(price, q);
            prop_assert!(quantity.is_zero() || cost(quantity) <= budget);
            if let Some(more) = quantity.raw().checked_add(lot.raw()) {
                prop_assert!(cost(Quantity::from_raw(more)) > budget);
            }
            prop_assert_eq!(quantity.raw() % lot.raw(), 0);
        }
    }
}
