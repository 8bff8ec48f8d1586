//! A plan: phases in order, tasks with what they need. Checked once, when it is made.
//!
//! Invariant: task names are unique in a plan, every need names a task of the same or an earlier
//! phase, every input an earlier phase, and there is no cycle.

use std::collections::{BTreeMap, BTreeSet};

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

/// Everything that can happen in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<PhasePlan>", into = "Vec<PhasePlan>")]
pub struct Plan {
    phases: Vec<PhasePlan>,
    places: Vec<Place>,
    by_name: BTreeMap<String, u32>,
    by_event: BTreeMap<String, Vec<u32>>,
    steps: Vec<(u32, LifecycleStep)>,
}

/// Where an entry of the plan stands, and what hangs on it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) phase: u32,
    task: u32,
    /// Entries it needs.
    pub(crate) needs: Vec<u32>,
    /// Entries that need it.
    pub(crate) needed_by: Vec<u32>,
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
    /// An input that no earlier phase can give.
    #[error("phase `{phase}` asks for `{input}`, but phase `{source_phase}` {why}")]
    Input {
        /// The phase that asks.
        phase: String,
        /// What it asks for.
        input: String,
        /// The phase it should come from.
        source_phase: String,
        /// Why that cannot be.
        why: &'static str,
    },
    /// A need for a task that an event starts, so it may never come, or come often.
    #[error("task `{task}` needs `{need}`, which is started by an event")]
    NeedsTriggered {
        /// The task with the need.
        task: String,
        /// The task that an event starts.
        need: String,
    },
    /// A task that waits for tasks and for an event.
    #[error("task `{0}` cannot have both `needs` and `on`")]
    TwoStarts(String),
}

impl Plan {
    /// A plan of these phases.
    ///
    /// # Errors
    /// If a name is used twice, a need or an input is unknown, or tasks wait for each other.
    pub fn new(phases: Vec<PhasePlan>) -> Result<Self, InvalidPlan> {
        let all = || phases.iter().flat_map(|phase| &phase.tasks);
        match all().map(|task| task.count.unwrap_or(1) as usize).sum() {
            0 => return Err(InvalidPlan::Empty),
            n if n > TASKS_MAX => return Err(InvalidPlan::TooManyTasks(n)),
            _ => {}
        }
        check_phases(&phases)?;
        let by_name = names(&phases)?;
        let mut places = Vec::with_capacity(by_name.len());
        let mut by_event: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (phase, plan) in phases.iter().enumerate() {
            let known = places.len() + plan.tasks.len();
            for (task, entry) in plan.tasks.iter().enumerate() {
                let needs = needs(entry, &by_name, known)?;
                if let Some(event) = &entry.on {
                    if !needs.is_empty() {
                        return Err(InvalidPlan::TwoStarts(entry.name.clone()));
                    }
                    by_event.entry(event.clone()).or_default().push(number(places.len()));
                }
                let (phase, task, needed_by) = (number(phase), number(task), Vec::new());
                places.push(Place { phase, task, needs, needed_by });
            }
        }
        for entry in 0..places.len() {
            for need in places[entry].needs.clone() {
                places[need as usize].needed_by.push(number(entry));
            }
        }
        let tasks = phases.iter().flat_map(|phase| &phase.tasks);
        let step = |(entry, task): (usize, &TaskPlan)| Some((number(entry), task.reaches?));
        let steps = tasks.enumerate().filter_map(step).collect();
        let plan = Self { phases, places, by_name, by_event, steps };
        plan.check_triggered()?;
        match find_cycle(&plan) {
            Some(cycle) => Err(InvalidPlan::Cycle(cycle)),
            None => Ok(plan),
        }
    }

    fn check_triggered(&self) -> Result<(), InvalidPlan> {
        for &triggered in self.by_event.values().flatten() {
            if let Some(&by) = self.place(triggered).needed_by.first() {
                let (task, need) =
                    (self.entry(by).name.clone(), self.entry(triggered).name.clone());
                return Err(InvalidPlan::NeedsTriggered { task, need });
            }
        }
        Ok(())
    }

    /// The phases in order.
    pub fn phases(&self) -> &[PhasePlan] {
        &self.phases
    }

    /// All entries with their phase, in order.
    pub fn tasks(&self) -> impl Iterator<Item = (&PhasePlan, &TaskPlan)> {
        self.phases.iter().flat_map(|phase| phase.tasks.iter().map(move |task| (phase, task)))
    }

    /// The entry called `name`.
    pub fn task(&self, name: &str) -> Option<&TaskPlan> {
        self.by_name.get(name).map(|&entry| self.entry(entry))
    }

    /// How many tasks it holds at first; triggered ones come as their events do.
    pub fn count(&self) -> usize {
        (0..self.len()).map(|entry| self.instances(entry) as usize).sum()
    }

    /// How many entries it has.
    pub(crate) fn len(&self) -> u32 {
        number(self.places.len())
    }

    /// The entry with this number.
    pub(crate) fn entry(&self, entry: u32) -> &TaskPlan {
        let place = &self.places[entry as usize];
        &self.phases[place.phase as usize].tasks[place.task as usize]
    }

    pub(crate) fn place(&self, entry: u32) -> &Place {
        &self.places[entry as usize]
    }

    /// The number of the entry called `name`.
    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The entries that reach a step of the lifecycle.
    pub(crate) fn steps(&self) -> &[(u32, LifecycleStep)] {
        &self.steps
    }

    /// The numbers of the entries of the phase with this number.
    pub(crate) fn entries_of(&self, phase: u32) -> std::ops::Range<u32> {
        let start = self.places.partition_point(|place| place.phase < phase);
        let end = self.places.partition_point(|place| place.phase <= phase);
        number(start)..number(end)
    }

    /// How many instances an entry has before any event occurred.
    pub(crate) fn instances(&self, entry: u32) -> u32 {
        let task = self.entry(entry);
        if task.on.is_some() { 0 } else { task.count.unwrap_or(1) }
    }

    /// The entries that `event` starts.
    pub(crate) fn triggered_by(&self, event: &str) -> &[u32] {
        self.by_event.get(event).map_or(&[], Vec::as_slice)
    }
}

/// A count of a plan: there are at most `TASKS_MAX` of anything.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The numbers of what `task` needs; only the first `known` entries may be needed.
fn needs(
    task: &TaskPlan,
    by_name: &BTreeMap<String, u32>,
    known: usize,
) -> Result<Vec<u32>, InvalidPlan> {
    let find = |need: &String| match by_name.get(need) {
        Some(&found) if (found as usize) < known => Ok(found),
        _ => Err(InvalidPlan::Unknown { task: task.name.clone(), need: need.clone() }),
    };
    let mut needs = task.needs.iter().map(find).collect::<Result<Vec<u32>, _>>()?;
    needs.sort_unstable();
    needs.dedup();
    Ok(needs)
}

fn check_phases(phases: &[PhasePlan]) -> Result<(), InvalidPlan> {
    let mut places = BTreeMap::new();
    for (place, phase) in phases.iter().enumerate() {
        if places.insert(phase.name.as_str(), place).is_some() {
            return Err(InvalidPlan::Duplicate(phase.name.clone()));
        }
    }
    for (place, phase) in phases.iter().enumerate() {
        for input in &phase.inputs {
            let why = match places.get(input.phase.as_str()) {
                Some(&source) if source < place => continue,
                Some(_) => "does not run before it",
                None => "does not exist",
            };
            return Err(InvalidPlan::Input {
                phase: phase.name.clone(),
                input: input.clone().into(),
                source_phase: input.phase.clone(),
                why,
            });
        }
    }
    Ok(())
}

/// Every entry by name. A name that an instance of another entry has is taken.
fn names(phases: &[PhasePlan]) -> Result<BTreeMap<String, u32>, InvalidPlan> {
    let tasks = || phases.iter().flat_map(|phase| &phase.tasks);
    let mut by_name = BTreeMap::new();
    for (entry, task) in tasks().enumerate() {
        if by_name.insert(task.name.clone(), number(entry)).is_some() {
            return Err(InvalidPlan::Duplicate(task.name.clone()));
        }
    }
    let has_instances = |task: &&TaskPlan| task.count.is_some() || task.on.is_some();
    let with_instances: BTreeSet<&str> =
        tasks().filter(has_instances).map(|task| task.name.as_str()).collect();
    let is_taken = |task: &&TaskPlan| {
        task.name.rsplit_once('/').is_some_and(|(of, _)| with_instances.contains(of))
    };
    match tasks().find(is_taken) {
        Some(task) => Err(InvalidPlan::Duplicate(task.name.clone())),
        None => Ok(by_name),
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
fn find_cycle(plan: &Plan) -> Option<Vec<String>> {
    let needs = |entry: u32| &plan.place(entry).needs;
    let mut waiting: Vec<usize> = (0..plan.len()).map(|entry| needs(entry).len()).collect();
    let mut ready: Vec<u32> = (0..plan.len()).filter(|&entry| needs(entry).is_empty()).collect();
    let mut left = waiting.len();
    while let Some(done) = ready.pop() {
        left -= 1;
        for &entry in &plan.place(done).needed_by {
            waiting[entry as usize] -= 1;
            if waiting[entry as usize] == 0 {
                ready.push(entry);
            }
        }
    }
    if left == 0 {
        return None;
    }
    let is_stuck = |entry: &&u32| waiting[**entry as usize] > 0;
    let first = (0..plan.len()).find(|entry| is_stuck(&entry))?;
    let (mut path, mut step_of) = (vec![first], BTreeMap::from([(first, 0)]));
    loop {
        let next = *needs(path[path.len() - 1]).iter().find(is_stuck)?;
        if let Some(&start) = step_of.get(&next) {
            let around = path[start..].iter().chain([&next]);
            return Some(around.map(|&entry| plan.entry(entry).name.clone()).collect());
        }
        step_of.insert(next, path.len());
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
                ..TaskPlan::default()
            })
            .collect();
        Plan::new(vec![PhasePlan { name: "p".into(), tasks, ..PhasePlan::default() }])
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
