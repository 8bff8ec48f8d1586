//! Preparing: from a workflow file to everything that a run records first.
//!
//! Promises: every mistake that can be seen before anything runs is reported, all at once, with
//! its place: keys and values, strategy and rules, missing data files. Nothing is written.

mod inputs;
mod kinds;
mod not_yet;

use std::path::{Path, PathBuf};

use dirigent_trading::{data, price, rules::RuleError, strategy::Registry};
use dirigent_workflow::{
    Plan,
    event::{START_BYTES_MAX, Start},
    file::{Environment, Explained, Place, Problem, SourceKind, Span},
    plan::Mode,
};
use serde_json::Value;

use crate::{
    Error,
    config::{self, Config, workflow::Mode as Written},
    planner::{self, Planners, Refusal},
    strategy,
    tasks::Kinds,
    vocabulary::Registered,
};

/// The most missing files that are listed one by one.
const MISSING_SHOWN_MAX: usize = 5;

/// A workflow file and what is laid over it.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The file.
    pub path: PathBuf,
    /// The folder that relative paths start from when the file's own folder does not have them.
    pub base: PathBuf,
    /// Assignments `key.path=value`, strongest last.
    pub set: Vec<String>,
    /// The environment.
    pub environment: Environment,
}

/// A workflow file that was found to be right.
#[derive(Clone, Debug)]
pub struct Valid {
    /// Its values.
    pub config: Config,
    /// What the author should know.
    pub warnings: Vec<String>,
    base: PathBuf,
}

/// A workflow that can be run.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What the run will record first.
    pub start: Start,
    /// How each phase is scheduled, and why.
    pub schedules: Vec<String>,
    /// What the author should know.
    pub warnings: Vec<String>,
    /// Whom to tell, with secrets that the journal does not hold.
    pub(crate) notifications: Vec<config::workflow::Notification>,
    explained: Vec<Explained>,
}

impl Prepared {
    /// Every setting with its value and where it came from, as a table.
    pub fn explained(&self) -> String {
        let width = |text: fn(&Explained) -> &str, most: usize| {
            let longest = self.explained.iter().map(|line| text(line).chars().count()).max();
            longest.unwrap_or(0).min(most)
        };
        let (keys, values) = (width(|line| &line.key, 48), width(|line| &line.value, 40));
        let line = |line: &Explained| {
            format!("{:<keys$}  {:<values$}  {}\n", line.key, line.value, line.origin)
        };
        self.explained.iter().map(line).collect()
    }

    /// The same for programs.
    pub fn explained_json(&self) -> Value {
        serde_json::to_value(&self.explained).unwrap_or_default()
    }
}

/// Reads and checks a workflow file.
///
/// # Errors
/// With every problem that was found.
pub(crate) fn check(source: &Source, registered: &Registered<'_>) -> Result<Valid, Error> {
    let strategies = registered.strategies;
    let config = config::load(&source.path, &source.set, &source.environment, registered)
        .map_err(Error::Config)?;
    let base = base(source, &config);
    let mut problems = Vec::new();
    for (path, written) in written_strategies(&config) {
        match strategy::choose(strategies, written, config.workflow.data.as_ref()) {
            Ok(chosen) => {
                let place = config.place(&path);
                let warnings = chosen.warnings.into_iter();
                problems.extend(warnings.map(|text| Problem::warning(place, path.as_str(), text)));
            }
            Err(errors) => {
                let problem = |error| rule_problem(&config, &path, error);
                problems.extend(errors.into_iter().map(problem));
            }
        }
    }
    problems.extend(unknown_source(&config));
    problems.extend(crate::notify::problems(&config));
    problems.extend(odd_names(&config));
    problems.extend(crowded(&config, strategies));
    problems.extend(missing_files(&config, &base));
    let found = config.problems(problems);
    if found.has_error() {
        return Err(Error::Config(found));
    }
    let warnings = [config.warnings.lines(), found.lines()].concat();
    Ok(Valid { config, warnings, base })
}

/// Plans a workflow file that was found to be right.
///
/// # Errors
/// If this version cannot run workflows of its type.
pub(crate) fn plan(valid: Valid, planners: &Planners, kinds: &Kinds) -> Result<Prepared, Error> {
    let Valid { config, mut warnings, base } = valid;
    let workflow = &config.workflow;
    let definition = &workflow.definition;
    let missing = not_yet::types(&config, planners);
    let Some(planner) = planners.get(definition.kind.as_str()).filter(|_| missing.is_empty())
    else {
        return Err(Error::NotYet(config.problems(missing)));
    };
    let mode = mode(definition.execution_mode);
    let planned = planner.plan(workflow, planners).map_err(|refusal| {
        let Refusal { path, message, hint } = refusal;
        let problem = Problem::error(config.place(&path), path, message).hint(hint);
        Error::Config(config.problems(vec![problem]))
    })?;
    let schedules = planner::schedules(workflow, &planned.phases);
    let refused = |error: dirigent_workflow::plan::InvalidPlan| {
        let place = config.place("workflow");
        Error::Config(config.problems(vec![Problem::error(place, "workflow", error.to_string())]))
    };
    let start = Start {
        name: workflow.name.clone(),
        kind: definition.kind.clone(),
        mode,
        schedule: planner::schedule(&planned.phases, &schedules),
        seed: workflow.coordinator.reproducibility.master_seed,
        config_hash: config.config_hash.to_string(),
        config_version: config.config_version.clone(),
        config: config.document.clone(),
        base: base.display().to_string(),
        timeout_ms: milliseconds(definition.timeout_seconds),
        plan: Plan::new(planned.phases).map_err(refused)?,
        limits: planned.limits,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let missing = kinds::missing(&config, &start.plan, kinds);
    if !missing.is_empty() {
        return Err(Error::NotYet(config.problems(missing)));
    }
    let mut inputs = inputs::unknown(&config, &start.plan);
    inputs.extend(kinds::unfit(&config, &start.plan, kinds));
    let inputs = config.problems(inputs);
    if inputs.has_error() {
        return Err(Error::Config(inputs));
    }
    warnings.extend(inputs.lines());
    let bytes = serde_json::to_string(&start).map_or(usize::MAX, |text| text.len());
    if bytes > START_BYTES_MAX {
        let message =
            format!("the configuration takes {bytes} bytes, at most {START_BYTES_MAX} fit");
        let problem = Problem::error(config.place("tasks"), "", message);
        let problem = problem.hint("use `count` for tasks that are alike, or several runs");
        return Err(Error::Config(config.problems(vec![problem])));
    }
    let notifications = config.workflow.notifications;
    Ok(Prepared { start, schedules, warnings, notifications, explained: config.explained })
}

fn mode(mode: Written) -> Mode {
    match mode {
        Written::Traditional => Mode::Traditional,
        Written::Auto | Written::Parallel | Written::SignalReplay => Mode::Auto,
        Written::Composable => Mode::Composable,
        Written::Hybrid => Mode::Hybrid,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be in range"
)]
fn milliseconds(seconds: f64) -> Option<u64> {
    (seconds > 0.0).then(|| (seconds * 1000.0).round() as u64)
}

/// Where the strategy stands in the file.
fn strategy_path(config: &Config) -> &'static str {
    const ELSEWHERE: &str = "workflow.backtest_config.strategy";
    if config.resolved(ELSEWHERE).is_some() { ELSEWHERE } else { "strategy" }
}

/// Every strategy of the file, and where it stands.
fn written_strategies(config: &Config) -> Vec<(String, &config::workflow::Strategy)> {
    let workflow = &config.workflow;
    let one = workflow.strategy.iter().map(|one| (strategy_path(config).to_owned(), one));
    let several = workflow.strategies.iter().enumerate();
    let several = several.map(|(at, one)| (format!("strategies.{at}"), &one.strategy));
    one.chain(several).collect()
}

/// The problem that `error` is in the file, pointing into the expression.
fn rule_problem(config: &Config, strategy: &str, error: RuleError) -> Problem {
    let path = format!("{strategy}.{}", error.place);
    let place = config.place(&path);
    let text = config.resolved(&path).map(|found| found.to_json());
    let text = text.as_ref().and_then(Value::as_str).unwrap_or_default();
    let span = within(config, place, text, &error.span).unwrap_or(place);
    let problem = Problem::error(span, path, error.message);
    problem.hint(error.hint.unwrap_or_default())
}

/// The part of `place` that bytes `range` of `text` take, if the text stands there on one line.
fn within(
    config: &Config,
    place: Span,
    text: &str,
    range: &std::ops::Range<usize>,
) -> Option<Span> {
    let source = config.sources().of(place)?;
    if source.kind() != SourceKind::File {
        return None;
    }
    let line = source.text().lines().nth(usize::try_from(place.start.line).ok()? - 1)?;
    let from = usize::try_from(place.start.column).ok()? - 1;
    let written: String = line.chars().skip(from).collect();
    let quote = usize::from(written.starts_with(['"', '\'']));
    if !written[quote..].starts_with(text) {
        return None;
    }
    let column = |bytes: usize| {
        let before = text.get(..bytes)?.chars().count();
        u32::try_from(from + quote + before + 1).ok()
    };
    let at = |bytes| Some(Place::new(place.start.line, column(bytes)?));
    let start = at(range.start)?;
    let end = at(range.end)?.max(Place::new(start.line, start.column + 1));
    Some(Span { source: place.source, start, end })
}

/// The folder that relative paths start from: that of the file, or the present one if the data is
/// there and not beside the file.
fn base(source: &Source, config: &Config) -> PathBuf {
    let folder = source.path.parent().unwrap_or(Path::new(""));
    let own = source.base.join(folder);
    let has = |base: &Path| files(config).first().is_some_and(|(_, file)| base.join(file).exists());
    let chosen = if !has(&own) && has(&source.base) { source.base.clone() } else { own };
    chosen.canonicalize().unwrap_or(chosen)
}

/// The files that the configuration names, with the key that names them.
fn files(config: &Config) -> Vec<(&'static str, String)> {
    let workflow = &config.workflow;
    let Some(data) = &workflow.data else { return Vec::new() };
    let symbols = data.names_in_files().filter_map(|name| data.path_of(name));
    let mut files: Vec<(&'static str, String)> = symbols.map(|file| ("data.path", file)).collect();
    files.dedup();
    files.extend(data.actions.clone().map(|file| ("data.actions", file)));
    let execution = &workflow.execution;
    let tapes = [("execution.quotes", &execution.quotes), ("execution.trades", &execution.trades)];
    for (key, template) in tapes.into_iter().filter_map(|(key, file)| Some((key, file.as_ref()?))) {
        files.extend(data.symbols.iter().map(|symbol| (key, template.replace("{symbol}", symbol))));
        files.dedup();
    }
    if let Some(benchmark) = workflow.benchmark.as_deref().filter(|name| is_path(name)) {
        files.push(("benchmark", benchmark.to_owned()));
    }
    files
}

/// Whether a benchmark names a file and not a symbol.
pub(crate) fn is_path(name: &str) -> bool {
    name.contains('/') || data::Source::ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Entries that together want more than there is: the first ones would take what later ones lack.
fn crowded(config: &Config, strategies: &Registry) -> Option<Problem> {
    let workflow = &config.workflow;
    let all = workflow.data.as_ref()?.symbols.len();
    let config::workflow::Sizing::PercentEquity { percent } = workflow.portfolio.sizing else {
        return None;
    };
    let own = |one: &config::workflow::Strategy| one.symbols.as_ref().map_or(all, Vec::len);
    let with_own = |at: &str| config.resolved(&format!("{at}.sizing")).is_some();
    let all_written = written_strategies(config).into_iter();
    let by_signal = all_written.filter(|(at, _)| !with_own(at)).map(|(_, one)| one);
    let by_signal = by_signal.filter(|one| !strategy::has_weights(strategies, &one.kind));
    let count = by_signal.map(own).max()?;
    let wanted = i128::from(percent.share_raw()) * i128::try_from(count).ok()?;
    (count > 1 && wanted > i128::from(price::SCALE)).then(|| {
        let key = "portfolio.sizing.percent";
        let message = format!("{count} symbols want {percent} % of the equity each");
        let share = 95 / count;
        let hint =
            format!("the first entries take what later ones lack; {share} gives all a share");
        Problem::warning(config.place(key), key, message).hint(hint)
    })
}

/// Names that would make a terminal or a spreadsheet do something.
fn odd_names(config: &Config) -> Vec<Problem> {
    let is_odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let problem = |key: String, text: &str, what: &str| {
        let message = format!("`{}` {what}", text.escape_debug());
        Problem::error(config.place(&key), key, message)
    };
    let mut problems = Vec::new();
    let name = &config.workflow.name;
    if name.contains(is_odd) || name.chars().count() > NAME_CHARS_MAX {
        let what = "cannot be a name: use up to 200 visible characters";
        let shown: String = name.chars().take(40).collect();
        problems.push(problem("name".into(), &shown, what));
    }
    let symbols = config.workflow.data.iter().flat_map(|data| &data.symbols);
    for (index, symbol) in symbols.enumerate() {
        if symbol.contains(is_odd) || symbol.starts_with(['=', '+', '-', '@']) {
            let what = "cannot be a symbol: a spreadsheet would take it for a formula";
            problems.push(problem(format!("data.symbols.{index}"), symbol, what));
        }
    }
    problems
}

/// The longest name of a workflow.
const NAME_CHARS_MAX: usize = 200;

/// Where bars of this version can come from.
const SOURCES: [&str; 4] = ["csv", "parquet", "arrow", "synthetic"];

fn unknown_source(config: &Config) -> Option<Problem> {
    let source = &config.workflow.data.as_ref()?.source;
    let known = SOURCES.contains(&source.as_str());
    let backtest = config.workflow.definition.kind == "backtest";
    (backtest && !known).then(|| {
        let message = format!("a backtest cannot read the feed `{source}`");
        let hint = format!("bars come from one of {}", SOURCES.join(", "));
        Problem::error(config.place("data.source"), "data.source", message).hint(hint)
    })
}

fn missing_files(config: &Config, base: &Path) -> Vec<Problem> {
    let missing: Vec<(&str, PathBuf)> = files(config)
        .into_iter()
        .map(|(key, file)| (key, base.join(file)))
        .filter(|(_, path)| !path.is_file())
        .collect();
    let hint =
        format!("relative paths start from `{}`, then from the present folder", base.display());
    let problem = |(key, path): &(&str, PathBuf)| {
        let what = if path.exists() { "is not a file" } else { "does not exist" };
        let message = format!("data file `{}` {what}", path.display());
        Problem::error(config.place(key), *key, message).hint(hint.clone())
    };
    let mut problems: Vec<Problem> = missing.iter().take(MISSING_SHOWN_MAX).map(problem).collect();
    if missing.len() > MISSING_SHOWN_MAX {
        let more = missing.len() - MISSING_SHOWN_MAX;
        let message = format!("{more} more data files do not exist");
        problems.push(Problem::error(config.place("data.path"), "data.path", message));
    }
    problems
}
