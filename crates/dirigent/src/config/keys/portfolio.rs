//! Keys of `portfolio.rebalance`, and of sizes by Kelly's rule.

use dirigent_workflow::file::spec::{Field, Kind, Range, Section};

use super::trade::percent;

pub(super) static REBALANCE: Section = Section::new(
    "When cash moves between `strategies`, so that each has its part of the money again",
    &[
        Field::default(
            "every",
            Kind::Choice(&["never", "daily", "weekly", "monthly", "quarterly", "yearly"]),
            "monthly",
            "At the close of the last bar of each; `never` leaves money where it was made",
        ),
        Field::optional(
            "drift_pct",
            percent(100.0),
            "Nothing moves while no part is further than this from its own, in points of percent",
        )
        .example("5"),
    ],
)
.shorthand("every");

pub(super) const KELLY: Section = Section::new(
    "The share of equity at which the closed trades of the run so far would have grown it fastest",
    &[
        Field::default(
            "fraction",
            Kind::Decimal(Range::positive(1.0)),
            "0.5",
            "How much of that share is used: 0.5 is half Kelly",
        ),
        Field::default(
            "min_trades",
            Kind::Whole { min: 1, max: 100_000 },
            "20",
            "Closed trades from which on they decide",
        ),
        Field::default(
            "lookback_trades",
            Kind::Whole { min: 1, max: 100_000 },
            "100",
            "How many of the last closed trades are looked at",
        ),
        Field::default("start_percent", percent(100.0), "10", "The share before, in percent"),
        Field::default(
            "min_percent",
            Kind::Decimal(Range::from_to(0.0, 100.0)),
            "1",
            "The least share, in percent, so that a bad record can become better; 0 ends trading",
        ),
        Field::default("max_percent", percent(100.0), "100", "The largest share, in percent"),
    ],
);
