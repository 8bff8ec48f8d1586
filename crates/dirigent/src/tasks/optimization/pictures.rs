//! What a search tried, for the pictures of the report: read back from its table.
//!
//! Promises: of very long searches, trials evenly spread are drawn, and the page says so.

use std::collections::BTreeMap;

use dirigent_report::{SearchAxis, SearchFront, SearchPoint, Searched};
use dirigent_workflow::{artifact::ArtifactRef, port::TaskContext};
use serde_json::{Map, Value};

use super::table::cells;
use crate::{
    config::search::Objective,
    tasks::backtest::{file_name, sweep::Ranked},
};

/// Trials that pictures are made of, and the largest table that is read for them.
const POINTS_MAX: usize = 100_000;
const BYTES_MAX: u64 = 256 << 20;
/// Columns that say how a trial did.
const FIGURES: [&str; 4] = ["fraction", "sharpe", "value", "gain"];
/// Trials of a strategy that are worth a picture.
const POINTS_MIN: usize = 5;

/// The pictures of the search of this phase; none if there was none.
pub(in crate::tasks) fn of(context: &TaskContext) -> Vec<Searched> {
    let Some(ranked) = context.outputs.get("rank").filter(|value| value["trials"].is_u64()) else {
        return Vec::new();
    };
    let name = file_name(context, "trials.csv");
    let file = context.made.iter().find(|file| file.name == name);
    file.map_or_else(Vec::new, |file| read(context, file, ranked))
}

/// The pictures of the search whose table is `file` and whose result is `ranked`.
pub(super) fn read(context: &TaskContext, file: &ArtifactRef, ranked: &Value) -> Vec<Searched> {
    let is_read = file.bytes <= BYTES_MAX;
    let bytes = is_read.then(|| context.artifacts.get(file).ok()).flatten();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.map_or_else(Vec::new, |text| pictures(&text, ranked))
}

/// The same of the text of a table.
fn pictures(text: &str, ranked: &Value) -> Vec<Searched> {
    let mut lines = text.lines();
    let header = cells(lines.next().unwrap_or_default());
    let place = |name: &str| header.iter().position(|own| own == name);
    let of = place("strategy").or_else(|| place("regime"));
    let first = of.map_or(1, |of| of + 1);
    let figures = FIGURES.iter().filter_map(|name| place(name)).min();
    let Some(goal) = Goal::of(&ranked["objective"]) else { return Vec::new() };
    let names = header.get(first..figures.unwrap_or(header.len())).unwrap_or_default();
    let table = Table { header: &header, names, first, of, goal };
    let count = text.lines().count().saturating_sub(1);
    let every = count.div_ceil(POINTS_MAX).max(1);
    let mut members: BTreeMap<String, Member> = BTreeMap::new();
    let mut order = Vec::new();
    for (at, line) in lines.enumerate() {
        let cells = cells(line);
        let name = of.and_then(|of| cells.get(of)).cloned().unwrap_or_default();
        let member = members.entry(name.clone()).or_insert_with(|| {
            order.push(name);
            Member::new(names.len())
        });
        member.trials += 1;
        if at % every == 0 {
            table.add(member, &cells);
        }
    }
    let found = order.into_iter().filter_map(|name| {
        let member = members.remove(&name)?;
        let own = if name.is_empty() { ranked } else { &ranked["strategies"][&name] };
        (member.points.len() >= POINTS_MIN).then(|| table.searched(name, member, own))
    });
    found.collect()
}

/// What is drawn of a trial.
enum Goal {
    /// The value of a function, of which less is better.
    Value(String),
    /// Objectives, of which more is better; the first is drawn.
    Metrics(Vec<Objective>),
}

impl Goal {
    fn of(written: &Value) -> Option<Self> {
        let named = |text: &Value| {
            let text = text.as_str()?;
            Objective::named(text).or_else(|| Objective::formula(text).ok())
        };
        match written {
            Value::Array(list) => list.iter().map(named).collect::<Option<_>>().map(Self::Metrics),
            Value::String(text) if text.starts_with("minimize ") => Some(Self::Value(text.clone())),
            one => named(one).map(|one| Self::Metrics(vec![one])),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Value(text) => text.clone(),
            Self::Metrics(all) => all.iter().map(Objective::as_str).collect::<Vec<_>>().join(", "),
        }
    }
}

/// What an objective is called on an axis.
fn called(objective: &Objective) -> String {
    match objective {
        Objective::Sharpe => "Sharpe ratio".into(),
        Objective::TotalReturn => "total return".into(),
        Objective::Calmar => "Calmar ratio".into(),
        Objective::MaxDrawdown => "drawdown".into(),
        Objective::Formula(_) | Objective::Function(_) => objective.as_str().to_owned(),
    }
}

/// What was read of one strategy.
struct Member {
    trials: usize,
    points: Vec<SearchPoint>,
    /// The names that parameters have for values.
    labels: Vec<Vec<String>>,
    /// The first two objectives of each trial that has both.
    pairs: Vec<(f64, f64)>,
}

impl Member {
    fn new(axes: usize) -> Self {
        let labels = vec![Vec::new(); axes];
        Self { trials: 0, points: Vec::new(), labels, pairs: Vec::new() }
    }

    /// The number that stands for the text of a cell.
    #[expect(clippy::cast_precision_loss, reason = "there are few names")]
    fn value(&mut self, axis: usize, cell: &str) -> f64 {
        if cell.is_empty() {
            return f64::NAN;
        }
        if let Ok(number) = cell.parse::<f64>() {
            return number;
        }
        let labels = &mut self.labels[axis];
        let place = labels.iter().position(|own| own == cell).unwrap_or_else(|| {
            labels.push(cell.to_owned());
            labels.len() - 1
        });
        place as f64
    }
}

/// How the table is read.
struct Table<'a> {
    header: &'a [String],
    names: &'a [String],
    first: usize,
    of: Option<usize>,
    goal: Goal,
}

impl Table<'_> {
    fn number(&self, cells: &[String], name: &str) -> Option<f64> {
        let place = self.header.iter().position(|own| own == name)?;
        cells.get(place)?.parse().ok()
    }

    fn ranked(&self, cells: &[String]) -> Ranked {
        let number = |name| self.number(cells, name);
        let trades = self.header.iter().position(|own| own == "trades");
        let trades = trades.and_then(|place| cells.get(place)?.parse().ok());
        Ranked {
            sharpe: number("sharpe"),
            total_return: number("total_return"),
            cagr: number("cagr"),
            max_drawdown: number("max_drawdown"),
            final_equity: number("final_equity").unwrap_or(f64::NAN),
            trades: trades.unwrap_or(0),
            ..Ranked::untraded(Map::new(), 0)
        }
    }

    fn add(&self, member: &mut Member, cells: &[String]) {
        // What was made on a part of the data is not compared with the rest.
        if self.number(cells, "fraction").is_some_and(|fraction| fraction < 1.0) {
            return;
        }
        let trial = cells.first().and_then(|cell| cell.parse().ok()).unwrap_or(0);
        let value = |axis: usize| cells.get(self.first + axis).map_or("", String::as_str);
        let values = (0..self.names.len()).map(|axis| member.value(axis, value(axis))).collect();
        let goal = match &self.goal {
            Goal::Value(_) => self.number(cells, "value").map(|value| -value),
            Goal::Metrics(all) => {
                let ranked = self.ranked(cells);
                if let [one, other, ..] = &all[..]
                    && let (Some(one), Some(other)) = (one.of(&ranked), other.of(&ranked))
                {
                    member.pairs.push((one, other));
                }
                all[0].of(&ranked)
            }
        };
        member.points.push(SearchPoint { trial, values, goal: goal.unwrap_or(f64::NAN) });
    }

    fn searched(&self, title: String, member: Member, own: &Value) -> Searched {
        let Member { trials, mut points, mut labels, pairs } = member;
        // Parameters that only others have are no axes of this one.
        let is_own = |axis: &usize| points.iter().any(|point| point.values[*axis].is_finite());
        let axes: Vec<usize> = (0..self.names.len()).filter(is_own).collect();
        for point in &mut points {
            point.values = axes.iter().map(|axis| point.values[*axis]).collect();
        }
        let axis = |axis: usize| SearchAxis {
            name: self.names[axis].clone(),
            labels: std::mem::take(&mut labels[axis]),
        };
        let goal = match &self.goal {
            Goal::Value(_) => "negated value".to_owned(),
            Goal::Metrics(all) => called(&all[0]),
        };
        Searched {
            title: if self.of.is_some() { title } else { String::new() },
            objective: self.goal.text(),
            goal,
            trials,
            axes: axes.into_iter().map(axis).collect(),
            points,
            front: self.front(own, pairs),
        }
    }

    fn front(&self, own: &Value, all: Vec<(f64, f64)>) -> Option<SearchFront> {
        let Goal::Metrics(objectives) = &self.goal else { return None };
        let [one, other, ..] = &objectives[..] else { return None };
        let pair =
            |row: &Value| Some((row["objective"][0].as_f64()?, row["objective"][1].as_f64()?));
        Some(SearchFront {
            names: [called(one), called(other)],
            all,
            front: own["front"].as_array()?.iter().filter_map(pair).collect(),
            knee: pair(&own["best"])?,
        })
    }
}
