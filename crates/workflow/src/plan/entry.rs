//! What a plan is made of: phases, the tasks in them, and how much may be done at once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{priority::Priority, resource::Amount, retry::Retry};

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
    /// Ready tasks share the workers; of a phase only.
    Parallel,
    /// Trials are computed from stored signals; of a phase only.
    SignalReplay,
}

impl Mode {
    /// The name as a workflow file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Traditional => "TRADITIONAL",
            Self::Auto => "AUTO",
            Self::Composable => "COMPOSABLE",
            Self::Hybrid => "HYBRID",
            Self::Parallel => "PARALLEL",
            Self::SignalReplay => "SIGNAL_REPLAY",
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

/// What becomes of a run when a task has failed for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// The run fails: the task is critical.
    #[default]
    Fail,
    /// Tasks that need it are skipped, and the run ends degraded: the task is optional.
    Degrade,
    /// As `Degrade`, unless all of its instances fail: then the run does.
    FailIfAll,
}

/// Where a task runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// On a thread of the process; panics are contained, what it takes is only accounted for.
    #[default]
    Thread,
    /// In a process of its own, which the system holds to what the task may take.
    Process,
}

/// The smallest scheduled unit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// How many of it: none is one task, some are instances called `name/0`, `name/1`, ….
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// The event that starts it, each time it occurs, in place of needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// Who goes first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority: Priority,
    /// It is stopped after this long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// What is done about its failures.
    #[serde(default, skip_serializing_if = "is_default")]
    pub retry: Retry,
    /// What becomes of the run when it has failed for good.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_failure: OnFailure,
    /// The path of its own container; none shares that of the phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Where it runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub isolation: Isolation,
    /// What one instance takes while it runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub takes: Amount,
}

/// An output of an earlier phase that a phase asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InputRef {
    /// The phase that gives it.
    pub phase: String,
    /// Which of its outputs.
    pub key: String,
}

impl std::str::FromStr for InputRef {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split('.').collect::<Vec<_>>()[..] {
            [phase, key] if !phase.is_empty() && !key.is_empty() => {
                Ok(Self { phase: phase.to_owned(), key: key.to_owned() })
            }
            _ => Err(format!("`{text}` is not of the form `phase.key`")),
        }
    }
}

impl TryFrom<String> for InputRef {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<InputRef> for String {
    fn from(input: InputRef) -> Self {
        format!("{}.{}", input.phase, input.key)
    }
}

/// An ordered part of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// Outputs of earlier phases that it gets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<InputRef>,
    /// Whether an input that its source did not give fails the run.
    #[serde(default, skip_serializing_if = "is_default")]
    pub strict_inputs: bool,
    /// The task whose output holds the outputs of the phase by key; none is each task by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// How many of its tasks run at once at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_parallel: Option<u32>,
}

impl PhasePlan {
    /// `task` as it is called within the phase: without `phase.` in front.
    pub fn local_name<'t>(&self, task: &'t str) -> &'t str {
        let inside = task.strip_prefix(&self.name).and_then(|rest| rest.strip_prefix('.'));
        inside.unwrap_or(task)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How much of a plan may be done at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Tasks of any kind; none is as many as there are workers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Tasks of one kind, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<String, u32>,
    /// How long a container goes on before a further checkpoint of it is recorded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub checkpoint_ms: u64,
    /// What all running tasks together may take; none of a quantity is what the machine has.
    #[serde(default, skip_serializing_if = "is_default")]
    pub budget: Amount,
}

impl Limits {
    /// Whether nothing is limited.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}
