//! The model: what may follow what, written a second time and simpler than the engine.
//!
//! It reads the durable events of a run one by one, knows no lines, lanes and boards, and refuses
//! what the plan does not allow.

use std::collections::BTreeMap;

use dirigent_core::Timestamp;
use dirigent_workflow::{
    Fact, RunStatus,
    event::Start,
    plan::{OnFailure, TaskPlan},
};

use crate::violation::{Checked, Violation, ensure};

/// Where a task stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stands {
    #[default]
    Waits,
    Runs,
    Pauses(Timestamp),
    Lost,
    Completed,
    Failed,
    Skipped,
    Cancelled,
}

impl Stands {
    /// Where the engine says a task stands.
    pub(crate) fn of(state: dirigent_workflow::task::TaskState) -> Self {
        use dirigent_workflow::task::TaskState as S;
        match state {
            S::Pending | S::Queued => Self::Waits,
            S::Running { .. } => Self::Runs,
            S::Retrying { at, .. } => Self::Pauses(at),
            S::Orphaned { .. } => Self::Lost,
            S::Completed => Self::Completed,
            S::Failed { .. } | S::Timeout { .. } => Self::Failed,
            S::Cancelled => Self::Cancelled,
            S::Skipped => Self::Skipped,
        }
    }
}

/// A task, as the events tell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Task {
    pub(crate) stands: Stands,
    pub(crate) attempt: u32,
}

/// A run, as the events tell.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    /// The tasks of each entry that were there from the start or were named since.
    tasks: BTreeMap<String, BTreeMap<u32, Task>>,
    phase: Option<String>,
    phases_over: u32,
    attempt: u32,
    pub(crate) ended: Option<RunStatus>,
    ends: u32,
}

impl Model {
    pub(crate) fn new(start: &Start) -> Self {
        let of = |task: &TaskPlan| {
            let count = if task.on.is_some() { 0 } else { task.count.unwrap_or(1) };
            (task.name.clone(), (0..count).map(|number| (number, Task::default())).collect())
        };
        let tasks = start.plan.tasks().map(|(_, task)| of(task)).collect();
        Self { tasks, phase: None, phases_over: 0, attempt: 1, ended: None, ends: 0 }
    }

    /// The tasks of an entry.
    pub(crate) fn of(&self, entry: &str) -> impl Iterator<Item = (u32, &Task)> {
        self.tasks.get(entry).into_iter().flatten().map(|(number, task)| (*number, task))
    }

    /// Takes in the next fact. `latest` is the latest time that anybody saw.
    pub(crate) fn take(&mut self, start: &Start, fact: &Fact, latest: Timestamp) -> Checked {
        if let Some(status) = self.ended {
            ensure(
                matches!(fact, Fact::RunResumed { .. } | Fact::TaskOrphaned { .. }),
                "a_run_ends_once",
                || {
                    format!(
                        "`{}` follows the end of a run that is {}",
                        fact.kind(),
                        status.as_str()
                    )
                },
            )?;
        }
        match fact {
            Fact::PhaseStarted { phase, .. } => self.begin(start, phase),
            Fact::PhaseCompleted { phase } => self.complete(start, phase),
            Fact::RunResumed { attempt } => self.resume(start, *attempt),
            Fact::WorkflowCompleted { .. } => self.end(RunStatus::Completed),
            Fact::WorkflowFailed { status, .. } => self.end(*status),
            fact => match fact.task() {
                Some(name) => self.about(start, name, fact, latest),
                None => Ok(()),
            },
        }
    }

    fn begin(&mut self, start: &Start, phase: &str) -> Checked {
        let expected = start.plan.phases().get(self.phases_over as usize);
        let is_next = self.phase.is_none() && expected.is_some_and(|next| next.name == phase);
        ensure(is_next, "phases_go_in_order", || format!("phase `{phase}` began out of turn"))?;
        self.phase = Some(phase.to_owned());
        Ok(())
    }

    fn complete(&mut self, start: &Start, phase: &str) -> Checked {
        ensure(self.phase.as_deref() == Some(phase), "phases_go_in_order", || {
            format!("phase `{phase}` completed without going on")
        })?;
        let of = start.plan.tasks().filter(|(of, _)| of.name == phase);
        for (_, plan) in of {
            let open = self.of(&plan.name).find(|(_, task)| {
                use Stands as S;
                !matches!(task.stands, S::Completed | S::Failed | S::Skipped)
            });
            ensure(open.is_none(), "phases_go_in_order", || {
                format!("phase `{phase}` completed, but {open:?} of `{}` did not", plan.name)
            })?;
        }
        self.phases_over += 1;
        self.phase = None;
        Ok(())
    }

    fn resume(&mut self, start: &Start, attempt: u32) -> Checked {
        ensure(attempt == self.attempt + 1, "attempts_count_up", || {
            format!("attempt {attempt} of the run follows attempt {}", self.attempt)
        })?;
        self.attempt = attempt;
        let had_ended = self.ended.take().is_some();
        let over = start.plan.phases().iter().take(self.phases_over as usize);
        let over: Vec<&String> =
            over.flat_map(|phase| &phase.tasks).map(|task| &task.name).collect();
        for (entry, tasks) in &mut self.tasks {
            let is_over = over.contains(&entry);
            for task in tasks.values_mut() {
                use Stands as S;
                task.stands = match task.stands {
                    S::Runs => S::Lost,
                    S::Failed | S::Skipped | S::Cancelled if had_ended && !is_over => S::Waits,
                    stands => stands,
                };
            }
        }
        Ok(())
    }

    fn end(&mut self, status: RunStatus) -> Checked {
        self.ends += 1;
        ensure(self.ends <= self.attempt, "a_run_ends_once", || {
            format!("attempt {} of the run has ended {} times", self.attempt, self.ends)
        })?;
        self.ended = Some(status);
        for task in self.tasks.values_mut().flat_map(BTreeMap::values_mut) {
            use Stands as S;
            if matches!(task.stands, S::Waits | S::Runs | S::Pauses(_) | S::Lost) {
                task.stands = S::Cancelled;
            }
        }
        Ok(())
    }

    fn about(&mut self, start: &Start, name: &str, fact: &Fact, latest: Timestamp) -> Checked {
        let (entry, numbers) = expand(start, name).ok_or_else(|| {
            Violation::new("task_states_follow_the_table", format!("no task is called `{name}`"))
        })?;
        if matches!(fact, Fact::TaskStarted { .. }) {
            self.may_start(start, &entry)?;
        }
        for number in numbers {
            let task = self.tasks.entry(entry.clone()).or_default().entry(number).or_default();
            task.stands = after(task, fact, latest).map_err(|found| {
                let message = format!("`{}` of `{entry}` {number}: {found}", fact.kind());
                let check = match task.stands {
                    Stands::Completed => "no_completed_task_runs_again",
                    _ => "task_states_follow_the_table",
                };
                Violation::new(check, message)
            })?;
            if let Fact::TaskStarted { attempt, .. } = fact {
                task.attempt = *attempt;
            }
        }
        Ok(())
    }

    /// Whether what `entry` needs is there.
    fn may_start(&self, start: &Start, entry: &str) -> Checked {
        let check = "nothing_starts_before_its_needs";
        let of = start.plan.tasks().find(|(_, plan)| plan.name == entry);
        let Some((phase, plan)) = of else { return Ok(()) };
        ensure(self.phase.as_deref() == Some(&phase.name), check, || {
            format!("`{entry}` started outside of its phase `{}`", phase.name)
        })?;
        for need in &plan.needs {
            let good = self.of(need).filter(|(_, task)| task.stands == Stands::Completed).count();
            let all = self.of(need).count();
            let over = self.of(need).all(|(_, task)| {
                use Stands as S;
                matches!(task.stands, S::Completed | S::Failed | S::Skipped)
            });
            let on_failure = start.plan.task(need).map(|need| need.on_failure);
            let enough = match on_failure {
                Some(OnFailure::FailIfAll) => good > 0 || all == 0,
                _ => good == all,
            };
            ensure(over && enough, check, || {
                format!("`{entry}` started, but of `{need}` only {good} of {all} completed")
            })?;
        }
        Ok(())
    }
}

/// Where a task stands after `fact`, or why that cannot be.
fn after(task: &Task, fact: &Fact, latest: Timestamp) -> Result<Stands, String> {
    use Stands as S;
    let refused = || Err(format!("it is {:?} in attempt {}", task.stands, task.attempt));
    match fact {
        Fact::TaskStarted { attempt, .. } => match task.stands {
            _ if *attempt != task.attempt + 1 => {
                Err(format!("attempt {attempt} follows attempt {}", task.attempt))
            }
            S::Pauses(until) if latest < until => Err(format!("its pause lasts until {until}")),
            S::Waits | S::Lost | S::Pauses(_) => Ok(S::Runs),
            _ => refused(),
        },
        Fact::TaskCompleted { attempt, .. }
        | Fact::TaskFailed { attempt, .. }
        | Fact::TaskTimeout { attempt, .. }
        | Fact::TaskRetrying { attempt, .. }
        | Fact::CheckpointSaved { attempt, .. } => {
            if (task.stands, task.attempt) != (S::Runs, *attempt) {
                return Err(format!(
                    "it is {:?} in attempt {}, and that is of attempt {attempt}",
                    task.stands, task.attempt
                ));
            }
            Ok(match fact {
                Fact::TaskCompleted { .. } => S::Completed,
                Fact::TaskRetrying { at, .. } => S::Pauses(*at),
                Fact::CheckpointSaved { .. } => S::Runs,
                _ => S::Failed,
            })
        }
        Fact::EventPublished { .. } if task.stands == S::Runs => Ok(S::Runs),
        Fact::TaskOrphaned { .. } if task.stands == S::Runs => Ok(S::Lost),
        Fact::TaskSkipped { .. } if matches!(task.stands, S::Waits | S::Lost | S::Pauses(_)) => {
            Ok(S::Skipped)
        }
        _ => refused(),
    }
}

/// The entry and the numbers of the tasks that `name` stands for.
pub(crate) fn expand(start: &Start, name: &str) -> Option<(String, Vec<u32>)> {
    if start.plan.task(name).is_some_and(|plan| plan.count.is_none() && plan.on.is_none()) {
        return Some((name.to_owned(), vec![0]));
    }
    let (entry, numbers) = name.rsplit_once('/')?;
    start.plan.task(entry)?;
    let mut all = Vec::new();
    for part in numbers.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        all.extend(first.parse::<u32>().ok()?..=last.parse::<u32>().ok()?);
    }
    Some((entry.to_owned(), all))
}
