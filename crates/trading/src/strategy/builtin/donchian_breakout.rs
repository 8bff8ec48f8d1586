//! Buys a new high, sells a new low, both of the bars before the present one.

use super::{bars, long};
use crate::strategy::{Build, Definition};

pub(super) const DEFINITION: Definition = Definition {
    name: "donchian_breakout",
    summary: "Buys when the close is above the highest high of the `entry` bars before, sells when it is below the lowest low of the `exit` bars before.",
    parameters: &[
        bars("entry", "Bars of the channel to break out of.", 20, 1, (10, 60, 5)),
        bars("exit", "Bars of the channel to fall out of.", 10, 1, (5, 30, 5)),
    ],
    rising: &[],
    build: Build::Rules(|params| {
        let terms = [("top", "highest(high, $entry)[1]"), ("bottom", "lowest(low, $exit)[1]")];
        long(params, &terms, "close > top", Some("close < bottom"))
    }),
};
