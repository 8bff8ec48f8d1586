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

/// The size below which `far` knows a product from a double.
pub(crate) const FAR_MAX: f64 = 4_611_686_018_427_387_904.0; // 2^62

/// The rounded product of `a` and `b` steps; `None` where a double could not guess it.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "checked before it counts")]
pub(super) fn guess(a: i64, b: i64) -> Option<i64> {
    if (a.unsigned_abs() | b.unsigned_abs()) >= EXACT_MAX {
        return None;
    }
    let about = a as f64 * (b as f64 * 1e-9);
    match about.abs() {
        size if size < GUESS_MAX => Some(nearest(a, b, about)),
        size if size < FAR_MAX => Some(far(a, b, about)),
        _ => None,
    }
}

/// The rounded product of `a` and `b` steps, of which `about`, three times rounded, is off by less
/// than 2^11.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "below `FAR_MAX`")]
pub(crate) fn far(a: i64, b: i64, about: f64) -> i64 {
    let guess = about as i64;
    let left = a.wrapping_mul(b).wrapping_sub(guess.wrapping_mul(SCALE));
    let (more, rest) = (left.div_euclid(SCALE), left.rem_euclid(SCALE));
    let floor = guess + more;
    floor + i64::from(rest > HALF - (floor & 1))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_guess_is_the_product_rounded_once(
            a: i64, b: i64, a_shift in 10_u32..63, b_shift in 10_u32..63, tie: bool,
        ) {
            let (a, b) = (a >> a_shift, b >> b_shift);
            let b = if tie { b / SCALE * SCALE + HALF } else { b };
            let plain = div_half_even(i128::from(a) * i128::from(b), SCALE_I128);
            if let Some(found) = guess(a, b) {
                prop_assert_eq!(i128::from(found), plain);
            } else {
                let is_large = (a.unsigned_abs() | b.unsigned_abs()) >= EXACT_MAX;
                prop_assert!(is_large || plain.unsigned_abs() > 1 << 61, "{} {}", a, b);
            }
        }
    }
}
