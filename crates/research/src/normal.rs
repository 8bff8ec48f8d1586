//! The standard normal distribution: probability and quantile.
//!
//! Sources: erfc of libm (FreeBSD msun); the quantile is algorithm AS 241, PPND16 (Wichura,
//! "The percentage points of the normal distribution", 1988), right to about 1 in 10^16.

use std::f64::consts::FRAC_1_SQRT_2;

/// The probability of a value below `x`.
pub(crate) fn cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// The value below which a share `p` lies, 0 < p < 1; infinite at the ends.
pub(crate) fn quantile(p: f64) -> f64 {
    let middle = p - 0.5;
    if middle.abs() <= 0.425 {
        let r = 0.180_625 - middle * middle;
        return middle * ratio(r, &CENTER_ABOVE, &CENTER_BELOW);
    }
    let tail = if middle < 0.0 { p } else { 1.0 - p };
    if tail <= 0.0 {
        return if middle < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let r = (-libm::log(tail)).sqrt();
    let size = match r <= 5.0 {
        true => ratio(r - 1.6, &NEAR_ABOVE, &NEAR_BELOW),
        false => ratio(r - 5.0, &FAR_ABOVE, &FAR_BELOW),
    };
    if middle < 0.0 { -size } else { size }
}

/// A ratio of two polynomials, coefficients from the constant up.
fn ratio(x: f64, above: &[f64; 8], below: &[f64; 8]) -> f64 {
    let value = |coefficients: &[f64; 8]| coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c);
    value(above) / value(below)
}

const CENTER_ABOVE: [f64; 8] = [
    3.387_132_872_796_366_5,
    133.141_667_891_784_38,
    1_971.590_950_306_551_3,
    13_731.693_765_509_46,
    45_921.953_931_549_87,
    67_265.770_927_008_7,
    33_430.575_583_588_13,
    2_509.080_928_730_122_7,
];
const CENTER_BELOW: [f64; 8] = [
    1.0,
    42.313_330_701_600_91,
    687.187_007_492_057_9,
    5_394.196_021_424_751,
    21_213.794_301_586_597,
    39_307.895_800_092_71,
    28_729.085_735_721_943,
    5_226.495_278_852_854,
];
const NEAR_ABOVE: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    0.241_780_725_177_450_6,
    0.022_723_844_989_269_184,
    7.745_450_142_783_414e-4,
];
const NEAR_BELOW: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    0.689_767_334_985_1,
    0.148_103_976_427_480_08,
    0.015_198_666_563_616_457,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];
const FAR_ABOVE: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    0.296_560_571_828_504_87,
    0.026_532_189_526_576_124,
    0.001_242_660_947_388_078_4,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const FAR_BELOW: [f64; 8] = [
    1.0,
    0.599_832_206_555_888,
    0.136_929_880_922_735_8,
    0.014_875_361_290_850_615,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_7e-15,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values: scipy.stats.norm 1.17.
    #[track_caller]
    fn check(p: f64, x: f64) {
        let (found, back) = (quantile(p), cdf(x));
        assert!((found - x).abs() <= 1e-14 * x.abs(), "quantile({p}) = {found}, not {x}");
        assert!((back - p).abs() <= 1e-14 * p, "cdf({x}) = {back}, not {p}");
    }

    #[test]
    fn quantile_and_probability_match_published_values() {
        check(0.05, -1.644_853_626_951_472_9);
        check(0.975, 1.959_963_984_540_054);
        check(0.99, 2.326_347_874_040_841);
        check(0.001, -3.090_232_306_167_813);
        check(1e-12, -7.034_483_825_301_131);
        assert_eq!((quantile(0.5), cdf(0.0)), (0.0, 0.5));
        assert_eq!((quantile(0.0), quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
    }
}
