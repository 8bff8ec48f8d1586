//! Problem: one thing that is wrong with the data, and the report that collects them.
//!
//! Promises: each problem names file, row (the line in the file, from 1), column and value; the
//! counts are complete, the list of examples is bounded.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::Serialize;

/// How many problems a report describes one by one; the rest is counted.
pub const EXAMPLES_MAX: usize = 100;
/// How many problems an inspection describes one by one.
pub const INSPECTED_MAX: usize = 10_000;
/// How many of them may be mere warnings in a run.
const WARNINGS_MAX: usize = 20;
/// How many problems an error message shows.
pub const SHOWN_MAX: usize = 20;
/// How many characters of an offending value are shown.
const VALUE_CHARS_MAX: usize = 40;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A row has too few or too many fields, or a quote that is not closed.
    Ragged,
    /// A required cell is empty or says that there is no value.
    Missing,
    /// A cell is not a number, or NaN or infinite.
    NotANumber,
    /// A number that nine decimals and nine digits cannot hold.
    OutOfRange,
    /// A time that cannot be read, or outside 1678 to 2261.
    BadTime,
    /// A local time that the zone skips in spring.
    NonexistentTime,
    /// A local time that the zone has twice in autumn, without a neighbor that decides.
    AmbiguousTime,
    /// Some times carry a zone and others do not.
    MixedZones,
    /// Epoch numbers of different units in one file.
    MixedUnits,
    /// A price of zero or below.
    NotPositive,
    /// A high below, or a low above, another price of the bar.
    Crossed,
    /// A volume below zero.
    NegativeVolume,
    /// A row that repeats an earlier one exactly.
    Repeated,
    /// A time that occurs twice with different values.
    DuplicateTime,
    /// A time before that of the row above.
    OutOfOrder,
    /// A time after the present.
    Future,
    /// Bars that seem to be missing.
    Gap,
    /// A jump that looks like a split that was not adjusted.
    SplitJump,
    /// A price far from those right before and right after it.
    Spike,
    /// A return far outside the usual ones.
    Outlier,
    /// Bars that repeat the one before, one after the other.
    Stale,
    /// Bars in which nothing was traded.
    ZeroVolume,
}

impl Kind {
    /// A few words for a count: `3 × crossed prices`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Ragged => "wrong number of fields",
            Self::Missing => "missing value",
            Self::NotANumber => "not a number",
            Self::OutOfRange => "number out of range",
            Self::BadTime => "unreadable time",
            Self::NonexistentTime => "time that daylight saving skips",
            Self::AmbiguousTime => "time that daylight saving repeats",
            Self::MixedZones => "mixed zones",
            Self::MixedUnits => "mixed epoch units",
            Self::NotPositive => "price not above zero",
            Self::Crossed => "crossed prices",
            Self::NegativeVolume => "negative volume",
            Self::Repeated => "repeated row",
            Self::DuplicateTime => "duplicate time with different values",
            Self::OutOfOrder => "row out of order",
            Self::Future => "time in the future",
            Self::Gap => "gap",
            Self::Spike => "price far from its neighbors",
            Self::SplitJump => "jump like an unadjusted split",
            Self::Outlier => "outlying return",
            Self::Stale => "stale stretch",
            Self::ZeroVolume => "stretch without volume",
        }
    }
}

/// What became of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The data is refused because of it.
    Refused,
    /// The row was left out.
    Dropped,
    /// It was put right.
    Repaired,
    /// Worth a look; nothing was changed.
    Warning,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// The symbol; empty where the row could not be told apart by symbol.
    pub symbol: String,
    /// The line in a text file or the row in a Parquet or Arrow file, from 1.
    pub row: u64,
    /// The column as the file names it; empty when the whole row is meant.
    pub column: String,
    /// The offending value, shortened.
    pub value: String,
    /// What is wrong.
    pub kind: Kind,
    /// What exactly, and what was done about it.
    pub detail: String,
    /// What became of it.
    pub outcome: Outcome,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` row {}", self.file.display(), self.row)?;
        if !self.column.is_empty() {
            write!(f, ", column `{}`", self.column)?;
        }
        write!(f, ": ")?;
        if !self.value.is_empty() {
            write!(f, "`{}` ", self.value)?;
        }
        f.write_str(&self.detail)
    }
}

/// The text of a value as a message shows it: without control characters, shortened.
pub(crate) fn shown(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(&value[..value.len().min(4 * VALUE_CHARS_MAX)]);
    let mut out: String = text.chars().take(VALUE_CHARS_MAX).flat_map(char::escape_debug).collect();
    if text.chars().count() > VALUE_CHARS_MAX {
        out.push('…');
    }
    out
}

/// The text of somebody else's message, without control characters, shortened.
pub(crate) fn shown_long(text: &str) -> String {
    const MESSAGE_CHARS_MAX: usize = 160;
    text.chars().filter(|c| !c.is_control()).take(MESSAGE_CHARS_MAX).collect()
}

/// What the data check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Rows that were read, without the header.
    pub rows_read: u64,
    /// Rows that became bars.
    pub rows_kept: u64,
    /// How many problems of each kind, by what became of them.
    pub counts: BTreeMap<Kind, BTreeMap<Outcome, u64>>,
    /// The first problems, at most `EXAMPLES_MAX`; of an inspection, `INSPECTED_MAX`.
    pub examples: Vec<Problem>,
    #[serde(skip)]
    pub(super) keeps: Keeps,
}

/// How many problems are described one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Keeps {
    /// Enough for the message of a run.
    #[default]
    Some,
    /// All, as far as there is room.
    All,
}

impl CheckReport {
    /// Adds a problem: counts it, and keeps it as an example while there is room.
    pub fn add(&mut self, problem: Problem) {
        self.count(problem.kind, problem.outcome, 1);
        self.keep(problem);
    }

    /// Keeps an example while there is room; warnings leave room for worse.
    fn keep(&mut self, problem: Problem) {
        let is_warning = |p: &&Problem| p.outcome == Outcome::Warning;
        let kept = self.examples.len();
        let has_room = match (self.keeps, problem.outcome) {
            (Keeps::All, _) => kept < INSPECTED_MAX,
            (Keeps::Some, Outcome::Warning) => {
                kept < EXAMPLES_MAX
                    && self.examples.iter().filter(is_warning).count() < WARNINGS_MAX
            }
            (Keeps::Some, _) => kept < EXAMPLES_MAX,
        };
        if has_room {
            self.examples.push(problem);
        }
    }

    /// An empty report that describes every problem, as far as there is room.
    pub(crate) fn of_all() -> Self {
        Self { keeps: Keeps::All, ..Self::default() }
    }

    /// An empty report that describes as much as this one.
    pub(crate) fn alike(&self) -> Self {
        Self { keeps: self.keeps, ..Self::default() }
    }

    /// Counts problems that are not described one by one.
    pub(crate) fn count(&mut self, kind: Kind, outcome: Outcome, count: u64) {
        *self.counts.entry(kind).or_default().entry(outcome).or_default() += count;
    }

    /// Adds all that `other` found.
    pub fn merge(&mut self, other: Self) {
        self.rows_read += other.rows_read;
        self.rows_kept += other.rows_kept;
        for (kind, outcomes) in other.counts {
            for (outcome, count) in outcomes {
                self.count(kind, outcome, count);
            }
        }
        other.examples.into_iter().for_each(|problem| self.keep(problem));
    }

    /// How many problems ended this way.
    pub fn total(&self, outcome: Outcome) -> u64 {
        self.counts.values().filter_map(|outcomes| outcomes.get(&outcome)).sum()
    }

    /// Whether the data is refused.
    pub fn is_refused(&self) -> bool {
        self.total(Outcome::Refused) > 0
    }

    /// The counts as text, one line for each way it ended: `2 dropped: 1 × missing value, …`.
    pub fn summary(&self) -> Vec<String> {
        let endings = [
            (Outcome::Refused, "refused"),
            (Outcome::Dropped, "dropped"),
            (Outcome::Repaired, "repaired"),
            (Outcome::Warning, "to look at"),
        ];
        let line = |(outcome, word): (Outcome, &str)| {
            let kinds: Vec<String> = self
                .counts
                .iter()
                .filter_map(|(kind, ends)| {
                    ends.get(&outcome).map(|n| format!("{n} × {}", kind.words()))
                })
                .collect();
            (!kinds.is_empty())
                .then(|| format!("{} {word}: {}", self.total(outcome), kinds.join(", ")))
        };
        endings.into_iter().filter_map(line).collect()
    }
}

impl fmt::Display for CheckReport {
    /// The counts, then the first problems, one per line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.summary() {
            writeln!(f, "{line}")?;
        }
        for problem in self.examples.iter().take(SHOWN_MAX) {
            writeln!(f, "  {problem}")?;
        }
        let counted: u64 = self.counts.values().flat_map(BTreeMap::values).sum();
        match counted.saturating_sub(SHOWN_MAX as u64) {
            0 => Ok(()),
            more => writeln!(f, "  … and {more} more"),
        }
    }
}
