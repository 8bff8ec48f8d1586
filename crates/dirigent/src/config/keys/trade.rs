//! Keys of `strategy`, `portfolio`, `execution`, `risk` and `metrics`.

use dirigent_workflow::file::spec::{Field, Kind, Need, Range, Section, Tagged, Variant};

use super::{NAMES, portfolio, world};

/// The least percentage that is not zero as a share of nine decimals.
pub(super) const PERCENT_MIN: f64 = 1e-7;
const PERCENT: Kind = percent(100.0);
/// The most that a position may be worth on margin, in percent of equity.
const LEVERAGE_PCT_MAX: f64 = 100_000.0;
const MONEY: Range = Range::positive(1e15);

pub(super) const fn percent(max: f64) -> Kind {
    Kind::Decimal(Range::from_to(PERCENT_MIN, max))
}

const fn strategy_field(key: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field { key, kind, need: Need::Optional, doc, example: "", is_planned: false }
}

/// What `type` of a strategy means.
pub const STRATEGY_TYPE_DOC: &str = "Its name; `rules` for one written here";
const TYPE: Field = Field::required("type", Kind::Text, STRATEGY_TYPE_DOC).example("sma_crossover");
const PARAMS: Field =
    Field::default("params", Kind::Map(&Kind::Any), "{}", "Its parameters; `$name` in rules")
        .example("{fast: 10, slow: 30}");
const LET: Field = Field::default(
    "let",
    Kind::Map(&Kind::Expression),
    "{}",
    "Named terms of the rules, for `type: rules`",
)
.example("{f: \"sma(close, $fast)\"}");
const ENTRY: Field = strategy_field("entry", Kind::Expression, "When to buy, for `type: rules`")
    .example("cross_above(f, s)");
const EXIT: Field =
    strategy_field("exit", Kind::Expression, "When to sell what was bought, for `type: rules`")
        .example("cross_below(f, s)");
const SHORT_ENTRY: Field =
    strategy_field("short_entry", Kind::Expression, "When to sell short, for `type: rules`");
const SHORT_EXIT: Field =
    strategy_field("short_exit", Kind::Expression, "When to buy back, for `type: rules`");
const SYMBOLS: Field = Field::optional("symbols", NAMES, "The symbols it trades; default all");

/// What decides to trade.
pub static STRATEGY: Section = Section::new(
    "What decides to trade; a plain name means a strategy with its default parameters",
    &[TYPE, PARAMS, LET, ENTRY, EXIT, SHORT_ENTRY, SHORT_EXIT, SYMBOLS.planned()],
)
.shorthand("type");

pub(super) static WEIGHTED: Section = Section::new(
    "One strategy of several",
    &[
        Field::optional("name", Kind::Text, "Its name; default its type"),
        Field::default(
            "weight",
            Kind::Decimal(Range::positive(1e6)),
            "1",
            "Its part of the money, relative to the others",
        ),
        Field::optional(
            "sizing",
            Kind::Tagged(&SIZING),
            "How much one entry of it buys; default as `portfolio` says",
        ),
        TYPE,
        PARAMS,
        LET,
        ENTRY,
        EXIT,
        SHORT_ENTRY,
        SHORT_EXIT,
        SYMBOLS,
    ],
)
.shorthand("type");

pub(super) static PORTFOLIO: Section = Section::new(
    "Money and sizes",
    &[
        Field::default("initial_cash", Kind::Decimal(MONEY), "100000", "Money at the start"),
        Field::default(
            "currency",
            Kind::Text,
            "USD",
            "The currency of the account and all results",
        ),
        Field::default(
            "account",
            Kind::Tagged(&world::ACCOUNT),
            "{type: unlevered}",
            "What the account lets its owner hold",
        ),
        Field::default(
            "sizing",
            Kind::Tagged(&SIZING),
            "{type: percent_equity}",
            "How much one entry buys",
        ),
        Field::default("fractional", Kind::Boolean, "false", "Parts of a unit may be traded"),
        Field::optional(
            "lot_size",
            Kind::Decimal(Range::positive(1e9)),
            "Quantities are multiples of this",
        ),
        Field::optional(
            "financing",
            Kind::Section(&world::FINANCING),
            "What cash earns and what borrowing costs; nothing where it is absent",
        )
        .example("{cash_rate: 0.03, borrow_rate: 0.01}"),
        Field::optional(
            "rebalance",
            Kind::Section(&portfolio::REBALANCE),
            "When cash moves between `strategies`; never where it is absent",
        )
        .example("{every: monthly, drift_pct: 5}"),
    ],
);

static SIZING: Tagged = Tagged {
    key: "type",
    doc: "How much one entry buys",
    variants: &[
        Variant {
            name: "percent_equity",
            section: Section::new(
                "A share of equity",
                &[Field::default(
                    "percent",
                    percent(LEVERAGE_PCT_MAX),
                    "95",
                    "The share, in percent; more than 100 on margin",
                )],
            ),
        },
        Variant {
            name: "fixed_quantity",
            section: Section::new(
                "The same quantity every time",
                &[Field::required("quantity", Kind::Decimal(Range::positive(9e9)), "The quantity")
                    .example("100")],
            ),
        },
        Variant {
            name: "fixed_cash",
            section: Section::new(
                "The same amount of money every time",
                &[Field::required("cash", Kind::Decimal(MONEY), "The amount").example("10000")],
            ),
        },
        Variant {
            name: "volatility_target",
            section: Section::new(
                "The share of equity at which the position has this volatility",
                &[
                    Field::required(
                        "target_volatility_pct",
                        percent(1000.0),
                        "Volatility per year, in percent",
                    )
                    .example("15"),
                    Field::default(
                        "lookback",
                        Kind::Whole { min: 2, max: 100_000 },
                        "20",
                        "Bars that the volatility is measured over",
                    ),
                ],
            ),
        },
        Variant { name: "kelly", section: super::portfolio::KELLY },
    ],
};

pub(super) static RISK: Section = Section::new(
    "Limits and protective exits; what is absent does not limit",
    &[
        Field::optional(
            "max_position_pct",
            percent(LEVERAGE_PCT_MAX),
            "The most one position may be worth, in percent of equity; more than 100 on margin",
        )
        .example("25"),
        Field::optional(
            "max_drawdown_pct",
            PERCENT,
            "Everything is closed when equity has fallen this far from its highest, in percent",
        )
        .example("20"),
        Field::optional(
            "stop_loss_pct",
            percent(100.0 - PERCENT_MIN),
            "A position is closed after this loss, in percent of the reference price",
        )
        .example("5"),
        Field::optional(
            "trailing_stop_pct",
            percent(100.0 - PERCENT_MIN),
            "A position is closed when it has come back this far from its best price, in percent",
        )
        .example("8"),
        Field::optional(
            "take_profit_pct",
            percent(100_000.0),
            "A position is closed after this gain, in percent of the reference price",
        )
        .example("10"),
        Field::default(
            "stop_reference",
            Kind::Choice(&["entry_price", "signal_close"]),
            "entry_price",
            "The reference price of both",
        ),
    ],
);

pub(super) static METRICS: Section = Section::new(
    "How results are measured",
    &[
        Field::optional(
            "periods_per_year",
            Kind::Number(Range::positive(1e8)),
            "Bars in a year; default from the timeframe",
        )
        .example("252"),
        Field::default(
            "risk_free_rate",
            Kind::Number(Range::from_to(-0.5, 0.5)),
            "0",
            "What money earns without risk, per year; 0.02 is two percent",
        ),
        Field::optional(
            "prove_causal",
            Kind::Whole { min: 1, max: 10_000 },
            "How many beginnings of the data are run anew, to show that no decision knew what came \
             later",
        )
        .example("20"),
        Field::optional(
            "attribution",
            Kind::Boolean,
            "Say what each symbol added to gain and risk; with `strategies` it is always said",
        )
        .example("true"),
    ],
);

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The range of the number that `key` of `section` takes.
    fn range(section: &Section, key: &str) -> Range {
        match section.fields.iter().find(|field| field.key == key).map(|field| &field.kind) {
            Some(Kind::Decimal(range)) => *range,
            _ => panic!("`{key}` is no decimal"),
        }
    }

    #[track_caller]
    pub(crate) fn check(section: &Section, key: &str, allowed: &[f64], refused: &[f64]) {
        let range = range(section, key);
        assert_eq!(allowed.iter().find(|x| !range.contains(**x)), None, "{key}");
        assert_eq!(refused.iter().find(|x| range.contains(**x)), None, "{key}");
    }

    #[test]
    fn what_a_run_would_refuse_is_refused_in_the_file() {
        let rounds_to_zero = 0.000_000_05;
        let share = ([0.000_000_1, 25.0, 100.0], [0.0, rounds_to_zero, 100.000_000_1, 150.0]);
        check(&RISK, "max_position_pct", &[0.000_000_1, 100.0, 400.0], &[0.0, rounds_to_zero]);
        check(&RISK, "max_drawdown_pct", &share.0, &share.1);
        check(&RISK, "stop_loss_pct", &[0.000_000_1, 99.999_999_9], &[rounds_to_zero, 100.0]);
        check(&RISK, "take_profit_pct", &[0.000_000_1, 1000.0], &[0.0, rounds_to_zero]);
        let percent_equity = &SIZING.variants[0].section;
        check(percent_equity, "percent", &[0.000_000_1, 100.0, 400.0], &[0.0, rounds_to_zero]);
        let volatility_target = &SIZING.variants[3].section;
        check(volatility_target, "target_volatility_pct", &[15.0, 150.0], &[0.0, rounds_to_zero]);
    }
}
