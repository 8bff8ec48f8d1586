//! Keys of `portfolio.rebalance`.

use dirigent_workflow::file::spec::{Field, Kind, Section};

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
