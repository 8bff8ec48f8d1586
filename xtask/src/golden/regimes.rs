//! References of regimes: hidden Markov models of hmmlearn, change points of ruptures.

use anyhow::{Context, Result, bail};
use dirigent_core::Seed;
use dirigent_research::regime::{
    Cost, Hmm, HmmFit, Samples, binary_segmentation, fit_hmm, log_returns_percent, optimal, pelt,
};
use serde_json::Value;

use super::compare::{Comparison, Tolerance};
use super::line::{Line, Outcome};
use super::source::Root;
use super::{Reference, json};

/// The series that are understood.
const RETURNS: &str = "r = 100*ln(close[t]/close[t-1])";
const SIZES: &str = "|r|";
const MODEL: &str = "l2";

/// Fields that are not answers.
const ABOUT: &[&str] = &["data", "series", "n", "hmmlearn", "ruptures", "note"];

pub(super) fn check(reference: &Reference, root: &Root) -> Vec<Line> {
    match returns(&reference.content, root) {
        Err(error) => vec![Line::failed("", &error)],
        Ok(returns) => reference
            .content
            .as_object()
            .into_iter()
            .flat_map(|fields| fields.keys())
            .filter(|name| !ABOUT.contains(&name.as_str()))
            .flat_map(|name| kind(&reference.content, name, &returns))
            .collect(),
    }
}

fn returns(gold: &Value, root: &Root) -> Result<Vec<f64>> {
    let series = json::text(gold, "series")?;
    if series != RETURNS {
        bail!("unknown series `{series}`");
    }
    let bars = root.bars_of_file(json::text(gold, "data")?)?;
    let closes: Vec<f64> = bars.close.iter().map(|price| price.to_f64()).collect();
    let returns = log_returns_percent(&closes)?;
    let expected = json::count(gold, "n")?;
    if returns.len() != expected {
        bail!("the data has {} returns, not {expected}", returns.len());
    }
    Ok(returns)
}

fn kind(gold: &Value, name: &str, returns: &[f64]) -> Vec<Line> {
    let Ok(all) = json::object(gold, name) else {
        return vec![Line::new(name, Outcome::Fail("is not an object".to_owned()))];
    };
    match name {
        "hmm" => all
            .iter()
            .map(|(states, gold)| {
                line(format!("hmm {states} states"), model(states, gold, returns))
            })
            .collect(),
        "changepoints" => changes(&gold[name], returns),
        _ => vec![Line::new(name, Outcome::Fail("unknown kind of regimes".to_owned()))],
    }
}

fn line(item: String, compared: Result<Comparison>) -> Line {
    match compared {
        Ok(comparison) => comparison.line(item),
        Err(error) => Line::failed(item, &error),
    }
}

fn model(states: &str, gold: &Value, returns: &[f64]) -> Result<Comparison> {
    let states: usize = states.parse().context("is no number of states")?;
    let samples = Samples::new(returns, 1)?;
    let fit = HmmFit { states, ..HmmFit::default() };
    let model = fit_hmm(samples, &fit, None, &Seed::master(42).child("golden"))?;
    let text = json::text(gold, "tolerance")?;
    let stated = |words: &str| {
        json::number_after(text, words).with_context(|| format!("states no tolerance `{words}`"))
    };
    let mut comparison = Comparison::default();
    let known = json::number(gold, "loglik_hmmlearn")?;
    // A higher likelihood than the reference is no error.
    let missing = (known - model.log_likelihood()).max(0.0);
    let near = Tolerance::absolute(stated("loglik within ")?);
    comparison.number("loglik below hmmlearn", missing, 0.0, Tolerance::absolute(1e-4));
    comparison.number("aic", model.aic(), json::number(gold, "aic")?, near);
    comparison.number("bic", model.bic(), json::number(gold, "bic")?, near);
    let close = Tolerance { floor: 1e-5, ..Tolerance::relative(stated("means/vars rel ")?) };
    let column = |rows: &[Vec<f64>]| -> Vec<f64> { rows.iter().map(|row| row[0]).collect() };
    comparison.numbers(&column(model.means()), &json::numbers(gold, "means")?, close);
    comparison.numbers(&column(model.variances()), &json::numbers(gold, "variances")?, close);
    let share = Tolerance::absolute(stated("posterior abs ")?);
    paths(&mut comparison, &model, samples, gold, share)?;
    Ok(comparison)
}

fn paths(
    comparison: &mut Comparison,
    model: &Hmm,
    samples: Samples<'_>,
    gold: &Value,
    share: Tolerance,
) -> Result<()> {
    let stationary = model.stationary().context("has a state that is never left")?;
    comparison.numbers(&stationary, &json::numbers(gold, "stationary")?, share);
    for (from, row) in json::list(gold, "transmat")?.iter().enumerate() {
        let row: Vec<f64> =
            serde_json::from_value(row.clone()).context("`transmat` holds a row that is none")?;
        comparison.numbers(&model.transition()[from.min(model.states() - 1)], &row, share);
    }
    let smoothed = model.smoothed(samples)?;
    for (at, row) in json::object(gold, "posterior_at")? {
        let place: usize = at.parse().context("`posterior_at` names no bar")?;
        let row: Vec<f64> = serde_json::from_value(row.clone())
            .context("`posterior_at` holds a row that is none")?;
        let ours = smoothed.get(place).context("`posterior_at` names a bar that is not there")?;
        comparison.numbers(ours, &row, share);
    }
    let path = model.viterbi(samples)?;
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for state in &path {
        match runs.last_mut() {
            Some((last, length)) if last == state => *length += 1,
            _ => runs.push((*state, 1)),
        }
    }
    comparison.fact("viterbi_runs", runs.len(), json::count(gold, "viterbi_runs")?);
    let first: Vec<(usize, usize)> =
        serde_json::from_value(json::field(gold, "viterbi_first_runs")?.clone())
            .context("`viterbi_first_runs` has another form")?;
    comparison.fact("viterbi_first_runs", &runs[..first.len().min(runs.len())], &first[..]);
    Ok(())
}

fn changes(gold: &Value, returns: &[f64]) -> Vec<Line> {
    let series = match series(gold, returns) {
        Ok(series) => series,
        Err(error) => return vec![Line::failed("changepoints", &error)],
    };
    let mut lines = Vec::new();
    for search in ["exact", "pelt", "binseg"] {
        for (setting, gold) in json::object(gold, search).into_iter().flatten() {
            let item = format!("changepoints {search} {setting}");
            lines.push(line(item, search_line(search, setting, gold, &series)));
        }
    }
    lines
}

struct Series {
    values: Vec<f64>,
    min_size: usize,
}

fn series(gold: &Value, returns: &[f64]) -> Result<Series> {
    let (name, model) = (json::text(gold, "series")?, json::text(gold, "model")?);
    if name != SIZES || !model.starts_with(MODEL) {
        bail!("unknown series `{name}` or model `{model}`");
    }
    let slice = json::numbers(gold, "slice")?;
    let [from, to] = slice[..] else { bail!("`slice` is not a pair") };
    let inside = |(at, _): &(usize, &f64)| (from..to).contains(&(*at as f64));
    let values: Vec<f64> =
        returns.iter().enumerate().filter(inside).map(|(_, x)| x.abs()).collect();
    let (sum, expected) = (values.iter().sum::<f64>(), json::number(gold, "x_sum")?);
    if (sum - expected).abs() > 1e-6 * expected.abs() {
        bail!("the series adds up to {sum}, not {expected}");
    }
    Ok(Series { values, min_size: json::count(gold, "min_size")? })
}

fn search_line(search: &str, setting: &str, gold: &Value, series: &Series) -> Result<Comparison> {
    let (values, size) = (&series.values, series.min_size);
    let count = || setting.parse::<usize>().context("is no number of changes");
    let mut comparison = Comparison::default();
    let (found, expected) = match search {
        "exact" => (optimal(values, Cost::Mean, size, count()?)?, json::field(gold, "bkps")?),
        "binseg" => (binary_segmentation(values, Cost::Mean, size, count()?, 0.0)?, gold),
        _ => {
            let penalty = setting.parse().context("is no penalty")?;
            (pelt(values, Cost::Mean, size, penalty)?, gold)
        }
    };
    let expected: Vec<usize> =
        serde_json::from_value(expected.clone()).context("holds no list of ends")?;
    match search {
        // Pruning with a least size can lose the best segmentation in other libraries, not in ours.
        "pelt" if price(values, &found.ends, setting)? < price(values, &expected, setting)? => {}
        _ => comparison.fact("ends", &found.ends, &expected),
    }
    if let Some(cost) = gold.get("cost").and_then(Value::as_f64) {
        comparison.number("cost", found.cost, cost, Tolerance::relative(1e-9));
    }
    Ok(comparison)
}

/// What a segmentation costs, its changes included.
fn price(values: &[f64], ends: &[usize], penalty: &str) -> Result<f64> {
    let penalty: f64 = penalty.parse().context("is no penalty")?;
    let mut from = 0;
    let costs = ends.iter().map(|end| {
        let segment = &values[from..*end];
        from = *end;
        let mean = segment.iter().sum::<f64>() / segment.len() as f64;
        segment.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() + penalty
    });
    Ok(costs.sum())
}
