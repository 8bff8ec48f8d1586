//! How near searches come to the minimum of test functions, beside other optimizers.
//!
//! A cell is a problem and a number of evaluations; what counts is the median over the seeds of the
//! distance to the minimum. In most cells a method must be as good as its peer; in every cell it
//! must be better than drawing at random, and not far off the worse runs of its peer.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use dirigent_core::Seed;
use dirigent_research::optimize::{
    Direction, Domain, Function, Method, Outcome as Found, Parameter, Space, Study, Value,
};
use serde_json::Value as Json;

use super::super::json;
use super::super::line::{Line, Outcome};
use super::{SEEDS, function};

const MEASURE: &str = "regret = best f so far - f*; [median, q25, q75, max] over seeds";

/// Methods of the product, and the peers of the file they are held against.
const PAIRS: [(&str, &str); 2] = [("tpe", "tpe"), ("cma_es", "pycma")];
const EVALUATIONS: [usize; 2] = [100, 200];

/// The share of cells in which the method must be as good as its peer.
const AS_GOOD_MIN: f64 = 0.8;
/// No median may be above so many times the upper quartile of the peer.
const QUARTILES_MAX: f64 = 1.5;

pub(super) fn check(gold: &Json) -> Vec<Line> {
    match problems(gold) {
        Err(error) => vec![Line::failed("", &error)],
        Ok(problems) => PAIRS.iter().flat_map(|pair| pair_lines(*pair, &problems)).collect(),
    }
}

/// What the file says of a problem, and how far drawing at random gets on it.
struct Problem<'a> {
    name: &'a str,
    gold: &'a Json,
    function: Function,
    random: Vec<f64>,
}

fn problems(gold: &Json) -> Result<Vec<Problem<'_>>> {
    let measure = json::text(json::field(gold, "meta")?, "measure")?;
    if measure != MEASURE {
        bail!("unknown measure `{measure}`");
    }
    json::object(gold, "problems")?
        .iter()
        .map(|(name, gold)| {
            let function = function(name)?;
            let random = medians("random", &function)?;
            Ok(Problem { name, gold, function, random })
        })
        .collect()
}

/// A line for each cell, and one for all.
fn pair_lines((method, peer): (&str, &str), problems: &[Problem<'_>]) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut cells, mut as_good) = (0_u32, 0_u32);
    for problem in problems {
        let compared = match compare(method, peer, problem) {
            Ok(compared) => compared,
            Err(error) => {
                lines.push(Line::failed(format!("{} {method}", problem.name), &error));
                continue;
            }
        };
        for (evaluations, cell) in EVALUATIONS.iter().zip(compared) {
            cells += 1;
            as_good += u32::from(cell.is_as_good());
            let item = format!("{} {method} {evaluations} evaluations", problem.name);
            lines.push(Line::new(item, cell.outcome(peer)));
        }
    }
    lines.push(Line::new(format!("all {method}"), tally(peer, as_good, cells)));
    lines
}

fn compare(method: &str, peer: &str, problem: &Problem<'_>) -> Result<Vec<Cell>> {
    let found = medians(method, &problem.function)?;
    let cell = |place: usize| {
        let peer = json::field(problem.gold, peer)?;
        let stated = json::numbers(peer, &EVALUATIONS[place].to_string())?;
        let [median, _, upper, _] = stated[..] else { bail!("a cell has not four numbers") };
        Ok(Cell { found: found[place], median, upper, random: problem.random[place] })
    };
    (0..EVALUATIONS.len()).map(cell).collect()
}

fn tally(peer: &str, as_good: u32, cells: u32) -> Outcome {
    let text = format!("as good as the peer ({peer}) in {as_good} of {cells} cells");
    if f64::from(as_good) < AS_GOOD_MIN * f64::from(cells) {
        return Outcome::Fail(format!("{text}, {:.0} % are needed", 100.0 * AS_GOOD_MIN));
    }
    Outcome::Ok(text)
}

/// Medians of one cell, and the upper quartile of the peer.
struct Cell {
    found: f64,
    median: f64,
    upper: f64,
    random: f64,
}

impl Cell {
    fn is_as_good(&self) -> bool {
        self.found <= self.median
    }

    fn outcome(&self, peer: &str) -> Outcome {
        let Self { found, median, upper, random } = *self;
        let text = format!("{found:.3e}, peer ({peer}) {median:.3e}, random {random:.3e}");
        if found.is_nan() || found > QUARTILES_MAX * upper {
            return Outcome::Fail(format!(
                "{text}: above {QUARTILES_MAX} times {upper:.3e}, the upper quartile of the peer"
            ));
        }
        if found >= random {
            return Outcome::Fail(format!("{text}: no better than random"));
        }
        Outcome::Ok(text)
    }
}

/// The median distance to the minimum after each number of evaluations.
fn medians(method: &str, function: &Function) -> Result<Vec<f64>> {
    let method = Method::named(method).context("is no method")?;
    let runs: Result<Vec<Vec<f64>>> =
        (0..SEEDS).map(|seed| distances(&method, function, seed)).collect();
    let runs = runs?;
    let median = |place: usize| {
        let mut all: Vec<f64> = runs.iter().map(|run| run[place]).collect();
        all.sort_by(f64::total_cmp);
        f64::midpoint(all[(all.len() - 1) / 2], all[all.len() / 2])
    };
    Ok((0..EVALUATIONS.len()).map(median).collect())
}

fn distances(method: &Method, function: &Function, seed: u64) -> Result<Vec<f64>> {
    let parameter = |place| {
        let (low, high) = function.bounds(place);
        Parameter::new(format!("x{place}"), Domain::float(low, high))
    };
    let space = Space::new((0..function.dimensions()).map(parameter).collect())?;
    let seed = Seed::master(seed);
    let mut study = Study::new(Arc::new(space), vec![Direction::Minimize], method, seed)?;
    let mut best = f64::INFINITY;
    let mut distances = Vec::new();
    for evaluations in EVALUATIONS {
        study.run(evaluations, |trial| {
            let x = trial.point.values().iter().map(|value| match value {
                Some(Value::Float(x)) => *x,
                _ => f64::NAN,
            });
            let value = function.value(&x.collect::<Vec<f64>>());
            best = best.min(value);
            Found::value(value)
        })?;
        distances.push(best - function.minimum());
    }
    Ok(distances)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_cell(found: f64, random: f64, expected: Option<&str>) {
        let cell = Cell { found, median: 1.0, upper: 2.0, random };
        match (cell.outcome("pycma"), expected) {
            (Outcome::Ok(_), None) => {}
            (Outcome::Fail(why), Some(words)) if why.contains(words) => {}
            (outcome, expected) => panic!("{outcome:?}, not {expected:?}"),
        }
    }

    #[test]
    fn a_cell_fails_far_above_its_peer_and_where_random_is_as_good() {
        check_cell(3.1, 9.0, Some("upper quartile"));
        check_cell(f64::NAN, 9.0, Some("upper quartile"));
        check_cell(1.5, 1.5, Some("no better than random"));
        check_cell(1.5, 9.0, None);
    }

    #[test]
    fn four_cells_in_five_must_be_as_good() {
        assert!(matches!(tally("pycma", 11, 14), Outcome::Fail(_)));
        assert!(matches!(tally("pycma", 12, 14), Outcome::Ok(_)));
    }
}
