//! Views of a run: its tasks by name, and what they delivered.

use std::io;

use dirigent_core::canonical;
use serde_json::Value;

use super::{Run, TaskRecord};
use crate::{
    artifact::{ArtifactRef, Artifacts},
    instances::TaskId,
    plan::{InputRef, TaskPlan},
    task::TaskState,
};

impl Run {
    /// The task called `name`.
    pub fn task(&self, name: &str) -> Option<&TaskRecord> {
        TaskId::find(&self.start.plan, name).and_then(|task| self.record(task))
    }

    /// What is known of `task`.
    pub fn record(&self, task: TaskId) -> Option<&TaskRecord> {
        self.tasks[task.entry as usize].get(task.instance as usize)
    }

    /// The tasks of one entry of the plan, in order.
    pub fn tasks_of(&self, entry: &str) -> &[TaskRecord] {
        self.start.plan.number(entry).map_or(&[], |entry| self.records(entry))
    }

    /// The tasks of the entry with this number.
    pub(crate) fn records(&self, entry: u32) -> &[TaskRecord] {
        &self.tasks[entry as usize]
    }

    /// Every task, in the order of the plan.
    pub fn tasks(&self) -> impl Iterator<Item = (TaskId, &TaskRecord)> {
        (0_u32..).zip(&self.tasks).flat_map(|(entry, records)| {
            let id = move |(instance, record)| (TaskId { entry, instance }, record);
            (0_u32..).zip(records).map(id)
        })
    }

    /// The tasks that are being worked on.
    pub fn running(&self) -> impl Iterator<Item = TaskId> + '_ {
        let is_running =
            |(_, task): &(TaskId, &TaskRecord)| matches!(task.state, TaskState::Running { .. });
        self.tasks().filter(is_running).map(|(task, _)| task)
    }

    /// The artifacts of all tasks, in the order of the plan.
    pub fn artifacts(&self) -> impl Iterator<Item = &ArtifactRef> {
        self.tasks.iter().flatten().flat_map(TaskRecord::artifacts)
    }

    /// The warnings of all phases and tasks, in the order of the plan.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        let phases = self.phases.iter().flat_map(|phase| &phase.warnings);
        let tasks = self.tasks.iter().flatten().flat_map(TaskRecord::warnings);
        phases.chain(tasks).map(String::as_str)
    }

    /// What an input is: the output it names, read from its artifact if it is large, or null.
    ///
    /// # Errors
    /// If the artifact cannot be read.
    pub(crate) fn phase_value(&self, store: &Artifacts, input: &InputRef) -> io::Result<Value> {
        let plan = self.start.plan.phases().iter().find(|plan| plan.name == input.phase);
        let Some(plan) = plan else { return Ok(Value::Null) };
        if let Some(record) = plan.result.as_ref().and_then(|task| self.task(task)) {
            let mut whole = store.restore(record.output(), record.artifacts())?;
            if let Some(value) = whole.get_mut(&input.key) {
                return Ok(value.take());
            }
        }
        let is_named =
            |task: &&TaskPlan| task.name == input.key || plan.local_name(&task.name) == input.key;
        let Some(task) = plan.tasks.iter().find(is_named) else { return Ok(Value::Null) };
        let records = self.tasks_of(&task.name).iter();
        let mut all = records.map(|record| store.restore(record.output(), record.artifacts()));
        match (task.count, &task.on) {
            (None, None) => all.next().unwrap_or(Ok(Value::Null)),
            _ => Ok(in_order(task, all.collect::<io::Result<_>>()?)),
        }
    }

    /// What `phase` delivered under `key`, as it is recorded: a key of its result, or the output
    /// of one of its tasks.
    pub fn phase_output(&self, phase: &str, key: &str) -> Option<Value> {
        let plan = self.start.plan.phases().iter().find(|plan| plan.name == phase)?;
        let result = plan.result.as_ref().and_then(|task| self.task(task));
        if let Some(record) = result {
            if let Some(value) = record.output().get(key) {
                return Some(value.clone());
            }
            // What is too large for an event is told by the name of the artifact that holds it.
            if Artifacts::is_spilled(record.output(), record.artifacts()) {
                return Some(record.output().clone());
            }
        }
        let is_named = |task: &&TaskPlan| task.name == key || plan.local_name(&task.name) == key;
        let task = plan.tasks.iter().find(is_named)?;
        Some(output_of(self, task))
    }
}

/// What `task` delivered: its output, or the list of its instances' outputs.
pub(crate) fn output_of(run: &Run, task: &TaskPlan) -> Value {
    let records = run.tasks_of(&task.name);
    match (task.count, &task.on) {
        (None, None) => records[0].output().clone(),
        _ => in_order(task, records.iter().map(|record| record.output().clone()).collect()),
    }
}

/// What the tasks of an entry found, as a list. Those that events started are in the order of what
/// they found: the order of events is no part of a result.
pub(crate) fn in_order(task: &TaskPlan, mut found: Vec<Value>) -> Value {
    if task.on.is_some() {
        found.sort_by_cached_key(canonical::to_string);
    }
    Value::Array(found)
}
