//! Price, quantity, money and rate: exact decimals, nine places, never a float.
//!
//! Invariant: a value read from text is that decimal or is refused; sums and differences are
//! exact; a product is rounded once, half to even, to nine places. Overflow is an error or a
//! panic with its operands, never a wrapped number.

mod amounts;
mod decimal;
pub(crate) mod product;

use std::{fmt, iter::Sum, ops, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use amounts::Amounts;
use decimal::parse_decimal;
pub use decimal::write_decimal;
use product::{div_half_even, half_even};

/// One unit is 10^9 steps of the scale.
pub const SCALE: i64 = 1_000_000_000;
const SCALE_I128: i128 = SCALE as i128;

/// Why a decimal was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDecimal {
    /// Not a decimal number at all (also `NaN` and infinities).
    #[error("`{0}` is not a decimal number")]
    NotANumber(String),
    /// Too large for the type.
    #[error("`{0}` is too large: the limit is about 9.2 billion")]
    TooLarge(String),
    /// Too small: nine decimals would change it by more than one part in a million.
    #[error("`{0}` is too fine: nine decimals cannot hold it")]
    TooFine(String),
}

/// A price per unit, in the quote currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(i64);

/// A number of units: shares, contracts, coins; negative is short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i64);

/// An amount of money; wide enough for any sum of products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i128);

/// A share of something: 1 is all of it, 0.05 is five percent, 0.0001 one basis point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(i64);

macro_rules! fixed_point {
    ($name:ident, $int:ty) => {
        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// The value of `raw` steps of 10^-9.
            pub const fn from_raw(raw: $int) -> Self {
                Self(raw)
            }

            /// The number of steps of 10^-9.
            pub const fn raw(self) -> $int {
                self.0
            }

            /// The nearest double, for indicators and pictures; never for money.
            #[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked")]
            pub fn to_f64(self) -> f64 {
                self.0 as f64 / SCALE as f64
            }

            /// The value nearest to `x`; `None` if it is not finite or does not fit.
            pub fn from_f64(x: f64) -> Option<Self> {
                let raw = (x * SCALE as f64).round_ties_even();
                #[expect(clippy::cast_precision_loss, reason = "a bound, compared as a double")]
                let limit = <$int>::MAX as f64;
                #[expect(clippy::cast_possible_truncation, reason = "checked against the limit")]
                (raw.abs() < limit).then(|| Self(raw as $int))
            }

            /// Without its sign.
            pub fn abs(self) -> Self {
                Self(self.0.abs())
            }

            /// Whether it is above zero.
            pub fn is_positive(self) -> bool {
                self.0 > 0
            }

            /// Whether it is below zero.
            pub fn is_negative(self) -> bool {
                self.0 < 0
            }

            /// Whether it is zero.
            pub fn is_zero(self) -> bool {
                self.0 == 0
            }
        }

        impl ops::Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0.checked_add(other.0).expect("a sum of amounts fits its type"))
            }
        }
        impl ops::Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0.checked_sub(other.0).expect("a difference of amounts fits its type"))
            }
        }
        impl ops::Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }
        impl ops::AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }
        impl ops::SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                *self = *self - other;
            }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                items.fold(Self::ZERO, |total, item| total + item)
            }
        }
        impl fmt::Display for $name {
            /// Plain decimal without needless zeros: `1234.5`.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = String::new();
                write_decimal(&mut text, i128::from(self.0));
                f.pad(&text)
            }
        }
        impl FromStr for $name {
            type Err = InvalidDecimal;
            fn from_str(text: &str) -> Result<Self, InvalidDecimal> {
                let raw = parse_decimal(text)?;
                <$int>::try_from(raw)
                    .map(Self)
                    .map_err(|_| InvalidDecimal::TooLarge(text.to_owned()))
            }
        }
        impl Serialize for $name {
            /// As text, so that no reader rounds it.
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
fixed_point!(Price, i64);
fixed_point!(Quantity, i64);
fixed_point!(Money, i128);
fixed_point!(Rate, i64);

impl Price {
    /// What `quantity` units cost at this price, rounded half to even to nine places.
    #[inline]
    pub fn notional(self, quantity: Quantity) -> Money {
        let guess = product::guess(self.0, quantity.0);
        guess.map_or_else(|| self.notional_of_any(quantity), |raw| Money(raw.into()))
    }

    /// The same for numbers of any size. Only 64-bit numbers are divided, by a constant.
    #[inline(never)]
    fn notional_of_any(self, quantity: Quantity) -> Money {
        const UNIT: u64 = SCALE.unsigned_abs();
        let (price, units) = (self.0.unsigned_abs(), quantity.0.unsigned_abs());
        let (mut raw, units_part) = (i128::from(price) * i128::from(units / UNIT), units % UNIT);
        if units_part != 0 {
            let parts = (price % UNIT) * units_part;
            raw += i128::from(price / UNIT * units_part) + i128::from(parts / UNIT);
            let twice = parts % UNIT * 2;
            if twice > UNIT || (twice == UNIT && raw & 1 == 1) {
                raw += 1;
            }
        }
        Money(if (self.0 < 0) == (quantity.0 < 0) { raw } else { -raw })
    }

    /// This price times `numerator / denominator`, rounded half to even; saturates at the limit.
    pub fn scaled(self, numerator: i64, denominator: i64) -> Self {
        let raw =
            div_half_even(i128::from(self.0) * i128::from(numerator), i128::from(denominator));
        Self(i64::try_from(raw).unwrap_or(if raw < 0 { i64::MIN } else { i64::MAX }))
    }
}

impl Money {
    /// This amount times `numerator / denominator`, rounded half to even to nine places; only the
    /// result has to fit, not the product.
    pub fn scaled(self, numerator: i64, denominator: i64) -> Self {
        if numerator == denominator {
            return self;
        }
        let (n, d) = (i128::from(numerator), i128::from(denominator));
        if let Ok(raw) = i64::try_from(self.0) {
            // Most rates are shares, and most products a single multiplication.
            let guess = if denominator == SCALE { product::guess(raw, numerator) } else { None };
            return Self(guess.map_or_else(|| div_half_even(i128::from(raw) * n, d), i128::from));
        }
        if let Some(product) = self.0.checked_mul(n) {
            return Self(div_half_even(product, d));
        }
        // The rest is below the denominator, so that its product with the numerator fits.
        let (times, rest) = (self.0.div_euclid(d), self.0.rem_euclid(d) * n);
        let floor = times.checked_mul(n).and_then(|whole| whole.checked_add(rest.div_euclid(d)));
        let floor = floor.expect("an amount times a rate fits");
        Self(half_even(floor, rest.rem_euclid(d), d))
    }

    /// How many units this amount buys at `price`, rounded down; zero for a price of zero or less,
    /// `None` if a quantity cannot hold them.
    pub fn units_at(self, price: Price) -> Option<Quantity> {
        if price.0 <= 0 {
            return Some(Quantity::ZERO);
        }
        let raw = self.0.checked_mul(SCALE_I128)?.div_euclid(i128::from(price.0));
        i64::try_from(raw).ok().map(Quantity)
    }
}

impl Rate {
    /// All of it.
    pub const ONE: Self = Self(SCALE);

    /// `n` percent.
    pub const fn percent(n: i32) -> Self {
        Self(n as i64 * (SCALE / 100))
    }

    /// `n` basis points: hundredths of a percent.
    pub const fn bps(n: i32) -> Self {
        Self(n as i64 * (SCALE / 10_000))
    }

    /// This share of `amount`, rounded half to even to nine places.
    pub fn of(self, amount: Money) -> Money {
        amount.scaled(self.0, SCALE)
    }

    /// `price` this many times, rounded half to even to nine places.
    #[inline]
    pub fn times(self, price: Price) -> Price {
        if self.0 == SCALE { price } else { price.scaled(self.0, SCALE) }
    }
}

impl Quantity {
    /// Whole units only, toward zero.
    pub fn whole(self) -> Self {
        Self(self.0 / SCALE * SCALE)
    }

    /// The sum; `None` if it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// A whole number of units; `None` if it does not fit.
    pub fn from_units(units: i64) -> Option<Self> {
        units.checked_mul(SCALE).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, raw: i64) {
        assert_eq!(text.parse::<Price>(), Ok(Price(raw)), "{text}");
    }

    #[test]
    fn decimals_read_exactly() {
        check("1", SCALE);
        check("-0.000000001", -1);
        check("+12.50", 12_500_000_000);
        check(".5", 500_000_000);
        check("5.", 5 * SCALE);
        check("1e3", 1000 * SCALE);
        check("2.5E-3", 2_500_000);
        check("104.44000000000001", 104_440_000_000);
        check("0e99", 0);
    }

    #[test]
    fn rounding_is_half_to_even() {
        check("1.0000000005", SCALE);
        check("1.0000000015", SCALE + 2);
        check("1.00000000051", SCALE + 1);
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for text in ["", ".", "-", "NaN", "inf", "1,5", "0x10", "1e", "1e999999999999", "1 "] {
            assert!(matches!(text.parse::<Price>(), Err(InvalidDecimal::NotANumber(_))), "{text}");
        }
        for text in ["9300000000", "1e400", "1e30"] {
            assert!(matches!(text.parse::<Price>(), Err(InvalidDecimal::TooLarge(_))), "{text}");
        }
        for text in ["1e-320", "0.00000000000000012345", "0.0000012345"] {
            assert!(matches!(text.parse::<Price>(), Err(InvalidDecimal::TooFine(_))), "{text}");
        }
    }

    #[test]
    fn values_print_shortest_and_read_back() {
        for text in ["0", "-1234.5", "0.000000001", "9223372036.854775807", "100"] {
            assert_eq!(text.parse::<Price>().unwrap().to_string(), text);
        }
    }

    fn steps() -> impl Strategy<Value = i64> {
        let edges = vec![0, 1, -1, SCALE, SCALE / 2, -3 * SCALE / 2, i64::MAX, i64::MIN];
        prop_oneof![any::<i64>(), any::<i32>().prop_map(i64::from), prop::sample::select(edges)]
    }

    proptest! {
        #[test]
        fn every_way_to_divide_gives_the_same(n: i128, shift in 0_u32..127, d in steps()) {
            let n = n >> shift;
            for d in [SCALE_I128, i128::from(d.saturating_abs().max(1))] {
                let plain = half_even(n.div_euclid(d), n.rem_euclid(d), d);
                prop_assert_eq!(div_half_even(n, d), plain);
            }
        }

        #[test]
        fn a_notional_is_the_plain_product_rounded_once(
            p in steps(), q in steps(), small in 0_u32..64, few in 0_u32..64,
        ) {
            let (p, q) = (p >> small, q >> few);
            let plain = div_half_even(i128::from(p) * i128::from(q), SCALE_I128);
            prop_assert_eq!(Price(p).notional(Quantity(q)), Money(plain));
            prop_assert_eq!(Price(p).notional_of_any(Quantity(q)), Money(plain));
        }
    }

    #[test]
    fn a_rate_of_an_amount_is_rounded_once() {
        assert_eq!(Rate::bps(10).of(Money(99_876_001_000_500)), Money(99_876_001_000));
    }

    #[test]
    fn what_an_amount_buys_is_rounded_down() {
        let units = Money(100_000 * SCALE_I128).units_at(Price(116 * SCALE)).unwrap();
        assert_eq!(units.to_string(), "862.068965517");
        assert_eq!(units.whole().to_string(), "862");
        assert_eq!(Money(SCALE_I128).units_at(Price(-1)), Some(Quantity::ZERO));
        let most = Money(i128::from(i64::MAX));
        assert_eq!(most.units_at(Price(SCALE)), Some(Quantity(i64::MAX)));
        assert_eq!(most.units_at(Price(SCALE - 1)), None);
    }

    #[test]
    fn an_amount_is_scaled_even_if_the_product_does_not_fit() {
        let most = Money(i128::MAX);
        assert_eq!(most.scaled(i64::MAX, i64::MAX), most);
        assert_eq!((-most).scaled(7, 14), Money(-(1 << 126)));
        assert_eq!(most.scaled(-1, 2), Money(-(1 << 126)));
        assert_eq!(most.scaled(3, 4), Money(i128::MAX / 4 * 3 + 2));
    }
}
