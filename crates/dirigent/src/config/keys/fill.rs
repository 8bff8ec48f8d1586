//! Keys of `execution`: how orders fill, and what they cost.

use dirigent_workflow::file::spec::{Field, Kind, Range, Section, Tagged, Variant};

use super::{trade::percent, venue};

const PERCENT: Kind = percent(100.0);

pub(super) static EXECUTION: Section = Section::new(
    "How orders fill and what they cost",
    &[
        Field::default(
            "fill",
            Kind::Choice(&["next_open", "same_close"]),
            "next_open",
            "When a decision at a close fills",
        ),
        Field::default(
            "commission",
            Kind::Tagged(&COMMISSION),
            "{type: none}",
            "What the broker takes",
        )
        .example("{type: bps, value: 1}"),
        Field::default(
            "slippage",
            Kind::Tagged(&SLIPPAGE),
            "{type: none}",
            "How much worse than the quoted price a fill is",
        )
        .example("{type: bps, value: 1}"),
        Field::default(
            "intrabar",
            Kind::Choice(&["pessimistic", "optimistic", "nearest", "random"]),
            "pessimistic",
            "What came first when a bar reaches several levels: stops, limits, the extreme nearer to \
             the open, or one that the seed draws",
        ),
        Field::default(
            "entry",
            Kind::Tagged(&ENTRY),
            "{type: market}",
            "The order that an entry by signal becomes",
        )
        .example("{type: limit, offset_pct: 0.5}"),
        Field::default(
            "limit_fill",
            Kind::Choice(&["touch", "through"]),
            "touch",
            "Whether a limit order trades when a bar reaches its price, or only beyond it",
        ),
        Field::optional(
            "profile",
            Kind::Choice(&["vectorbt", "backtesting.py", "backtrader", "nautilus_trader"]),
            "Whose conventions are the defaults of `fill`, `intrabar`, of the four keys below and of \
             `risk.stop_reference`; see conformance.md",
        )
        .example("backtrader"),
        Field::default(
            "stops_before",
            Kind::Choice(&["nothing", "targets", "orders"]),
            "nothing",
            "What a stop that the bar reaches comes before: a target that the open reaches, also orders \
             by signal that wait for the open",
        ),
        Field::default(
            "entry_bar",
            Kind::Choice(&["exits", "market_exits", "no_exits"]),
            "exits",
            "Whether stops and targets trade in the bar of their entry: yes, those of market orders, no",
        ),
        Field::default(
            "limit_gap",
            Kind::Choice(&["open", "level"]),
            "open",
            "Where a limit trades that the open is beyond",
        ),
        Field::default(
            "trail_by",
            Kind::Choice(&["extreme", "close"]),
            "extreme",
            "What a trailing stop follows of each bar that ended: its best price or its close",
        ),
        Field::optional(
            "max_volume_pct",
            PERCENT,
            "The most that trades of a symbol in one bar, in percent of its volume; the rest of an \
             order goes on at the next opens",
        )
        .example("10"),
        Field::optional(
            "sale_fees",
            Kind::Section(&SALE_FEES),
            "What authorities take from sales, on top of the commission",
        ),
        venue::QUOTES,
        venue::TRADES,
        venue::LATENCY,
        venue::QUEUE,
    ],
);

const MINIMUM: Field =
    Field::default("minimum", Kind::Decimal(Range::from_to(0.0, 1e9)), "0", "The least it costs");
const BPS_DOC: &str = "Basis points: hundredths of a percent";
/// Below the whole price, which would leave nothing to sell for.
const SLIPPAGE_BPS: Range = Range::from_to(0.0, 9_999.0);
const BPS: Field =
    Field::required("value", Kind::Decimal(Range::from_to(0.0, 10_000.0)), BPS_DOC).example("1");

static COMMISSION: Tagged = Tagged {
    key: "type",
    doc: "What the broker takes",
    variants: &[
        Variant { name: "none", section: Section::new("Nothing", &[]) },
        Variant {
            name: "bps",
            section: Section::new("A share of the traded value", &[BPS, MINIMUM]),
        },
        Variant {
            name: "per_share",
            section: Section::new(
                "An amount per unit",
                &[
                    Field::required(
                        "value",
                        Kind::Decimal(Range::from_to(0.0, 1e9)),
                        "Money per unit",
                    )
                    .example("0.005"),
                    MINIMUM,
                ],
            ),
        },
        Variant {
            name: "tiered",
            section: Section::new(
                "An amount per unit that falls with the units of an order",
                &[
                    Field::required(
                        "tiers",
                        Kind::List { of: &Kind::Section(&TIER), min: 1, max: 100 },
                        "From how many units on which amount; the first from 0, each for its own units",
                    )
                    .example("[{from: 0, value: 0.005}, {from: 1000, value: 0.003}]"),
                    MINIMUM,
                ],
            ),
        },
        Variant {
            name: "maker_taker",
            section: Section::new(
                "A share of the traded value, less for orders that waited in the market",
                &[
                    Field::required("maker", RATE_BPS, "Basis points for limit orders that waited")
                        .example("1"),
                    Field::required("taker", RATE_BPS, "Basis points for all others; at least maker")
                        .example("5"),
                ],
            ),
        },
        Variant {
            name: "fixed",
            section: Section::new(
                "The same for every order",
                &[Field::required(
                    "value",
                    Kind::Decimal(Range::from_to(0.0, 1e9)),
                    "Money per order",
                )
                .example("1")],
            ),
        },
    ],
};

static SLIPPAGE: Tagged = Tagged {
    key: "type",
    doc: "How much worse than the quoted price a fill is",
    variants: &[
        Variant { name: "none", section: Section::new("Not at all", &[]) },
        Variant {
            name: "bps",
            section: Section::new(
                "A share of the price",
                &[Field::required("value", Kind::Decimal(SLIPPAGE_BPS), BPS_DOC).example("1")],
            ),
        },
        Variant {
            name: "ticks",
            section: Section::new(
                "An amount per unit",
                &[Field::required("value", AMOUNT, "Money per unit").example("0.01")],
            ),
        },
        Variant {
            name: "spread",
            section: Section::new(
                "Half of the spread between bid and ask",
                &[Field::required(
                    "value",
                    Kind::Decimal(SLIPPAGE_BPS),
                    "The spread in basis points",
                )
                .example("4")],
            ),
        },
        Variant {
            name: "volume_share",
            section: Section::new(
                "The square of the share in the volume of the bar, as in Zipline",
                &[Field::required("value", Kind::Decimal(SLIPPAGE_BPS), IMPACT_DOC)
                    .example("1000")],
            ),
        },
        Variant {
            name: "square_root",
            section: Section::new(
                "The square root of the share in the volume of the bar",
                &[Field::required("value", Kind::Decimal(SLIPPAGE_BPS), IMPACT_DOC).example("100")],
            ),
        },
    ],
};

const IMPACT_DOC: &str = "Basis points that a trade of the whole volume moves the price";
const RATE_BPS: Kind = Kind::Decimal(Range::from_to(0.0, 10_000.0));
const AMOUNT: Kind = Kind::Decimal(Range::from_to(0.0, 1e9));

static TIER: Section = Section::new(
    "From how many units on which amount",
    &[
        Field::required("from", Kind::Decimal(Range::from_to(0.0, 9e9)), "Units"),
        Field::required("value", AMOUNT, "Money per unit"),
    ],
);

static SALE_FEES: Section = Section::new(
    "What authorities take from sales, such as the SEC fee and the FINRA TAF",
    &[
        Field::default("bps", RATE_BPS, "0", "Basis points of the value sold"),
        Field::default("per_unit", AMOUNT, "0", "Money per unit sold"),
        Field::default("per_unit_max", AMOUNT, "0", "The most of it per trade; 0 is no bound"),
    ],
);

const OFFSET: Field = Field::required(
    "offset_pct",
    Kind::Decimal(Range::from_to(0.0, 99.0)),
    "How far from the close of the decision: below it for a limit that buys, above it for a stop",
)
.example("0.5");
const TIME_IN_FORCE: Field = Field::default(
    "time_in_force",
    Kind::Choice(&["gtc", "day", "ioc", "fok"]),
    "gtc",
    "How long it waits: until an exit or another entry, to the end of the UTC day, or not at all",
);

static ENTRY: Tagged = Tagged {
    key: "type",
    doc: "The order that an entry by signal becomes",
    variants: &[
        Variant { name: "market", section: Section::new("At the next fill point", &[]) },
        Variant { name: "at_close", section: Section::new("At the close of the next bar", &[]) },
        Variant {
            name: "limit",
            section: Section::new("At a better price", &[OFFSET, TIME_IN_FORCE]),
        },
        Variant {
            name: "stop",
            section: Section::new("Once the price has gone its way", &[OFFSET, TIME_IN_FORCE]),
        },
        Variant {
            name: "stop_limit",
            section: Section::new(
                "Once the price has gone its way, and not beyond a limit",
                &[
                    OFFSET,
                    Field::required(
                        "limit_pct",
                        Kind::Decimal(Range::from_to(0.0, 99.0)),
                        "How far from the close it trades at most",
                    )
                    .example("1"),
                    TIME_IN_FORCE,
                ],
            ),
        },
    ],
};

#[cfg(test)]
mod tests {
    use super::{
        super::trade::{PERCENT_MIN, tests::check},
        *,
    };

    #[test]
    fn what_a_run_would_refuse_is_refused_in_the_file() {
        let slippage = &SLIPPAGE.variants[1].section;
        check(slippage, "value", &[0.0, 1.0, 9_999.0], &[9_999.999_999_9, 10_000.0]);
        let commission = &COMMISSION.variants[1].section;
        check(commission, "value", &[0.0, 10_000.0], &[10_000.1]);
        check(&EXECUTION, "max_volume_pct", &[PERCENT_MIN, 100.0], &[0.0, 100.1]);
    }
}
