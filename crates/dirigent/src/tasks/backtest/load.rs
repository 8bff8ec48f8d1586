//! Loading: the bars that are traded, and those that rules and benchmark look at.

use std::{path::PathBuf, sync::Arc};

use dirigent_trading::{
    Bars,
    corporate::{Action, Event},
    data::{self, Loaded, Timeframe},
};
use dirigent_workflow::event::Failure;
use serde_json::{Value, json};

use super::membership::{self, Membership};
use crate::{config::workflow::Adjust, prepare::is_path, setup::Setup, strategy::Chosen};

/// A file that was read.
#[derive(Clone, Debug)]
pub(crate) struct ReadFile {
    /// The last part of its path, which is the same wherever the folder is.
    pub(crate) name: String,
    /// SHA-256 of its bytes.
    pub(crate) sha256: String,
    /// Rows that were read.
    pub(crate) rows: u64,
}

/// The most lines of the data check that are passed on.
const FINDINGS_MAX: usize = 12;

/// Everything that was loaded.
#[derive(Debug)]
pub(super) struct Stock {
    /// The bars that are traded, in the order of the file.
    pub(super) bars: Vec<Bars>,
    /// Bars that are only looked at.
    pub(super) others: Vec<Bars>,
    /// Which of them the result is compared with.
    benchmark: Option<String>,
    /// Length of a bar.
    pub(super) timeframe: Timeframe,
    /// What was done to the prices.
    pub(super) adjustment: String,
    /// What companies did to their units.
    pub(super) actions: Arc<[Action]>,
    /// The files that were read.
    pub(super) files: Vec<ReadFile>,
    /// What was done to the data, for the record.
    pub(super) notes: Vec<String>,
    /// What the data check found, for the reader of the result.
    pub(super) warnings: Vec<String>,
    /// When each symbol may be traded; `None` for always.
    pub(super) membership: Option<Membership>,
}

impl Stock {
    /// What the result is compared with.
    pub(super) fn benchmark(&self) -> Option<&Bars> {
        let name = self.benchmark.as_ref()?;
        self.bars.iter().chain(&self.others).find(|bars| bars.symbol == *name)
    }

    /// What is recorded: names, contents and counts, no path.
    pub(super) fn facts(&self) -> Value {
        let bars = |bars: &Bars| json!({"symbol": bars.symbol, "bars": bars.len()});
        let files: Vec<Value> = self.files.iter().map(ReadFile::facts).collect();
        json!({
            "symbols": self.bars.iter().map(bars).collect::<Vec<_>>(),
            "others": self.others.iter().map(bars).collect::<Vec<_>>(),
            "benchmark": self.benchmark,
            "timeframe": self.timeframe.to_string(),
            "adjustment": self.adjustment,
            "notes": self.notes,
            "files": files,
        })
    }
}

impl ReadFile {
    pub(super) fn of(file: &data::FileFact) -> Self {
        Self {
            name: file_name(&file.path.to_string_lossy()),
            sha256: file.sha256.to_string(),
            rows: file.rows,
        }
    }

    /// The same as JSON.
    pub(crate) fn facts(&self) -> Value {
        json!({"name": self.name, "sha256": self.sha256, "rows": self.rows})
    }
}

/// Loads what `setup` trades and `chosen` looks at.
pub(super) fn load(setup: &Setup, chosen: &Chosen) -> Result<Stock, Failure> {
    let traded = &setup.data.symbols;
    let benchmark = setup.workflow.benchmark.as_deref();
    let by_symbol = benchmark.filter(|name| !is_path(name)).map(str::to_owned);
    let mut symbols = traded.clone();
    for symbol in chosen.foreign().into_iter().chain(by_symbol.clone()) {
        if !symbols.contains(&symbol) {
            symbols.push(symbol);
        }
    }
    let loaded = data::load(&setup.request(symbols)).map_err(invalid)?;
    let adjusted = loaded.adjusted.clone();
    let mut stock = sort(loaded, traded, by_symbol.as_deref());
    stock.adjustment = format!("{}: {}", setup.adjust(), words(&adjusted));
    if let Some(path) = &setup.data.universe {
        membership::apply(&mut stock, &setup.absolute(path))?;
    }
    if let Some(path) = &setup.data.actions {
        stock.actions = actions(setup, path, &mut stock)?;
    }
    if let Some(path) = benchmark.filter(|name| is_path(name)) {
        let bars = from_file(setup, path, &mut stock.files)?;
        stock.benchmark = Some(bars.symbol.clone());
        stock.others.push(bars);
    }
    Ok(stock)
}

fn sort(loaded: Loaded, traded: &[String], benchmark: Option<&str>) -> Stock {
    let benchmark = benchmark.map(str::to_owned);
    let files = loaded.files.iter().map(ReadFile::of).collect();
    let warnings = loaded.report.to_string();
    let warnings = warnings.lines().take(FINDINGS_MAX).map(str::to_owned).collect();
    let (bars, others) =
        loaded.bars.into_iter().partition(|bars: &Bars| traded.contains(&bars.symbol));
    let (timeframe, notes, adjustment) = (loaded.timeframe, loaded.notes, String::new());
    let (actions, membership) = (Arc::default(), None);
    Stock {
        bars,
        others,
        benchmark,
        timeframe,
        adjustment,
        actions,
        files,
        notes,
        warnings,
        membership,
    }
}

/// The corporate actions of a file on what was loaded.
fn actions(setup: &Setup, path: &str, stock: &mut Stock) -> Result<Arc<[Action]>, Failure> {
    let path = PathBuf::from(setup.absolute(path));
    let bars: Vec<&Bars> = stock.bars.iter().chain(&stock.others).collect();
    let read = data::read_actions(&path, &bars, setup.data.timezone.as_deref());
    let (actions, fact) = read.map_err(invalid)?;
    let split = actions.iter().find(|action| matches!(action.event, Event::Split(_)));
    if let (Some(split), Adjust::Splits) = (split, setup.data.adjust) {
        return Err(Failure {
            code: "data_invalid".into(),
            message: format!(
                "`data.actions` has a split of `{}`, which `data.adjust: splits` has removed from \
                 the prices already",
                split.symbol
            ),
            hint: Some("set `data.adjust: none`, or take the splits out of the file".into()),
        });
    }
    stock.files.push(ReadFile::of(&fact));
    stock.notes.push(format!("corporate actions on these symbols: {}", actions.len()));
    Ok(actions.into())
}

/// What was done to the prices, in words.
fn words(adjusted: &[data::Adjusted]) -> &'static str {
    match adjusted {
        [first, rest @ ..] if rest.iter().all(|other| other == first) => match first {
            data::Adjusted::No => "as in the file",
            data::Adjusted::Splits => "back-adjusted for splits",
            data::Adjusted::Total => "back-adjusted for splits and dividends",
        },
        _ => "differs by symbol, see the notes",
    }
}

/// A benchmark that has a file of its own.
fn from_file(setup: &Setup, path: &str, files: &mut Vec<ReadFile>) -> Result<Bars, Failure> {
    // Its whole file name, which no traded symbol is likely to have.
    let symbol = file_name(path);
    let mut request = setup.request(vec![symbol]);
    if request.bars.take().is_some() {
        // What is traded are trades; this file has bars, of whatever length.
        request.timeframe = None;
    }
    let path = setup.absolute(path);
    request.source = if path.ends_with(".parquet") {
        data::Source::Parquet { path }
    } else {
        data::Source::Csv { path }
    };
    let mut loaded = data::load(&request).map_err(invalid)?;
    files.extend(loaded.files.iter().map(ReadFile::of));
    Ok(loaded.bars.remove(0))
}

fn file_name(path: &str) -> String {
    let path = std::path::Path::new(path);
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

pub(super) fn invalid(error: data::Error) -> Failure {
    Failure {
        code: "data_invalid".into(),
        message: error.to_string(),
        hint: Some(error.hint()).filter(|hint| !hint.is_empty()),
    }
}
