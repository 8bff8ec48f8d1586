//! Triggers: tasks that events start, one for each event.

use std::sync::Arc;

use dirigent_core::{Sha256Hex, Timestamp};

use super::{Cause, Run, RunStatus, TaskRecord};
use crate::{
    event::Fact,
    instances::{self, TaskId},
    plan::Plan,
};

/// The most tasks that events may start in one run, so that a circle of events ends.
pub const TRIGGERED_TASKS_MAX: u32 = 100_000;

/// The longest source of an event that is told in full by those that follow from it.
const SOURCE_BYTES_MAX: usize = 64;

impl Run {
    /// Makes the tasks that `fact`, which was just taken note of, starts.
    pub(super) fn trigger(&mut self, time: Timestamp, fact: &Fact) {
        let start = Arc::clone(&self.start);
        let event = match fact {
            Fact::EventPublished { event, .. } => event.as_str(),
            fact => fact.kind(),
        };
        for &entry in start.plan.triggered_by(event) {
            let going_on = self.phases.last().is_some_and(|phase| {
                let place = start.plan.place(entry).phase as usize;
                !phase.completed && start.plan.phases()[place].name == phase.name
            });
            // What a task does about an event is no new event for the same task.
            if !going_on || self.status != RunStatus::Running || is_own(&start.plan, entry, fact) {
                continue;
            }
            if self.records(entry).len() >= TRIGGERED_TASKS_MAX as usize {
                self.too_many_triggered = true;
                continue;
            }
            let mut record = TaskRecord::new();
            let (source, payload) = (self.source_of(fact), fact.says());
            let cause = Cause { seq: self.seq, event: event.to_owned(), source, payload };
            record.detail().cause = Some(Box::new(cause));
            self.tasks[entry as usize].push(record);
            self.board.spawned(&start.plan, entry, &mut self.tasks, time);
        }
    }

    /// What `fact` is about, the same in every order of events: a task that an event started is
    /// told by what started it, as its number tells only when.
    fn source_of(&self, fact: &Fact) -> String {
        let source = fact.source();
        let plan = &self.start.plan;
        let of = fact.task().and_then(|name| Some((name, TaskId::find(plan, name)?)));
        let cause = of.and_then(|(name, task)| Some((name, task, self.record(task)?.cause()?)));
        let Some((name, task, cause)) = cause else { return source };
        let by = match cause.source.len() {
            0..=SOURCE_BYTES_MAX => cause.source.clone(),
            _ => Sha256Hex::of(cause.source.as_bytes()).as_str()[..16].to_owned(),
        };
        source.replacen(name, &format!("{}({by})", plan.entry(task.entry).name), 1)
    }
}

/// Whether `fact` is about tasks of `entry`, or their containers.
fn is_own(plan: &Plan, entry: u32, fact: &Fact) -> bool {
    let base = plan.entry(entry).container.as_deref();
    let within = |path: &str| {
        let rest = base.and_then(|base| path.strip_prefix(base));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let of_entry = |name: &str| instances::entry(plan, name) == Some(entry);
    fact.task().is_some_and(of_entry) || fact.container().is_some_and(within)
}
