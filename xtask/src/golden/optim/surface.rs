//! A surface: the Sharpe ratio of a moving-average cross for every pair of lengths.
//!
//! It is computed anew from the prices, and it is a test of searches on a grid of whole numbers.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use dirigent_core::Seed;
use dirigent_research::optimize::{
    Direction, Domain, Method, Outcome as Found, Parameter, Scale, Space, Study, Trial, Value,
};
use serde_json::Value as Json;

use super::super::compare::{Comparison, Tolerance};
use super::super::json;
use super::super::line::{Line, Outcome};
use super::super::source::Root;
use super::{SEEDS, line};

/// The definition that is understood.
const DEFINITION: &str = "w[t]=SMA_f[t-1]>SMA_s[t-1]; \
    ret[t]=w[t]*(c[t]/c[t-1]-1)-0.0005*|w[t]-w[t-1]|; drop first 252 returns; \
    sharpe=mean/std(ddof=1)*sqrt(252); cells with fast>=slow are null (objective -1)";
const COST: f64 = 0.0005;
const DROPPED: usize = 252;
const PERIODS_PER_YEAR: f64 = 252.0;
const NO_CELL: f64 = -1.0;

/// The file has six decimals.
const DECIMALS: Tolerance = Tolerance::absolute(0.5e-6 + 1e-12);

/// What a search must reach: so near to the best, after so many trials, in so many of the runs.
const NEAR: f64 = 0.02;
const TRIALS: usize = 200;
const HITS_MIN: u64 = 18;

pub(super) fn check(gold: &Json, root: &Root) -> Vec<Line> {
    let surface = match Surface::read(gold) {
        Ok(surface) => surface,
        Err(error) => return vec![Line::failed("", &error)],
    };
    let mut lines = vec![line("surface", surface.compare(gold, root))];
    for name in ["tpe", "cma_es"] {
        let item = format!("{name} on the surface");
        lines.push(match surface.hits(name) {
            Ok(hits) => Line::new(item, verdict(hits)),
            Err(error) => Line::failed(item, &error),
        });
    }
    lines
}

fn verdict(hits: u64) -> Outcome {
    let text = format!("{hits} of {SEEDS} runs within {NEAR} of the best after {TRIALS} trials");
    if hits < HITS_MIN {
        return Outcome::Fail(format!("{text}, at least {HITS_MIN} are needed"));
    }
    Outcome::Ok(text)
}

/// A value for each pair of lengths, by fast and slow; `None` where fast is not below slow.
struct Surface {
    fast: Vec<i64>,
    slow: Vec<i64>,
    cells: Vec<Vec<Option<f64>>>,
    best: f64,
}

impl Surface {
    fn read(gold: &Json) -> Result<Self> {
        let definition = json::text(gold, "definition")?;
        if definition != DEFINITION {
            bail!("unknown definition `{definition}`");
        }
        let lengths = |name: &str| -> Result<Vec<i64>> {
            let field = json::field(gold, name)?.clone();
            let lengths: Vec<i64> =
                serde_json::from_value(field).with_context(|| format!("`{name}` is no list"))?;
            let even = lengths.windows(3).all(|w| w[1] - w[0] == w[2] - w[1]);
            if lengths.len() < 2 || lengths[0] < 1 || lengths[1] <= lengths[0] || !even {
                bail!("`{name}` has no even steps up from 1 or more");
            }
            Ok(lengths)
        };
        let (fast, slow) = (lengths("fast")?, lengths("slow")?);
        let cells: Vec<Vec<Option<f64>>> =
            serde_json::from_value(json::field(gold, "sharpe")?.clone())
                .context("`sharpe` is no table")?;
        if cells.len() != fast.len() || cells.iter().any(|row| row.len() != slow.len()) {
            bail!("`sharpe` has not one cell for each pair");
        }
        Ok(Self { fast, slow, cells, best: json::number(gold, "best")? })
    }

    /// The cells and what is said of them, against the prices.
    fn compare(&self, gold: &Json, root: &Root) -> Result<Comparison> {
        let rows = json::numbers(gold, "rows")?;
        let [from, to] = rows[..] else { bail!("`rows` is not a pair") };
        let file = format!("{} rows {from}..{to}", json::text(gold, "data")?);
        let bars = root.bars_of_file(&file)?;
        let closes: Vec<f64> = bars.close.iter().map(|price| price.to_f64()).collect();
        if closes.len() <= DROPPED + 1 {
            bail!("`{file}` has {} bars; more than {DROPPED} are needed", closes.len());
        }
        let mut comparison = Comparison::default();
        let mut found = Vec::new();
        for (fast, row) in self.fast.iter().zip(&self.cells) {
            for (slow, expected) in self.slow.iter().zip(row) {
                let sharpe = (fast < slow).then(|| sharpe(&closes, *fast, *slow));
                comparison.maybe(format!("{fast}/{slow}"), sharpe, *expected, DECIMALS);
                found.extend(sharpe.map(|sharpe| (sharpe, vec![*fast, *slow])));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (best, cell) = found.first().context("has no cell")?;
        comparison.number("best", *best, self.best, DECIMALS);
        let named: Vec<i64> = serde_json::from_value(json::field(gold, "best_cell")?.clone())
            .context("`best_cell` is no pair")?;
        comparison.fact("best_cell", cell, &named);
        let middle = f64::midpoint(found[(found.len() - 1) / 2].0, found[found.len() / 2].0);
        comparison.number("median_cell", middle, json::number(gold, "median_cell")?, DECIMALS);
        Ok(comparison)
    }

    /// How many runs of a method come near to the best.
    fn hits(&self, name: &str) -> Result<u64> {
        let method = Method::named(name).context("is no method")?;
        let mut hits = 0;
        for seed in 0..SEEDS {
            let space = Arc::new(self.space()?);
            let mut study =
                Study::new(space, vec![Direction::Maximize], &method, Seed::master(seed))?;
            let mut best = NO_CELL;
            study.run(TRIALS, |trial| {
                let value = self.at(trial);
                best = best.max(value);
                Found::value(value)
            })?;
            hits += u64::from(self.best - best <= NEAR);
        }
        Ok(hits)
    }

    fn space(&self) -> Result<Space> {
        let lengths = |name: &str, lengths: &[i64]| {
            let (min, max) = (lengths[0], lengths[lengths.len() - 1]);
            let step = lengths[1] - min;
            Parameter::new(name, Domain::Integer { min, max, step, scale: Scale::Linear })
        };
        Ok(Space::new(vec![lengths("fast", &self.fast), lengths("slow", &self.slow)])?)
    }

    fn at(&self, trial: &Trial) -> f64 {
        let place = |lengths: &[i64], at: usize| match trial.point.values()[at] {
            Some(Value::Integer(length)) => lengths.binary_search(&length).ok(),
            _ => None,
        };
        let cell = place(&self.fast, 0).zip(place(&self.slow, 1));
        cell.and_then(|(fast, slow)| self.cells[fast][slow]).unwrap_or(NO_CELL)
    }
}

/// The Sharpe ratio of being invested while the fast average of the day before was above the slow.
fn sharpe(closes: &[f64], fast: i64, slow: i64) -> f64 {
    let (fast, slow) = (average(closes, fast), average(closes, slow));
    let weight = |t: usize| {
        let before = t.checked_sub(1).and_then(|before| fast[before].zip(slow[before]));
        if before.is_some_and(|(fast, slow)| fast > slow) { 1.0 } else { 0.0 }
    };
    let at = |t: usize| {
        let growth = closes[t] / closes[t - 1] - 1.0;
        weight(t) * growth - COST * f64::abs(weight(t) - weight(t - 1))
    };
    let returns: Vec<f64> = (DROPPED..closes.len()).map(at).collect();
    let count = returns.len() as f64;
    let mean = returns.iter().sum::<f64>() / count;
    let squares: f64 = returns.iter().map(|r| (r - mean) * (r - mean)).sum();
    mean / (squares / (count - 1.0)).sqrt() * PERIODS_PER_YEAR.sqrt()
}

/// The mean of the last `length` closes, once there are so many.
fn average(closes: &[f64], length: i64) -> Vec<Option<f64>> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let mut sum = 0.0;
    let mean = |(t, close): (usize, &f64)| {
        sum += close;
        if t >= length {
            sum -= closes[t - length];
        }
        (t + 1 >= length).then(|| sum / length as f64)
    };
    closes.iter().enumerate().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_average_begins_when_it_is_full() {
        let found = average(&[1.0, 2.0, 3.0, 7.0], 3);
        assert_eq!(found, [None, None, Some(2.0), Some(4.0)]);
    }

    #[test]
    fn too_few_near_runs_fail() {
        assert!(matches!(verdict(17), Outcome::Fail(why) if why.starts_with("17 of 20")));
        assert!(matches!(verdict(18), Outcome::Ok(_)));
    }
}
