//! A search of an ensemble's weights: signals are captured once, weights searched on them, the best run
//! whole.

use dirigent_workflow::plan::{Mode, PhasePlan, TaskPlan};
use serde_json::{Map, Value, json};

use super::{Part, backtest};

/// The task that captures signals, within its phase.
pub(super) const SIGNALS: &str = "signals";
/// The task that searches.
pub(super) const RANK: &str = "rank";

/// How trials are evaluated, if `part` searches weights and not the parameters of strategies.
pub(super) fn method(part: &Part<'_>, config: Option<&Map<String, Value>>) -> Option<&'static str> {
    let written = part.phase.and_then(|phase| phase.method.as_deref());
    let written = written.or_else(|| config?.get("method")?.as_str());
    let is_replayed = part.mode(1) == Mode::SignalReplay;
    let is_alone = part.phase.is_none() && part.workflow.ensemble.is_some();
    match written {
        Some("full_simulation") => Some("full_simulation"),
        Some("signal_replay") => Some("signal_replay"),
        _ => (is_replayed || is_alone).then_some("signal_replay"),
    }
}

pub(super) fn plan(
    part: &Part<'_>,
    config: Option<&Map<String, Value>>,
    method: &str,
) -> PhasePlan {
    let mut overlay = part.settings();
    overlay.entry("ensemble").or_insert_with(|| json!({}));
    let mut input = json!({"search": config.cloned().unwrap_or_default(), "config": overlay});
    input["method"] = method.into();
    if let Some(count) = part.containers() {
        input["trials"] = count.into();
    }
    let signals = TaskPlan {
        name: part.task_name(SIGNALS),
        kind: "optimization.signals".into(),
        input: json!({"config": input["config"]}),
        ..TaskPlan::default()
    };
    let rank = TaskPlan {
        name: part.task_name(RANK),
        kind: "optimization.weigh".into(),
        input: input.clone(),
        takes: part.takes(None),
        ..TaskPlan::default()
    };
    let after = rank.name.clone();
    let mut tasks = if method == "signal_replay" { vec![signals] } else { Vec::new() };
    let needs = tasks.iter().map(|task| task.name.clone()).collect();
    tasks.push(TaskPlan { needs, ..rank });
    input["params_of"] = RANK.into();
    tasks.extend(backtest::steps(part, &input, Some(&after)));
    let judge = TaskPlan {
        name: part.task_name("judge"),
        kind: "optimization.judge".into(),
        needs: vec![after, part.task_name("load_data"), part.task_name("execute_strategy")],
        ..TaskPlan::default()
    };
    let result = judge.name.clone();
    tasks.push(judge);
    let mode = if method == "signal_replay" { Mode::SignalReplay } else { part.mode(1) };
    PhasePlan {
        name: part.name.into(),
        kind: "optimization".into(),
        mode,
        result: Some(result),
        tasks,
        max_parallel: part.max_parallel(),
        ..PhasePlan::default()
    }
}

/// Lets `source` capture what its search found, and `replay` take it from there.
pub(super) fn share(source: &mut PhasePlan, replay: &mut PhasePlan) {
    let name = |phase: &PhasePlan, task: &str| format!("{}.{task}", phase.name);
    let own = name(replay, SIGNALS);
    replay.tasks.retain(|task| task.name != own);
    for task in &mut replay.tasks {
        task.needs.retain(|needed| *needed != own);
    }
    let (signals, rank) = (name(source, SIGNALS), name(source, RANK));
    if source.tasks.iter().any(|task| task.name == signals) {
        return;
    }
    let Some(of_rank) = source.tasks.iter().find(|task| task.name == rank) else { return };
    let mut config = of_rank.input["config"].clone();
    if !config.is_object() {
        config = json!({});
    }
    config["ensemble"] = json!({});
    source.tasks.push(TaskPlan {
        name: signals,
        kind: "optimization.signals".into(),
        needs: vec![rank],
        input: json!({"config": config, "params_of": RANK}),
        ..TaskPlan::default()
    });
}
