//! Keys of `regimes`.

use dirigent_workflow::file::spec::{Field, Kind, Range, Section};

const BARS: Kind = Kind::Whole { min: 1, max: 1_000_000 };

/// How kinds of market are told apart.
pub static REGIMES: Section = Section::new(
    "How kinds of market are told apart, each bar by the bars up to it",
    &[
        Field::default(
            "method",
            Kind::Choice(&[
                "hmm",
                "volatility",
                "trend",
                "volatility_trend",
                "kmeans",
                "change_points",
            ]),
            "hmm",
            "Hidden Markov model of returns; quantiles of volatility; close against its mean; both; \
             clusters of volatility and trend; segments between changes",
        ),
        Field::optional("symbol", Kind::Text, "The symbol that is looked at; default the mean return of all")
            .example("SPY"),
        Field::default(
            "states",
            Kind::Whole { min: 2, max: 6 },
            "2",
            "How many hidden states, levels of volatility, clusters or levels of segments",
        ),
        Field::default(
            "lookback",
            Kind::Whole { min: 5, max: 100_000 },
            "20",
            "Returns of a volatility, for `volatility`, `volatility_trend` and `kmeans`; the shortest \
             segment of `change_points`",
        ),
        Field::optional(
            "threshold",
            Kind::Number(Range::from_to(0.01, 0.99)),
            "The quantile of its own past above which volatility is the wildest; levels below are \
             equal parts; default (states - 1) / states",
        )
        .example("0.7"),
        Field::default(
            "history",
            Kind::Whole { min: 20, max: 1_000_000 },
            "1260",
            "Bars of the past that quantiles are of",
        ),
        Field::default(
            "trend_lookback",
            Kind::Whole { min: 2, max: 100_000 },
            "100",
            "Bars of the mean that tells rising from falling, and of the trend of `kmeans`",
        ),
        Field::default(
            "trend_band",
            Kind::Number(Range::from_to(0.0, 0.5)),
            "0",
            "Distance from the mean within which prices are flat, as a fraction; 0 has no flat",
        ),
        Field::default(
            "penalty",
            Kind::Number(Range::positive(1e6)),
            "40",
            "What a change of `change_points` has to gain, twice in log-likelihood; more finds fewer",
        ),
        Field::default(
            "min_history",
            Kind::Whole { min: 60, max: 1_000_000 },
            "252",
            "Bars before the first that has a regime",
        ),
        Field::default(
            "refit",
            BARS,
            "63",
            "Bars between two fits of `hmm`, `kmeans` and `change_points`; a twentieth of the past where \
             that is more",
        ),
        Field::default(
            "window",
            Kind::Choice(&["expanding", "rolling"]),
            "expanding",
            "The past that `hmm` and `kmeans` are fitted on: all of it, or the last `min_history` bars",
        ),
    ],
)
.shorthand("method");
