//! Inspection: the data check of one file, for a reader instead of a run.
//!
//! Promises: it finds what a run would find in the same file, and goes on where a run stops: wrong
//! rows are left out, so that what is told of the rest is told of the right ones. Symbols are
//! those of the file: its column `symbol`, its columns of closes, or its name.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Serialize;

use super::{
    Request, SYMBOLS_MAX, Source,
    check::OnError,
    error::Error,
    facts::{Facts, SymbolFacts},
    header::{Header, Role},
    layout::{self, Layout},
    load::{Files, file_name, no_zone, reader_of},
    problem::{CheckReport, Outcome},
    source::FileFact,
    stamp,
    table::ReadFile,
    timeframe::Timeframe,
};

/// Which file to inspect, and how it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InspectRequest {
    /// The file: Parquet or Arrow if its name ends so, otherwise CSV.
    pub path: PathBuf,
    /// The length of a bar; found from the rows where it is absent.
    pub timeframe: Option<Timeframe>,
    /// The IANA zone of times without one; UTC where absent.
    pub timezone: Option<String>,
    /// How times are written: a strptime pattern, or `s`, `ms`, `us`, `ns`.
    pub date_format: Option<String>,
    /// Columns with other names: `close: px_last`.
    pub columns: BTreeMap<String, String>,
    /// Splits that explain jumps, as `read_actions` reads them.
    pub actions: Option<PathBuf>,
    /// From how many robust sigmas on a return is an outlier.
    pub sigmas: f64,
}

/// What was found in a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inspection {
    /// The file that was read.
    pub file: FileFact,
    /// Whether a run would take it as it is.
    pub ok: bool,
    /// Every problem and warning; what a run would refuse is `refused`.
    pub report: CheckReport,
    /// Each symbol that has a right row, in the order of the file.
    pub symbols: Vec<SymbolFacts>,
    /// How the file was understood.
    pub notes: Vec<String>,
}

/// Reads a file and tells everything that is wrong with it or worth a look.
///
/// # Errors
/// The file cannot be read, fits no layout, or is of another timeframe.
pub fn inspect(inspected: &InspectRequest) -> Result<Inspection, Error> {
    let path = &inspected.path;
    let (read, source) = (reader_of(path), Source::of_file(path.display().to_string()));
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let request = Request {
        timeframe: inspected.timeframe,
        timezone: inspected.timezone.clone(),
        date_format: inspected.date_format.clone(),
        columns: inspected.columns.clone(),
        actions: inspected.actions.clone(),
        on_error: OnError::Drop,
        ..Request::new(source, &[])
    };
    let name = request.timezone.as_deref().unwrap_or("UTC");
    let zone = stamp::Zone::named(name).ok_or_else(|| no_zone(name))?;
    let stamps = stamp::Reader::new(zone.clone(), request.date_format.as_deref());
    let understood = |header: &Header| {
        let symbols = symbols(header, &request.columns, &stem)?;
        let request = Request { symbols, ..request.clone() };
        let (layout, plan) = layout::of(header, &request, false)?;
        Ok((layout, plan, request.symbols))
    };
    let choose = |header: &Header| understood(header).map(|(_, plan, _)| plan);
    let ReadFile { table, fact } = read(path, stamps, &choose)?;
    let (layout, _, mut symbols) = understood(&table.header)?;
    if matches!(layout, Layout::Long(_)) {
        symbols.clone_from(&table.symbols);
    }
    if symbols.len() > SYMBOLS_MAX {
        let what = format!("`{}` has {} symbols", file_name(path), symbols.len());
        return Err(Error::Setting { what, hint: format!("split it: the limit is {SYMBOLS_MAX}") });
    }
    let mut files = Files::new(&request, zone, "", read)?;
    files.loaded.report = CheckReport::of_all();
    files.facts = Some(Facts { sigmas: inspected.sigmas, symbols: Vec::new() });
    files.table(table, &layout, &symbols, &file_name(path))?;
    let mut report = files.loaded.report;
    report.refuse_dropped();
    report.examples.sort_by_key(|problem| problem.row);
    Ok(Inspection {
        file: fact,
        ok: !report.is_refused(),
        report,
        symbols: files.facts.map(|facts| facts.symbols).unwrap_or_default(),
        notes: files.loaded.notes,
    })
}

/// The symbols that the header tells of; one that stands for all where a column names them.
fn symbols(
    header: &Header,
    columns: &BTreeMap<String, String>,
    stem: &str,
) -> Result<Vec<String>, Error> {
    let roles = header.roles(columns)?;
    let has = |role: Role| roles.contains_key(&role);
    let is_time = |column: &usize| {
        [Role::Time, Role::Clock].iter().any(|role| roles.get(role) == Some(column))
    };
    let others: Vec<usize> = (0..header.names.len()).filter(|column| !is_time(column)).collect();
    let is_panel = others.len() > 1 && !has(Role::Symbol);
    if has(Role::Close) || has(Role::AdjClose) || has(Role::Open) || !is_panel {
        return Ok(vec![stem.to_owned()]);
    }
    Ok(others.into_iter().map(|column| header.names[column].clone()).collect())
}

impl CheckReport {
    /// Says of what an inspection left out that a run refuses it.
    fn refuse_dropped(&mut self) {
        for ends in self.counts.values_mut() {
            if let Some(dropped) = ends.remove(&Outcome::Dropped) {
                *ends.entry(Outcome::Refused).or_default() += dropped;
            }
        }
        let dropped = self.examples.iter_mut().filter(|p| p.outcome == Outcome::Dropped);
        dropped.for_each(|problem| problem.outcome = Outcome::Refused);
    }
}
