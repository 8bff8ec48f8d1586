//! Keys of `execution` beyond bars: quotes, latency and queues.

use dirigent_workflow::file::spec::{Field, Kind, Range, Section, Tagged, Variant};

use super::trade::percent;

pub(super) const QUOTES: Field = Field::optional(
    "quotes",
    Kind::Path,
    "File of quotes that orders trade at between bars, CSV, Parquet or Arrow: timestamp, bid, ask, \
     bid_size, ask_size; `{symbol}` in the path for one of each",
)
.example("quotes/{symbol}.csv");
pub(super) const TRADES: Field = Field::optional(
    "trades",
    Kind::Path,
    "File of trades, which move the queue before a limit order; without `quotes`, orders trade at them: \
     timestamp, price, size",
)
.example("trades/{symbol}.csv");
pub(super) const LATENCY: Field = Field::optional(
    "latency",
    Kind::Tagged(&LATENCIES),
    "How long orders, changes and cancellations are under way; on bars it counts in whole bars",
)
.example("{type: sampled, median_ms: 20, p99_ms: 200}");
pub(super) const QUEUE: Field = Field::optional(
    "queue",
    Kind::Tagged(&QUEUES),
    "Who stands before a limit order; on quotes `conservative` where it is absent",
)
.example("{type: proportional}");

/// A week; longer is no latency.
const MS: Kind = Kind::Decimal(Range::from_to(0.0, 604_800_000.0));
const MS_POSITIVE: Kind = Kind::Decimal(Range::from_to(0.000_001, 604_800_000.0));

static LATENCIES: Tagged = Tagged {
    key: "type",
    doc: "How long messages are under way",
    variants: &[
        Variant {
            name: "fixed",
            section: Section::new(
                "Always so long",
                &[Field::required("ms", MS, "Milliseconds").example("50")],
            ),
        },
        Variant {
            name: "sampled",
            section: Section::new(
                "Drawn from the run's seed for each message, log-normal",
                &[
                    Field::required("median_ms", MS_POSITIVE, "What half of them stay below")
                        .example("20"),
                    Field::required("p99_ms", MS_POSITIVE, "What 99 of 100 stay below")
                        .example("200"),
                ],
            ),
        },
        Variant {
            name: "measured",
            section: Section::new(
                "Drawn from the run's seed for each message, from a list",
                &[Field::required(
                    "list_ms",
                    Kind::List { of: &MS, min: 1, max: 100_000 },
                    "Latencies that were measured, in milliseconds",
                )
                .example("[12, 15, 14, 90]")],
            ),
        },
    ],
};

static QUEUES: Tagged = Tagged {
    key: "type",
    doc: "Who stands before a limit order",
    variants: &[
        Variant {
            name: "conservative",
            section: Section::new(
                "On quotes: who cancels stood behind, as far as the displayed size allows that",
                &[],
            ),
        },
        Variant {
            name: "proportional",
            section: Section::new("On quotes: those ahead cancel as often as those behind", &[]),
        },
        Variant {
            name: "volume",
            section: Section::new(
                "On bars: where a bar touches the level and goes no further",
                &[
                    Field::required(
                        "ahead_pct",
                        percent(10_000.0),
                        "What stands ahead, in percent of the volume of the bar that decided",
                    )
                    .example("5"),
                    Field::required(
                        "touch_pct",
                        percent(100.0),
                        "What trades at the level, in percent of the volume of the bar that touches it",
                    )
                    .example("2"),
                ],
            ),
        },
    ],
};
