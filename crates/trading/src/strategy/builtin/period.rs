//! Periods of the calendar, at whose last session a portfolio is looked at.

use dirigent_core::Timestamp;

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

#[derive(Clone, Copy, Debug)]
pub(super) enum Period {
    Week,
    Month,
    Quarter,
    Year,
}

impl Period {
    /// The one that `PARAMETER` names.
    pub(super) fn of(params: &Params) -> Self {
        match params.choice(PARAMETER.name) {
            "weekly" => Self::Week,
            "quarterly" => Self::Quarter,
            "yearly" => Self::Year,
            _ => Self::Month,
        }
    }

    /// Whether the next session belongs to another period than this one. The last session of the
    /// data ends none: what comes next is not known.
    pub(super) fn ends(self, window: &Window<'_>) -> bool {
        window.next().is_some_and(|next| self.number(next) != self.number(window.now()))
    }

    /// A number that all moments of one period share and no other period has.
    fn number(self, time: Timestamp) -> i64 {
        const DAY_NANOS: i64 = 86_400_000_000_000;
        let (year, month, _) = time.date();
        match self {
            // 1970-01-01 was a Thursday; weeks start on Monday.
            Self::Week => (time.as_nanos().div_euclid(DAY_NANOS) + 3).div_euclid(7),
            Self::Month => year * 12 + month,
            Self::Quarter => year * 4 + (month - 1) / 3,
            Self::Year => year,
        }
    }
}
