//! Triggers: tasks that events start, one for each event.

use std::sync::Arc;

use dirigent_core::Timestamp;

use super::{Cause, Run, RunStatus, TaskRecord};
use crate::{event::Fact, instances::TaskId};

/// The most tasks that events may start in one run, so that a circle of events ends.
pub const TRIGGERED_TASKS_MAX: u32 = 100_000;

impl Run {
    /// Makes the tasks that `fact`, which was just taken note of, starts.
    pub(super) fn trigger(&mut self, time: Timestamp, fact: &Fact) {
        let start = Arc::clone(&self.start);
        let event = match fact {
            Fact::EventPublished { event, .. } => event.as_str(),
            fact => fact.kind(),
        };
        for &entry in start.plan.triggered_by(event) {
            let own =
                |name: &str| TaskId::find(&start.plan, name).is_some_and(|t| t.entry == entry);
            let going_on = self.phases.last().is_some_and(|phase| {
                let place = start.plan.place(entry).phase as usize;
                !phase.completed && start.plan.phases()[place].name == phase.name
            });
            // What a task does about an event is no new event for the same task.
            if !going_on || self.status != RunStatus::Running || fact.task().is_some_and(own) {
                continue;
            }
            let records = &mut self.tasks[entry as usize];
            if records.len() >= TRIGGERED_TASKS_MAX as usize {
                self.too_many_triggered = true;
                continue;
            }
            let mut record = TaskRecord::new();
            let (source, payload) = (fact.source(), fact.says());
            let cause = Cause { seq: self.seq, event: event.to_owned(), source, payload };
            record.detail().cause = Some(cause);
            records.push(record);
            self.board.spawned(&start.plan, entry, &mut self.tasks, time);
        }
    }
}
