//! Products and quotients of numbers of nine decimals, as fast as exactness allows.
//!
//! Promises: rounded half to even, to the last digit. A double guesses a product; integers, which may
//! wrap because only their difference counts, say how far the guess is off.

use super::{SCALE, SCALE_I128};

/// Adding it to a double below 2^51 in size rounds the double to a whole number, half to even, and
/// leaves that number in its last bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52

/// Whole numbers up to here are doubles without rounding.
pub(crate) const EXACT_MAX: u64 = 1 << 53;

/// The size below which a product of doubles, three times rounded, is off by less than a half.
const GUESS_MAX: f64 = 1_125_899_906_842_624.0; // 2^50

const HALF: i64 = SCALE / 2;

/// The rounded product of `a` and `b` steps; `None` where a double could not guess it.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "checked before it counts")]
pub(super) fn guess(a: i64, b: i64) -> Option<i64> {
    let about = a as f64 * (b as f64 * 1e-9);
    let is_exact = (a.unsigned_abs() | b.unsigned_abs()) < EXACT_MAX;
    (is_exact && about.abs() < GUESS_MAX).then(|| nearest(a, b, about))
}

/// The rounded product of `a` and `b` steps, of which `about` is off by less than a half.
#[inline(always)]
pub(crate) fn nearest(a: i64, b: i64, about: f64) -> i64 {
    let rounded = about + ROUNDER;
    let guess = rounded.to_bits().wrapping_sub(ROUNDER.to_bits()).cast_signed();
    let left = a.wrapping_mul(b).wrapping_sub(guess.wrapping_mul(SCALE));
    let odd = guess & 1;
    let up = i64::from(left > HALF - odd);
    let down = i64::from(left < odd - HALF);
    guess + up - down
}

/// `n / d` to the nearest integer, a tie to the even one; `d` is positive.
///
/// Most amounts fit 64 bits, or 73 where they are divided by the scale, which is 2^9 times an odd
/// number; dividing 128 bits takes several times as long.
pub(super) fn div_half_even(n: i128, d: i128) -> i128 {
    const ODD: u64 = SCALE.unsigned_abs() >> 9;
    if let (Ok(size), Ok(d)) = (u64::try_from(n.unsigned_abs()), u64::try_from(d)) {
        let size = half_even((size / d).into(), (size % d).into(), d.into());
        return if n < 0 { -size } else { size }; // halves go to even numbers on either side
    }
    if let (SCALE_I128, Ok(upper)) = (d, u64::try_from(n >> 9)) {
        let quotient = i128::from(upper / ODD);
        return half_even(quotient, n - quotient * SCALE_I128, d);
    }
    half_even(n.div_euclid(d), n.rem_euclid(d), d)
}

/// `quotient` or the next, whichever is nearer given the remainder of a division by `d`.
pub(super) fn half_even(quotient: i128, remainder: i128, d: i128) -> i128 {
    match (remainder * 2).cmp(&d) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + (quotient & 1),
    }
}
