//! What a run recorded of its backtest, read back from its journal and its files.

use dirigent_core::Timestamp;
use dirigent_workflow::{Run, artifact::ArtifactRef};
use serde_json::Value;

use super::refused;
use crate::{
    Error, Home,
    summary::{output, result},
};

/// The file that a backtest leaves its curve in.
const EQUITY: &str = "equity.csv";

/// A backtest as it was recorded.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) strategy: String,
    pub(super) symbols: Vec<String>,
    pub(super) timeframe: String,
    pub(super) digest: String,
    pub(super) initial_cash: f64,
    pub(super) time: Vec<Timestamp>,
    pub(super) equity: Vec<f64>,
    pub(super) metrics: Value,
    pub(super) config: Value,
    /// Names and contents of the files that were read.
    pub(super) data: Vec<(String, String)>,
    pub(super) warnings: usize,
}

impl Recorded {
    /// The backtest of `run`: of several phases, the last that made one.
    pub(super) fn of(run: &Run, home: &Home) -> Result<Self, Error> {
        let is_curve = |name: &str| name == EQUITY || name.ends_with(&format!("-{EQUITY}"));
        let Some(file) = run.artifacts().filter(|file| is_curve(&file.name)).last() else {
            let why = match run.status.is_success() {
                true => format!("a run of type `{}` made no equity curve", run.start.kind),
                false => format!("it is {}", run.status.as_str()),
            };
            return Err(refused(
                format!("run `{}` has no backtest to compare: {why}", run.id),
                "name runs whose backtest completed; `dirigent runs` lists them",
            ));
        };
        let phase = file.name.strip_suffix(EQUITY).and_then(|name| name.strip_suffix('-'));
        let task = |name: &str| phase.map_or(name.to_owned(), |phase| format!("{phase}.{name}"));
        let loaded = output(run, &task("load_data"), home);
        let found = result(run, home);
        let found = phase
            .map_or(&found, |phase| if found[phase].is_null() { &found } else { &found[phase] });
        let (time, equity) = curve(run, file, home)?;
        let config = run.start.config.clone();
        Ok(Self {
            name: run.start.name.clone(),
            id: run.id.to_string(),
            strategy: strategy(&output(run, &task("parse_config"), home)),
            symbols: texts(&found["symbols"]),
            timeframe: loaded["timeframe"].as_str().unwrap_or_default().to_owned(),
            digest: run.digest.as_ref().map(ToString::to_string).unwrap_or_default(),
            initial_cash: found["initial_cash"].as_f64().unwrap_or(f64::NAN),
            time,
            equity,
            metrics: found["metrics"].clone(),
            config,
            data: files(&loaded),
            warnings: run.warnings().count(),
        })
    }
}

fn texts(list: &Value) -> Vec<String> {
    let text = |item: &Value| item.as_str().map(str::to_owned);
    list.as_array().into_iter().flatten().filter_map(text).collect()
}

fn files(loaded: &Value) -> Vec<(String, String)> {
    let text = |file: &Value, key: &str| file[key].as_str().unwrap_or_default().to_owned();
    let files = loaded["files"].as_array().into_iter().flatten();
    files.map(|file| (text(file, "name"), text(file, "sha256"))).collect()
}

/// The strategy and its parameters in one line.
fn strategy(parsed: &Value) -> String {
    let label = parsed["strategy"].as_str().unwrap_or_default();
    let params: Vec<String> = parsed["params"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    if params.is_empty() { label.to_owned() } else { format!("{label} ({})", params.join(", ")) }
}

/// Times and equity of the curve in `file`, whose content is checked.
fn curve(run: &Run, file: &ArtifactRef, home: &Home) -> Result<(Vec<Timestamp>, Vec<f64>), Error> {
    let store = home.artifacts();
    let bytes = store.get(file).map_err(|source| Error::FileLost {
        run: run.id.clone(),
        file: file.name.clone(),
        path: store.path(&file.sha256),
        source,
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let row = |line: &str| {
        let mut cells = line.split(',');
        Some((moment(cells.next()?)?, cells.nth(1)?.parse::<f64>().ok()?))
    };
    // Checked to be what this program wrote: after the header, every row is a time and two amounts.
    Ok(text.lines().skip(1).filter_map(row).unzip())
}

/// A time as `equity.csv` has it: a date, or a moment.
fn moment(text: &str) -> Option<Timestamp> {
    if text.len() > 10 {
        return text.parse().ok();
    }
    let mut parts = text.splitn(3, '-');
    let mut next = || parts.next();
    Timestamp::from_date(next()?.parse().ok()?, next()?.parse().ok()?, next()?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_an_equity_curve_are_dates_or_moments() {
        let shown = |text| moment(text).map(|time| time.to_string());
        assert_eq!(shown("2024-02-30"), None);
        assert_eq!(shown("x"), None);
        assert_eq!(shown("2024-02-29").as_deref(), Some("2024-02-29T00:00:00Z"));
        assert_eq!(shown("2024-02-29T09:30:00Z").as_deref(), Some("2024-02-29T09:30:00Z"));
    }
}
