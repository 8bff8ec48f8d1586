//! `dirigent events`: what happened in a run, line by line.

use std::time::Duration;

use dirigent::{
    core::{Event, RunId},
    system,
    workflow::{Fact, RunStatus, event::Failure, instances::stands_for},
};

use super::show::clock;
use crate::{
    Context, exit,
    print::{Printer, Style},
};

/// How many events are read at once.
const PAGE: usize = 1_000;
/// How often a run may be found without a process before it is taken for interrupted; a process
/// that was just started in the background needs a moment.
const IDLE_LOOKS_MAX: usize = 2;
/// How long one wait for further events lasts.
const WAIT: Duration = Duration::from_secs(1);

/// Which events are asked for; all where nothing is named.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Tasks and containers.
    pub(crate) about: Vec<String>,
    /// Names in the catalogue.
    pub(crate) types: Vec<String>,
}

impl Wanted {
    fn has(&self, event: &Event) -> bool {
        let is_about = || {
            let Ok(fact) = Fact::read(event) else { return false };
            let record = fact.task().or_else(|| fact.container());
            record.is_some_and(|record| self.about.iter().any(|name| stands_for(record, name)))
        };
        (self.types.is_empty() || self.types.contains(&event.kind))
            && (self.about.is_empty() || is_about())
    }
}

pub(crate) fn events(
    context: &Context,
    name: &str,
    follow: bool,
    after: u64,
    wanted: &Wanted,
) -> anyhow::Result<u8> {
    if name == system::RUN {
        return of_home(context, follow, after, wanted);
    }
    let (printer, id) = (&context.printer, context.coordinator.find(name)?);
    let journal = context.coordinator.reader()?;
    let mut seq = after;
    let mut collected = Vec::new();
    let mut idle = 0;
    loop {
        // Looked at before reading: what ends the run is then among what is read.
        let run = context.coordinator.run(&id)?;
        idle = if run.status == RunStatus::Interrupted { idle + 1 } else { 0 };
        let ended = !follow || run.status.is_terminal() || idle > IDLE_LOOKS_MAX;
        loop {
            let page = journal.read(&id, seq.saturating_add(1), PAGE)?;
            seq = page.last().map_or(seq, |event| event.seq);
            let complete = page.len() < PAGE;
            for event in page.into_iter().filter(|event| wanted.has(event)) {
                match (printer.json(), follow) {
                    (true, false) => collected.push(event),
                    (true, true) => printer.result(&serde_json::to_string(&event)?)?,
                    (false, _) => printer.result(&line(printer, &event))?,
                }
            }
            if complete {
                break;
            }
        }
        if ended {
            break;
        }
        // Sleeps until something happens, or looks again after a while.
        journal.follow(&id, seq, WAIT)?;
    }
    if idle > IDLE_LOOKS_MAX {
        printer.note(&format!("no process works on {id}; `dirigent resume {id}` goes on"));
    }
    if printer.json() && !follow {
        printer.document(&collected)?;
    }
    Ok(exit::DONE)
}

/// The events of the home itself; followed, until the program is stopped.
fn of_home(context: &Context, follow: bool, after: u64, wanted: &Wanted) -> anyhow::Result<u8> {
    let (printer, id) = (&context.printer, system::RUN.parse::<RunId>()?);
    let journal = context.coordinator.reader()?;
    let mut seq = after;
    let mut collected = Vec::new();
    loop {
        let page = journal.read(&id, seq.saturating_add(1), PAGE)?;
        let is_end = page.len() < PAGE;
        seq = page.last().map_or(seq, |event| event.seq);
        for event in page.into_iter().filter(|event| wanted.has(event)) {
            match (printer.json(), follow) {
                (true, false) => collected.push(event),
                (true, true) => printer.result(&serde_json::to_string(&event)?)?,
                (false, _) => printer.result(&line(printer, &event))?,
            }
        }
        match (is_end, follow) {
            (true, true) => {
                journal.follow(&id, seq, WAIT)?;
            }
            (true, false) => break,
            (false, _) => {}
        }
    }
    if printer.json() {
        printer.document(&collected)?;
    }
    Ok(exit::DONE)
}

fn line(printer: &Printer, event: &Event) -> String {
    let clock = printer.paint(Style::Dim, &clock(event.time));
    format!("{:>5}  {clock:<12}  {:<20}  {}", event.seq, event.kind, about(event))
}

/// The payload in a few words; as JSON where the catalogue of this version does not know it.
fn about(event: &Event) -> String {
    let failed = |error: &Failure| format!("{}: {}", error.code, error.message);
    match Fact::read(event) {
        Ok(Fact::WorkflowStarted(start)) => format!(
            "{} ({}), seed {}, mode {}, config {}",
            start.name,
            start.kind,
            start.seed,
            start.mode.as_str(),
            start.config_hash.get(..12).unwrap_or(&start.config_hash)
        ),
        Ok(Fact::LifecycleStep { .. }) => {
            event.payload["step"].as_str().unwrap_or_default().to_owned()
        }
        Ok(Fact::PhaseStarted { phase, .. } | Fact::PhaseCompleted { phase }) => phase,
        Ok(Fact::ContainerCreated { container, seed: Some(seed) }) => {
            format!("{container}, seed {seed}")
        }
        Ok(Fact::ContainerCreated { container, seed: None }) => container,
        Ok(
            Fact::ContainerRestarted { container, failures }
            | Fact::ContainerRemoved { container, failures },
        ) => format!("{container}, failures {failures}"),
        Ok(Fact::TaskRetrying { task, attempt, error, at }) => {
            let pause = at.since(event.time).as_secs_f64();
            format!("{task}, attempt {attempt}, again in {pause} s: {}", failed(&error))
        }
        Ok(Fact::TaskSkipped { task, reason }) => format!("{task}: {reason}"),
        Ok(Fact::TaskOrphaned { task } | Fact::CheckpointSaved { task, .. }) => task,
        Ok(Fact::EventPublished { event, task, .. }) => format!("{event} by {task}"),
        Ok(Fact::CapacityChanged { concurrency, reason, .. }) => {
            format!("{concurrency} at once: {reason}")
        }
        Ok(Fact::TaskStarted { task, attempt }) => format!("{task}, attempt {attempt}"),
        Ok(Fact::TaskCompleted { task, artifacts, .. }) => {
            let files: Vec<&str> = artifacts.iter().map(|file| file.name.as_str()).collect();
            if files.is_empty() { task } else { format!("{task}: {}", files.join(", ")) }
        }
        Ok(Fact::TaskFailed { task, error, .. } | Fact::TaskTimeout { task, error, .. }) => {
            format!("{task}: {}", failed(&error))
        }
        Ok(Fact::CancelRequested { by } | Fact::RunInterrupted { by }) => format!("by {by}"),
        Ok(Fact::RunResumed { attempt }) => format!("attempt {attempt}"),
        Ok(Fact::WorkflowCompleted { digest, degraded }) => {
            format!("{}digest {digest}", if degraded { "degraded, " } else { "" })
        }
        Ok(Fact::WorkflowFailed { status, error }) => {
            format!("{}: {}", status.as_str(), failed(&error))
        }
        Err(_) => event.payload.to_string(),
    }
}
