//! Keys of `ensemble`.

use dirigent_workflow::file::spec::{Field, Kind, Range, Section};

const SHARE: Kind = Kind::Number(Range::from_to(0.0, 1.0));
const WEIGHTS: Kind = Kind::Map(&Kind::Number(Range::from_to(0.0, 1e6)));

pub(super) static ENSEMBLE: Section = Section::new(
    "How `strategies` vote on one position; their `weight` is that of their word",
    &[
        Field::default(
            "min_agreement",
            SHARE,
            "0.5",
            "The least share of the weight that long or short needs",
        ),
        Field::optional(
            "regime_weights",
            Kind::Map(&WEIGHTS),
            "What the weights are multiplied by in each regime of `regimes`, by strategy",
        )
        .example("{calm: {trend: 0.7, reversion: 0.3}}"),
        Field::default(
            "regime_tilt",
            SHARE,
            "1",
            "How much of `regime_weights` counts: 0 is nothing, 1 is all",
        ),
    ],
);
