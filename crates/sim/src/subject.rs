//! A run under test, as those who watch from outside know it: by its durable events alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use dirigent_core::{Event, Timestamp};
use dirigent_journal::{ReadJournal, limits::EVENTS_PER_READ_MAX};
use dirigent_workflow::{
    Fact, Run, RunStatus,
    event::{Failure, Start},
    step::Outcome,
};
use serde_json::Value;

use crate::{
    generate::Order,
    journal::SimJournal,
    model::{self, Model, Stands},
    violation::{Checked, Violation, ensure},
};

/// How often a run that ended badly may be tried again.
const TRIES: u32 = 2;

/// What a worker told of an attempt.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) outcome: Option<Outcome>,
    /// Whether it would have hung for ever, so that a time-out is its right end.
    pub(crate) hangs: bool,
}

/// A run under test.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) order: Order,
    pub(crate) start: Arc<Start>,
    /// The fold of its durable events.
    pub(crate) shadow: Option<Run>,
    model: Model,
    last_hash: String,
    /// The last position that the process was told is durable, with its hash.
    pub(crate) acknowledged: Option<(u64, String)>,
    /// What workers told, by task and attempt.
    pub(crate) told: BTreeMap<(String, u32), Told>,
    /// What was started.
    pub(crate) started: BTreeSet<(String, u32)>,
    /// Whether something went wrong that may change its result.
    pub(crate) disturbed: bool,
    pub(crate) tries_left: u32,
    /// How often it was tried again after its end.
    pub(crate) tries: u32,
    /// What a writer that was thought dead believes to be the end of the run.
    pub(crate) stale: Option<u64>,
}

impl Subject {
    pub(crate) fn new(order: Order) -> Self {
        let start = Arc::new(order.start.clone());
        Self {
            model: Model::new(&start),
            order,
            start,
            shadow: None,
            last_hash: dirigent_core::event::GENESIS_HASH.to_owned(),
            acknowledged: None,
            told: BTreeMap::new(),
            started: BTreeSet::new(),
            disturbed: false,
            tries_left: TRIES,
            tries: 0,
            stale: None,
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.shadow.as_ref().is_some_and(|shadow| shadow.status.is_terminal())
    }

    /// Where it stands, for people.
    pub(crate) fn describe(&self) -> String {
        let Some(shadow) = &self.shadow else {
            return format!("`{}` was never begun", self.order.id);
        };
        let open = self.start.plan.tasks().flat_map(|(_, plan)| {
            let open = self.model.of(&plan.name).filter(|(_, task)| {
                matches!(
                    task.stands,
                    Stands::Waits | Stands::Runs | Stands::Pauses(_) | Stands::Lost
                )
            });
            open.map(|(number, task)| format!("{}/{number} {:?}", plan.name, task.stands))
        });
        let open: Vec<String> = open.take(8).collect();
        format!(
            "`{}` is {} at {}: {}",
            self.order.id,
            shadow.status.as_str(),
            shadow.seq,
            open.join(", ")
        )
    }

    /// The last position that is known.
    pub(crate) fn known(&self) -> u64 {
        self.shadow.as_ref().map_or(0, |shadow| shadow.seq)
    }

    /// All durable events.
    pub(crate) fn read(&self, journal: &SimJournal) -> Result<Vec<Event>, Violation> {
        let mut events = Vec::new();
        loop {
            let page = journal
                .read(&self.order.id, events.len() as u64 + 1, EVENTS_PER_READ_MAX)
                .map_err(|error| Violation::new("the_chain_is_whole", error.to_string()))?;
            if page.is_empty() {
                return Ok(events);
            }
            events.extend(page);
        }
    }

    /// No event that was durable, and none that was acknowledged, is lost or changed.
    pub(crate) fn check_survived(&self, events: &[Event]) -> Checked {
        let check = "no_acknowledged_event_is_lost";
        let known = self.known();
        ensure(events.len() as u64 >= known, check, || {
            format!("`{}` had {known} durable events, and has {} now", self.order.id, events.len())
        })?;
        let Some((seq, hash)) = &self.acknowledged else { return Ok(()) };
        let found = events.iter().find(|event| event.seq == *seq);
        ensure(found.is_some_and(|event| event.hash.as_str() == hash), check, || {
            format!("event {seq} of `{}` was acknowledged, and is not there", self.order.id)
        })
    }

    /// The journal as a whole tells what its events told one by one.
    pub(crate) fn check_replay(&self, events: &[Event]) -> Checked {
        let Some(shadow) = &self.shadow else { return Ok(()) };
        let check = "the_journal_tells_what_memory_holds";
        let replayed = Run::replay(&self.order.id, events)
            .map_err(|error| Violation::new(check, error.to_string()))?;
        ensure(replayed == *shadow, check, || {
            format!("`{}` read as a whole is not what its events told one by one", self.order.id)
        })
    }

    /// Takes in events that became durable.
    pub(crate) fn watch(&mut self, events: &[Event], latest: Timestamp) -> Checked {
        let mut rest = events;
        if self.shadow.is_none() {
            let told =
                1 + events.iter().skip(1).filter(|e| e.kind == "workflow_definition").count();
            let begun = Run::replay(&self.order.id, &events[..told])
                .map_err(|error| Violation::new("the_start_reads_back", error.to_string()))?;
            ensure(*begun.start == *self.start, "the_start_reads_back", || {
                format!("`{}` began as something else than what was asked for", self.order.id)
            })?;
            self.shadow = Some(begun);
            self.last_hash = events[told - 1].hash.as_str().to_owned();
            rest = &events[told..];
        }
        rest.iter().try_for_each(|event| self.watch_one(event, latest))
    }

    fn watch_one(&mut self, event: &Event, latest: Timestamp) -> Checked {
        ensure(event.prev_hash == self.last_hash, "the_chain_is_whole", || {
            format!("event `{}` does not follow the one before it", event.id)
        })?;
        self.last_hash = event.hash.as_str().to_owned();
        let broken = |error: &dyn std::error::Error| {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            Violation::new("the_history_makes_sense", format!("{error}{cause}"))
        };
        let fact = Fact::read(event).map_err(|error| broken(&error))?;
        self.check_told(&fact)?;
        self.note_disturbance(&fact);
        let start = Arc::clone(&self.start);
        self.model.take(&start, &fact, latest)?;
        let Some(shadow) = &mut self.shadow else { return Ok(()) };
        shadow.apply(event.time, &fact).map_err(|error| broken(&error))
    }

    /// What is recorded of an attempt is what its worker told.
    fn check_told(&self, fact: &Fact) -> Checked {
        let check = "what_is_recorded_was_delivered";
        let (name, attempt, error) = match fact {
            Fact::TaskCompleted { task, attempt, .. } => (task, *attempt, None),
            Fact::TaskFailed { task, attempt, error }
            | Fact::TaskRetrying { task, attempt, error, .. } => (task, *attempt, Some(error)),
            _ => return Ok(()),
        };
        if error.is_some_and(is_of_engine) {
            return Ok(());
        }
        let named = |entry: &str, number: u32| match self.start.plan.task(entry) {
            Some(plan) if plan.count.is_none() && plan.on.is_none() => entry.to_owned(),
            _ => format!("{entry}/{number}"),
        };
        let Some((entry, numbers)) = model::expand(&self.start, name) else { return Ok(()) };
        for number in numbers {
            let task = named(&entry, number);
            let told =
                self.told.get(&(task.clone(), attempt)).and_then(|told| told.outcome.as_ref());
            let agrees = match (fact, told) {
                (Fact::TaskCompleted { output, artifacts, .. }, Some(Outcome::Delivered(told))) => {
                    told.output == *output && told.artifacts == *artifacts
                }
                (_, Some(Outcome::Failed(told, _))) => error == Some(told),
                (_, Some(Outcome::Stopped)) => error.is_some_and(|error| error.code == "stopped"),
                _ => false,
            };
            ensure(agrees, check, || {
                format!(
                    "`{}` of attempt {attempt} of `{task}`, whose worker told {told:?}",
                    fact.kind()
                )
            })?;
        }
        Ok(())
    }

    fn note_disturbance(&mut self, fact: &Fact) {
        let of_worker = |name: &str, attempt: u32| {
            self.told.get(&(name.to_owned(), attempt)).is_some_and(|told| told.hangs)
        };
        let had_ended = self.has_ended();
        self.disturbed |= match fact {
            Fact::TaskRetrying { task, attempt, error, .. }
            | Fact::TaskFailed { task, attempt, error }
            | Fact::TaskTimeout { task, attempt, error } => match error.code.as_str() {
                "task_timeout" => !of_worker(task, *attempt),
                code => code == "worker_lost" || code == "stopped",
            },
            Fact::TaskSkipped { reason, .. } => reason.starts_with("it is optional"),
            Fact::CancelRequested { .. } => true,
            Fact::RunResumed { .. } => {
                self.tries += u32::from(had_ended);
                had_ended
            }
            Fact::WorkflowFailed { status, .. } => *status == RunStatus::Timeout,
            _ => false,
        };
    }

    /// The model and the engine agree where each task stands.
    pub(crate) fn check_model(&self) -> Checked {
        let Some(shadow) = &self.shadow else { return Ok(()) };
        for (_, plan) in self.start.plan.tasks() {
            let known: BTreeMap<u32, Stands> =
                self.model.of(&plan.name).map(|(number, task)| (number, task.stands)).collect();
            for (number, record) in (0_u32..).zip(shadow.tasks_of(&plan.name)) {
                let (says, knows) = (Stands::of(record.state), known.get(&number));
                // What lost its worker stands in line again as soon as its phase goes on.
                let knows = knows.map(|knows| if *knows == Stands::Lost { &says } else { knows });
                let untold = if shadow.status.is_terminal() { says } else { Stands::Waits };
                ensure(says == *knows.unwrap_or(&untold), "task_states_follow_the_table", || {
                    format!("`{}` {number} is {says:?}, and its events say {knows:?}", plan.name)
                })?;
            }
        }
        Ok(())
    }

    /// What a task found, if it completed.
    pub(crate) fn found(&self, task: &str) -> Option<&Value> {
        let record = self.shadow.as_ref()?.task(task)?;
        (Stands::of(record.state) == Stands::Completed).then(|| record.output())
    }
}

/// Whether the engine itself, and no worker, found this error.
fn is_of_engine(error: &Failure) -> bool {
    error.code == "task_timeout" || error.code == "resources"
}
