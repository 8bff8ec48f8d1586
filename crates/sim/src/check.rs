//! Checks of one step: what memory holds, and what is going on at once.

use std::collections::BTreeMap;

use dirigent_core::Timestamp;
use dirigent_workflow::{
    Run, RunStatus,
    decide::Capacity,
    plan::Mode,
    resource::{Amount, Level},
    step::{self, Step},
    task::TaskState,
};

use crate::{
    subject::Subject,
    violation::{Checked, Violation, ensure},
};

/// Parts of a place that short tasks can share.
const PLACE: u32 = 12;

/// Nothing follows from what reaches a run that has ended or was interrupted.
pub(crate) fn an_ended_run_stays(status: RunStatus, step: &Step) -> Checked {
    ensure(status == RunStatus::Running || *step == Step::default(), "an_ended_run_stays", || {
        format!("a run that is {} did something: {step:?}", status.as_str())
    })
}

/// What is going on at once is within the workers, the limits of phase, run and kinds, and the
/// budget. Advice that came later stops nothing that runs, so this holds when something starts.
pub(crate) fn running_tasks_fit(run: &Run, capacity: &Capacity) -> Checked {
    let check = "running_tasks_fit";
    let Some(going_on) = run.phases.last() else { return Ok(()) };
    let phase = run.start.plan.phases().iter().find(|phase| phase.name == going_on.name);
    let Some(phase) = phase else { return Ok(()) };
    let (mut taken, mut kinds) = (0, BTreeMap::<&str, u32>::new());
    let mut used = Amount::default();
    for (_, plan) in run.start.plan.tasks() {
        // Short tasks share a place, unless the file says how many go on at once.
        let ahead = capacity.ahead.get(&plan.kind).filter(|_| phase.max_parallel.is_none());
        let records = run.tasks_of(&plan.name).iter();
        for _ in records.filter(|record| matches!(record.state, TaskState::Running { .. })) {
            taken += PLACE / ahead.copied().unwrap_or(1);
            *kinds.entry(&plan.kind).or_default() += 1;
            used = used.checked_add(&plan.takes).unwrap_or_else(Amount::unlimited);
        }
    }
    let most = run.start.limits.concurrency.unwrap_or(u32::MAX).min(capacity.workers);
    let most = match phase.mode {
        Mode::Traditional => most.min(1),
        _ => most.min(phase.max_parallel.unwrap_or(u32::MAX)),
    };
    ensure(taken <= most * PLACE, check, || {
        format!("tasks take {taken}/{PLACE} places where there are {most}")
    })?;
    for (kind, limit) in &run.start.limits.kinds {
        let running = kinds.get(kind.as_str()).copied().unwrap_or(0);
        ensure(running <= *limit, check, || {
            format!("{running} tasks of kind `{kind}` run where {limit} may")
        })?;
    }
    ensure(used.fits(&capacity.budget), check, || {
        format!("the running tasks take {used} of {}", capacity.budget)
    })
}

/// The durable events tell what memory holds.
///
/// Memory knows one thing that no event tells: which pauses were found to be over. So both are
/// asked for a step without any room at the latest time that memory saw, which finds that out and
/// must decide the same on both sides; then nothing may differ.
pub(crate) fn the_journal_tells_what_memory_holds(
    subject: &Subject,
    memory: &Run,
    woken: Timestamp,
) -> Checked {
    let check = "the_journal_tells_what_memory_holds";
    let Some(shadow) = &subject.shadow else {
        return Err(Violation::new(check, format!("`{}` has no durable event", memory.id)));
    };
    ensure(shadow.seq == memory.seq, check, || {
        format!("`{}` is at {} on the disk and at {} in memory", memory.id, shadow.seq, memory.seq)
    })?;
    let nothing = Capacity {
        workers: 0,
        ahead: BTreeMap::new(),
        budget: Amount::default(),
        level: Level::None,
    };
    let (mut one, mut other) = (shadow.clone(), memory.clone());
    let follows = |run: &mut Run| {
        step::step(run, &nothing, woken, Vec::new())
            .map_err(|error| Violation::new("the_history_makes_sense", error.to_string()))
    };
    let (steps, stepped) = (follows(&mut one)?, follows(&mut other)?);
    ensure(steps == stepped && one == other, check, || {
        format!("`{}` at {} differs from what its events tell", memory.id, memory.seq)
    })
}
