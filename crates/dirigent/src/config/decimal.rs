//! Percent and basis points as they are written: exact decimals, not doubles.

use std::fmt;

use dirigent_trading::Quantity;
use serde::{Deserialize, Serialize};

/// Hundredths: `95` is 0.95 of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Percent(Quantity);

/// Hundredths of a percent: `1` is 0.0001 of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BasisPoints(Quantity);

impl Percent {
    /// The share in steps of 10^-9, rounded half to even: 5 percent is 50,000,000.
    pub const fn share_raw(self) -> i64 {
        rounded(self.0.raw(), 100)
    }
}

impl BasisPoints {
    /// The share in steps of 10^-9, rounded half to even: 1 basis point is 100,000.
    pub const fn share_raw(self) -> i64 {
        rounded(self.0.raw(), 10_000)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for BasisPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// `n / d` to the nearest integer, a tie to the even one; `d` is even and positive.
const fn rounded(n: i64, d: i64) -> i64 {
    let (quotient, remainder) = (n.div_euclid(d), n.rem_euclid(d));
    let half = d / 2;
    let is_up = remainder > half || (remainder == half && quotient & 1 == 1);
    quotient + if is_up { 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact_or_rounded_half_to_even() {
        let percent = |text: &str| Percent(text.parse().unwrap()).share_raw();
        assert_eq!(percent("95"), 950_000_000);
        assert_eq!(percent("0.1"), 1_000_000);
        assert_eq!(percent("0.00000005"), 0);
        assert_eq!(percent("0.00000015"), 2);
        let bps = |text: &str| BasisPoints(text.parse().unwrap()).share_raw();
        assert_eq!(bps("1"), 100_000);
        assert_eq!(bps("2.5"), 250_000);
    }
}
