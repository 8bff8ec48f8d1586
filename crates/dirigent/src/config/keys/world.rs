//! Keys of `instruments`, `data.fx`, `portfolio.account` and `portfolio.financing`.

use dirigent_workflow::file::spec::{Field, Kind, Range, Section, Tagged, Variant};

use super::trade::percent;

const SHARE: Kind = percent(100.0);
const PER_UNIT: Kind = Kind::Decimal(Range::positive(1e9));

const RATE: Kind = Kind::Decimal(Range::from_to(0.0, 1.0));

pub(super) static INSTRUMENT: Section = Section::new(
    "The terms on which a symbol trades; under `default`, for symbols without terms of their own",
    &[
        Field::default(
            "type",
            Kind::Choice(&["equity", "etf", "fx", "crypto", "future", "perpetual"]),
            "equity",
            "What it is; gains and losses of future and perpetual become cash bar by bar, the others \
             are paid for",
        ),
        Field::optional(
            "currency",
            Kind::Text,
            "The currency of its prices, with its rates in `data.fx`; default `portfolio.currency`",
        )
        .example("EUR"),
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
        Field::optional(
            "initial_margin",
            PER_UNIT,
            "What a unit ties up in a margin or futures account, in its currency",
        )
        .example("13200"),
        Field::optional("maintenance_margin", PER_UNIT, "What a unit must keep there")
            .example("12000"),
        Field::optional(
            "initial_margin_pct",
            SHARE,
            "What it ties up there, in percent of its value; default as the account says",
        )
        .example("30"),
        Field::optional(
            "maintenance_margin_pct",
            SHARE,
            "What it must keep there, in percent of its value",
        )
        .example("25"),
        Field::optional(
            "borrow_rate",
            Kind::Decimal(Range::from_to(0.0, 100.0)),
            "What being short of it costs per year, of its value; default as `financing` says",
        )
        .example("0.3"),
        Field::optional(
            "expiry",
            Kind::Date,
            "The last day of a future: what is held is settled at the last close",
        )
        .example("2024-03-15"),
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

pub(super) static FX: Section = Section::new(
    "What one unit of a currency is worth in that of the account",
    &[
        Field::required("path", Kind::Path, "A price file, read as those of `data.path`")
            .example("data/eurusd.csv"),
        Field::default(
            "inverted",
            Kind::Boolean,
            "false",
            "The file tells what one unit of the account's currency is worth in the other: USDJPY \
             for JPY in an account in USD",
        ),
    ],
)
.shorthand("path");

pub(super) static ACCOUNT: Tagged = Tagged {
    key: "type",
    doc: "What the account lets its owner hold",
    variants: &[
        Variant {
            name: "unlevered",
            section: Section::new("Long and short, each position covered in full", &[]),
        },
        Variant { name: "cash", section: Section::new("Long only, paid for in full", &[]) },
        Variant {
            name: "margin",
            section: Section::new(
                "Long and short on margin; what has too little is made smaller at the next prices",
                &[
                    Field::default(
                        "initial_margin_pct",
                        SHARE,
                        "50",
                        "What a position ties up when it is entered, in percent of its value",
                    ),
                    Field::default(
                        "maintenance_margin_pct",
                        SHARE,
                        "25",
                        "What it must keep, in percent of its value",
                    ),
                ],
            ),
        },
        Variant {
            name: "futures",
            section: Section::new(
                "As margin, on the margins of `instruments`; what has none there is paid for",
                &[],
            ),
        },
    ],
};
