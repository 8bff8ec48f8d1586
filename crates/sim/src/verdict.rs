//! The verdict: an execution from its seed to the last check.

use dirigent_core::{canonical, hash::Sha256Hex};
use dirigent_workflow::{RunStatus, task::TaskState};
use serde_json::Value;

use crate::{
    faults::{Counts, Faults},
    mutant::Mutant,
    subject::Subject,
    violation::{Checked, Violation, ensure},
    work::{Extra, Work},
    world::World,
};

/// What an execution was like.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// How many tasks were started.
    pub executions: u64,
    /// How many runs there were.
    pub runs: u64,
    /// How many processes worked on them.
    pub processes: u64,
    /// How long it took for those inside, in nanoseconds.
    pub nanos: u64,
    /// How many durable events the runs have.
    pub events: u64,
    /// How many runs were compared with their calm execution, by status and digest.
    pub compared: u64,
    /// How many effects were asked for again, and how many came too late and were refused.
    pub effects: (u64, u64),
    /// Which faults took effect, and how often.
    pub faults: Counts,
    /// Equal for equal executions.
    pub trace: u64,
    /// What was found, with the last lines of the trace.
    pub violation: Option<(Violation, Vec<String>)>,
}

/// Runs `seed` with all its faults, and with `mutant` planted.
pub fn execute(seed: u64, mutant: Option<Mutant>, print: bool) -> Report {
    let mut world = World::new(seed, Faults::of(seed), mutant, print);
    let mut compared = 0;
    if print {
        world.describe();
    }
    let found = world.run().and_then(|()| judge(&mut world, &mut compared));
    let violation = found.err().map(|violation| (violation, world.trace.last()));
    Report {
        seed,
        executions: world.executions,
        runs: world.subjects.len() as u64,
        processes: world.processes,
        nanos: world.agenda.now(),
        events: world.subjects.iter().map(Subject::known).sum(),
        compared,
        effects: world.ledger.repeated(),
        faults: world.faults.counts().clone(),
        trace: world.trace.hash(),
        violation,
    }
}

/// How a run ends when nothing goes wrong.
struct Calm {
    status: RunStatus,
    digest: Option<Sha256Hex>,
    /// What each entry found.
    found: Vec<(String, Value)>,
}

/// What each entry of a run found, as its digest sees it.
fn found(subject: &Subject) -> Vec<(String, Value)> {
    let of = |entry: &str| {
        let records = subject.shadow.iter().flat_map(|shadow| shadow.tasks_of(entry));
        let mut outputs: Vec<Value> = records.map(|record| record.output().clone()).collect();
        outputs.sort_by_cached_key(canonical::to_string);
        (entry.to_owned(), Value::Array(outputs))
    };
    subject.start.plan.tasks().map(|(_, plan)| of(&plan.name)).collect()
}

fn judge(world: &mut World, compared: &mut u64) -> Checked {
    use dirigent_journal::ReadJournal;
    let whole = world.journal.verify_all();
    whole.map_err(|error| Violation::new("the_chain_is_whole", error.to_string()))?;
    for (run, subject) in world.subjects.iter().enumerate() {
        let events = subject.read(&world.journal)?;
        subject.check_survived(&events)?;
        subject.check_replay(&events)?;
        ensure(subject.has_ended(), "every_run_ends", || subject.describe())?;
        effects_are_complete(world, run, subject)?;
    }
    for (subject, calm) in world.subjects.iter().zip(calm(world.seed)?) {
        *compared += u64::from(the_digest_is_that_of_the_calm_run(subject, &calm)?);
    }
    Ok(())
}

/// Every task that completed, and has an effect, has it; and it is what the task found.
fn effects_are_complete(world: &World, run: usize, subject: &Subject) -> Checked {
    let Some(shadow) = &subject.shadow else { return Ok(()) };
    for (_, plan) in subject.start.plan.tasks() {
        let work: Work = serde_json::from_value(plan.input.clone()).unwrap_or_default();
        let is_one = plan.count.is_none() && plan.on.is_none();
        for (number, record) in shadow.tasks_of(&plan.name).iter().enumerate() {
            if !work.has.contains(&Extra::Effect) || record.state != TaskState::Completed {
                continue;
            }
            let name = if is_one { plan.name.clone() } else { format!("{}/{number}", plan.name) };
            let found = subject.found(&name).and_then(|found| found.get("find")?.as_u64());
            let content = world.ledger.content(run, &name);
            let agrees = found.is_none_or(|found| content == Some(&format!("{found:016x}")));
            ensure(content.is_some() && agrees, "effects_happen_once", || {
                format!("`{name}` of run {run} found {found:?}, and outside there is {content:?}")
            })?;
        }
    }
    Ok(())
}

/// The same runs without any fault.
fn calm(seed: u64) -> Result<Vec<Calm>, Violation> {
    let mut world = World::new(seed, Faults::none(), None, false);
    world.run().map_err(|found| {
        Violation::new(found.check, format!("without faults: {}", found.message))
    })?;
    let of = |subject: &Subject| {
        let shadow = subject.shadow.as_ref();
        let status = shadow.map_or(RunStatus::Running, |shadow| shadow.status);
        let digest = shadow.and_then(|shadow| shadow.digest.clone());
        Calm { status, digest, found: found(subject) }
    };
    Ok(world.subjects.iter().map(of).collect())
}

/// Whatever way a run took, it ends as if nothing had gone wrong. Gives whether that could be
/// compared: a run that was cancelled, ran out of time, left something out or had fewer tries than
/// it needed may end otherwise, unless it ended completely.
fn the_digest_is_that_of_the_calm_run(subject: &Subject, calm: &Calm) -> Result<bool, Violation> {
    let Some(shadow) = &subject.shadow else { return Ok(false) };
    let are_complete = shadow.status == RunStatus::Completed && calm.status == RunStatus::Completed;
    if subject.order.unsteady || calm.status == RunStatus::Timeout {
        return Ok(false);
    }
    if subject.disturbed && !are_complete {
        return Ok(false);
    }
    let same = shadow.status == calm.status && shadow.digest == calm.digest;
    ensure(same, "the_digest_is_that_of_the_calm_run", || {
        let here = found(subject);
        let differ = here.iter().zip(&calm.found).find(|(here, calm)| here != calm);
        format!(
            "`{}` ended {}, and calmly {}; what differs first is {}",
            subject.order.id,
            shadow.status.as_str(),
            calm.status.as_str(),
            differ.map_or_else(
                || "nothing that was found".into(),
                |(here, calm)| format!("`{}`: {} where {} was right", here.0, here.1, calm.1)
            ),
        )
    })?;
    Ok(true)
}
