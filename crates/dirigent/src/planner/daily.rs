//! `daily_trading`: the stages of a trading day, each a phase whose tasks are done by agents.

use std::collections::BTreeMap;

use dirigent_workflow::{
    plan::{OnFailure, PhasePlan, TaskPlan},
    priority::Priority,
};
use serde_json::json;

use super::{Part, Planned, Planner, Planners, Refusal, side_by_side, tasks};
use crate::config::workflow::{AgentTask, Workflow};

pub(super) struct Daily;

/// The task kind that hands a task to an agent.
const AGENT_KIND: &str = "agent";

impl Planner for Daily {
    fn kind(&self) -> &'static str {
        "daily_trading"
    }

    fn phase(&self, part: &Part<'_>) -> Result<PhasePlan, Refusal> {
        let message = "a trading day cannot be a phase of another workflow".to_owned();
        let path = format!("workflow.phases.{}.type", part.name);
        Err(tasks::refusal(path, message, "give it a file of its own"))
    }

    fn plan(&self, workflow: &Workflow, _planners: &Planners) -> Result<Planned, Refusal> {
        let names = Names::of(workflow);
        let mut phases = Vec::new();
        for (stage, of) in workflow.stages.iter().filter(|(_, of)| !of.tasks.is_empty()) {
            let one = |(at, task): (usize, &AgentTask)| {
                plan(workflow, &names, stage, task, &format!("stages.{stage}.tasks.{at}"))
            };
            let tasks = of.tasks.iter().enumerate().map(one).collect::<Result<Vec<_>, _>>()?;
            let part = Part { workflow, name: stage, phase: None };
            let mut phase = PhasePlan {
                name: stage.clone(),
                kind: "stage".into(),
                tasks,
                max_parallel: part.max_parallel(),
                ..PhasePlan::default()
            };
            phase.mode = part.mode(side_by_side(&phase));
            phases.push(phase);
        }
        if phases.is_empty() {
            let (path, message) = ("stages".to_owned(), "the day has no task".to_owned());
            return Err(tasks::refusal(path, message, "list tasks in at least one stage"));
        }
        Ok(Planned { phases, limits: tasks::limits(workflow) })
    }
}

/// The tasks of a day by each of their names: the type of the task, qualified by the agent, and
/// by the stage, as far as it takes to tell them apart.
struct Names(BTreeMap<String, Vec<String>>);

impl Names {
    fn of(workflow: &Workflow) -> Self {
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (stage, of) in &workflow.stages {
            for task in &of.tasks {
                let [short, longer, full] = spellings(stage, task);
                for name in [short, longer, full.clone()] {
                    names.entry(name).or_default().push(full.clone());
                }
            }
        }
        Self(names)
    }

    /// The shortest name that only `task` has.
    fn name(&self, stage: &str, task: &AgentTask) -> String {
        let spellings = spellings(stage, task);
        let only = spellings.iter().find(|name| self.0[*name].len() == 1);
        only.unwrap_or(&spellings[2]).clone()
    }
}

fn spellings(stage: &str, task: &AgentTask) -> [String; 3] {
    let (agent, kind) = (&task.agent, &task.task_type);
    [kind.clone(), format!("{agent}.{kind}"), format!("{stage}.{agent}.{kind}")]
}

fn plan(
    workflow: &Workflow,
    names: &Names,
    stage: &str,
    task: &AgentTask,
    path: &str,
) -> Result<TaskPlan, Refusal> {
    let orchestration = &workflow.orchestration;
    let needs = task.dependencies.iter().map(|need| resolve(workflow, names, need, path));
    let priority = tasks::priority(&task.priority);
    let timeout = task.timeout.unwrap_or(orchestration.default_task_timeout);
    let is_critical = priority == Priority::Critical;
    let name = names.name(stage, task);
    Ok(TaskPlan {
        container: Some(format!("{stage}/{}", name.replace('/', "-"))),
        needs: needs.collect::<Result<_, _>>()?,
        name,
        kind: AGENT_KIND.into(),
        input: json!({"agent": task.agent, "task_type": task.task_type, "task_data": task.task_data}),
        priority,
        timeout_ms: Some(tasks::milliseconds(timeout)),
        retry: tasks::retry(orchestration, task.max_retries),
        on_failure: if is_critical { OnFailure::Fail } else { OnFailure::Degrade },
        ..TaskPlan::default()
    })
}

/// The plan's name of what `need` stands for: exactly one task.
fn resolve(workflow: &Workflow, names: &Names, need: &str, path: &str) -> Result<String, Refusal> {
    let path = format!("{path}.dependencies");
    let found = names.0.get(need).map_or(&[][..], Vec::as_slice);
    let [full] = found else {
        let (message, hint) = match found {
            [] => {
                let meant =
                    dirigent_workflow::file::suggest(need, names.0.keys().map(String::as_str));
                let hint = meant.map_or("name the type of another task".to_owned(), |meant| {
                    format!("did you mean `{meant}`?")
                });
                (format!("there is no task `{need}`"), hint)
            }
            several => {
                let message = format!("`{need}` could be {} tasks", several.len());
                (message, format!("write one of {}", several.join(", ")))
            }
        };
        return Err(Refusal { path, message, hint });
    };
    let all =
        workflow.stages.iter().flat_map(|(stage, of)| of.tasks.iter().map(move |t| (stage, t)));
    let task = all.into_iter().find(|(stage, task)| spellings(stage, task)[2] == *full);
    Ok(task.map_or_else(|| need.to_owned(), |(stage, task)| names.name(stage, task)))
}
