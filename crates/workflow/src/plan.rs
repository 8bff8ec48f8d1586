//! A plan: phases in order, tasks with what they need. Checked once, when it is made.
//!
//! Invariant: task names are unique in a plan, every need names a task of the same or an earlier
//! phase, and there is no cycle.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How the tasks of a run or phase are scheduled; never what they compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    /// One task after the other, in the order of the plan.
    #[default]
    Traditional,
    /// Chosen from the plan; the choice and its reason are recorded.
    Auto,
    /// Ready tasks of any phase share the workers.
    Composable,
    /// Each phase in its own mode.
    Hybrid,
}

impl Mode {
    /// The name as a workflow file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Traditional => "TRADITIONAL",
            Self::Auto => "AUTO",
            Self::Composable => "COMPOSABLE",
            Self::Hybrid => "HYBRID",
        }
    }
}

/// A step of the lifecycle that every workflow goes through, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifecycleStep {
    /// The configuration is complete and consistent.
    Validation,
    /// The containers exist, with their seeds.
    ContainerCreation,
    /// Data and components are loaded and shared.
    InfrastructureSetup,
    /// The phases have run.
    PhaseExecution,
    /// The outputs were joined into one result.
    ResultAggregation,
    /// Containers and memory were given back.
    ResourceCleanup,
}

/// The smallest scheduled unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskPlan {
    /// Unique in the plan.
    pub name: String,
    /// The task kind that does it.
    pub kind: String,
    /// Names of the tasks whose outputs it needs.
    #[serde(default)]
    pub needs: Vec<String>,
    /// What the kind is told.
    #[serde(default)]
    pub input: Value,
    /// The lifecycle step that is reached when it completes.
    #[serde(default)]
    pub reaches: Option<LifecycleStep>,
}

/// An ordered part of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhasePlan {
    /// Unique in the plan.
    pub name: String,
    /// The workflow type it belongs to.
    #[serde(rename = "type")]
    pub kind: String,
    /// How its tasks are scheduled.
    pub mode: Mode,
    /// What is to be done.
    pub tasks: Vec<TaskPlan>,
}

/// Everything that can happen in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<PhasePlan>", into = "Vec<PhasePlan>")]
pub struct Plan {
    phases: Vec<PhasePlan>,
}

/// The most tasks a plan may hold.
pub const TASKS_MAX: usize = 1_000_000;

/// Why a plan was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlan {
    /// There is nothing to do.
    #[error("the plan has no task")]
    Empty,
    /// More tasks than the limit.
    #[error("the plan has {0} tasks, the limit is {TASKS_MAX}")]
    TooManyTasks(usize),
    /// Two phases or two tasks of one name.
    #[error("the name `{0}` is used twice")]
    Duplicate(String),
    /// A need that names no task.
    #[error("task `{task}` needs `{need}`, which is no task of this or an earlier phase")]
    Unknown {
        /// The task with the need.
        task: String,
        /// The name that was not found.
        need: String,
    },
    /// Tasks that wait for each other.
    #[error("tasks wait for each other: {}", .0.join(" → "))]
    Cycle(Vec<String>),
}

impl Plan {
    /// A plan of these phases.
    ///
    /// # Errors
    /// If a name is used twice, a need is unknown, or tasks wait for each other.
    pub fn new(phases: Vec<PhasePlan>) -> Result<Self, InvalidPlan> {
        let count: usize = phases.iter().map(|phase| phase.tasks.len()).sum();
        match count {
            0 => return Err(InvalidPlan::Empty),
            n if n > TASKS_MAX => return Err(InvalidPlan::TooManyTasks(n)),
            _ => {}
        }
        let mut names = BTreeMap::new();
        for phase in &phases {
            if names.insert(format!("phase {}", phase.name), 0).is_some() {
                return Err(InvalidPlan::Duplicate(phase.name.clone()));
            }
        }
        let mut seen: BTreeMap<&str, &TaskPlan> = BTreeMap::new();
        for phase in &phases {
            for task in &phase.tasks {
                if seen.insert(&task.name, task).is_some() {
                    return Err(InvalidPlan::Duplicate(task.name.clone()));
                }
            }
            for task in &phase.tasks {
                if let Some(need) = task.needs.iter().find(|n| !seen.contains_key(n.as_str())) {
                    let (task, need) = (task.name.clone(), need.clone());
                    return Err(InvalidPlan::Unknown { task, need });
                }
            }
        }
        if let Some(cycle) = find_cycle(&seen) {
            return Err(InvalidPlan::Cycle(cycle));
        }
        Ok(Self { phases })
    }

    /// The phases in order.
    pub fn phases(&self) -> &[PhasePlan] {
        &self.phases
    }

    /// All tasks with their phase, in order.
    pub fn tasks(&self) -> impl Iterator<Item = (&PhasePlan, &TaskPlan)> {
        self.phases.iter().flat_map(|phase| phase.tasks.iter().map(move |task| (phase, task)))
    }

    /// The task called `name`.
    pub fn task(&self, name: &str) -> Option<&TaskPlan> {
        self.tasks().map(|(_, task)| task).find(|task| task.name == name)
    }
}

impl TryFrom<Vec<PhasePlan>> for Plan {
    type Error = InvalidPlan;
    fn try_from(phases: Vec<PhasePlan>) -> Result<Self, InvalidPlan> {
        Self::new(phases)
    }
}

impl From<Plan> for Vec<PhasePlan> {
    fn from(plan: Plan) -> Self {
        plan.phases
    }
}

/// A cycle among the needs, first task repeated at the end. Kahn's algorithm removes what can be
/// done; from what is left, following any need must come round.
fn find_cycle(tasks: &BTreeMap<&str, &TaskPlan>) -> Option<Vec<String>> {
    let mut waiting: BTreeMap<&str, usize> =
        tasks.iter().map(|(name, task)| (*name, task.needs.len())).collect();
    let mut dependents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, task) in tasks {
        for need in &task.needs {
            dependents.entry(need.as_str()).or_default().push(name);
        }
    }
    let mut ready: Vec<&str> =
        waiting.iter().filter(|(_, needs)| **needs == 0).map(|(name, _)| *name).collect();
    while let Some(done) = ready.pop() {
        waiting.remove(done);
        for name in dependents.get(done).into_iter().flatten() {
            if let Some(needs) = waiting.get_mut(name) {
                *needs -= 1;
                if *needs == 0 {
                    ready.push(name);
                }
            }
        }
    }
    let mut path: Vec<&str> = vec![waiting.keys().next()?];
    loop {
        let last = path[path.len() - 1];
        let next = tasks[last].needs.iter().find(|need| waiting.contains_key(need.as_str()))?;
        if let Some(start) = path.iter().position(|name| *name == next.as_str()) {
            let mut cycle: Vec<String> = path[start..].iter().map(ToString::to_string).collect();
            cycle.push(next.clone());
            return Some(cycle);
        }
        path.push(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(tasks: &[(&str, &[&str])]) -> Result<Plan, InvalidPlan> {
        let tasks = tasks
            .iter()
            .map(|(name, needs)| TaskPlan {
                name: (*name).into(),
                kind: "noop".into(),
                needs: needs.iter().map(ToString::to_string).collect(),
                input: Value::Null,
                reaches: None,
            })
            .collect();
        let phase =
            PhasePlan { name: "p".into(), kind: "tasks".into(), mode: Mode::Traditional, tasks };
        Plan::new(vec![phase])
    }

    #[test]
    fn broken_plans_are_refused_by_name() {
        let message = |tasks: &[(&str, &[&str])]| plan(tasks).unwrap_err().to_string();
        assert_eq!(message(&[]), "the plan has no task");
        assert_eq!(message(&[("a", &[]), ("a", &[])]), "the name `a` is used twice");
        assert_eq!(
            message(&[("a", &["b"])]),
            "task `a` needs `b`, which is no task of this or an earlier phase"
        );
        assert_eq!(message(&[("a", &["a"])]), "tasks wait for each other: a → a");
        assert_eq!(
            message(&[("a", &["c"]), ("b", &["a"]), ("c", &["b"]), ("d", &["a"])]),
            "tasks wait for each other: a → c → b → a"
        );
    }

    #[test]
    fn a_deep_diamond_is_checked_in_linear_time() {
        let names: Vec<String> = (0..2_000).map(|i| format!("t{i:05}")).collect();
        let needs: Vec<Vec<&str>> = (0..names.len())
            .map(|i| names[i.saturating_sub(2)..i].iter().map(String::as_str).collect())
            .collect();
        let tasks: Vec<(&str, &[&str])> =
            names.iter().zip(&needs).map(|(n, d)| (n.as_str(), d.as_slice())).collect();
        assert_eq!(plan(&tasks).unwrap().tasks().count(), 2_000);
    }
}
