//! Names of tasks: `fetch` for a task of its own, `fan/7` for an instance of many, and
//! `fan/0-255,300` for several that went the same way and share one record.
//!
//! Invariant: a name stands for the same tasks in every journal of the same plan.

use std::fmt::{self, Write as _};

use crate::plan::{Plan, TaskPlan};

/// One task of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId {
    /// The number of its entry.
    pub(crate) entry: u32,
    /// Which instance; 0 for a task of its own.
    pub(crate) instance: u32,
}

/// The most tasks that share one record: the name of as many odd numbers fits an event.
pub(crate) const TASKS_PER_RECORD_MAX: usize = 4096;

impl TaskId {
    /// The name under `plan`.
    pub fn name(self, plan: &Plan) -> String {
        let task = plan.entry(self.entry);
        match (task.count, &task.on) {
            (None, None) => task.name.clone(),
            _ => format!("{}/{}", task.name, self.instance),
        }
    }

    /// What `plan` says of it.
    pub fn plan(self, plan: &Plan) -> &TaskPlan {
        plan.entry(self.entry)
    }

    /// The name of its phase.
    pub fn phase(self, plan: &Plan) -> &str {
        &plan.phases()[plan.place(self.entry).phase as usize].name
    }

    /// The task that `name` stands for, if it stands for one.
    pub fn find(plan: &Plan, name: &str) -> Option<Self> {
        match parse(plan, name)? {
            (entry, ranges) if ranges.len() == 1 && ranges[0].0 == ranges[0].1 => {
                Some(Self { entry, instance: ranges[0].0 })
            }
            _ => None,
        }
    }
}

/// The name that stands for `instances` of one entry, which are sorted.
pub(crate) fn name(plan: &Plan, entry: u32, instances: &[u32]) -> String {
    let task = plan.entry(entry);
    match (task.count, &task.on) {
        (None, None) => task.name.clone(),
        _ => joined(&task.name, instances),
    }
}

/// The path that stands for the containers of `instances` of one entry.
pub(crate) fn container(plan: &Plan, entry: u32, instances: &[u32]) -> String {
    let task = plan.entry(entry);
    let path = task.container.as_deref().unwrap_or(&task.name);
    match (task.count, &task.on) {
        (None, None) => path.to_owned(),
        _ => joined(path, instances),
    }
}

fn joined(of: &str, instances: &[u32]) -> String {
    let mut text = format!("{of}/");
    let mut rest = instances;
    while let Some(&first) = rest.first() {
        let length = rest.iter().zip(first..).take_while(|(a, b)| **a == *b).count();
        let last = rest[length - 1];
        let comma = if rest.len() == instances.len() { "" } else { "," };
        let written = match length {
            1 => write!(text, "{comma}{first}"),
            _ => write!(text, "{comma}{first}-{last}"),
        };
        written.expect("a string takes any text");
        rest = &rest[length..];
    }
    text
}

/// An entry and ranges of its instances, both ends included.
type Named = (u32, Vec<(u32, u32)>);

fn parse(plan: &Plan, name: &str) -> Option<Named> {
    if let Some(entry) = plan.number(name) {
        let task = plan.entry(entry);
        return (task.count.is_none() && task.on.is_none()).then(|| (entry, vec![(0, 0)]));
    }
    let (of, instances) = name.rsplit_once('/')?;
    let entry = plan.number(of)?;
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        (first <= last).then_some((first, last))
    };
    Some((entry, instances.split(',').map(range).collect::<Option<_>>()?))
}

/// All tasks that `name` stands for; none if the plan has no such name.
pub fn tasks(plan: &Plan, name: &str) -> Option<impl Iterator<Item = TaskId> + use<>> {
    let (entry, ranges) = parse(plan, name)?;
    let all = ranges.into_iter().flat_map(|(first, last)| first..=last);
    Some(all.map(move |instance| TaskId { entry, instance }))
}

/// The entry that `name` stands for tasks of.
pub(crate) fn entry(plan: &Plan, name: &str) -> Option<u32> {
    parse(plan, name).map(|(entry, _)| entry)
}

/// Whether `record`, the name of one or several tasks or containers in an event, stands for `name`:
/// a task or container of its own, one of several, or what all of these belong to.
pub fn stands_for(record: &str, name: &str) -> bool {
    let within = |path: &str| {
        path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let (Some((of, all)), Some((base, one))) = (record.rsplit_once('/'), name.rsplit_once('/'))
    else {
        return within(record);
    };
    let is_among = |one: u32| {
        all.split(',').any(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let ends = first.parse::<u32>().ok().zip(last.parse::<u32>().ok());
            ends.is_some_and(|(first, last)| (first..=last).contains(&one))
        })
    };
    within(record) || (of == base && one.parse().is_ok_and(is_among))
}

/// How many tasks `name` stands for.
pub fn count(name: &str) -> usize {
    let Some((_, instances)) = name.rsplit_once('/') else { return 1 };
    let length = |part: &str| -> Option<usize> {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(last.parse::<usize>().ok()?.checked_sub(first.parse().ok()?)? + 1)
    };
    instances.split(',').map(length).sum::<Option<usize>>().unwrap_or(1)
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.entry, self.instance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{PhasePlan, TaskPlan};

    #[test]
    fn a_record_stands_for_its_tasks_and_what_they_belong_to() {
        let yes = [("fan/0-2,7", "fan/1"), ("fan/0-2,7", "fan/7"), ("fan/0-2", "fan"), ("a", "a")];
        let paths = [("tasks/fan/4", "tasks/fan/4"), ("tasks/fan/0-5", "tasks"), ("e/p/0", "e/p")];
        for (record, name) in yes.into_iter().chain(paths) {
            assert!(stands_for(record, name), "{record} {name}");
        }
        for (record, name) in
            [("fan/0-2,7", "fan/3"), ("fan/0-2", "fa"), ("a", "a/0"), ("fan/1", "van/1")]
        {
            assert!(!stands_for(record, name), "{record} {name}");
        }
    }

    fn plan() -> Plan {
        let task = |name: &str, count| TaskPlan { name: name.into(), count, ..TaskPlan::default() };
        let tasks = vec![task("a/b", None), task("fan", Some(1000))];
        Plan::new(vec![PhasePlan { name: "p".into(), tasks, ..PhasePlan::default() }]).unwrap()
    }

    #[test]
    fn names_of_many_read_back() {
        let plan = plan();
        for (instances, text) in [
            (vec![7], "fan/7"),
            ((0..256).collect(), "fan/0-255"),
            (vec![0, 1, 2, 5, 8, 9], "fan/0-2,5,8-9"),
        ] {
            assert_eq!(name(&plan, 1, &instances), text);
            let read: Vec<u32> = tasks(&plan, text).unwrap().map(|task| task.instance).collect();
            assert_eq!(read, instances);
            assert_eq!(count(text), instances.len());
        }
        assert_eq!(TaskId::find(&plan, "a/b"), Some(TaskId { entry: 0, instance: 0 }));
        assert_eq!(TaskId::find(&plan, "fan/3"), Some(TaskId { entry: 1, instance: 3 }));
        for wrong in ["fan", "fan/", "fan/2-1", "fan/x", "other", "a/b/0-4294967296"] {
            assert!(TaskId::find(&plan, wrong).is_none(), "{wrong}");
        }
    }
}
