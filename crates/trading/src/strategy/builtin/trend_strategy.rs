//! Follows trends that are strong enough: crossed averages, confirmed by the directional index.

use super::{bars, long, number};
use crate::strategy::{Build, Definition};

pub(super) const DEFINITION: Definition = Definition {
    name: "trend_strategy",
    summary: "Long from when the exponential moving average of `fast` closes is above that of `slow` and \
              the average directional index is above `strength`, until the averages cross back.",
    parameters: &[
        bars("fast", "Bars of the fast average.", 20, 1, (5, 50, 5)),
        bars("slow", "Bars of the slow average; more than `fast`.", 100, 2, (20, 200, 20)),
        number(
            "strength",
            "What the average directional index of 14 bars has to be above.",
            15.0,
            (0.0, 100.0),
            (0.0, 30.0, 10.0),
        ),
    ],
    rising: &[("fast", "slow")],
    build: Build::Rules(|params| {
        let terms = [("fast", "ema(close, $fast)"), ("slow", "ema(close, $slow)")];
        long(params, &terms, "fast > slow and adx(14) > $strength", Some("fast <= slow"))
    }),
};
