//! Market data: the only module of this crate that opens files.
//!
//! Files are read into a table (`csv`, `parquet`, `arrow`), cut to the range, checked, adjusted,
//! resampled if bars shall be longer than rows, and leave as bars. Promises: what leaves this module
//! is checked: times strictly rise, prices are positive, high and low enclose open and close. What was
//! dropped or repaired is reported with its row; the hash of a file is that of the bytes parsed.

pub mod bars;
pub mod timeframe;

mod actions;
mod adjust;
mod arrow;
mod caught;
mod check;
mod closes;
mod columns;
mod csv;
mod error;
mod facts;
mod groups;
mod halt;
mod header;
mod inspect;
mod layout;
mod load;
mod members;
mod parquet;
mod problem;
mod rename;
mod resample;
mod roll;
mod rows;
mod scalar;
pub(crate) mod session;
mod source;
mod stamp;
mod synthetic;
mod table;
mod tape;
mod ticks;
mod times;
mod trades;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use dirigent_core::Timestamp;

pub use actions::{ACTIONS_BYTES_MAX, ActionsFile, read_actions};
pub use adjust::{Adjust, Adjusted};
pub use arrow::{ARROW_BYTES_MAX, ARROW_UNPACKED_BYTES_MAX};
pub use bars::Bars;
pub use caught::is_caught;
pub use check::OnError;
pub(crate) use check::weekdays_between;
pub use closes::closes;
pub use columns::{Columns, ColumnsRequest, read_columns};
pub use csv::LINE_BYTES_MAX;
pub use error::Error;
pub use facts::{Gap, Gaps, Outlier, Outliers, Stretch, Stretches, SymbolFacts};
pub use halt::ZeroVolume;
pub use inspect::{InspectRequest, Inspection, inspect};
pub use load::{load, parse_date};
pub use members::read_universe;
pub use parquet::{Cells, PARQUET_BYTES_MAX, PARQUET_UNPACKED_BYTES_MAX, write_parquet};
pub use problem::{CheckReport, EXAMPLES_MAX, INSPECTED_MAX, Kind, Outcome, Problem, SHOWN_MAX};
pub use rename::{Rename, join, named};
pub use resample::PartialBar;
pub use roll::{CONTRACTS_MAX, Roll, RollAdjust, RollBy, RollRule, Rolled, roll};
pub use session::Session;
pub use source::{FILE_BYTES_MAX, FileFact, SYMBOL_CHARS_MAX};
pub use synthetic::{BARS_MAX, Synthetic};
pub use table::{COLUMNS_MAX, ROWS_MAX};
pub use tape::{ReadTape, TapeRequest, read_tape};
pub use ticks::{BarRule, Tick, TickBar, TickBars, tick_bars};
pub use timeframe::Timeframe;
pub use times::Times;

/// The most symbols of one request.
pub const SYMBOLS_MAX: usize = 10_000;

/// Where bars come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// CSV files; `{symbol}` in the path stands for each symbol. A path without it names one file
    /// for all: with a column `symbol`, or with one column of closes per symbol.
    Csv {
        /// The path, relative to the working directory.
        path: String,
    },
    /// Parquet files, with the same rules for the path and the columns.
    Parquet {
        /// The path, relative to the working directory.
        path: String,
    },
    /// Arrow IPC files, also known as Feather, with the same rules.
    Arrow {
        /// The path, relative to the working directory.
        path: String,
    },
    /// A random walk.
    Synthetic(Synthetic),
}

impl Source {
    /// What names of files end with.
    pub const ENDINGS: [&str; 5] = [".csv", ".parquet", ".arrow", ".arrows", ".feather"];

    /// A file, of the format that its name ends with: Parquet, Arrow, otherwise CSV.
    pub fn of_file(path: String) -> Self {
        let name = path.to_ascii_lowercase();
        match Self::ENDINGS.into_iter().find(|ending| name.ends_with(ending)) {
            Some(".parquet") => Self::Parquet { path },
            Some(".arrow" | ".arrows" | ".feather") => Self::Arrow { path },
            _ => Self::Csv { path },
        }
    }
}

/// What to load.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Where from.
    pub source: Source,
    /// Which symbols, in the order of the result.
    pub symbols: Vec<String>,
    /// Those of them that are left out, instead of refused, without a row in the range.
    pub may_lack: BTreeSet<String>,
    /// The length of a bar; inferred from the rows where it is absent. Finer rows are resampled.
    pub timeframe: Option<Timeframe>,
    /// When a bar ends, for files of trades; `None` for files of bars.
    pub bars: Option<BarRule>,
    /// The trading day: rows outside of it are left out; a day in UTC where absent.
    pub session: Option<Session>,
    /// What happens to a last bar that is made of rows and not complete.
    pub partial_bar: PartialBar,
    /// The first date, as midnight UTC of it; dates are those of `timezone`.
    pub start_date: Option<Timestamp>,
    /// The last date, included to its end.
    pub end_date: Option<Timestamp>,
    /// The IANA zone of times without one, and of the dates of the range; UTC where absent.
    pub timezone: Option<String>,
    /// How times are written: a strptime pattern such as `%d/%m/%Y`, or `s`, `ms`, `us`, `ns`.
    pub date_format: Option<String>,
    /// Columns with other names: `close: px_last`.
    pub columns: BTreeMap<String, String>,
    /// Adjustment for splits and dividends.
    pub adjust: Adjust,
    /// A file of actions, as `read_actions` reads it: its splits explain jumps.
    pub actions: Option<PathBuf>,
    /// What happens to wrong rows.
    pub on_error: OnError,
    /// Whether bars without volume can be traded on.
    pub zero_volume: ZeroVolume,
    /// The present, to refuse times after it; `None` for data that may lie in the future.
    pub now: Option<Timestamp>,
}

impl Request {
    /// A request for all bars of `symbols`, with defaults for the rest.
    pub fn new(source: Source, symbols: &[&str]) -> Self {
        Self {
            source,
            symbols: symbols.iter().map(|s| (*s).to_owned()).collect(),
            may_lack: BTreeSet::new(),
            timeframe: None,
            bars: None,
            session: None,
            partial_bar: PartialBar::default(),
            start_date: None,
            end_date: None,
            timezone: None,
            date_format: None,
            columns: BTreeMap::new(),
            adjust: Adjust::default(),
            actions: None,
            on_error: OnError::default(),
            zero_volume: ZeroVolume::default(),
            now: None,
        }
    }
}

/// What was loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The bars of each symbol, in the order of the request.
    pub bars: Vec<Bars>,
    /// What was done to the prices of each symbol, in the order of `bars`.
    pub adjusted: Vec<Adjusted>,
    /// The length of a bar, declared or inferred.
    pub timeframe: Timeframe,
    /// The files that were read, each once.
    pub files: Vec<FileFact>,
    /// What the data check found.
    pub report: CheckReport,
    /// What a reader of the result should know: adjustments, files of closes only, and the like.
    pub notes: Vec<String>,
}
