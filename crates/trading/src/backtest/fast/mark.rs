//! Marking: what a number of units is worth, bar after bar, as fast as exactness allows.
//!
//! Promises: `Price::notional` to the last digit.

use crate::price::product::{EXACT_MAX, FAR_MAX, far, nearest};
use crate::price::{Amounts, Money, Price, Quantity, SCALE};

/// The largest size of a worth whose guess, twice rounded, is off by less than a half.
const WORTH_MAX: f64 = 2_251_799_813_685_248.0; // 2^51

/// Cash up to here and a worth make no sum that needs more than 63 bits.
const CASH_MAX: u64 = 1 << 62;

/// A number of units to be valued at many prices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marker {
    quantity: Quantity,
    raw: i64,
    units: f64,
}

impl Marker {
    #[expect(clippy::cast_precision_loss, reason = "checked by `fits`")]
    pub(crate) fn new(quantity: Quantity) -> Self {
        Self { quantity, raw: quantity.raw(), units: quantity.raw() as f64 / SCALE as f64 }
    }

    /// Appends `cash` and the worth at every price, or up to one at which the sum is not above zero;
    /// answers whether there is none.
    pub(crate) fn add_equity(self, prices: &[Price], cash: Money, out: &mut Amounts) -> bool {
        if let (Some(raws), Ok(cash)) = (out.narrow_mut(), i64::try_from(cash.raw()))
            && cash.unsigned_abs() < CASH_MAX
            && self.fits(prices, FAR_MAX)
        {
            let known = raws.len();
            if self.fits(prices, WORTH_MAX) {
                let equity = prices.iter().map(|price| cash + self.worth(*price));
                raws.extend(equity.take_while(|equity| *equity > 0));
            } else {
                let equity = prices.iter().map(|price| cash + self.far_worth(*price));
                raws.extend(equity.take_while(|equity| *equity > 0));
            }
            return raws.len() - known == prices.len();
        }
        let equity = prices.iter().map(|price| cash + price.notional(self.quantity));
        equity.fold(true, |all, equity| {
            out.push(equity);
            all & equity.is_positive()
        })
    }

    /// Appends `cash` and the worth at every price as the nearest doubles.
    #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked")]
    pub(crate) fn levels(self, prices: &[Price], cash: Money, out: &mut Vec<f64>) {
        let scale = SCALE as f64;
        match i64::try_from(cash.raw()) {
            Ok(cash) if self.is_whole(prices, cash) => {
                // Whole numbers that a double holds, so that nothing is rounded before the end.
                let (cash, units) = (cash as f64, self.units);
                out.extend(prices.iter().map(|p| (cash + p.raw() as f64 * units) / scale));
            }
            Ok(cash) if cash.unsigned_abs() < CASH_MAX && self.fits(prices, WORTH_MAX) => {
                out.extend(prices.iter().map(|p| (cash + self.worth(*p)) as f64 / scale));
            }
            Ok(cash) if cash.unsigned_abs() < CASH_MAX && self.fits(prices, FAR_MAX) => {
                out.extend(prices.iter().map(|p| (cash + self.far_worth(*p)) as f64 / scale));
            }
            _ => out.extend(prices.iter().map(|p| (cash + p.notional(self.quantity)).to_f64())),
        }
    }

    /// Whether units, worth and sum with `cash` are whole numbers below 2^53.
    fn is_whole(self, prices: &[Price], cash: i64) -> bool {
        self.raw % SCALE == 0 && self.fits(prices, WORTH_MAX) && cash.unsigned_abs() < EXACT_MAX / 2
    }

    /// Whether doubles hold all prices and no worth reaches `max`.
    #[expect(clippy::cast_precision_loss, reason = "a bound")]
    fn fits(self, prices: &[Price], max: f64) -> bool {
        // No price is above all their bits together; those of a negative one are a large number.
        let bits = prices.iter().fold(0, |bits, price| bits | price.raw().cast_unsigned());
        bits < EXACT_MAX
            && self.raw.unsigned_abs() < EXACT_MAX
            && bits as f64 * self.units.abs() < max
    }

    /// Where it `fits` below `WORTH_MAX`.
    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "checked by `fits`")]
    fn worth(self, price: Price) -> i64 {
        nearest(price.raw(), self.raw, price.raw() as f64 * self.units)
    }

    /// Where it `fits` below `FAR_MAX`.
    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "checked by `fits`")]
    fn far_worth(self, price: Price) -> i64 {
        if self.raw % SCALE == 0 {
            return price.raw() * (self.raw / SCALE);
        }
        far(price.raw(), self.raw, price.raw() as f64 * self.units)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_worth_is_a_notional(
            prices in prop::collection::vec(1_i64..1_000_000_000_000_000, 1..9),
            digits in 0_u32..16, units: i64, tie: bool,
        ) {
            let raw = units % 10_i64.pow(digits + 3);
            let raw = if tie { raw / SCALE * SCALE + SCALE / 2 } else { raw };
            let quantity = Quantity::from_raw(raw);
            let prices: Vec<Price> = prices
                .into_iter()
                .map(|price| Price::from_raw((price % 10_i64.pow(digits + 1)).max(1)))
                .collect();
            let mut sums = Amounts::default();
            let cash = Money::from_raw(1 << 61);
            let all_positive = Marker::new(quantity).add_equity(&prices, cash, &mut sums);
            let mut levels = Vec::new();
            Marker::new(quantity).levels(&prices, cash, &mut levels);
            let exact: Vec<Money> = prices.iter().map(|p| cash + p.notional(quantity)).collect();
            let bits = exact.iter().map(|sum| sum.to_f64().to_bits());
            prop_assert!(levels.into_iter().map(f64::to_bits).eq(bits));
            prop_assert_eq!(all_positive, exact.iter().all(|sum| sum.is_positive()));
            if all_positive {
                prop_assert!(sums.iter().eq(exact));
            }
        }
    }
}
