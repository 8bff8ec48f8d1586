//! A search in stages: one task for each, in order, then a backtest of what they found together.

use dirigent_workflow::plan::{PhasePlan, TaskPlan};
use serde_json::{Map, Value, json};

use super::{Part, backtest, replay};
use crate::config::search::stages::Stage;

pub(super) fn plan(part: &Part<'_>, config: &Map<String, Value>, stages: &[Stage]) -> PhasePlan {
    let mut input = json!({"search": config});
    let overlay = part.settings();
    if !overlay.is_empty() {
        input["config"] = json!(overlay);
    }
    let mut tasks: Vec<TaskPlan> = Vec::new();
    for (at, stage) in stages.iter().enumerate() {
        let mut own = input.clone();
        own["stage"] = at.into();
        if let Some(before) = at.checked_sub(1).and_then(|before| stages.get(before)) {
            own["after"] = before.name.clone().into();
        }
        tasks.push(TaskPlan {
            name: part.task_name(&stage.name),
            kind: "optimization.stage".into(),
            needs: tasks.last().map(|before| before.name.clone()).into_iter().collect(),
            input: own,
            takes: part.takes(None),
            ..TaskPlan::default()
        });
    }
    let names: Vec<&str> = stages.iter().map(|stage| stage.name.as_str()).collect();
    let rank = TaskPlan {
        name: part.task_name(replay::RANK),
        kind: "optimization.staged".into(),
        needs: tasks.iter().map(|task| task.name.clone()).collect(),
        input: json!({"stages": names}),
        ..TaskPlan::default()
    };
    let after = rank.name.clone();
    tasks.push(rank);
    input["params_of"] = replay::RANK.into();
    tasks.extend(backtest::steps(part, &input, Some(&after)));
    let judge = TaskPlan {
        name: part.task_name("judge"),
        kind: "optimization.judge".into(),
        needs: vec![after, part.task_name("load_data"), part.task_name("execute_strategy")],
        ..TaskPlan::default()
    };
    let result = judge.name.clone();
    tasks.push(judge);
    PhasePlan {
        name: part.name.into(),
        kind: "optimization".into(),
        mode: part.mode(1),
        result: Some(result),
        tasks,
        max_parallel: part.max_parallel(),
        ..PhasePlan::default()
    }
}
