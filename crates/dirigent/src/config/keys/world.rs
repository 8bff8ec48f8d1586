//! Keys of `instruments` and `portfolio.financing`.

use dirigent_workflow::file::spec::{Field, Kind, Range, Section};

const RATE: Kind = Kind::Decimal(Range::from_to(0.0, 1.0));

pub(super) static INSTRUMENT: Section = Section::new(
    "The terms on which a symbol trades; under `default`, for symbols without terms of their own",
    &[
        Field::default(
            "multiplier",
            Kind::Decimal(Range::positive(1e6)),
            "1",
            "What a unit is worth at a price of one: value = price × units × multiplier",
        ),
        Field::optional(
            "tick",
            Kind::Decimal(Range::positive(1e9)),
            "The step of the levels of limits and stops",
        )
        .example("0.25"),
        Field::optional(
            "lot",
            Kind::Decimal(Range::positive(1e9)),
            "Quantities are multiples of this; default as `portfolio` says",
        ),
    ],
);

pub(super) static FINANCING: Section = Section::new(
    "What balances earn and cost per year, by calendar days of 1/365; 0.05 is five percent",
    &[
        Field::default("cash_rate", RATE, "0", "What cash earns"),
        Field::default("margin_rate", RATE, "0", "What cash that is owed costs"),
        Field::default("borrow_rate", RATE, "0", "What short positions cost, of their value"),
    ],
);
