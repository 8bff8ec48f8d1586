//! Why data could not be loaded, in words a user can act on.

use std::{io, path::PathBuf};

use super::problem::{CheckReport, Kind, SHOWN_MAX};

/// Why data could not be loaded. `hint` says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened.
    #[error("cannot open data file `{path}`")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not a regular file.
    #[error("`{path}` is {what}, not a regular file")]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is: `a directory`, `a named pipe` …
        what: &'static str,
    },
    /// Reading failed half-way.
    #[error("cannot read data file `{path}` at byte {offset}")]
    Read {
        /// The file.
        path: PathBuf,
        /// How far reading came.
        offset: u64,
        /// Why.
        source: io::Error,
    },
    /// The file changed while it was read.
    #[error("data file `{path}` changed while it was read: {bytes_read} bytes of {bytes_expected}")]
    Changed {
        /// The file.
        path: PathBuf,
        /// Bytes that were read.
        bytes_read: u64,
        /// Bytes it had when it was opened.
        bytes_expected: u64,
    },
    /// A limit of this module.
    #[error("`{path}` has {what}: {found}, the limit is {limit}")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What there is too much of, with its row where there is one.
        what: String,
        /// How much there is.
        found: u64,
        /// How much there may be.
        limit: u64,
    },
    /// No row at all.
    #[error("`{path}` has {what}")]
    Empty {
        /// The file.
        path: PathBuf,
        /// `no bytes`, `a header but no rows` …
        what: &'static str,
    },
    /// The bytes are something else than the format says.
    #[error("`{path}` {what}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        what: String,
        /// What to do.
        hint: String,
    },
    /// A column is missing or ambiguous.
    #[error("`{path}` {what}; its columns are {columns}")]
    Column {
        /// The file.
        path: PathBuf,
        /// What is missing or ambiguous.
        what: String,
        /// The columns it has, quoted and shortened.
        columns: String,
        /// What to do.
        hint: String,
    },
    /// A setting of the request is wrong.
    #[error("{what}")]
    Setting {
        /// Which, and why.
        what: String,
        /// What to do.
        hint: String,
    },
    /// Rows are wrong and the policy says fail.
    #[error("{}", refusal(.0))]
    Refused(Box<CheckReport>),
    /// Nothing is left between start and end.
    #[error("no bars of `{symbol}` {range}: the data runs from {first} to {last}")]
    EmptyRange {
        /// The symbol.
        symbol: String,
        /// The range asked for, in words.
        range: String,
        /// The first time in the file.
        first: String,
        /// The last time in the file.
        last: String,
    },
    /// The rows are finer than the declared timeframe.
    #[error("the rows of `{symbol}` are {found} apart, not {declared}")]
    Timeframe {
        /// The symbol.
        symbol: String,
        /// What the rows say.
        found: String,
        /// What the workflow says.
        declared: String,
    },
}

impl Error {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Open { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "check `data.path`; `{symbol}` in it stands for each of `data.symbols`".into()
            }
            Self::Open { .. } => "check the permissions of the file".into(),
            Self::NotAFile { .. } => "give the path of a CSV, Parquet or Arrow file".into(),
            Self::Read { .. } => "check the disk, then copy the file again".into(),
            Self::Changed { .. } => {
                "wait until the file is written completely, then run again".into()
            }
            Self::TooLarge { .. } => "check that this is the right file; split it if it is".into(),
            Self::Empty { .. } => {
                "export the file again: a header line and one line per bar".into()
            }
            Self::Format { hint, .. } | Self::Column { hint, .. } | Self::Setting { hint, .. } => {
                hint.clone()
            }
            Self::Refused(report) => refusal_hint(report),
            Self::EmptyRange { .. } => {
                "change `data.start_date` and `data.end_date`, or get more data".into()
            }
            Self::Timeframe { found, .. } => format!("set `data.timeframe: {found}`"),
        }
    }
}

fn refusal(report: &CheckReport) -> String {
    use std::fmt::Write as _;
    let total = report.total(super::problem::Outcome::Refused);
    let noun = if total == 1 { "problem" } else { "problems" };
    let mut text = format!("the data has {total} {noun}");
    let refused = report.examples.iter().filter(|p| p.outcome == super::problem::Outcome::Refused);
    let kinds: Vec<String> = report
        .counts
        .iter()
        .filter_map(|(kind, ends)| {
            let count = ends.get(&super::problem::Outcome::Refused)?;
            Some(format!("{count} × {}", kind.words()))
        })
        .collect();
    write!(text, " ({})", kinds.join(", ")).expect("a string takes any text");
    let mut shown = 0_u64;
    for problem in refused.take(SHOWN_MAX) {
        write!(text, "\n  {problem}").expect("a string takes any text");
        shown += 1;
    }
    if total > shown {
        write!(text, "\n  … and {} more", total - shown).expect("a string takes any text");
    }
    text
}

/// The hint for the first kind of problem that has one of its own.
fn refusal_hint(report: &CheckReport) -> String {
    let policy = "correct the rows, or set `data.on_error: drop` to leave them out";
    let refused = |kind: &Kind| report.counts[kind].contains_key(&super::problem::Outcome::Refused);
    match report.counts.keys().find(|kind| refused(kind)) {
        Some(Kind::BadTime) => {
            "write times as `2024-03-01`, `2024-03-01T09:30:00Z` or epoch numbers, or describe \
             them with `data.format`, for example `\"%d/%m/%Y\"`"
                .into()
        }
        Some(Kind::NonexistentTime | Kind::AmbiguousTime) => {
            "check `data.timezone`, or export the times in UTC".into()
        }
        Some(Kind::MixedZones) => "export all times with a zone, or all without".into(),
        Some(Kind::MixedUnits) => "export all times in one unit".into(),
        Some(Kind::Crossed | Kind::Repeated | Kind::OutOfOrder) => {
            "correct the rows, or set `data.on_error: repair` to sort, widen and remove repeats"
                .into()
        }
        Some(Kind::Future) => "check the clock of this machine and the dates of the file".into(),
        _ => policy.into(),
    }
}
