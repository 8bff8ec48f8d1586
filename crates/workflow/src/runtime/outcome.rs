//! Outcomes: what a task's end becomes before it is recorded.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dirigent_core::{Sha256Hex, Timestamp};
use dirigent_journal::limits;

use serde_json::Value;

use crate::{
    Fact,
    artifact::Artifacts,
    event::Failure,
    instances::TaskId,
    port::{TaskError, TaskOutput},
    retry::ErrorClass,
    run::Run,
    step::{Delivery, Outcome, delivered},
};

/// The most warnings of one task that are recorded.
const WARNINGS_MAX: usize = 50;
/// The longest message of a failure that is recorded.
const MESSAGE_CHARS_MAX: usize = 8_000;

/// Does the `work` of `task`; a panic is a failure.
pub(super) fn contained(
    task: &str,
    work: impl FnOnce() -> Result<TaskOutput, TaskError>,
) -> Result<TaskOutput, TaskError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(TaskError::Failed(failure_of(task, &*panic))))
}

/// What `result` of `task` means for the run.
pub(super) fn of(
    run: &Run,
    task: TaskId,
    store: &Artifacts,
    result: Result<TaskOutput, TaskError>,
) -> Outcome {
    let (error, class) = match result {
        Ok(output) => match spilled(run, task, store, output) {
            Ok(delivery) => match too_large(run, task, &delivery) {
                None => return Outcome::Delivered(Box::new(delivery)),
                Some(error) => (error, ErrorClass::Permanent),
            },
            Err(error) => (error, ErrorClass::Transient),
        },
        Err(TaskError::Stopped) => return Outcome::Stopped,
        Err(TaskError::Failed(error)) => (error, ErrorClass::Transient),
        Err(TaskError::Hopeless(error)) => (error, ErrorClass::Permanent),
    };
    let Failure { code, message, hint } = error;
    let message = message.chars().take(MESSAGE_CHARS_MAX).collect();
    Outcome::Failed(Failure { code, message, hint }, class)
}

/// The delivery, with an output that is too large for an event in an artifact.
fn spilled(
    run: &Run,
    task: TaskId,
    store: &Artifacts,
    output: TaskOutput,
) -> Result<Delivery, Failure> {
    let TaskOutput { value, mut artifacts, mut warnings, facts, events } = output;
    warnings.truncate(WARNINGS_MAX);
    if value.is_null() {
        return Ok(Delivery { output: value, artifacts, warnings, facts, events });
    }
    let name = task.name(&run.start.plan);
    match store.spill(&file_name(run, task), value, &mut artifacts) {
        Ok(output) => Ok(Delivery { output, artifacts, warnings, facts, events }),
        Err(error) => Err(Failure {
            code: "write_failed".into(),
            message: format!("cannot write the output of task `{name}`: {error}"),
            hint: Some("check the space of the home, then resume the run".into()),
        }),
    }
}

/// Why `delivery` cannot be recorded, as it would break the run.
fn too_large(run: &Run, task: TaskId, delivery: &Delivery) -> Option<Failure> {
    if *delivery == Delivery::default() {
        return None;
    }
    let facts = delivered(run, task, u32::MAX, delivery.clone());
    let mut drafts = facts.iter().map(|fact| fact.draft(Timestamp::default(), None));
    let why = drafts.find_map(|draft| limits::check(&draft).err())?;
    let name = task.name(&run.start.plan);
    Some(Failure {
        code: "record_too_large".into(),
        message: format!("what task `{name}` delivers cannot be recorded: {why}"),
        hint: Some("deliver less, or in a file".into()),
    })
}

/// What a large output of `task` is called: for a task that an event started after the event, as
/// its number tells only which came first.
fn file_name(run: &Run, task: TaskId) -> String {
    let plan = &run.start.plan;
    let name = match run.record(task).and_then(|record| record.cause()) {
        Some(cause) => {
            let by = Sha256Hex::of(cause.source.as_bytes());
            format!("{}-{}", plan.entry(task.entry).name, &by.as_str()[..16])
        }
        None => task.name(plan),
    };
    name.replace('/', "-")
}

/// The error of a task that is to run in a process where none can be made.
pub(super) fn no_process(task: &str) -> TaskError {
    TaskError::Hopeless(Failure {
        code: "isolation_unavailable".into(),
        message: format!("task `{task}` cannot run in a process of its own"),
        hint: Some("give the coordinator a child program, or write `isolation: thread`".into()),
    })
}

fn failure_of(task: &str, panic: &(dyn std::any::Any + Send)) -> Failure {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    Failure {
        code: "panic".into(),
        message: format!("task `{task}` panicked: {text}"),
        hint: Some("this is a defect of Dirigent; please report it with the workflow file".into()),
    }
}

/// Whether an event can hold `state`, beside the names of its task and attempt.
pub(super) fn fits(state: &Value) -> bool {
    let (task, attempt) = ("x".repeat(limits::NAME_BYTES_MAX * 2), u32::MAX);
    let fact = Fact::CheckpointSaved { task, attempt, state: state.clone() };
    limits::check(&fact.draft(Timestamp::default(), None)).is_ok()
}
