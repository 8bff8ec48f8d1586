//! Wilder's moving average: an exponential average with weight 1/n.

use super::ema::Ema;
use super::{Definition, Input, bars, kernel, unrelated, window};

/// `rma(x, n)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "rma",
    summary: "Wilder's moving average: exponential with weight 1/n, started with the mean of the first `n` values.",
    source: "Wilder 1978; TA-Lib `RMA`.",
    inputs: &[Input::Argument("x")],
    params: &[window("n", None, 1.0)],
    outputs: &["value"],
    check: unrelated,
    warmup: |p| bars(p[0]) - 1,
    build: |p| kernel(Ema::wilder(bars(p[0]))),
};
