//! Keys of `validation_config`.

use dirigent_workflow::file::spec::{Field, Kind, Range, Section};

/// The checks of a validation, in the order they are told.
pub(super) const CHECKS: &[&str] = &[
    "walk_forward",
    "k_fold",
    "combinatorial",
    "monte_carlo",
    "perturbation",
    "costs",
    "delays",
    "luck",
];
/// The longest run of bars that anything may be told.
const BARS_MAX: i64 = 100_000_000;
const BARS: Kind = Kind::Whole { min: 1, max: BARS_MAX };
const BARS_OR_NONE: Kind = Kind::Whole { min: 0, max: BARS_MAX };
const DRAWS: Kind = Kind::Whole { min: 100, max: 100_000 };

const PURGE: Field = Field::default(
    "purge",
    BARS_OR_NONE,
    "0",
    "Bars that are left out of training before a test, for positions that reach into it",
);
const EMBARGO: Field = Field::default(
    "embargo",
    BARS_OR_NONE,
    "0",
    "Bars that are left out of training after a test, beside those of `purge`",
);

pub(super) static VALIDATION: Section = Section::new(
    "What is tried to break a result; every check is made unless `skip` names it",
    &[
        Field::default(
            "skip",
            Kind::List { of: &Kind::Choice(CHECKS), min: 0, max: 8 },
            "[]",
            "Checks that are left out",
        )
        .example("[combinatorial, delays]"),
        Field::default(
            "walk_forward",
            Kind::Section(&WALK_FORWARD),
            "{}",
            "Searching the past anew, and trading what follows, again and again",
        ),
        Field::default(
            "k_fold",
            Kind::Section(&K_FOLD),
            "{}",
            "Choosing on all folds but one, and measuring on that",
        ),
        Field::default(
            "combinatorial",
            Kind::Section(&COMBINATORIAL),
            "{}",
            "The same for every choice of several folds, which makes many paths",
        ),
        Field::default(
            "monte_carlo",
            Kind::Section(&MONTE_CARLO),
            "{}",
            "What the same trades and returns could have come to",
        ),
        Field::default(
            "perturbation",
            Kind::Section(&PERTURBATION),
            "{}",
            "Parameters a little beside the chosen ones",
        ),
        Field::default(
            "costs",
            Kind::List { of: &Kind::Number(Range::from_to(1.1, 100.0)), min: 1, max: 20 },
            "[1.5, 2, 3]",
            "Commission and slippage times these, rising",
        ),
        Field::default(
            "delays",
            Kind::List { of: &Kind::Whole { min: 1, max: 100 }, min: 1, max: 20 },
            "[1, 2]",
            "Decisions that trade so many bars later, rising",
        ),
        Field::default("luck", Kind::Section(&LUCK), "{}", "How good the best looks by chance"),
    ],
);

static WALK_FORWARD: Section = Section::new(
    "Windows that train on the past and test on what follows",
    &[
        Field::default(
            "period",
            Kind::Choice(&["anchored", "rolling"]),
            "anchored",
            "Train on everything before, or on a window of fixed length that moves along",
        ),
        Field::optional(
            "windows",
            Kind::Whole { min: 2, max: 1_000 },
            "How many tests; default 7, unless `test` is given",
        ),
        Field::optional("train", BARS, "Bars of the (first) training; default three tests"),
        Field::optional("test", BARS, "Bars of each test; default as `windows` share them")
            .example("63"),
        Field::optional("step", BARS, "Bars from one test to the next; default those of a test"),
        PURGE,
        EMBARGO,
    ],
);

static K_FOLD: Section = Section::new(
    "Folds of equal length, each the test once",
    &[Field::default("folds", Kind::Whole { min: 2, max: 100 }, "5", "How many"), PURGE, EMBARGO],
);

static COMBINATORIAL: Section = Section::new(
    "Every choice of `tests` of `folds` folds is the test once",
    &[
        Field::default("folds", Kind::Whole { min: 3, max: 20 }, "6", "How many folds"),
        Field::default("tests", Kind::Whole { min: 1, max: 19 }, "2", "How many of them test"),
        PURGE,
        EMBARGO,
    ],
);

static MONTE_CARLO: Section = Section::new(
    "What else could have happened",
    &[
        Field::default("draws", DRAWS, "1000", "How many histories are drawn"),
        Field::default(
            "confidence",
            Kind::Number(Range::from_to(0.5, 0.999)),
            "0.9",
            "Share of them that intervals hold",
        ),
        Field::optional(
            "block",
            Kind::Number(Range::from_to(1.0, 100_000.0)),
            "Mean bars of a block; default by Politis and White",
        ),
    ],
);

static PERTURBATION: Section = Section::new(
    "The neighbors of the chosen parameters",
    &[
        Field::default(
            "spread",
            Kind::Number(Range::from_to(0.01, 0.9)),
            "0.2",
            "How far they go to each side, as a share of the parameter",
        ),
        Field::default(
            "steps",
            Kind::Whole { min: 1, max: 20 },
            "2",
            "How many values on each side; fewer where there are many parameters",
        ),
    ],
);

static LUCK: Section = Section::new(
    "Tests of the best of many",
    &[
        Field::default("draws", DRAWS, "1000", "Draws of the reality check and of SPA"),
        Field::default(
            "blocks",
            Kind::Whole { min: 4, max: 20 },
            "12",
            "Parts of the time, of which every half is chosen on; an even number",
        ),
        Field::default(
            "against",
            Kind::Choice(&["cash", "buy_and_hold"]),
            "cash",
            "What the tests hold every trial against: its own risk-free rate, or the benchmark, \
             else all symbols held in equal parts",
        ),
        Field::optional(
            "trials",
            Kind::Whole { min: 1, max: 1_000_000_000 },
            "How many variants were tried altogether, if more than the search here makes",
        ),
    ],
);
