//! What `optimization_config.objective` may be beside a name or a formula.

use dirigent_workflow::file::spec::{Field, Kind, Section};

/// Several objectives.
pub(super) const OBJECTIVES: Kind = Kind::List { of: &Kind::Text, min: 1, max: 10 };

/// A test function.
pub(super) static FUNCTION: Section = Section::new(
    "A test function, whose least value is searched without data or strategy",
    &[
        Field::required(
            "function",
            Kind::Choice(&["sphere", "rosenbrock", "rastrigin", "ackley", "branin", "hartmann6"]),
            "Its name",
        )
        .example("rastrigin"),
        Field::optional(
            "dimensions",
            Kind::Whole { min: 1, max: 1_000 },
            "How many arguments it has; default 2, of `hartmann6` 6",
        ),
        Field::default(
            "shifted",
            Kind::Boolean,
            "true",
            "Its minimum lies off the middle of the box, which flatters no method",
        ),
    ],
);
