//! Loading: the bars that are traded, and those that rules and benchmark look at.

use std::{path::Path, sync::Arc};

use dirigent_trading::{
    Bars,
    corporate::{Action, Event},
    currency::{Currencies, Currency, RateSeries},
    data::{self, Loaded, Timeframe},
    metrics,
};
use dirigent_workflow::event::Failure;
use serde_json::{Value, json};

use super::{
    membership::{self, Membership},
    rolls::{self, Rolls},
    tape::{self, Market},
};
use crate::{
    config::workflow::Adjust,
    prepare::is_path,
    setup::{Setup, failure},
};

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
/// Rates that end so many days before the prices are worth a word.
const STALE_DAYS: i64 = 7;

/// Everything that was loaded.
#[derive(Debug)]
pub(crate) struct Stock {
    /// The bars that are traded, in the order of the file.
    pub(in crate::tasks) bars: Vec<Bars>,
    /// What came before the first bar that is traded, by symbol: seen, never traded.
    pub(in crate::tasks) history: Vec<Bars>,
    /// Bars that are only looked at, those before the first that is traded among them.
    pub(in crate::tasks) others: Vec<Bars>,
    /// Which of them the result is compared with.
    pub(super) benchmark: Option<String>,
    /// Length of a bar.
    pub(super) timeframe: Timeframe,
    /// What was done to the prices.
    pub(super) adjustment: String,
    /// What companies did to their units.
    pub(super) actions: Arc<[Action]>,
    /// The same with what they did before the first bar that is traded.
    pub(in crate::tasks) known: Arc<[Action]>,
    /// What other currencies than the account's are worth.
    pub(super) currencies: Currencies,
    /// What is known of the market beyond bars.
    pub(super) market: Market,
    /// The files that were read.
    pub(super) files: Vec<ReadFile>,
    /// What was done to the data, for the record.
    pub(super) notes: Vec<String>,
    /// What the data check found, for the reader of the result.
    pub(super) warnings: Vec<String>,
    /// Where series go from one contract into the next.
    pub(super) rolls: Rolls,
    /// When each symbol may be traded; `None` for always.
    pub(super) membership: Option<Membership>,
}

impl Stock {
    /// The bars that are traded.
    pub(in crate::tasks) fn traded(&self) -> &[Bars] {
        &self.bars
    }

    /// What the result is compared with.
    pub(super) fn benchmark(&self) -> Option<&Bars> {
        let name = self.benchmark.as_ref()?;
        self.bars.iter().chain(&self.others).find(|bars| bars.symbol == *name)
    }

    /// What is recorded: names, contents and counts, no path.
    pub(super) fn facts(&self) -> Value {
        let bars = |bars: &Bars| json!({"symbol": bars.symbol, "bars": bars.len()});
        let files: Vec<Value> = self.files.iter().map(ReadFile::facts).collect();
        let mut facts = json!({
            "symbols": self.bars.iter().map(bars).collect::<Vec<_>>(),
            "others": self.others.iter().map(bars).collect::<Vec<_>>(),
            "benchmark": self.benchmark,
            "timeframe": self.timeframe.to_string(),
            "adjustment": self.adjustment,
            "notes": self.notes,
            "files": files,
        });
        if !self.history.is_empty() {
            facts["history"] = self.history.iter().map(bars).collect();
        }
        facts
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

/// Loads what `setup` trades, and the symbols of `foreign`, which rules look at.
pub(super) fn load(setup: &Setup, foreign: Vec<String>) -> Result<Stock, Failure> {
    let traded = &setup.data.symbols;
    let benchmark = setup.workflow.benchmark.as_deref();
    let by_symbol = benchmark.filter(|name| !is_path(name)).map(str::to_owned);
    let mut symbols = traded.clone();
    for symbol in foreign.into_iter().chain(by_symbol.clone()) {
        if !symbols.contains(&symbol) {
            symbols.push(symbol);
        }
    }
    let request = setup.request(symbols.clone());
    let (loaded, rolls) = rolls::load(setup, symbols)?;
    let adjusted = loaded.adjusted.clone();
    let mut stock = sort(loaded, traded, by_symbol.as_deref());
    stock.adjustment = format!("{}: {}", setup.adjust(), words(&adjusted));
    let actions = match &setup.data.actions {
        Some(path) => Some(data::read_actions(Path::new(&setup.absolute(path))).map_err(invalid)?),
        None => None,
    };
    let renames = actions.as_ref().map_or(&[][..], |file| &file.renames);
    stock.notes.extend(data::join(&mut stock.bars, renames));
    if let Some(path) = &setup.data.universe {
        membership::apply(&mut stock, &setup.absolute(path), renames)?;
    }
    stock.rolls = rolls;
    take_actions(setup, actions.as_ref(), &mut stock)?;
    stock.known = Arc::clone(&stock.actions);
    stock.currencies = currencies(setup, &mut stock)?;
    stock.market = tape::load(setup, &request, &adjusted, &mut stock)?;
    if let Some(path) = benchmark.filter(|name| is_path(name)) {
        let bars = from_file(setup, path, &mut stock.files)?;
        stock.benchmark = Some(bars.symbol.clone());
        stock.others.push(bars);
    }
    match setup.first_day() {
        Some(first) if setup.data.warmup_start.is_some() => stock.window(first, None),
        _ => Ok(stock),
    }
}

fn sort(loaded: Loaded, traded: &[String], benchmark: Option<&str>) -> Stock {
    let benchmark = benchmark.map(str::to_owned);
    let files = loaded.files.iter().map(ReadFile::of).collect();
    let warnings = loaded.report.to_string();
    let warnings = warnings.lines().take(FINDINGS_MAX).map(str::to_owned).collect();
    let (bars, others) =
        loaded.bars.into_iter().partition(|bars: &Bars| traded.contains(&bars.symbol));
    let (timeframe, notes, adjustment) = (loaded.timeframe, loaded.notes, String::new());
    let actions: Arc<[Action]> = Arc::default();
    let (currencies, membership) = (Currencies::default(), None);
    let rolls = Rolls::new();
    Stock {
        bars,
        history: Vec::new(),
        others,
        benchmark,
        timeframe,
        adjustment,
        known: Arc::clone(&actions),
        actions,
        currencies,
        market: Market::default(),
        files,
        notes,
        warnings,
        rolls,
        membership,
    }
}

/// Takes over the corporate actions of a file on what was loaded, and the ends of futures.
fn take_actions(
    setup: &Setup,
    file: Option<&data::ActionsFile>,
    stock: &mut Stock,
) -> Result<(), Failure> {
    let mut all = setup.expiries();
    all.extend(rolls::actions(&stock.rolls));
    all.retain(|action| stock.bars.iter().any(|bars| bars.symbol == action.symbol));
    let Some(file) = file else {
        stock.actions = all.into();
        return Ok(());
    };
    let bars: Vec<&Bars> = stock.bars.iter().chain(&stock.others).collect();
    let actions = file.on(&bars, setup.data.timezone.as_deref()).map_err(invalid)?;
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
    stock.files.push(ReadFile::of(&file.fact));
    stock.notes.push(format!("corporate actions on these symbols: {}", actions.len()));
    all.extend(actions);
    stock.actions = all.into();
    Ok(())
}

/// The rates of the currencies that something traded is priced in.
fn currencies(setup: &Setup, stock: &mut Stock) -> Result<Currencies, Failure> {
    let instruments = setup.options(metrics::SESSIONS_PER_YEAR).instruments;
    let mut currencies = Currencies { bar: stock.timeframe.nanos(), ..Currencies::default() };
    for (name, fx) in &setup.data.fx {
        let Ok(currency) = name.parse::<Currency>() else { continue };
        let mut traded = stock.bars.iter().map(|bars| instruments.of(&bars.symbol).currency);
        if !traded.any(|of| of == Some(currency)) {
            continue;
        }
        let mut request = setup.request(vec![name.clone()]);
        // The rates before the first bar count as well, whatever their bars are.
        (request.timeframe, request.bars, request.start_date) = (None, None, None);
        let loaded = one_file(setup, request, &fx.path, &mut stock.files)?;
        let series = RateSeries::new(&loaded.bars[0], loaded.timeframe.nanos(), fx.inverted);
        let series = series.map_err(|error| {
            failure("data_invalid", format!("`data.fx.{name}` (`{}`): {error}", fx.path))
        })?;
        stale(name, &series, stock);
        currencies.rates.insert(currency, Arc::new(series));
    }
    Ok(currencies)
}

/// Says so where the last rates are old.
fn stale(name: &str, series: &RateSeries, stock: &mut Stock) {
    const DAY: i64 = 86_400_000_000_000;
    let last = stock.bars.iter().filter_map(|bars| bars.time.last()).max();
    let (Some(last), Some((_, end))) = (last, series.range()) else { return };
    let days = last.as_nanos().saturating_sub(end) / DAY;
    if days > STALE_DAYS {
        stock.warnings.push(format!(
            "the rates of {name} end {days} days before the prices: the last one counts for these \
             days"
        ));
    }
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
    Ok(one_file(setup, request, path, files)?.bars.remove(0))
}

/// Loads a file that is not one of those of `data.path`.
fn one_file(
    setup: &Setup,
    mut request: data::Request,
    path: &str,
    files: &mut Vec<ReadFile>,
) -> Result<Loaded, Failure> {
    request.source = data::Source::of_file(setup.absolute(path));
    let loaded = data::load(&request).map_err(invalid)?;
    files.extend(loaded.files.iter().map(ReadFile::of));
    Ok(loaded)
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
