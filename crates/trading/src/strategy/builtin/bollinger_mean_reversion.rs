//! Buys below the lower Bollinger band, sells above the middle.

use super::{bars, long, number};
use crate::strategy::{Build, Definition};

pub(super) const DEFINITION: Definition = Definition {
    name: "bollinger_mean_reversion",
    summary: "Buys when the close is below the lower Bollinger band, sells when it is above the middle.",
    parameters: &[
        bars("period", "Bars of the bands.", 20, 2, (10, 50, 5)),
        number(
            "width",
            "Standard deviations from the middle to the lower band.",
            2.0,
            (0.1, 10.0),
            (1.0, 3.0, 0.25),
        ),
    ],
    rising: &[],
    build: Build::Rules(|params| {
        let terms = [
            ("lower", "bbands(close, $period, $width, $width).lower"),
            ("middle", "bbands(close, $period, $width, $width).middle"),
        ];
        long(params, &terms, "close < lower", Some("close > middle"))
    }),
};
