//! How often a portfolio is formed anew.

use crate::period::Period;
use crate::strategy::{Parameter, Params, Values, Window};

/// How often a portfolio is formed anew.
pub(super) const PARAMETER: Parameter = Parameter {
    name: "rebalance",
    summary: "The period at whose last session the portfolio is formed anew.",
    values: Values::Choice {
        default: "monthly",
        names: &["weekly", "monthly", "quarterly", "yearly"],
    },
};

/// The period that `PARAMETER` names.
pub(super) fn of(params: &Params) -> Period {
    match params.choice(PARAMETER.name) {
        "weekly" => Period::Week,
        "quarterly" => Period::Quarter,
        "yearly" => Period::Year,
        _ => Period::Month,
    }
}

/// Whether the period of the bar that just closed is over.
pub(super) fn ends(period: Period, window: &Window<'_>) -> bool {
    period.ends(window.now(), window.next())
}
