//! The report of a validation: what the checks found, as the page wants it.

use dirigent_core::Timestamp;
use dirigent_report::{
    Beside, Curve, Drawn, Finding, Format, Reason, Stress, Surface, ValidationPage, Verdict, Walk,
    Window, render_validation,
};
use dirigent_workflow::port::{Sees, TaskContext, TaskError, TaskKind, TaskOutput};
use serde_json::Value;

use super::{
    Doubt,
    verdict::{Found, judged},
};
use crate::tasks::backtest::{Bench, file_name, write_failed};

/// Draws the checks.
pub(super) struct Report(pub(super) Bench);

impl TaskKind for Report {
    fn name(&self) -> &'static str {
        "validation.report"
    }

    fn sees(&self) -> Sees {
        Sees::Phase
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let doubt = Doubt::of(&self.0, context)?;
        let found = Found::of(&doubt)?;
        let page = page(context, &doubt, &found)?;
        let name = file_name(context, "report.html");
        let file = context.artifacts.put(&name, false, |out| out.write_all(page.as_bytes()));
        let artifacts = vec![file.map_err(write_failed)?];
        Ok(TaskOutput { artifacts, ..TaskOutput::default() })
    }
}

fn page(context: &TaskContext, doubt: &Doubt<'_>, found: &Found) -> Result<String, TaskError> {
    let (_, cast) = doubt.bench.setup(context)?;
    let document = judged(doubt, found);
    let inside = growth(&doubt.base.returns());
    let (times, outside) = joined(doubt, found);
    let curves = (
        Curve { time: doubt.base.times(), value: &inside },
        Curve { time: &times, value: &outside },
    );
    let surface = &document["perturbation"];
    let paths = numbers(&document["combinatorial"]["sharpes"]);
    let logits = numbers(&document["luck"]["overfit"]["logits"]);
    let open = missing(&document);
    let distributions = Distributions::of(&document["monte_carlo"]);
    Ok(render_validation(&ValidationPage {
        title: &crate::tasks::page_title(context),
        strategy: &cast.describe(),
        verdict: match document["verdict"].as_str() {
            Some("robust") => Verdict::Robust,
            Some("fragile") => Verdict::Fragile,
            _ => Verdict::LikelyLuck,
        },
        reasons: reasons(&document, &open),
        facts: facts(context, doubt, &document),
        beside: beside(&document),
        walk: walk(&document, curves),
        folds: array(&document["k_fold"]["folds"]).iter().filter_map(fold).collect(),
        paths: &paths,
        drawn: distributions.drawn(),
        surface: self::surface(surface),
        logits: &logits,
        luck: luck(&document["luck"]),
        stress: stress(&document),
    }))
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What one unit of money becomes.
fn growth(returns: &[f64]) -> Vec<f64> {
    let mut worth = 1.0;
    let step = |x: &f64| {
        worth *= 1.0 + x;
        worth
    };
    returns.iter().map(step).collect()
}

fn joined(doubt: &Doubt<'_>, found: &Found) -> (Vec<Timestamp>, Vec<f64>) {
    let Some(forward) = &found.forward else { return Default::default() };
    let times = doubt.base.times();
    let times = forward.bars.iter().filter_map(|bar| times.get(*bar).copied()).collect();
    (times, growth(&forward.returns))
}

fn reasons<'a>(document: &'a Value, open: &'a [String]) -> Vec<Reason<'a>> {
    let told = array(&document["reasons"]).iter().filter_map(|reason| {
        let finding = match reason["finding"].as_str()? {
            "supports" => Finding::Supports,
            "weakens" => Finding::Weakens,
            _ => Finding::Refutes,
        };
        Some(Reason { finding, text: reason["text"].as_str()? })
    });
    let open = open.iter().map(|text| Reason { finding: Finding::Open, text });
    told.chain(open).collect()
}

/// What was not looked at, and why where that is known.
fn missing(document: &Value) -> Vec<String> {
    let words = |check: &Value| {
        let check = check.as_str()?;
        let (name, source) = match check {
            "superior_ability" => ("superior ability (SPA)", "luck"),
            "deflated_sharpe" => ("deflated Sharpe ratio", "luck"),
            "overfit_probability" => ("probability of overfitting", "luck"),
            "track_length" => ("length of the record", "luck"),
            "beyond_holding" => ("what is left beside a holding", "luck"),
            "resampled_return" => ("resampled returns", "monte_carlo"),
            "neighbors" => ("neighbors of the parameters", "perturbation"),
            "delay" => ("decisions a bar later", "delays"),
            "walk_forward" => ("walk forward", "walk_forward"),
            other => (other, other),
        };
        let why = document[source]["open"].as_str();
        Some(why.map_or_else(|| name.to_owned(), |why| format!("{name}: {why}")))
    };
    array(&document["missing"]).iter().filter_map(words).collect()
}

fn facts(
    context: &TaskContext,
    doubt: &Doubt<'_>,
    document: &Value,
) -> Vec<(&'static str, String)> {
    let day = |time: &Timestamp| {
        let (year, month, day) = time.date();
        format!("{year:04}-{month:02}-{day:02}")
    };
    let times = doubt.base.times();
    let mut facts = vec![("Symbols", doubt.setup.data.symbols.join(", "))];
    if let (Some(first), Some(last)) = (times.first(), times.last()) {
        facts.push(("Period (UTC)", format!("{} to {}", day(first), day(last))));
    }
    facts.push(("Bars", times.len().to_string()));
    if let Some(trials) = document["luck"]["trials"].as_u64() {
        let effective = document["luck"]["trials_effective"].as_u64().unwrap_or(trials);
        facts.push(("Variants tried", format!("{trials}, worth {effective} independent ones")));
    }
    facts.push(("Run", context.run.as_str().to_owned()));
    facts
}

fn beside(document: &Value) -> Vec<Beside> {
    let of = |label, key: &str, format| {
        let figures = [
            &document["in_sample"],
            &document["walk_forward"]["hindsight"],
            &document["out_of_sample"],
        ];
        Beside { label, format, values: figures.map(|figures| figures[key].as_f64()) }
    };
    vec![
        of("Sharpe ratio", "sharpe", Format::Ratio),
        of("Total return", "total_return", Format::Change),
        of("Deepest fall", "max_drawdown", Format::Percent),
    ]
}

fn params(params: &Value) -> String {
    let one = |(name, value): (&String, &Value)| match value {
        Value::Object(_) => format!("{name} ({})", self::params(value)),
        Value::Number(number) if !number.is_i64() => {
            let text = format!("{:.5}", number.as_f64().unwrap_or(f64::NAN));
            format!("{name} {}", text.trim_end_matches('0').trim_end_matches('.'))
        }
        other => format!("{name} {other}"),
    };
    let all: Vec<String> = params.as_object().into_iter().flatten().map(one).collect();
    if all.is_empty() { "as written".to_owned() } else { all.join(", ") }
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

fn walk<'a>(document: &Value, (inside, outside): (Curve<'a>, Curve<'a>)) -> Option<Walk<'a>> {
    let forward = &document["walk_forward"];
    let span = |span: &Value| Some((time(&span["from"])?, time(&span["to"])?));
    let window = |window: &Value| {
        Some(Window {
            train: span(&window["train"]),
            test: span(&window["test"])?,
            params: params(&window["params"]),
            inside: window["in_sample"]["sharpe"].as_f64(),
            outside: window["out_of_sample"]["sharpe"].as_f64(),
        })
    };
    let windows: Vec<Window> = array(&forward["windows"]).iter().filter_map(window).collect();
    let is_chosen = forward["chosen_anew"] == true;
    (!windows.is_empty()).then_some(Walk { inside, outside, windows, is_chosen })
}

fn fold(fold: &Value) -> Option<Window> {
    Some(Window {
        train: None,
        test: (time(&fold["from"])?, time(&fold["to"])?),
        params: params(&fold["params"]),
        inside: fold["in_sample_sharpe"].as_f64(),
        outside: fold["out_of_sample_sharpe"].as_f64(),
    })
}

/// A distribution: its name, how it is printed, what was found of it, and its values.
type Distribution = (&'static str, Format, Value, Vec<f64>);

struct Distributions(Vec<Distribution>);

impl Distributions {
    fn of(found: &Value) -> Self {
        let all = [
            ("Sharpe ratio", Format::Ratio, &found["sharpe"]),
            ("Total return", Format::Change, &found["total_return"]),
            ("Deepest fall", Format::Percent, &found["max_drawdown"]),
            ("Deepest fall, trades shuffled", Format::Percent, &found["shuffled"]["max_drawdown"]),
            ("Losing streak, trades shuffled", Format::Number, &found["shuffled"]["losing_streak"]),
        ];
        let one = |(label, format, found): (&'static str, Format, &Value)| {
            let values: Vec<f64> =
                array(&found["values"]).iter().filter_map(Value::as_f64).collect();
            (!values.is_empty()).then(|| (label, format, found.clone(), values))
        };
        Self(all.into_iter().filter_map(one).collect())
    }

    fn drawn(&self) -> Vec<Drawn<'_>> {
        self.0
            .iter()
            .map(|(label, format, found, values)| {
                let of = |key: &str| found[key].as_f64();
                let interval = of("low").zip(of("high"));
                Drawn { label, format: *format, actual: of("actual"), interval, values }
            })
            .collect()
    }
}

/// The first two parameters, all others as they were chosen.
fn surface(found: &Value) -> Option<Surface<'_>> {
    let axes = array(&found["axes"]);
    let center =
        |axis: &Value| axis["center"].as_u64().and_then(|at| usize::try_from(at).ok()).unwrap_or(0);
    let sizes: Vec<usize> = axes.iter().map(|axis| array(&axis["values"]).len()).collect();
    let points = array(&found["points"]);
    let across = axes.last()?;
    let down = axes.len().checked_sub(2).and_then(|at| axes.get(at));
    let rows = down.map_or(1, |down| array(&down["values"]).len());
    let columns = array(&across["values"]).len();
    let score = |row: usize, column: usize| {
        // The last parameter runs fastest.
        let place = |at: usize| match axes.len() - 1 - at {
            0 => column,
            1 => row,
            _ => center(&axes[at]),
        };
        let index = (0..axes.len()).fold(0, |index, at| index * sizes[at] + place(at));
        points.get(index)?["sharpe"].as_f64()
    };
    let all = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    let fixed: Vec<&str> = axes[..axes.len().saturating_sub(2)]
        .iter()
        .filter_map(|axis| axis["name"].as_str())
        .collect();
    let note = match fixed.is_empty() {
        true => format!("{} neighbors.", found["neighbors"]),
        false => format!(
            "{} neighbors; {} as chosen. All are in perturbation.csv.",
            found["neighbors"],
            fixed.join(", ")
        ),
    };
    Some(Surface {
        across: axis_of(across)?,
        down: down.and_then(axis_of),
        scores: all.map(|(row, column)| score(row, column)).collect(),
        center: (center(across), down.map_or(0, center)),
        note,
    })
}

fn axis_of(axis: &Value) -> Option<(&str, Vec<f64>)> {
    Some((axis["name"].as_str()?, numbers(&axis["values"])))
}

fn numbers(value: &Value) -> Vec<f64> {
    array(value).iter().filter_map(Value::as_f64).collect()
}

fn luck(luck: &Value) -> Vec<(&'static str, String, &'static str)> {
    let of = |pointer: &str| luck.pointer(pointer).and_then(Value::as_f64);
    let percent = |pointer: &str| of(pointer).map(|x| format!("{:.1}%", 100.0 * x));
    let ratio = |pointer: &str| of(pointer).map(|x| format!("{x:.2}"));
    let whole = |pointer: &str| of(pointer).map(|x| format!("{x:.0}"));
    let against = match luck["against"].as_str() {
        Some("buy_and_hold") => "Every trial less a holding of the market",
        _ => "Every trial less the risk-free rate",
    };
    let rows = [
        (
            "Probabilistic Sharpe ratio",
            percent("/probabilistic_sharpe"),
            "That the true ratio is above zero, had it been the only trial",
        ),
        (
            "Sharpe ratio of luck",
            ratio("/sharpe_of_luck"),
            "What the best of so many trials shows if none has an edge",
        ),
        ("Deflated Sharpe ratio", percent("/deflated_sharpe"), "That the true ratio is above that"),
        (
            "Record needed",
            whole("/record/needed"),
            "Returns after which a ratio above zero is 95 % sure",
        ),
        (
            "Record needed above luck",
            whole("/record/needed_above_luck"),
            "Returns after which a ratio above that of luck is",
        ),
        ("Reality check", percent("/reality_check"), against),
        (
            "SPA, lower",
            percent("/superior_ability/lower"),
            "How often chance looks as good: at least so often",
        ),
        ("SPA", percent("/superior_ability/consistent"), "How often chance looks as good"),
        (
            "SPA, upper",
            percent("/superior_ability/upper"),
            "How often chance looks as good: at most so often",
        ),
        (
            "Trials found superior",
            whole("/superior_trials"),
            "By the stepwise test of Romano and Wolf, with 5 % for all of them",
        ),
        (
            "Overfitting (PBO)",
            percent("/overfit/probability"),
            "That the best of one half of the time is no better than the median in the other",
        ),
        ("Loss afterwards", percent("/overfit/loss_probability"), "That it loses there"),
        ("Held of the market", ratio("/holding/beta"), "The holding that moves as much"),
        (
            "Beyond that, a year",
            percent("/holding/alpha"),
            "The mean return that the holding does not explain",
        ),
        ("Above a holding", percent("/holding/probability"), "That the true one is above zero"),
    ];
    let shown = |(label, value, meaning): (&'static str, Option<String>, &'static str)| {
        Some((label, value?, meaning))
    };
    rows.into_iter().filter_map(shown).collect()
}

fn stress(document: &Value) -> Vec<Stress> {
    let base = document["in_sample"]["sharpe"].as_f64();
    let of = |title, key: &str, plain: &str, name: &dyn Fn(&Value) -> String| {
        let points = array(&document[key]);
        let bars = points.iter().map(|point| (name(point), point["sharpe"].as_f64()));
        let bars = std::iter::once((plain.to_owned(), base)).chain(bars).collect();
        (!points.is_empty()).then_some(Stress { title, bars })
    };
    let factor = |point: &Value| format!("costs × {}", point["factor"]);
    let late = |point: &Value| match point["bars"].as_u64() {
        Some(1) => "1 bar late".to_owned(),
        _ => format!("{} bars late", point["bars"]),
    };
    let all =
        [of("Costs", "costs", "as they are", &factor), of("Delays", "delays", "in time", &late)];
    all.into_iter().flatten().collect()
}
