//! Every key of a workflow file, declared once.
//!
//! Promises: validation, defaults, `--explain-config`, the JSON Schema and the reference page all
//! come from here. A key that this release does not act on says so (`planned`).
//! Not here: what keys mean together; see `consistency`.

mod analysis;
mod coordinate;
mod ensemble;
mod fill;
mod market;
mod portfolio;
mod regimes;
mod roll;
mod search;
mod tasks;
mod trade;
mod validate;
mod venue;
mod world;

use dirigent_workflow::file::spec::{Field, Kind, Range, Section};

pub use regimes::REGIMES;
pub use trade::{STRATEGY, STRATEGY_TYPE_DOC};

/// The longest list of names or symbols.
const NAMES_MAX: usize = 10_000;
/// The longest time that anything may take: one year, in seconds.
const SECONDS_MAX: f64 = 31_536_000.0;

/// The workflow types, in the order they are documented.
pub const WORKFLOW_TYPES: &[&str] = &[
    "backtest",
    "optimization",
    "analysis",
    "validation",
    "live_trading",
    "daily_trading",
    "trading",
    "training",
    "multi_phase",
    "tasks",
];
/// The execution modes of a workflow.
pub const MODES: &[&str] = &["TRADITIONAL", "AUTO", "COMPOSABLE", "HYBRID"];
/// The execution modes of a phase.
pub const PHASE_MODES: &[&str] =
    &["TRADITIONAL", "AUTO", "COMPOSABLE", "HYBRID", "PARALLEL", "SIGNAL_REPLAY"];
const ALGORITHMS: &[&str] = &[
    "grid",
    "random",
    "sobol",
    "genetic",
    "differential_evolution",
    "tpe",
    "bayesian",
    "cma_es",
    "successive_halving",
    "hyperband",
    "nsga2",
];

/// Variables of the environment with a name of their own, and the key each one sets.
///
/// Only keys that something acts on: a `TIMEZONE` or `LOG_LEVEL` that happens to be set for other
/// programs must not change the hash of a configuration.
pub const VARIABLES: &[(&str, &str)] = &[("WORKFLOW_TIMEOUT", "workflow.timeout_seconds")];

const SECONDS: Kind = Kind::Number(Range::positive(SECONDS_MAX));
/// A workflow type; see `consistency` for those that are registered.
const TYPE: Kind = Kind::Registered(WORKFLOW_TYPES);
const NAMES: Kind = Kind::List { of: &Kind::Text, min: 0, max: NAMES_MAX };

/// A workflow file.
pub static FILE: Section = Section::new(
    "One workflow: what to run, on which data, with which strategy and money",
    &[
        Field::default("version", Kind::Text, "1.0.0", "Version of this configuration"),
        Field::optional("name", Kind::Text, "Name of the workflow; default the file's name")
            .example("sma-cross"),
        Field::optional("workflow", Kind::Section(&WORKFLOW), "What kind of work it is"),
        Field::optional("data", Kind::Section(&market::DATA), "The prices it works on"),
        Field::optional("benchmark", Kind::Path, "Symbol or price file to compare the result with")
            .example("SPY"),
        Field::optional("strategy", Kind::Section(&trade::STRATEGY), "What decides to trade"),
        Field::optional(
            "strategies",
            Kind::List { of: &Kind::Section(&trade::WEIGHTED), min: 1, max: 1_000 },
            "Several strategies in one account, each with its part of the money",
        )
        .example("[{name: trend, weight: 3, type: ema_crossover}, {name: back, weight: 2, type: rsi_mean_reversion}]"),
        Field::optional(
            "regimes",
            Kind::Section(&regimes::REGIMES),
            "How kinds of market are told apart, by what asks for them",
        )
        .example("{method: hmm, states: 2}"),
        Field::optional(
            "ensemble",
            Kind::Section(&ensemble::ENSEMBLE),
            "Makes one position of the votes of `strategies`, in place of a part of the money for each",
        )
        .example("{min_agreement: 0.6}"),
        Field::optional(
            "instruments",
            Kind::Map(&Kind::Section(&world::INSTRUMENT)),
            "What a unit of a symbol is worth, and in which steps it trades; `default` for the rest",
        )
        .example("{ES: {multiplier: 50, tick: 0.25}}"),
        Field::default("portfolio", Kind::Section(&trade::PORTFOLIO), "{}", "Money and sizes"),
        Field::default("execution", Kind::Section(&fill::EXECUTION), "{}", "How orders fill"),
        Field::default("risk", Kind::Section(&trade::RISK), "{}", "Limits and protective exits"),
        Field::default("metrics", Kind::Section(&trade::METRICS), "{}", "How results are measured"),
        Field::default(
            "coordinator",
            Kind::Section(&coordinate::COORDINATOR),
            "{}",
            "Seed, resources, monitoring and fault tolerance",
        ),
        Field::default(
            "orchestration",
            Kind::Section(&coordinate::ORCHESTRATION),
            "{}",
            "Limits and retries of tasks",
        ),
        Field::optional("market", Kind::Section(&market::MARKET), "The trading day").planned(),
        Field::default(
            "notifications",
            Kind::List { of: &Kind::Section(&coordinate::NOTIFICATION), min: 0, max: 100 },
            "[]",
            "Whom to tell about which events",
        ),
        Field::optional("cluster", Kind::Secret, "Database that carries runs of many machines")
            .example("\"postgres://${DB_USER}@host/dirigent\"")
            .planned(),
        Field::default(
            "tasks",
            Kind::List { of: &Kind::Section(&tasks::TASK), min: 0, max: 100_000 },
            "[]",
            "The tasks of `type: tasks`",
        ),
        Field::optional(
            "stages",
            Kind::Section(&tasks::STAGES),
            "The tasks of each stage of a trading day",
        ),
        Field::default(
            "monitoring",
            Kind::Section(&coordinate::ALERTS),
            "{}",
            "Metrics and alerts of the process",
        ),
        Field::default(
            "log_level",
            Kind::Choice(&["TRACE", "DEBUG", "INFO", "WARNING", "ERROR"]),
            "INFO",
            "How much is logged",
        )
        .planned(),
    ],
);

static WORKFLOW: Section = Section::new(
    "What kind of work it is, and how it is carried out",
    &[
        Field::required("type", TYPE, "What to do").example("backtest"),
        Field::optional(
            "execution_mode",
            Kind::Choice(MODES),
            "How work is scheduled; changes the speed, never the numbers; default TRADITIONAL, \
             for tasks and trading days AUTO",
        ),
        Field::default("timeout_seconds", SECONDS, "3600", "The run is stopped after this time"),
        Field::default(
            "strict_inputs",
            Kind::Boolean,
            "false",
            "A phase input that its source does not give is an error, not a warning",
        ),
        Field::default(
            "phases",
            Kind::List { of: &Kind::Section(&PHASE), min: 0, max: 1_000 },
            "[]",
            "The phases of `type: multi_phase`, in order",
        ),
        Field::optional(
            "optimization_config",
            Kind::Section(&OPTIMIZATION),
            "The search of `type: optimization`, by default of what strategies declare, or the one that \
             `type: validation` makes anew in each window",
        ),
        Field::optional(
            "validation_config",
            Kind::Section(&validate::VALIDATION),
            "The checks of `type: validation`; all of them if it is left out",
        ),
        Field::optional(
            "analysis_config",
            Kind::Section(&analysis::ANALYSIS),
            "What `type: analysis` looks at; default all",
        )
        .example("{include: [returns, regimes]}"),
        Field::optional(
            "config",
            Kind::Map(&Kind::Any),
            "Settings of a workflow type that a program registers",
        ),
        Field::optional(
            "backtest_config",
            Kind::Section(&BACKTEST),
            "Dates and strategy of `type: backtest`, if they are not given at the top",
        ),
    ],
);

static PHASE: Section = Section::new(
    "One phase: a part of the run that starts when the one before has ended",
    &[
        Field::required("name", Kind::Text, "Its name, for references to its outputs")
            .example("discovery"),
        Field::required("type", TYPE, "What to do").example("optimization"),
        Field::default(
            "container_count",
            Kind::Whole { min: 1, max: 1_000_000 },
            "1",
            "How many trials it consists of",
        ),
        Field::default("container_type", Kind::Text, "full_backtest", "What one trial is"),
        Field::optional(
            "method",
            Kind::Choice(&["signal_replay", "full_simulation"]),
            "How trials are evaluated",
        ),
        Field::default("inputs", NAMES, "[]", "Outputs of earlier phases, as `phase.key`"),
        Field::optional("execution_mode", Kind::Choice(PHASE_MODES), "How it is scheduled"),
        Field::optional("resources", Kind::Section(&coordinate::LIMITS), "What one trial may use"),
        Field::optional("config", Kind::Map(&Kind::Any), "Settings for its trials"),
        Field::default(
            "tasks",
            Kind::List { of: &Kind::Section(&tasks::TASK), min: 0, max: 100_000 },
            "[]",
            "The tasks of a phase of type tasks",
        ),
        Field::optional(
            "optimization_config",
            Kind::Section(&OPTIMIZATION),
            "The search of a phase of type optimization; default that of the workflow, or else of what \
             strategies declare",
        ),
        Field::default(
            "allow_searched_data",
            Kind::Boolean,
            "false",
            "Test what was found on the days that it was found on",
        ),
        Field::optional(
            "validation_config",
            Kind::Section(&validate::VALIDATION),
            "The checks of a phase of type validation; default those of the workflow",
        ),
        Field::optional(
            "analysis_config",
            Kind::Section(&analysis::ANALYSIS),
            "What a phase of type analysis looks at; default as `workflow` says",
        ),
    ],
);

static OPTIMIZATION: Section = Section::new(
    "A search for good parameters",
    &[
        Field::optional(
            "algorithm",
            Kind::Choice(ALGORITHMS),
            "How to search; default `grid`, which tries all, or `sobol` where no `parameters` are given; \
             `nsga2` for several objectives; `bayesian` is `tpe`",
        )
        .example("tpe"),
        Field::default(
            "objective",
            Kind::Either(&[Kind::Text, Kind::Section(&search::FUNCTION), search::OBJECTIVES]),
            "maximize_sharpe",
            "What is good: also `maximize_return`, `maximize_calmar`, `minimize_drawdown` or a formula such as \
             `sharpe - 2 * abs(max_drawdown)`, of which more is better; a list of several; or a test function",
        ),
        Field::optional(
            "parameters",
            Kind::Map(&Kind::Any),
            "The space that is searched; of several `strategies` by their names; default what each strategy \
             declares and its `params` leave open",
        )
        .example("{fast: [5, 10, 20], slow: {min: 20, max: 100, step: 10}}"),
        Field::default(
            "constraints",
            Kind::List { of: &Kind::Text, min: 0, max: 100 },
            "[]",
            "What parameters that are tried have in common, such as `fast < slow`",
        ),
        Field::optional(
            "method",
            Kind::Choice(&["signal_replay", "full_simulation"]),
            "How weights of an `ensemble` are tried: on signals that are computed once, the default, or \
             each simulated whole",
        ),
        Field::optional(
            "trials",
            Kind::Whole { min: 1, max: 10_000_000 },
            "How many to try, several `strategies` together; default as many as a phase has containers, or 200; \
             for `grid` all",
        ),
        Field::optional(
            "types",
            Kind::List { of: &Kind::Text, min: 1, max: 100 },
            "Types of strategy to choose from, each with what it declares; `*` for all by rules; then the \
             file names no `strategy`",
        )
        .example("[sma_crossover, ema_crossover]"),
        Field::optional(
            "warm_start",
            Kind::Text,
            "An earlier run, or a file `trials.csv`, whose trials a method that learns knows before its own",
        ),
        Field::optional(
            "min_fraction",
            Kind::Number(Range::positive(1.0)),
            "The first part of the data that `successive_halving` and `hyperband` make trials on; default a ninth",
        ),
        Field::default(
            "stages",
            Kind::List { of: &Kind::Section(&SEARCH_STAGE), min: 0, max: 100 },
            "[]",
            "Searches that build on each other, in order",
        ),
    ],
);

static SEARCH_STAGE: Section = Section::new(
    "One search of several",
    &[
        Field::required("name", Kind::Text, "Its name").example("detector"),
        Field::required(
            "component",
            Kind::Text,
            "What is searched: `RegimeDetector`, a strategy of the file by its name, or a type of \
             strategies, such as `TrendStrategy`",
        )
        .example("RegimeDetector"),
        Field::default("algorithm", Kind::Choice(ALGORITHMS), "grid", "How to search"),
        Field::default("objective", Kind::Text, "maximize_sharpe", "What is good"),
        Field::default("regime_specific", Kind::Boolean, "false", "Search in each regime apart"),
        Field::optional(
            "parameters",
            Kind::Map(&Kind::Any),
            "The space that is searched; default what the component declares",
        ),
        Field::default(
            "constraints",
            Kind::List { of: &Kind::Text, min: 0, max: 100 },
            "[]",
            "What parameters that are tried have in common, such as `fast < slow`",
        ),
        Field::optional(
            "trials",
            Kind::Whole { min: 1, max: 10_000_000 },
            "How many to try, in each regime; default 200, for `grid` all",
        ),
    ],
);

static BACKTEST: Section = Section::new(
    "Dates and strategy of a backtest",
    &[
        Field::optional("start_date", Kind::Date, "First day").example("2023-01-01"),
        Field::optional("end_date", Kind::Date, "Last day").example("2023-12-31"),
        Field::optional("strategy", Kind::Section(&trade::STRATEGY), "What decides to trade"),
    ],
);
