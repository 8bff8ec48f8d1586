//! The verdict: what all checks found, in one document, in words, and in a report.

mod evidence;
mod forward;

use std::io::{self, Write};

use dirigent_research::validate::{self, Judgement, Reason};
use dirigent_workflow::port::{TaskContext, TaskError, TaskKind, TaskOutput};
use serde_json::{Map, Value, json};

use super::{Doubt, figures};
use crate::{
    cast::name_of,
    tasks::backtest::{Bench, file_name, write_failed},
};
use forward::Forward;

/// Judges.
pub(super) struct Verdict(pub(super) Bench);

impl TaskKind for Verdict {
    fn name(&self) -> &'static str {
        "validation.verdict"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let doubt = Doubt::of(&self.0, context)?;
        let found = Found::of(&doubt)?;
        let whole = judged(&doubt, &found);
        let files = files(context, &doubt, &found, &whole).map_err(write_failed)?;
        let value = short(whole);
        Ok(TaskOutput { value, artifacts: files, ..TaskOutput::default() })
    }
}

/// The verdict on what was found, with all of that.
pub(super) fn judged(doubt: &Doubt<'_>, found: &Found) -> Value {
    let judgement = validate::judge(&evidence::of(doubt, found));
    document(doubt, found, &judgement)
}

/// What the checks found; null where a check was left out.
pub(super) struct Found {
    pub(super) forward: Option<Forward>,
    /// Why the walk forward was not made, if it was to be.
    forward_open: Option<String>,
    choice: Value,
    monte_carlo: Value,
    perturbation: Value,
    costs: Vec<Value>,
    costs_open: Option<String>,
    delays: Vec<Value>,
}

impl Found {
    pub(super) fn of(doubt: &Doubt<'_>) -> Result<Self, TaskError> {
        let outputs = &doubt.context.outputs;
        let of = |name: &str| outputs.get(name).cloned().unwrap_or_default();
        let shares = |name: &str| outputs.get(name).and_then(Value::as_array).cloned();
        let points = |name: &str| -> Vec<Value> {
            let shares = shares(name).unwrap_or_default();
            shares
                .iter()
                .flat_map(|s| s["points"].as_array().cloned().unwrap_or_default())
                .collect()
        };
        let why_open = |name: &str| {
            let shares = shares(name)?;
            shares.iter().find_map(|share| share["open"].as_str().map(str::to_owned))
        };
        let forward_open = why_open("walk_forward");
        let forward = match (&forward_open, shares("walk_forward")) {
            (None, Some(shares)) => Forward::of(doubt, &shares)?,
            _ => None,
        };
        Ok(Self {
            forward,
            forward_open,
            choice: of("choice"),
            monte_carlo: of("monte_carlo"),
            perturbation: of("perturbation"),
            costs: points("costs"),
            costs_open: why_open("costs"),
            delays: points("delays"),
        })
    }
}

fn reasons(judgement: &Judgement) -> Vec<Value> {
    let reason = |reason: &Reason| {
        json!({
            "check": reason.check,
            "finding": reason.finding.to_string(),
            "value": Some(reason.value).filter(|value| value.is_finite()),
            "text": reason.text,
        })
    };
    judgement.reasons.iter().map(reason).collect()
}

/// The parameters that are doubted; of several strategies by name.
fn params(doubt: &Doubt<'_>) -> Value {
    let workflow = &doubt.setup.workflow;
    let several = workflow.strategies.iter();
    let several = several.map(|own| (name_of(own).to_owned(), json!(own.strategy.params)));
    match &workflow.strategy {
        Some(written) => json!(written.params),
        None => Value::Object(several.collect()),
    }
}

/// What the run says of itself.
fn document(doubt: &Doubt<'_>, found: &Found, judgement: &Judgement) -> Value {
    let mut document = json!({
        "verdict": judgement.verdict.to_string(),
        "reasons": reasons(judgement),
        "missing": judgement.missing,
        "params": params(doubt),
        "bars": doubt.base.times().len(),
        "in_sample": figures(&doubt.base),
    });
    let mut add = |key: &str, value: Value| {
        if !value.is_null() {
            document[key] = value;
        }
    };
    match (&found.forward, &found.forward_open) {
        (Some(forward), _) => {
            add("out_of_sample", forward.out_of_sample.clone());
            add("walk_forward", forward.told());
        }
        (None, Some(why)) => add("walk_forward", json!({"open": why})),
        (None, None) => {}
    }
    for key in ["k_fold", "combinatorial", "luck"] {
        add(key, found.choice[key].clone());
    }
    add("monte_carlo", found.monte_carlo.clone());
    add("perturbation", found.perturbation.clone());
    match &found.costs_open {
        Some(why) => add("costs", json!({"open": why})),
        None if found.costs.is_empty() => {}
        None => add("costs", json!(found.costs)),
    }
    if !found.delays.is_empty() {
        add("delays", json!(found.delays));
    }
    document
}

/// The document without what pictures are drawn from, which `validation.json` has.
fn short(mut document: Value) -> Value {
    const DRAWN: [&str; 4] = ["values", "logits", "sharpes", "points"];
    match &mut document {
        Value::Object(map) => {
            map.retain(|key, _| !DRAWN.contains(&key.as_str()));
            map.values_mut().for_each(|value| *value = short(value.take()));
        }
        Value::Array(all) => all.iter_mut().for_each(|value| *value = short(value.take())),
        _ => {}
    }
    document
}

fn files(
    context: &TaskContext,
    doubt: &Doubt<'_>,
    found: &Found,
    document: &Value,
) -> io::Result<Vec<dirigent_workflow::artifact::ArtifactRef>> {
    let put = |name: &str, fill: &dyn Fn(&mut dyn Write) -> io::Result<()>| {
        context.artifacts.put(&file_name(context, name), true, |out| fill(out))
    };
    let mut files = vec![put("validation.json", &|out| {
        serde_json::to_writer_pretty(&mut *out, document)?;
        out.write_all(b"\n")
    })?];
    if let Some(forward) = &found.forward {
        files.push(put("walk_forward.csv", &|out| forward.write_windows(out))?);
        files.push(put("out_of_sample.csv", &|out| forward.write_curve(doubt, out))?);
    }
    if let Some(points) = found.perturbation["points"].as_array() {
        files.push(put("perturbation.csv", &|out| write_points(points, out))?);
    }
    Ok(files)
}

fn write_points(points: &[Value], out: &mut dyn Write) -> io::Result<()> {
    let none = Map::new();
    let params = |point: &'_ Value| point["params"].as_object().unwrap_or(&none).clone();
    let names: Vec<String> =
        points.first().map(|point| params(point).keys().cloned().collect()).unwrap_or_default();
    writeln!(out, "{},sharpe", names.join(","))?;
    for point in points {
        let params = params(point);
        for name in &names {
            write!(out, "{},", params.get(name).unwrap_or(&Value::Null))?;
        }
        match point["sharpe"].as_f64() {
            Some(sharpe) => writeln!(out, "{sharpe}")?,
            None => writeln!(out)?,
        }
    }
    Ok(())
}
