//! The timeline of a run: what became of each of its tasks, where, when, and with what.

use std::collections::BTreeMap;

use dirigent_core::{Event, Timestamp};
use dirigent_workflow::{
    Fact, Run, container,
    container::Container,
    instances::{self, TaskId},
    plan::Isolation,
    priority::Priority,
    resource::Amount,
};
use serde::Serialize;

/// One task of a run, and the container that it worked in.
#[derive(Clone, Debug, Serialize)]
pub struct TaskLine {
    /// Its name.
    pub task: String,
    /// The phase it belongs to.
    pub phase: String,
    /// What does it.
    pub kind: String,
    /// Where it stands.
    pub state: &'static str,
    /// How often it was started.
    pub attempts: u32,
    /// How often it failed or took too long since the run was last taken up after its end.
    pub failures: u32,
    /// When it was started first.
    pub started_at: Option<Timestamp>,
    /// When its last attempt ended.
    pub ended_at: Option<Timestamp>,
    /// Milliseconds from the start to the end of its attempts, the pauses between them left out.
    pub worked_ms: u64,
    /// The path of the container that it works in.
    pub container: String,
    /// The seed of that container.
    pub seed: u32,
    /// Where it runs.
    pub isolation: Isolation,
    /// How many states it kept in the journal.
    pub checkpoints: u32,
    /// What it takes while it runs.
    pub takes: Amount,
    /// Who goes first.
    pub priority: Priority,
    /// Names of the tasks that it needs.
    pub needs: Vec<String>,
    /// The event that starts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// It is stopped after this long.
    pub timeout_ms: Option<u64>,
    /// How often it is tried again.
    pub max_retries: u32,
    /// What went wrong last, or why it was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// When the attempts of a task were.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    first: Option<Timestamp>,
    /// The start of the attempt that is going on.
    open: Option<Timestamp>,
    last: Option<Timestamp>,
    worked_ms: u64,
    checkpoints: u32,
}

/// Takes the events of a run one by one.
#[derive(Debug, Default)]
pub(crate) struct Timeline(BTreeMap<TaskId, Times>);

impl Timeline {
    /// Takes note of the next event of `run`; one that is no fact, such as a part of a long
    /// definition, is about no task.
    pub(crate) fn note(&mut self, run: &Run, event: &Event) {
        let Ok(fact) = Fact::read(event) else { return };
        // An attempt that lost its process did not work until it was found.
        let is_lost = matches!(fact, Fact::TaskOrphaned { .. });
        let named = fact.task().and_then(|name| instances::tasks(&run.start.plan, name));
        for task in named.into_iter().flatten() {
            let of = self.0.entry(task).or_default();
            match &fact {
                Fact::TaskStarted { .. } => {
                    of.first.get_or_insert(event.time);
                    of.open = Some(event.time);
                }
                Fact::CheckpointSaved { .. } => of.checkpoints += 1,
                Fact::EventPublished { .. } => {}
                _ => {
                    let worked = of.open.take().filter(|_| !is_lost);
                    let worked = worked.map_or(0, |open| event.time.since(open).as_millis());
                    of.worked_ms += u64::try_from(worked).unwrap_or(u64::MAX);
                    of.last = Some(event.time);
                }
            }
        }
    }

    /// The lines of `run`, in the order of its plan.
    pub(crate) fn lines(&self, run: &Run) -> Vec<TaskLine> {
        run.tasks().map(|(task, _)| self.line(run, task)).collect()
    }

    fn line(&self, run: &Run, task: TaskId) -> TaskLine {
        let plan = &run.start.plan;
        let name = task.name(plan);
        let entry = task.plan(plan);
        let times = self.0.get(&task).copied().unwrap_or_default();
        let record = run.record(task);
        let path = container::path(run, task);
        let error = record.and_then(|record| record.error());
        let why = error.map(|error| error.message.as_str());
        TaskLine {
            task: name,
            phase: task.phase(plan).to_owned(),
            kind: entry.kind.clone(),
            state: record.map_or("pending", |record| record.state.as_str()),
            attempts: record.map_or(0, |record| record.attempts),
            failures: record.map_or(0, |record| record.failures),
            started_at: times.first,
            ended_at: times.last,
            worked_ms: times.worked_ms,
            seed: Container::new(run.start.seed, &path).seed().as_u32(),
            container: path,
            isolation: entry.isolation,
            checkpoints: times.checkpoints,
            takes: entry.takes.clone(),
            priority: entry.priority,
            needs: entry.needs.clone(),
            on: entry.on.clone(),
            timeout_ms: entry.timeout_ms,
            max_retries: entry.retry.max,
            why: why.or(record.and_then(|record| record.reason())).map(str::to_owned),
        }
    }
}
