//! The checks of a plan, in time linear in its size.

use std::collections::{BTreeMap, BTreeSet};

use super::{PhasePlan, Plan, TaskPlan};

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

/// A count of a plan: there are at most `TASKS_MAX` of anything.
pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The numbers of what `task` needs; only the first `known` entries may be needed.
pub(super) fn needs(
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

pub(super) fn check_phases(phases: &[PhasePlan]) -> Result<(), InvalidPlan> {
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
pub(super) fn names(phases: &[PhasePlan]) -> Result<BTreeMap<String, u32>, InvalidPlan> {
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

/// A cycle among the needs, first task repeated at the end. Kahn's algorithm removes what can be
/// done; from what is left, following any need must come round.
pub(super) fn find_cycle(plan: &Plan) -> Option<Vec<String>> {
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
