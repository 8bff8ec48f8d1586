//! A plan: phases in order, tasks with what they need. Checked once, when it is made.
//!
//! Invariant: task names are unique in a plan, every need names a task of the same or an earlier
//! phase, every input an earlier phase, and there is no cycle.

mod check;
mod entry;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use check::{check_phases, find_cycle, names, needs, number};

pub use check::{InvalidPlan, TASKS_MAX};
pub use entry::{InputRef, Isolation, LifecycleStep, Limits, Mode, OnFailure, PhasePlan, TaskPlan};

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
    fn tsk_05_broken_plans_are_refused_by_name() {
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
