//! References of performance metrics: a CSV of returns beside a JSON of every variant.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use dirigent_core::Timestamp;
use dirigent_trading::metrics::{Drawdown, drawdowns, growth_path, variants};
use serde_json::Value;

use super::compare::{Comparison, Tolerance};
use super::line::{Line, Outcome};
use super::source::{Root, Table, timestamp};
use super::{Reference, edge_metrics, json};

/// If the file states none.
const TOLERANCE: f64 = 1e-9;

/// Our variants by name.
pub(super) type Variants = BTreeMap<&'static str, Option<f64>>;

pub(super) fn check(reference: &Reference, _: &Root) -> Vec<Line> {
    if reference.content.get("variants").is_none() {
        return edge_metrics::check(&reference.content);
    }
    match Sample::read(reference) {
        Err(error) => vec![Line::failed("", &error)],
        Ok(sample) => {
            let mut lines = sample.variant_lines();
            lines.extend(sample.drawdown_lines());
            lines
        }
    }
}

struct Sample<'a> {
    gold: &'a Value,
    tolerance: Tolerance,
    times: Vec<Timestamp>,
    ours: Variants,
    episodes: Vec<Drawdown>,
}

impl<'a> Sample<'a> {
    fn read(reference: &'a Reference) -> Result<Self> {
        let gold = &reference.content;
        let fixture = json::text(gold, "fixture")?;
        let folder = reference.path.parent().context("has no folder")?;
        let table = Table::read(&folder.join(fixture))?;
        let (times, returns) = (table.times()?, table.numbers("ret")?);
        let benchmark = if table.has("bench") { Some(table.numbers("bench")?) } else { None };
        let periods = json::number(gold, "periods_per_year")?;
        let ours = variants(&returns, benchmark.as_deref(), Some(&times), periods)?;
        let stated = gold.get("tolerance").and_then(Value::as_str).unwrap_or_default();
        let limit = json::number_after(stated, "rel ").unwrap_or(TOLERANCE);
        let episodes = drawdowns(&growth_path(&returns));
        Ok(Self { gold, tolerance: Tolerance::relative(limit), times, ours, episodes })
    }

    fn variant_lines(&self) -> Vec<Line> {
        match json::object(self.gold, "variants") {
            Err(error) => vec![Line::failed("variants", &error)],
            Ok(all) => all
                .iter()
                .map(|(name, expected)| {
                    let expected = expected.get("value").unwrap_or(expected);
                    variant_line(name, name, &self.ours, expected, self.tolerance)
                })
                .collect(),
        }
    }

    fn drawdown_lines(&self) -> Vec<Line> {
        let Some(gold) = self.gold.get("drawdowns") else {
            return Vec::new();
        };
        let mut by_depth = self.episodes.clone();
        by_depth.sort_by(|a, b| a.depth.total_cmp(&b.depth));
        let mut lines = vec![self.episodes_line(gold)];
        match json::list(gold, "top5") {
            Err(error) => lines.push(Line::failed("drawdowns", &error)),
            Ok(top) => lines.extend(top.iter().enumerate().map(|(index, expected)| {
                self.episode_line(&format!("drawdown {}", index + 1), by_depth.get(index), expected)
            })),
        }
        // The first of equally long ones.
        let longest = self.episodes.iter().rev().max_by_key(|episode| episode.bars_underwater);
        if let Some(expected) = gold.get("longest") {
            lines.push(self.episode_line("drawdown longest", longest, expected));
        }
        lines
    }

    fn episodes_line(&self, gold: &Value) -> Line {
        let mut comparison = Comparison::default();
        match json::count(gold, "episodes") {
            Ok(expected) => comparison.fact("count", self.episodes.len(), expected),
            Err(error) => comparison.fail(format!("{error:#}")),
        }
        comparison.line("drawdown episodes")
    }

    fn episode_line(&self, item: &str, found: Option<&Drawdown>, expected: &Value) -> Line {
        let Some(found) = found else {
            return Line::new(item, Outcome::Fail("there is no such drawdown".to_owned()));
        };
        let mut comparison = Comparison::default();
        for (name, bar) in [
            ("peak_bar", Some(found.peak_bar)),
            ("valley_bar", Some(found.valley_bar)),
            ("recovery_bar", found.recovery_bar),
            ("bars_peak_to_recovery", found.bars_peak_to_recovery()),
            ("bars_underwater", Some(found.bars_underwater)),
        ] {
            let expected = expected.get(name).and_then(Value::as_u64);
            comparison.fact(name, bar.map(|bar| bar as u64), expected);
        }
        for (name, bar) in [
            ("peak", Some(found.peak_bar)),
            ("valley", Some(found.valley_bar)),
            ("recovery", found.recovery_bar),
        ] {
            let expected = expected.get(name).and_then(Value::as_str);
            // Bar 0 is the start, before the first return, and has no time.
            let found = bar.and_then(|bar| self.times.get(bar.checked_sub(1)?).copied());
            comparison.fact(name, found, expected.and_then(|text| timestamp(text).ok()));
        }
        let depth = expected.get("depth").and_then(Value::as_f64);
        comparison.maybe("depth", Some(found.depth), depth, self.tolerance);
        comparison.line(item)
    }
}

/// Our variant called `name` against the reference's.
pub(super) fn variant_line(
    item: &str,
    name: &str,
    ours: &Variants,
    expected: &Value,
    tolerance: Tolerance,
) -> Line {
    let Some(found) = ours.get(name) else {
        return Line::new(item, Outcome::Fail(format!("unknown: there is no variant `{name}`")));
    };
    let mut comparison = Comparison::default();
    comparison.maybe("value", *found, expected.as_f64(), tolerance);
    comparison.line(item)
}
