//! Keys of `data.roll`.

use dirigent_trading::data::CONTRACTS_MAX;
use dirigent_workflow::file::spec::{Field, Kind, Section};

const DAYS: Kind = Kind::List { of: &Kind::Date, min: 0, max: CONTRACTS_MAX };

pub(super) static ROLL: Section = Section::new(
    "A series of contracts; each is loaded as a symbol of its own",
    &[
        Field::required(
            "contracts",
            Kind::List { of: &Kind::Text, min: 1, max: CONTRACTS_MAX },
            "The contracts, in the order in which they expire",
        )
        .example("[ESH24, ESM24, ESU24]"),
        Field::default(
            "by",
            Kind::Choice(&["volume", "open_interest", "expiry", "dates"]),
            "volume",
            "What ends a contract, at the open of a day: the next had more the day before, or a date",
        ),
        Field::default(
            "days_before_expiry",
            Kind::Whole { min: 0, max: 365 },
            "5",
            "For `by: expiry`, so many calendar days before",
        ),
        Field::default("expiries", DAYS, "[]", "For `by: expiry`, the day of each contract")
            .example("[2024-03-15, 2024-06-21, 2024-09-20]"),
        Field::default("dates", DAYS, "[]", "For `by: dates`, the first day of each next contract")
            .example("[2024-03-08, 2024-06-13]"),
        Field::default(
            "adjust",
            Kind::Choice(&["back", "ratio", "none"]),
            "back",
            "The prices before a roll: moved by the difference, by the quotient, or left to jump",
        ),
    ],
);
