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

/// What became of the tasks of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Timeline {
    /// One by one, in the order of the plan.
    pub tasks: Vec<TaskLine>,
    /// The most that was worked on at once, as the run booked it.
    pub peak: Peak,
}

/// The most of each at any one time, not all at the same.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Peak {
    /// Tasks.
    pub tasks: usize,
    /// What they took.
    #[serde(flatten)]
    pub takes: Amount,
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
pub(crate) struct Telling {
    times: BTreeMap<TaskId, Times>,
    /// Tasks that are worked on, and what they take.
    going: usize,
    taken: Amount,
    peak: Peak,
}

impl Telling {
    /// Takes note of the next event of `run`; one that is no fact, such as a part of a long
    /// definition, is about no task.
    pub(crate) fn note(&mut self, run: &Run, event: &Event) {
        let Ok(fact) = Fact::read(event) else { return };
        // An attempt that lost its process did not work until it was found.
        let is_lost = matches!(fact, Fact::TaskOrphaned { .. });
        let named = fact.task().and_then(|name| instances::tasks(&run.start.plan, name));
        for task in named.into_iter().flatten() {
            let of = self.times.entry(task).or_default();
            match &fact {
                Fact::TaskStarted { .. } => {
                    of.first.get_or_insert(event.time);
                    of.open = Some(event.time);
                    self.began(&task.plan(&run.start.plan).takes);
                }
                Fact::CheckpointSaved { .. } => of.checkpoints += 1,
                Fact::EventPublished { .. } => {}
                _ => {
                    of.last = Some(event.time);
                    let Some(open) = of.open.take() else { continue };
                    let worked = event.time.since(if is_lost { event.time } else { open });
                    of.worked_ms += u64::try_from(worked.as_millis()).unwrap_or(u64::MAX);
                    self.ended(&task.plan(&run.start.plan).takes);
                }
            }
        }
    }

    fn began(&mut self, takes: &Amount) {
        self.going += 1;
        self.taken = self.taken.checked_add(takes).unwrap_or_else(Amount::unlimited);
        let peak = &mut self.peak;
        peak.tasks = peak.tasks.max(self.going);
        peak.takes.memory_bytes = peak.takes.memory_bytes.max(self.taken.memory_bytes);
        peak.takes.millicores = peak.takes.millicores.max(self.taken.millicores);
        peak.takes.disk_bytes = peak.takes.disk_bytes.max(self.taken.disk_bytes);
        for (name, count) in &self.taken.slots {
            let most = peak.takes.slots.entry(name.clone()).or_default();
            *most = (*most).max(*count);
        }
    }

    fn ended(&mut self, takes: &Amount) {
        self.going = self.going.saturating_sub(1);
        self.taken = self.taken.checked_sub(takes).unwrap_or_default();
    }

    /// What was told of `run`.
    pub(crate) fn timeline(self, run: &Run) -> Timeline {
        let tasks = run.tasks().map(|(task, _)| self.line(run, task)).collect();
        Timeline { tasks, peak: self.peak }
    }

    fn line(&self, run: &Run, task: TaskId) -> TaskLine {
        let plan = &run.start.plan;
        let name = task.name(plan);
        let entry = task.plan(plan);
        let times = self.times.get(&task).copied().unwrap_or_default();
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
