//! Buys weakness, sells its end: Wilder's relative strength index below one level, then above another.

use super::{bars, long, number};
use crate::strategy::{Build, Definition};

pub(super) const DEFINITION: Definition = Definition {
    name: "rsi_mean_reversion",
    summary: "Buys when the relative strength index is below `oversold`, sells when it is above `exit_above`.",
    parameters: &[
        bars("period", "Bars of the index.", 14, 2, (2, 21, 1)),
        number("oversold", "Buys below this level.", 30.0, (0.0, 100.0), (10.0, 40.0, 5.0)),
        number(
            "exit_above",
            "Sells above this level; more than `oversold`.",
            55.0,
            (0.0, 100.0),
            (45.0, 75.0, 5.0),
        ),
    ],
    rising: &[("oversold", "exit_above")],
    build: Build::Rules(|params| {
        let terms = [("strength", "rsi(close, $period)")];
        long(params, &terms, "strength < $oversold", Some("strength > $exit_above"))
    }),
};
