//! Holds while the fast exponential moving average is above the slow one.

use super::{bars, long};
use crate::strategy::{Build, Definition};

pub(super) const DEFINITION: Definition = Definition {
    name: "ema_crossover",
    summary: "Long while the exponential moving average of `fast` closes is above that of `slow`.",
    parameters: &[
        bars("fast", "Bars of the fast average.", 12, 1, (5, 50, 5)),
        bars("slow", "Bars of the slow average; more than `fast`.", 26, 2, (20, 200, 10)),
    ],
    rising: &[("fast", "slow")],
    build: Build::Rules(|params| {
        let terms = [("fast", "ema(close, $fast)"), ("slow", "ema(close, $slow)")];
        long(params, &terms, "fast > slow", Some("fast <= slow"))
    }),
};
