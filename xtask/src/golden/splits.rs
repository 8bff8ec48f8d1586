//! References of splits: scikit-learn's `TimeSeriesSplit`, skfolio's `WalkForward` and
//! `CombinatorialPurgedCV`.

use std::ops::Range;

use anyhow::{Context, Result, bail};
use dirigent_research::validate::{
    Combinatorial, Period, Split, WalkForward, combinatorial, forward_splits,
    forward_splits_by_count,
};
use serde_json::Value;

use super::compare::Comparison;
use super::line::Line;
use super::source::Root;
use super::{Reference, json};

/// Settings that are understood.
const SETTINGS: &[&str] = &[
    "n_splits",
    "gap",
    "test_size",
    "max_train_size",
    "train_size",
    "purged_size",
    "expand_train",
    "reduce_test",
    "n_folds",
    "n_test_folds",
    "embargo_size",
];

pub(super) fn check(reference: &Reference, _: &Root) -> Vec<Line> {
    match json::list(&reference.content, "cases") {
        Err(error) => vec![Line::failed("", &error)],
        Ok(cases) => cases.iter().enumerate().map(|(at, case)| line(at, case)).collect(),
    }
}

fn line(at: usize, case: &Value) -> Line {
    let kind = case.get("kind").and_then(Value::as_str).unwrap_or("?");
    let item = format!("case {at} {kind}");
    match compare(kind, case) {
        Ok(comparison) => comparison.line(item),
        Err(error) => Line::failed(item, &error),
    }
}

fn compare(kind: &str, case: &Value) -> Result<Comparison> {
    let bars = json::count(case, "n")?;
    let settings = json::object(case, "args")?;
    if let Some(unknown) = settings.keys().find(|name| !SETTINGS.contains(&name.as_str())) {
        bail!("unknown setting `{unknown}`");
    }
    let mut comparison = Comparison::default();
    let found = match kind {
        "sklearn.TimeSeriesSplit" => forward_splits_by_count(
            bars,
            needed(case, "n_splits")?,
            setting(case, "test_size"),
            setting(case, "gap").unwrap_or(0),
            setting(case, "max_train_size"),
        )?,
        "skfolio.WalkForward" => forward_splits(bars, &walk(case)?)?,
        "skfolio.CombinatorialPurgedCV" => {
            let all = folded(case, bars)?;
            comparison.fact("n_splits", all.splits.len(), json::count(case, "n_splits")?);
            comparison.fact("n_test_paths", all.paths, json::count(case, "n_test_paths")?);
            let paths: Vec<Vec<usize>> =
                all.folds.iter().map(|folds| folds.iter().map(|f| f.path).collect()).collect();
            comparison.fact("recombined_paths", paths, read(case, "recombined_paths")?);
            all.splits
        }
        _ => bail!("unknown: there are no splits `{kind}`"),
    };
    let expected = expected(case)?;
    comparison.fact("number of splits", found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
        comparison.fact(format!("split {at}"), found, expected);
    }
    Ok(comparison)
}

fn walk(case: &Value) -> Result<WalkForward> {
    let is = |name: &str| {
        case.get("args").and_then(|all| all.get(name)).and_then(Value::as_bool).unwrap_or(false)
    };
    Ok(WalkForward {
        train: needed(case, "train_size")?,
        test: needed(case, "test_size")?,
        step: needed(case, "test_size")?,
        gap: setting(case, "purged_size").unwrap_or(0),
        period: if is("expand_train") { Period::Anchored } else { Period::Rolling },
        partial: is("reduce_test"),
    })
}

fn folded(case: &Value, bars: usize) -> Result<Combinatorial> {
    let size = |name| setting(case, name).unwrap_or(0);
    let (folds, tests) = (needed(case, "n_folds")?, needed(case, "n_test_folds")?);
    Ok(combinatorial(bars, folds, tests, size("purged_size"), size("embargo_size"))?)
}

fn setting(case: &Value, name: &str) -> Option<usize> {
    case.get("args")?.get(name)?.as_u64().and_then(|count| usize::try_from(count).ok())
}

fn needed(case: &Value, name: &str) -> Result<usize> {
    setting(case, name).with_context(|| format!("has no setting `{name}`"))
}

/// `[train ranges, test ranges]`; a test of combinations is one list of ranges for each fold.
fn expected(case: &Value) -> Result<Vec<Split>> {
    json::list(case, "splits")?
        .iter()
        .map(|split| {
            let parts = split.as_array().filter(|parts| parts.len() == 2);
            let parts = parts.context("a split is not `[train, test]`")?;
            Ok(Split { train: ranges(&parts[0])?, test: ranges(&parts[1])? })
        })
        .collect()
}

fn ranges(value: &Value) -> Result<Vec<Range<usize>>> {
    let list = value.as_array().context("ranges are not a list")?;
    let nested = |item: &Value| item.get(0).is_some_and(Value::is_array);
    let mut found = Vec::new();
    for item in list {
        if nested(item) {
            found.extend(ranges(item)?);
            continue;
        }
        let end = |at: usize| item.get(at).and_then(Value::as_u64).context("a range is not a pair");
        found.push(usize::try_from(end(0)?)?..usize::try_from(end(1)?)?);
    }
    Ok(found)
}

fn read<T: serde::de::DeserializeOwned>(case: &Value, name: &str) -> Result<T> {
    serde_json::from_value(json::field(case, name)?.clone())
        .with_context(|| format!("`{name}` has another form"))
}
