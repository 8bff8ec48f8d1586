//! References of overfitting: deflated Sharpe ratios, PBO, block lengths, bootstraps, SPA.

use anyhow::{Context, Result, bail};
use dirigent_core::Seed;
use dirigent_research::validate::{
    Estimate, Resample, Test, Track, Trials, block_length, bootstrap, expected_max, overfit,
    step_superior, superior_ability,
};
use serde_json::Value;

use super::compare::{Comparison, Tolerance};
use super::line::{Line, Outcome};
use super::source::{Root, Table};
use super::{Reference, json};

/// Closed forms agree to this.
const CLOSED: Tolerance = Tolerance::relative(1e-9);
/// Logits are given with twelve decimals.
const LOGIT: Tolerance = Tolerance::absolute(1e-9);
/// How many of the stated deviations between seeds a mean over seeds may be off.
const SEED_DEVIATIONS: f64 = 4.0;
const SEEDS: u64 = 5;

/// Fields of a fixture that are not answers, or checked with others.
const ABOUT: &[&str] = &["fixture", "T", "N", "note", "pypbo_max_abs_diff"];

pub(super) fn check(reference: &Reference, _: &Root) -> Vec<Line> {
    let Some(all) = reference.content.as_object() else {
        return vec![Line::new("", Outcome::Fail("is not an object".to_owned()))];
    };
    let parts = all.iter().filter(|(_, gold)| gold.is_object());
    parts
        .flat_map(|(name, gold)| match name.as_str() {
            "published_anchors" => anchors(gold),
            _ => match fixture(reference, name, gold) {
                Ok(columns) => fields(name, gold, &columns),
                Err(error) => vec![Line::failed(name, &error)],
            },
        })
        .collect()
}

/// The columns of returns beside the reference.
struct Columns {
    names: Vec<String>,
    values: Vec<Vec<f64>>,
}

fn fixture(reference: &Reference, name: &str, gold: &Value) -> Result<Columns> {
    let file = gold.get("fixture").and_then(Value::as_str);
    let file = file.map_or_else(|| format!("{name}.csv"), str::to_owned);
    let table = Table::read(&reference.path.with_file_name(file))?;
    let names: Vec<String> = table.columns().to_vec();
    let values = names.iter().map(|name| table.numbers(name)).collect::<Result<_>>()?;
    Ok(Columns { names, values })
}

fn fields(name: &str, gold: &Value, columns: &Columns) -> Vec<Line> {
    let names = gold.as_object().into_iter().flat_map(|fields| fields.keys());
    let names = names.filter(|field| !ABOUT.contains(&field.as_str()));
    names.flat_map(|field| field_lines(name, field, gold, columns)).collect()
}

fn field_lines(name: &str, field: &str, gold: &Value, columns: &Columns) -> Vec<Line> {
    let line = |item: String, compared: Result<Comparison>| match compared {
        Ok(comparison) => comparison.line(item),
        Err(error) => Line::failed(item, &error),
    };
    let item = format!("{name} {field}");
    match field {
        "cscv" => gold[field]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(blocks, gold)| line(format!("{item} {blocks}"), cscv(blocks, gold, columns)))
            .collect(),
        "mcs_10pct_included" => {
            let reason = "the model confidence set is not part of the product";
            vec![Line::new(item, Outcome::Skipped(reason.to_owned()))]
        }
        "optimal_block_length" => vec![line(item, blocks(&gold[field], columns))],
        "spa_vs_zero" => vec![line(item, superiority(&gold[field], columns))],
        "stepm_10pct_superior" if is_undecided(&gold["spa_vs_zero"]) => {
            let reason = "its p-value is no further from 10 % than those of other seeds";
            vec![Line::new(item, Outcome::Skipped(reason.to_owned()))]
        }
        "stepm_10pct_superior" => vec![line(item, stepwise(gold, field, columns))],
        "sharpe_bootstrap_best_column" => sharpe_bootstraps(&item, &gold[field], columns),
        _ => vec![line(item, sharpe_field(field, gold, columns))],
    }
}

fn sharpe_field(field: &str, gold: &Value, columns: &Columns) -> Result<Comparison> {
    let tracks = |estimate| -> Result<Vec<Track>> {
        columns.values.iter().map(|column| Ok(Track::of(column, estimate)?)).collect()
    };
    let population = tracks(Estimate::Population)?;
    let sharpes: Vec<f64> = population.iter().map(|track| track.sharpe).collect();
    let trials = Trials::of(&sharpes)?;
    let best = json::count(gold, "best")?;
    let mut comparison = Comparison::default();
    let mut one = |found: f64| -> Result<()> {
        comparison.number("", found, json::number(gold, field)?, CLOSED);
        Ok(())
    };
    match field {
        "sharpe_std_ddof1" => one(trials.deviation)?,
        "expected_max_N" => one(expected_max(trials.count))?,
        "sr0" => one(trials.hurdle())?,
        "min_trl_best_95" => {
            let track = tracks(Estimate::Adjusted)?[best.min(sharpes.len() - 1)];
            one(track.length_min(0.0, 0.95).context("no length is enough")?)?;
        }
        "best" => {
            let larger = |b: usize, at: usize| if sharpes[at] > sharpes[b] { at } else { b };
            comparison.fact("", (0..sharpes.len()).fold(0, larger), best);
        }
        "sharpe_per_period" => comparison.numbers(&sharpes, &json::numbers(gold, field)?, CLOSED),
        "psr0_adj" | "psr0_pop" | "dsr_adj" | "dsr_pop" => {
            let estimate =
                if field.ends_with("adj") { Estimate::Adjusted } else { Estimate::Population };
            let hurdle = if field.starts_with("dsr") { trials.hurdle() } else { 0.0 };
            let found: Option<Vec<f64>> =
                tracks(estimate)?.iter().map(|track| track.probabilistic(hurdle)).collect();
            let found = found.context("a probability is undefined")?;
            comparison.numbers(&found, &json::numbers(gold, field)?, CLOSED);
        }
        _ => bail!("unknown: there is no answer `{field}`"),
    }
    Ok(comparison)
}

fn cscv(blocks: &str, gold: &Value, columns: &Columns) -> Result<Comparison> {
    let found = overfit(&columns.values, blocks.parse().context("is no number of blocks")?)?;
    let mut comparison = Comparison::default();
    let mut count = |name: &str, found: usize| -> Result<()> {
        comparison.fact(name, found, json::count(gold, name)?);
        Ok(())
    };
    count("block_rows", found.block_rows)?;
    count("rows_dropped_front", found.dropped_rows)?;
    count("combos", found.logits.len())?;
    let sorted = {
        let mut sorted = found.logits.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    };
    let middle = f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    let mean = found.logits.iter().sum::<f64>() / found.logits.len() as f64;
    for (name, found) in [
        ("pbo", Some(found.probability)),
        ("prob_oos_loss", Some(found.loss_probability)),
        ("degradation_slope", found.slope),
        ("degradation_intercept", found.intercept),
        ("degradation_r2", found.r_squared),
        ("logit_mean", Some(mean)),
        ("logit_median", Some(middle)),
    ] {
        comparison.maybe(name, found, Some(json::number(gold, name)?), CLOSED);
    }
    let chosen: Vec<f64> = found.chosen.iter().map(|count| *count as f64).collect();
    comparison.numbers(&chosen, &json::numbers(gold, "best_is_counts")?, CLOSED);
    if gold.get("logits").is_some() {
        comparison.numbers(&found.logits, &json::numbers(gold, "logits")?, LOGIT);
    }
    Ok(comparison)
}

fn blocks(gold: &Value, columns: &Columns) -> Result<Comparison> {
    let mut comparison = Comparison::default();
    for (name, column) in columns.names.iter().zip(&columns.values) {
        let found = block_length(column)?;
        let found = [found.stationary, found.circular];
        for (found, expected) in found.iter().zip(json::numbers(gold, name)?) {
            comparison.number(name, *found, expected, CLOSED);
        }
    }
    Ok(comparison)
}

/// The mean of `measure` over our seeds.
fn over_seeds(mut measure: impl FnMut(&Seed) -> Result<Vec<f64>>) -> Result<Vec<f64>> {
    let mut sums: Vec<f64> = Vec::new();
    for seed in 0..SEEDS {
        let found = measure(&Seed::master(seed).child("golden"))?;
        sums.resize(found.len(), 0.0);
        sums.iter_mut().zip(found).for_each(|(sum, x)| *sum += x / SEEDS as f64);
    }
    Ok(sums)
}

fn test(gold: &Value) -> Result<Test> {
    Ok(Test {
        mean_block: json::number(gold, "block_size")?,
        draws: json::count(gold, "reps")?,
        // arch 8 takes standard errors for the threshold of the consistent test alone, also with
        // `studentize=True`; its statistic is the plain mean.
        studentized: false,
    })
}

fn superiority(gold: &Value, columns: &Columns) -> Result<Comparison> {
    let test = test(gold)?;
    let found = over_seeds(|seed| {
        let found = superior_ability(&columns.values, &test, seed)?;
        Ok(vec![found.lower, found.consistent, found.upper])
    })?;
    let expected = json::numbers(gold, "pvalues_lower_consistent_upper_mean_of_5_seeds")?;
    let deviations = json::numbers(gold, "seed_sd")?;
    let mut comparison = Comparison::default();
    comparison.fact("length", (expected.len(), deviations.len()), (found.len(), found.len()));
    for (at, ((found, expected), stated)) in found.iter().zip(expected).zip(deviations).enumerate()
    {
        // The stated deviation is of five seeds and may be small by luck.
        let binomial = (expected * (1.0 - expected) / test.draws as f64).sqrt();
        let limit = Tolerance::absolute(SEED_DEVIATIONS * stated.max(binomial));
        comparison.number(["lower", "consistent", "upper"][at], *found, expected, limit);
    }
    Ok(comparison)
}

/// Whether the reference itself says one thing or the other, by its seed.
fn is_undecided(gold: &Value) -> bool {
    let second = |key: &str| gold[key][1].as_f64();
    let value = second("pvalues_lower_consistent_upper_mean_of_5_seeds").zip(second("seed_sd"));
    value.is_some_and(|(value, deviation)| (value - 0.10).abs() < 2.0 * deviation)
}

fn stepwise(gold: &Value, field: &str, columns: &Columns) -> Result<Comparison> {
    let test = test(json::field(gold, "spa_vs_zero")?)?;
    let found = step_superior(&columns.values, &test, 0.10, &Seed::master(1).child("golden"))?;
    let found: Vec<f64> = found.iter().map(|column| *column as f64).collect();
    let mut comparison = Comparison::default();
    comparison.fact("columns", &found, &json::numbers(gold, field)?);
    Ok(comparison)
}

fn sharpe_bootstraps(item: &str, gold: &Value, columns: &Columns) -> Vec<Line> {
    let ways = [
        ("stationary_10", Resample::Stationary { mean_block: 10.0 }),
        ("circular_10", Resample::Circular { block: 10 }),
        ("iid", Resample::Independent),
    ];
    let named = gold.as_object().into_iter().flatten().filter(|(_, gold)| gold.is_object());
    named
        .map(|(name, part)| {
            let item = format!("{item} {name}");
            let way = ways.iter().find(|(known, _)| known == name).map(|(_, way)| *way);
            let compared = way
                .with_context(|| format!("unknown: there is no bootstrap `{name}`"))
                .and_then(|way| sharpe_bootstrap(gold, part, way, columns));
            compared.map_or_else(|e| Line::failed(&item, &e), |found| found.line(&item))
        })
        .collect()
}

fn sharpe_bootstrap(
    gold: &Value,
    part: &Value,
    way: Resample,
    columns: &Columns,
) -> Result<Comparison> {
    let name = json::text(gold, "column")?;
    let place = columns.names.iter().position(|column| column == name);
    let column = &columns.values[place.with_context(|| format!("has no column `{name}`"))?];
    let draws = json::count(gold, "reps")?;
    let found = over_seeds(|seed| {
        let sharpe = |values: &[f64]| Some(Track::of(values, Estimate::Population).ok()?.sharpe);
        let found = bootstrap(column, way, draws, seed, sharpe)?;
        let interval = found.interval(0.95).context("no draw is defined")?;
        Ok(vec![interval.low, interval.high, found.deviation().unwrap_or(f64::NAN)])
    })?;
    let (ends, spreads) =
        (json::numbers(part, "ci95_percentile_mean")?, json::numbers(part, "ci_seed_sd")?);
    let [low, high] = ends[..] else { bail!("`ci95_percentile_mean` is not a pair") };
    let [low_sd, high_sd] = spreads[..] else { bail!("`ci_seed_sd` is not a pair") };
    let error = json::number(part, "se_mean")?;
    let error_sd = json::number(part, "se_seed_sd")?;
    // Sampling error of a 2.5 % quantile and of a deviation, from this many normal draws.
    let root = (draws as f64).sqrt();
    let least = [2.67 * error / root, 2.67 * error / root, error / (2.0_f64.sqrt() * root)];
    let stated = [low_sd, high_sd, error_sd];
    let mut comparison = Comparison::default();
    for (at, expected) in [low, high, error].into_iter().enumerate() {
        let limit = Tolerance::absolute(SEED_DEVIATIONS * stated[at].max(least[at]));
        comparison.number(["low", "high", "error"][at], found[at], expected, limit);
    }
    Ok(comparison)
}

/// Examples of the papers, whose inputs only the papers name.
fn anchors(gold: &Value) -> Vec<Line> {
    let names = gold.as_object().into_iter().flat_map(|fields| fields.keys());
    names
        .filter(|name| *name != "note")
        .map(|name| {
            let item = format!("published_anchors {name}");
            let Some(found) = anchor(name) else {
                let reason = "the file does not say of which inputs";
                return Line::new(item, Outcome::Skipped(reason.to_owned()));
            };
            let mut comparison = Comparison::default();
            match json::numbers(gold, name) {
                Ok(expected) => comparison.numbers(&[found, found], &expected, CLOSED),
                Err(error) => return Line::failed(item, &error),
            }
            comparison.line(item)
        })
        .collect()
}

fn anchor(name: &str) -> Option<f64> {
    let years = |periods: f64| {
        let root = periods.sqrt();
        let track = Track { periods: 2, sharpe: 2.0 / root, skew: 0.0, kurtosis: 3.0 };
        track.length_min(1.0 / root, 0.95).map(|length| length / periods)
    };
    match name {
        "expected_max_100" => Some(expected_max(100)),
        "psr_sharpe_frontier" => {
            let sharpe = 1.585 / 12.0_f64.sqrt();
            Track { periods: 24, sharpe, skew: -2.448, kurtosis: 10.164 }.probabilistic(0.0)
        }
        "dsr_paper" => {
            let sharpe = 2.5 / 250.0_f64.sqrt();
            let track = Track { periods: 1250, sharpe, skew: -3.0, kurtosis: 10.0 };
            track.deflated(&Trials { count: 100, deviation: (0.5_f64 / 250.0).sqrt() })
        }
        "min_trl_daily_years" => years(250.0),
        "min_trl_weekly_years" => years(52.0),
        _ => None,
    }
}
