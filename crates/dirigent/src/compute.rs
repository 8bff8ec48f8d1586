//! Computing over files: expressions of the rules language, and the metrics of an equity curve.

use std::{collections::BTreeMap, path::Path};

use dirigent_core::Timestamp;
use dirigent_trading::{
    data::{self, ColumnsRequest, Timeframe, read_columns},
    metrics,
    rules::{self, Expression, Frame, RuleError},
};
use serde_json::{Value, json};

/// The deepest drawdowns that are listed.
const DRAWDOWNS_SHOWN: usize = 5;

/// Why nothing could be computed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read as numbers over time.
    #[error(transparent)]
    Data(#[from] data::Error),
    /// The expression is wrong.
    #[error("{}", drawn(.expression, .errors))]
    Expression {
        /// The text.
        expression: String,
        /// What is wrong with it.
        errors: Vec<RuleError>,
    },
    /// The expression asks for another symbol.
    #[error("expression `{expression}` asks for `{symbol}`, but one file holds one symbol")]
    Foreign {
        /// The text.
        expression: String,
        /// The other symbol.
        symbol: String,
    },
    /// The file has no column of that use.
    #[error("`{file}` has no column {wanted}; it has {found}")]
    Column {
        /// The file.
        file: String,
        /// What was looked for.
        wanted: &'static str,
        /// What there is.
        found: String,
    },
    /// The numbers have no metrics.
    #[error(transparent)]
    Metrics(#[from] metrics::Error),
}

impl Error {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Data(error) => Some(error.hint()),
            _ => None,
        }
    }
}

/// The expression with a caret under each mistake.
fn drawn(expression: &str, errors: &[RuleError]) -> String {
    let caret = |error: &RuleError| {
        let before = expression.get(..error.span.start).map_or(0, |text| text.chars().count());
        let marked = expression.get(error.span.clone()).map_or(0, |text| text.chars().count());
        let hint = error.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        let (space, mark) = (" ".repeat(before), "^".repeat(marked.max(1)));
        format!("{error}\n  {expression}\n  {space}{mark}{hint}")
    };
    errors.iter().map(caret).collect::<Vec<_>>().join("\n")
}

/// Columns over time.
#[derive(Clone, Debug, Default)]
pub struct Computed {
    /// The time of each row.
    pub time: Vec<Timestamp>,
    /// Name and values of each column; NaN where a value is not known.
    pub columns: Vec<(String, Vec<f64>)>,
    /// What the reader should know of the file.
    pub notes: Vec<String>,
}

/// Evaluates `expressions` over the columns of the file at `path`, prices as they are in it.
///
/// # Errors
/// If the file cannot be read or an expression is wrong.
pub fn compute(path: &Path, expressions: &[String]) -> Result<Computed, Error> {
    let read = read_columns(&ColumnsRequest { path: path.to_owned(), ..Default::default() })?;
    let frame = Timeframe::infer(&read.time).map(|timeframe| Frame { timeframe, session: None });
    let compiled = expressions.iter().map(|text| compile(text, frame.clone()));
    let compiled = compiled.collect::<Result<Vec<_>, _>>()?;
    let find = |name: &str| {
        read.columns.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, column)| column)
    };
    // A file with one series has that one as its close.
    let first = read.columns.first().map(|(_, column)| column);
    let close = find("close").or(first).ok_or_else(|| missing(path, "`close`", &read.columns))?;
    let or_close = |name: &str| find(name).unwrap_or(close);
    let no_volume = vec![f64::NAN; read.time.len()];
    let bars = rules::Columns {
        time: &read.time,
        open: or_close("open"),
        high: or_close("high"),
        low: or_close("low"),
        close,
        volume: find("volume").unwrap_or(&no_volume),
        foreign: &[],
    };
    let mut columns = Vec::new();
    for (text, expression) in expressions.iter().zip(&compiled) {
        let names = expression.outputs();
        let mut values = vec![Vec::with_capacity(read.time.len()); names.len()];
        expression.start().run(&bars, &mut values);
        let named = |name: &String| {
            if names.len() == 1 { text.clone() } else { format!("{text}.{name}") }
        };
        columns.extend(names.iter().map(named).zip(values));
    }
    Ok(Computed { time: read.time, columns, notes: read.notes })
}

fn compile(text: &str, frame: Option<Frame>) -> Result<Expression, Error> {
    let expression = text.to_owned();
    let compiled = rules::compile_expression(text, &BTreeMap::new(), frame)
        .map_err(|errors| Error::Expression { expression: expression.clone(), errors })?;
    match compiled.foreign().first() {
        Some((_, symbol)) => Err(Error::Foreign { expression, symbol: symbol.clone() }),
        None => Ok(compiled),
    }
}

/// All metrics of the equity curve or the returns in the file at `path`.
///
/// # Errors
/// If the file cannot be read, has neither, or holds numbers that make no sense.
pub fn metrics_of(path: &Path, periods_per_year: Option<f64>) -> Result<Value, Error> {
    let read = read_columns(&ColumnsRequest { path: path.to_owned(), ..Default::default() })?;
    let find = |names: [&str; 3]| {
        let is = |name: &String| names.iter().any(|wanted| name.eq_ignore_ascii_case(wanted));
        read.columns.iter().find(|(name, _)| is(name)).map(|(_, column)| column.as_slice())
    };
    let annual = periods_per_year.unwrap_or_else(|| metrics::periods_per_year(&read.time));
    let returns = find(["ret", "return", "returns"]);
    let (returns, curve, times) = match (find(["equity", "value", "close"]), returns) {
        (_, Some(returns)) => (returns.to_vec(), metrics::growth_path(returns), &read.time[..]),
        (Some(equity), None) => {
            let times = read.time.get(1..).unwrap_or_default();
            (metrics::returns_of(equity), equity.to_vec(), times)
        }
        (None, None) => return Err(missing(path, "`equity` or `ret`", &read.columns)),
    };
    let benchmark = find(["bench", "benchmark_return", "bench_ret"])
        .map(<[f64]>::to_vec)
        .or_else(|| find(["benchmark", "index", "market"]).map(metrics::returns_of));
    let all = metrics::variants(&returns, benchmark.as_deref(), Some(times), annual)?;
    let mut deepest = metrics::drawdowns(&curve);
    let episodes = deepest.len();
    deepest.sort_by(|a, b| a.depth.total_cmp(&b.depth));
    let shown: Vec<Value> = deepest.iter().take(DRAWDOWNS_SHOWN).map(drawdown).collect();
    let longest = deepest.iter().max_by_key(|drawdown| drawdown.bars_underwater).map(drawdown);
    Ok(json!({
        "file": path.display().to_string(),
        "returns": returns.len(),
        "first": read.time.first(),
        "last": read.time.last(),
        "periods_per_year": annual,
        "variants": all,
        "drawdowns": {"deepest": shown, "longest": longest, "episodes": episodes},
    }))
}

fn drawdown(drawdown: &metrics::Drawdown) -> Value {
    json!({
        "depth": drawdown.depth,
        "peak_bar": drawdown.peak_bar,
        "valley_bar": drawdown.valley_bar,
        "recovery_bar": drawdown.recovery_bar,
        "bars_underwater": drawdown.bars_underwater,
    })
}

fn missing(path: &Path, wanted: &'static str, columns: &[(String, Vec<f64>)]) -> Error {
    let names: Vec<String> = columns.iter().map(|(name, _)| format!("`{name}`")).collect();
    Error::Column { file: path.display().to_string(), wanted, found: names.join(", ") }
}
