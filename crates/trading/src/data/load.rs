//! Load: from a request to checked bars.
//!
//! Order of work per file: read, split by symbol, cut to the range, check, adjust, look for gaps
//! and jumps. Problems of all symbols are collected before the data is refused.

mod make;

use std::path::Path;

use dirigent_core::Timestamp;

use super::{
    Loaded, Request, SYMBOLS_MAX, Source,
    actions::{ActionsFile, read_actions},
    adjust::{Adjust, Adjusted, adjust},
    arrow,
    check::{self, OnError},
    csv,
    error::Error,
    facts::{Facts, Found},
    halt,
    layout::{self, Layout},
    parquet,
    problem::{CheckReport, Outcome},
    rows::Rows,
    source::{check_symbol, path_of},
    stamp, synthetic,
    table::{ReadFile, Table},
    timeframe::{DAY, Timeframe},
};

/// Loads, checks and adjusts the bars of all requested symbols.
///
/// # Errors
/// A file that cannot be read or fits no layout, a wrong setting, rows that `on_error` refuses,
/// or no bar of a symbol in the range.
pub fn load(request: &Request) -> Result<Loaded, Error> {
    let zone = check_request(request)?;
    match &request.source {
        Source::Synthetic(settings) => generate(request, settings),
        Source::Csv { path } => Files::new(request, zone, path, csv::read)?.load(),
        Source::Parquet { path } => Files::new(request, zone, path, parquet::read)?.load(),
        Source::Arrow { path } => Files::new(request, zone, path, arrow::read)?.load(),
    }
}

fn check_request(request: &Request) -> Result<stamp::Zone, Error> {
    let setting = |what: String, hint: &str| Err(Error::Setting { what, hint: hint.into() });
    if request.symbols.is_empty() {
        return setting("no symbols are given".into(), "set `data.symbols: [AAPL]`");
    }
    if request.symbols.len() > SYMBOLS_MAX {
        let what =
            format!("{} symbols are given, the limit is {SYMBOLS_MAX}", request.symbols.len());
        return setting(what, "split the run");
    }
    let mut sorted: Vec<&String> = request.symbols.iter().collect();
    sorted.sort();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return setting(format!("symbol `{}` is given twice", pair[0]), "remove one of them");
    }
    for symbol in &request.symbols {
        check_symbol(symbol)?;
    }
    if let (Some(start), Some(end)) = (request.start_date, request.end_date)
        && end < start
    {
        let what = format!("the end {} is before the start {}", date(end), date(start));
        return setting(what, "exchange `data.start_date` and `data.end_date`");
    }
    if request.bars.is_some() && matches!(request.adjust, Adjust::Splits | Adjust::Total) {
        let what = "trades cannot be adjusted".into();
        return setting(what, "set `data.adjust: none`");
    }
    let name = request.timezone.as_deref().unwrap_or("UTC");
    match stamp::Zone::named(name) {
        Some(zone) => Ok(zone),
        None => Err(no_zone(name)),
    }
}

/// The error for a name that is no time zone.
pub(crate) fn no_zone(name: &str) -> Error {
    Error::Setting {
        what: format!("`{}` is not a time zone", super::problem::shown(name.as_bytes())),
        hint: "use an IANA name such as `America/New_York`, or UTC".into(),
    }
}

/// The last date of a range is in it to its end.
const ONE_DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

fn generate(request: &Request, settings: &synthetic::Synthetic) -> Result<Loaded, Error> {
    let timeframe = request.timeframe.unwrap_or(Timeframe::DAILY);
    let bars: Result<Vec<_>, Error> = request
        .symbols
        .iter()
        .map(|symbol| synthetic::generate(settings, symbol, timeframe))
        .collect();
    let mut bars = bars?;
    if let Some(end) = request.end_date {
        bars.iter_mut().for_each(|bars| bars.keep_before(end.plus(ONE_DAY)));
    }
    let rows = bars.iter().map(|b| b.len() as u64).sum();
    let report = CheckReport { rows_read: rows, rows_kept: rows, ..CheckReport::default() };
    let notes = vec!["prices are synthetic: a random walk from the seed".to_owned()];
    let adjusted = vec![Adjusted::No; bars.len()];
    Ok(Loaded { bars, adjusted, timeframe, files: Vec::new(), report, notes })
}

/// Reads a date such as `2005-01-31` as `start_date` and `end_date` want it: midnight UTC.
pub fn parse_date(text: &str) -> Option<Timestamp> {
    match stamp::read_civil(text.as_bytes()) {
        Some((civil, 10)) if text.len() == 10 => civil.local_nanos().map(Timestamp::from_nanos),
        _ => None,
    }
}

/// The date of a moment as text.
fn date(moment: Timestamp) -> String {
    let (year, month, day) = moment.date();
    format!("{year:04}-{month:02}-{day:02}")
}

/// The last part of a path.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Reads a file of one format.
pub(super) type Read = fn(&Path, stamp::Reader, &csv::Choose<'_>) -> Result<ReadFile, Error>;

/// What reads a file whose name has this ending.
pub(super) fn reader_of(path: &Path) -> Read {
    match Source::of_file(path.display().to_string()) {
        Source::Parquet { .. } => parquet::read,
        Source::Arrow { .. } => arrow::read,
        Source::Csv { .. } | Source::Synthetic(_) => csv::read,
    }
}

/// Loading from files.
pub(super) struct Files<'a> {
    request: &'a Request,
    zone: stamp::Zone,
    template: &'a str,
    read: Read,
    pub(super) loaded: Loaded,
    timeframe: Option<Timeframe>,
    actions: Option<ActionsFile>,
    /// What an inspection is told of each symbol; `None` in a run.
    pub(super) facts: Option<Facts>,
}

impl<'a> Files<'a> {
    pub(super) fn new(
        request: &'a Request,
        zone: stamp::Zone,
        template: &'a str,
        read: Read,
    ) -> Result<Self, Error> {
        let loaded = Loaded {
            bars: Vec::with_capacity(request.symbols.len()),
            adjusted: Vec::with_capacity(request.symbols.len()),
            timeframe: Timeframe::DAILY,
            files: Vec::new(),
            report: CheckReport::default(),
            notes: Vec::new(),
        };
        let actions = request.actions.as_deref().map(read_actions).transpose()?;
        let timeframe = request.timeframe;
        Ok(Self { request, zone, template, read, loaded, timeframe, actions, facts: None })
    }

    fn load(mut self) -> Result<Loaded, Error> {
        if self.template.contains("{symbol}") {
            for symbol in &self.request.symbols {
                let path = path_of(self.template, symbol)?;
                self.file(&path, std::slice::from_ref(symbol), true)?;
            }
        } else {
            let path = path_of(self.template, &self.request.symbols[0])?;
            self.file(&path, &self.request.symbols, false)?;
        }
        if self.loaded.report.is_refused() {
            return Err(Error::Refused(Box::new(self.loaded.report)));
        }
        self.loaded.timeframe = self.timeframe.unwrap_or(Timeframe::DAILY);
        Ok(self.loaded)
    }

    fn file(&mut self, path: &Path, symbols: &[String], is_template: bool) -> Result<(), Error> {
        let stamps = stamp::Reader::new(self.zone.clone(), self.request.date_format.as_deref());
        if let Some(rule) = self.request.bars {
            return self.trades(path, symbols, is_template, stamps, rule);
        }
        let choose =
            |header: &_| layout::of(header, self.request, is_template).map(|(_, plan)| plan);
        let ReadFile { table, fact } = (self.read)(path, stamps, &choose)?;
        let (layout, _) = layout::of(&table.header, self.request, is_template)?;
        self.loaded.files.push(fact);
        let name = if is_template { symbols[0].clone() } else { file_name(path) };
        self.table(table, &layout, symbols, &name)
    }

    /// Takes over what was read of the file that notes call `name`.
    pub(super) fn table(
        &mut self,
        mut table: Table,
        layout: &Layout,
        symbols: &[String],
        name: &str,
    ) -> Result<(), Error> {
        self.loaded.report.rows_read += table.rows_read;
        // Notes are part of a result, and a result does not depend on the folder of its data.
        let notes = table.notes.drain(..).map(|note| format!("`{name}`: {note}"));
        self.loaded.notes.extend(notes);
        let range = self.range(table.is_dated);
        let alone = matches!(layout, Layout::Single(_)).then(|| symbols[0].clone());
        if *layout == Layout::Panel {
            let cells = table.problems.iter_mut();
            cells.for_each(|(_, problem)| problem.symbol.clone_from(&problem.column));
        }
        self.cells(&mut table, range, alone.as_deref());
        for rows in Rows::of_table(table, layout, symbols) {
            self.symbol(rows, range)?;
        }
        Ok(())
    }

    /// Takes over the problems of single cells, except those of rows outside the range; all are of
    /// the symbol that is `alone` in its file.
    fn cells(&mut self, table: &mut Table, range: (i64, i64), alone: Option<&str>) {
        let outcome = self.request.on_error.outcome();
        let inside = |time: Option<i64>| time.is_none_or(|t| (range.0..range.1).contains(&t));
        for (time, mut problem) in table.problems.drain(..) {
            if inside(time) {
                problem.outcome = outcome;
                if let Some(symbol) = alone {
                    symbol.clone_into(&mut problem.symbol);
                }
                self.loaded.report.add(problem);
            }
        }
        for (kind, outcomes) in std::mem::take(&mut table.uncounted.counts) {
            self.loaded.report.count(kind, outcome, outcomes.values().sum());
        }
    }

    fn symbol(&mut self, mut rows: Rows, range: (i64, i64)) -> Result<(), Error> {
        let span = rows.time.iter().min().copied().zip(rows.time.iter().max().copied());
        let read = rows.len();
        let Some(span) = span else {
            return self.without_rows(&rows.symbol, rows.path());
        };
        rows.cut(range.0, range.1);
        if rows.len() == 0 {
            return self.outside(&rows.symbol, span);
        }
        if self.request.adjust == Adjust::None {
            rows.adj_close = None;
        }
        let notes = &mut self.loaded.notes;
        if rows.is_close_only {
            notes.push(format!("`{}` has closes only: open, high and low equal them", rows.symbol));
        }
        let policy = self.request.on_error;
        let report = self.loaded.report.alike();
        let report = check::check(&mut rows, policy, self.request.now, notes, report);
        let is_refused = report.is_refused();
        let counts = report.counts.clone();
        self.loaded.report.merge(report);
        if is_refused {
            return Ok(());
        }
        if rows.len() == 0 {
            return self.without_rows(&rows.symbol, rows.path());
        }
        let timeframe = check::timeframe(&rows, self.timeframe)?;
        if self.facts.is_none() {
            self.timeframe.get_or_insert(timeframe);
        }
        let adjusted = adjust(&mut rows, self.request.adjust, notes)?;
        check::gaps(&rows, timeframe, &mut self.loaded.report);
        let zone = (!rows.is_dated).then_some(&self.zone);
        let actions = self.actions.as_ref();
        let splits = actions.map(|actions| actions.splits(&rows.symbol, zone)).unwrap_or_default();
        check::jumps(&rows, &splits, &mut self.loaded.report);
        check::spikes(&rows, &mut self.loaded.report);
        if let Some(facts) = &mut self.facts {
            let found = Found { read, counts: &counts, timeframe, splits: &splits };
            facts.add(&rows, &found, &mut self.loaded.report);
        }
        halt::leave_out(&mut rows, self.request.zero_volume, &mut self.loaded.notes)?;
        let bars = self.bars(rows, timeframe)?;
        self.loaded.bars.push(bars);
        self.loaded.adjusted.push(adjusted);
        Ok(())
    }

    /// No row of a symbol could be read: its problems say why, or the file does not have it.
    fn without_rows(&self, symbol: &str, path: &Path) -> Result<(), Error> {
        let policy = self.request.on_error;
        if self.loaded.report.is_refused() || self.facts.is_some() {
            return Ok(());
        }
        if policy == OnError::Drop && self.loaded.report.total(Outcome::Dropped) > 0 {
            return Err(self.all_dropped(symbol, path));
        }
        Err(Error::Setting {
            what: format!("`{}` has no row of symbol `{symbol}`", path.display()),
            hint: "check the spelling in `data.symbols`".into(),
        })
    }

    fn all_dropped(&self, symbol: &str, path: &Path) -> Error {
        let first = self.loaded.report.examples.first();
        Error::Setting {
            what: format!(
                "`{}` has no usable row of `{symbol}`: all were dropped, the first because {}",
                path.display(),
                first.map_or(String::new(), ToString::to_string)
            ),
            hint: "set `data.on_error: fail` to see what is wrong with the rows".into(),
        }
    }

    /// The moments from the start (included) to the end (excluded).
    fn range(&self, is_dated: bool) -> (i64, i64) {
        let start = |day: Timestamp| match is_dated {
            true => day,
            false => self.zone.start_of_day(day),
        };
        let next = |day: Timestamp| Timestamp::from_nanos(day.as_nanos().saturating_add(DAY));
        (
            self.request.start_date.map_or(i64::MIN, |day| start(day).as_nanos()),
            self.request.end_date.map_or(i64::MAX, |day| start(next(day)).as_nanos()),
        )
    }

    /// No row of a symbol lies in the range.
    pub(super) fn outside(&self, symbol: &str, span: (i64, i64)) -> Result<(), Error> {
        match self.request.may_lack.contains(symbol) {
            true => Ok(()),
            false => Err(self.empty_range(symbol, span)),
        }
    }

    fn empty_range(&self, symbol: &str, span: (i64, i64)) -> Error {
        let range = match (self.request.start_date, self.request.end_date) {
            (Some(start), Some(end)) => format!("from {} to {}", date(start), date(end)),
            (Some(start), None) => format!("from {} on", date(start)),
            (None, Some(end)) => format!("up to {}", date(end)),
            (None, None) => "at all".to_owned(),
        };
        Error::EmptyRange {
            symbol: symbol.to_owned(),
            range,
            first: date(Timestamp::from_nanos(span.0)),
            last: date(Timestamp::from_nanos(span.1)),
        }
    }
}
