//! Keys of `data` and `market`.

use dirigent_workflow::file::spec::{Field, Kind, Range, Section};

use super::{NAMES_MAX, roll, world};

pub(super) static DATA: Section = Section::new(
    "The prices a run works on",
    &[
        Field::default(
            "source",
            Kind::Choice(&[
                "csv",
                "parquet",
                "arrow",
                "synthetic",
                "replay",
                "alpaca",
                "websocket",
            ]),
            "csv",
            "Where prices come from",
        ),
        Field::optional("path", Kind::Path, "The file; `{symbol}` stands for each symbol")
            .example("\"data/daily/{symbol}.csv\""),
        Field::optional(
            "symbols",
            Kind::List { of: &Kind::Text, min: 1, max: NAMES_MAX },
            "What is traded; default the file's name",
        )
        .example("[AAPL, MSFT]"),
        Field::optional(
            "universe",
            Kind::Path,
            "A file of `symbol,from,to`: outside of its dates a symbol is not seen and not traded",
        )
        .example("sp500-members.csv"),
        Field::default(
            "timeframe",
            Kind::Text,
            "1d",
            "Length of a bar: count and s, m, h, d, w, M; bars are made of finer rows",
        )
        .example("5m"),
        Field::optional("start_date", Kind::Date, "First day that is used").example("2005-01-01"),
        Field::optional("end_date", Kind::Date, "Last day that is used").example("2012-12-31"),
        Field::optional(
            "warmup_start",
            Kind::Date,
            "Bars from this day to `start_date` are seen by strategies and not traded, so that \
             averages are warm on the first day",
        )
        .example("2004-01-01"),
        Field::optional(
            "out_of_sample_start",
            Kind::Date,
            "From this day on no search or analysis sees a bar: phases that test what was found \
             begin here",
        )
        .example("2011-01-01"),
        Field::optional("calendar", Kind::Text, "Exchange whose sessions apply")
            .example("XNYS")
            .planned(),
        Field::optional("timezone", Kind::Text, "Zone of times in the file that name none")
            .example("America/New_York"),
        Field::default(
            "adjust",
            Kind::Choice(&["auto", "none", "splits", "total"]),
            "auto",
            "Correction for splits and dividends; auto: where the file has an adjusted close",
        ),
        Field::optional(
            "actions",
            Kind::Path,
            "CSV file of splits, dividends, delistings, renames and funding: symbol, date, action, \
             value",
        )
        .example("actions.csv"),
        Field::optional(
            "fx",
            Kind::Map(&Kind::Section(&world::FX)),
            "By currency, a price file of what it is worth in `portfolio.currency`",
        )
        .example("{EUR: data/eurusd.csv}"),
        Field::optional(
            "roll",
            Kind::Map(&Kind::Section(&roll::ROLL)),
            "By symbol, the contracts that it is made of, and when one is left for the next",
        ),
        Field::optional(
            "sectors",
            Kind::Map(&Kind::Text),
            "By symbol, the sector it belongs to, for strategies that limit sectors",
        )
        .example("{AAPL: technology, XOM: energy}"),
        Field::default(
            "on_error",
            Kind::Choice(&["fail", "drop", "repair"]),
            "fail",
            "What to do with rows that cannot be right",
        ),
        Field::default(
            "columns",
            Kind::Map(&Kind::Text),
            "{}",
            "Names of columns that are not recognized by themselves",
        )
        .example("{close: Last, time: Datum}"),
        Field::optional("format", Kind::Text, "How dates are written, if it cannot be told")
            .example("\"%d.%m.%Y\""),
        Field::optional(
            "bars",
            Kind::Section(&BARS),
            "For files of single trades (time, price, size): how they become bars",
        ),
        Field::optional(
            "session",
            Kind::Section(&SESSION),
            "The trading day: rows outside are left out, bars begin at its open; default days in UTC",
        ),
        Field::default(
            "partial_bar",
            Kind::Choice(&["keep", "drop"]),
            "keep",
            "What to do with a last bar that is made of finer rows and not complete",
        ),
        Field::default(
            "zero_volume",
            Kind::Choice(&["trade", "halt"]),
            "trade",
            "Rows without volume; halt: as if they were not there",
        ),
        Field::default(
            "synthetic",
            Kind::Section(&SYNTHETIC),
            "{}",
            "Prices made from the run's seed, for `source: synthetic`",
        ),
    ],
);

static BARS: Section = Section::new(
    "Bars of trades",
    &[
        Field::default(
            "type",
            Kind::Choice(&["time", "volume", "dollar", "ticks"]),
            "time",
            "A bar ends with its time, or when so much was traded: units, money, or trades",
        ),
        Field::optional(
            "size",
            Kind::Decimal(Range::positive(9e9)),
            "Units, money or trades in a bar; not for `type: time`",
        )
        .example("10000"),
    ],
);

static SESSION: Section = Section::new(
    "The trading day; one that closes at or before its open began the evening before",
    &[
        Field::default("open", Kind::Time, "\"09:30\"", "When trading opens"),
        Field::default("close", Kind::Time, "\"16:00\"", "When trading closes"),
        Field::default("timezone", Kind::Text, "America/New_York", "Zone of both"),
    ],
);

static SYNTHETIC: Section = Section::new(
    "A random walk: geometric Brownian motion",
    &[
        Field::default(
            "bars",
            Kind::Whole { min: 1, max: 10_000_000 },
            "2520",
            "How many bars for each symbol",
        ),
        Field::optional(
            "seed",
            Kind::Whole { min: 0, max: i64::MAX },
            "Seed of the prices; default the run's seed",
        ),
        Field::default(
            "drift",
            Kind::Number(Range::from_to(-10.0, 10.0)),
            "0.05",
            "Mean growth per year",
        ),
        Field::default(
            "volatility",
            Kind::Number(Range::from_to(0.0, 10.0)),
            "0.2",
            "Volatility per year",
        ),
        Field::default(
            "start_price",
            Kind::Decimal(Range::positive(1e9)),
            "100",
            "The first price",
        ),
    ],
);

pub(super) static MARKET: Section = Section::new(
    "The trading day",
    &[
        Field::default("open_time", Kind::Time, "\"09:30\"", "When trading opens"),
        Field::default("close_time", Kind::Time, "\"16:00\"", "When trading closes"),
        Field::default("timezone", Kind::Text, "America/New_York", "Zone of both"),
    ],
);
