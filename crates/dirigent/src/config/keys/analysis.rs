//! Keys of `analysis_config`.

use dirigent_workflow::file::spec::{Field, Kind, Section};

const PARTS: &[&str] = &["data", "returns", "seasonality", "correlations", "regimes", "signals"];

pub(super) static ANALYSIS: Section = Section::new(
    "What is looked at",
    &[
        Field::default(
            "include",
            Kind::List { of: &Kind::Choice(PARTS), min: 1, max: 6 },
            "[data, returns, seasonality, correlations, regimes, signals]",
            "The parts: the files themselves, returns of each symbol, when they come, how they go \
             together, kinds of market, and what the entries of each strategy foretell",
        ),
        Field::default(
            "horizons",
            Kind::List { of: &Kind::Whole { min: 1, max: 10_000 }, min: 1, max: 20 },
            "[1, 5, 10, 20]",
            "Bars after a signal that are looked at",
        ),
        Field::default(
            "lags",
            Kind::Whole { min: 1, max: 500 },
            "10",
            "Bars back to which returns are compared with themselves",
        ),
    ],
);
