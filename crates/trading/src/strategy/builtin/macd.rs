//! Holds while the MACD line is above its signal line.

use super::{bars, long};
use crate::strategy::{Build, Definition};

pub(super) const DEFINITION: Definition = Definition {
    name: "macd",
    summary: "Long while the MACD line is above its signal line.",
    parameters: &[
        bars("fast", "Bars of the fast average.", 12, 1, (6, 18, 2)),
        bars("slow", "Bars of the slow average; more than `fast`.", 26, 2, (20, 40, 2)),
        bars("signal", "Bars of the signal line.", 9, 1, (5, 15, 2)),
    ],
    rising: &[("fast", "slow")],
    build: Build::Rules(|params| {
        let terms = [
            ("line", "macd(close, $fast, $slow, $signal).macd"),
            ("trigger", "macd(close, $fast, $slow, $signal).signal"),
        ];
        long(params, &terms, "line > trigger", Some("line <= trigger"))
    }),
};
