//! Work: what a task of the simulation does.
//!
//! Promises: what an attempt finds is a function of the task's place in the seeds, what it needs,
//! and how often it has failed; never of the time, the attempt or the process. So a run has one
//! right digest, whatever happens to it.

use std::collections::BTreeSet;

use dirigent_core::{Seed, canonical, hash::Sha256Hex};
use dirigent_workflow::{
    Run,
    artifact::ArtifactRef,
    container,
    event::Failure,
    instances::TaskId,
    plan::TaskPlan,
    retry::ErrorClass,
    step::{Delivery, Outcome},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::trace;

/// How a task behaves, as its input says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Work {
    /// How it goes.
    pub(crate) does: Does,
    /// How long it takes at most.
    pub(crate) ms: u64,
    /// What else there is to it.
    #[serde(default)]
    pub(crate) has: BTreeSet<Extra>,
    /// Bytes in what it finds, beside the find.
    #[serde(default)]
    pub(crate) padding: usize,
    /// The events that it publishes.
    #[serde(default)]
    pub(crate) publishes: Vec<String>,
}

/// What a task may do besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Extra {
    /// It finds nothing to tell, so that tasks of many share a record.
    Silent,
    /// It changes something outside.
    Effect,
    /// It keeps a state halfway.
    Checkpoint,
    /// It makes a file.
    Artifact,
}

/// How the attempts of a task go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Does {
    /// It delivers.
    #[default]
    Deliver,
    /// It fails this often, then delivers.
    Fail(u32),
    /// It panics this often, then delivers.
    Panic(u32),
    /// It hangs until it is stopped this often, then delivers.
    Hang(u32),
    /// It fails in a way that trying again does not help.
    Hopeless,
    /// One of its instances in so many fails for good.
    Some(u32),
}

/// What an attempt will have done.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// How it ends; nothing if it hangs until it is stopped.
    pub(crate) outcome: Option<Outcome>,
    /// After how long.
    pub(crate) nanos: u64,
    /// What it keeps halfway.
    pub(crate) checkpoint: Option<Value>,
    /// What it changes outside.
    pub(crate) effect: Option<String>,
}

/// What the next attempt of `task` does. `salt` is nothing but in a planted defect.
pub(crate) fn attempt(run: &Run, task: TaskId, plan: &TaskPlan, salt: u32) -> Attempt {
    let work: Work = serde_json::from_value(plan.input.clone()).unwrap_or_default();
    let seed = seed(run, task, plan);
    let failures = run.record(task).map_or(0, |record| record.failures);
    let find = find(run, task, plan, seed, salt);
    let nanos = 1 + find % (work.ms.max(1) * 1_000_000);
    let container = container::path(run, task);
    let saved = run.record(task).and_then(|record| record.checkpoint());
    // Who begins halfway has half as much to do.
    let nanos = if saved.is_some() { nanos / 2 + 1 } else { nanos };
    let keeps = work.has.contains(&Extra::Checkpoint) && plan.container.is_some();
    Attempt {
        outcome: outcome(&work, &task.name(&run.start.plan), find, failures),
        nanos,
        checkpoint: keeps.then(|| json!({"container": container, "half": find})),
        effect: work.has.contains(&Extra::Effect).then(|| format!("{find:016x}")),
    }
}

/// Where the task stands in the tree of seeds: the same whatever came before it.
fn seed(run: &Run, task: TaskId, plan: &TaskPlan) -> Seed {
    let own = Seed::master(run.start.seed).child("container").child(&container::path(run, task));
    let is_triggered = plan.on.is_some();
    let name = if is_triggered { plan.name.clone() } else { task.name(&run.start.plan) };
    own.child(&name)
}

/// What a task finds: mixed from its seed, its needs, the inputs of its phase and its event.
fn find(run: &Run, task: TaskId, plan: &TaskPlan, seed: Seed, salt: u32) -> u64 {
    let mut hash = seed.stream().next_u64() ^ u64::from(salt);
    for need in &plan.needs {
        for record in run.tasks_of(need) {
            hash = trace::mixed(hash, canonical::to_string(record.output()).as_bytes());
        }
    }
    if let Some(phase) = run.phases.last() {
        let inputs = Value::Object(phase.inputs.clone());
        hash = trace::mixed(hash, canonical::to_string(&inputs).as_bytes());
    }
    if let Some(cause) = run.record(task).and_then(|record| record.cause()) {
        // Of an event of the engine only what does not depend on the attempt.
        let said = cause.payload.get("output").unwrap_or(&Value::Null);
        let said = if cause.payload.get("attempt").is_some() { said } else { &cause.payload };
        hash = trace::mixed(hash, canonical::to_string(said).as_bytes());
    }
    hash
}

fn outcome(work: &Work, name: &str, find: u64, failures: u32) -> Option<Outcome> {
    let fails = |code: &str, class| {
        let message = format!("task `{name}` failed as it was told");
        Some(Outcome::Failed(Failure { code: code.into(), message, hint: None }, class))
    };
    match work.does {
        Does::Fail(times) if failures < times => fails("told_to_fail", ErrorClass::Transient),
        Does::Panic(times) if failures < times => fails("panic", ErrorClass::Transient),
        Does::Hopeless => fails("hopeless", ErrorClass::Permanent),
        Does::Some(of) if find.is_multiple_of(of.into()) => fails("unlucky", ErrorClass::Permanent),
        Does::Hang(times) if failures < times => None,
        _ => Some(Outcome::Delivered(Box::new(delivery(work, find)))),
    }
}

fn delivery(work: &Work, find: u64) -> Delivery {
    let events = (0_u64..).zip(&work.publishes);
    let events: Vec<(String, Value)> =
        events.map(|(index, event)| (event.clone(), json!({"find": find ^ index}))).collect();
    if work.has.contains(&Extra::Silent) {
        return Delivery { events, ..Delivery::default() };
    }
    let mut output = json!({ "find": find });
    if work.padding > 0 {
        output["padding"] = Value::String("x".repeat(work.padding));
    }
    let artifact = |content: String| ArtifactRef {
        name: "found.txt".into(),
        sha256: Sha256Hex::of(content.as_bytes()),
        bytes: content.len() as u64,
        in_digest: true,
    };
    let artifacts = if work.has.contains(&Extra::Artifact) {
        vec![artifact(find.to_string())]
    } else {
        Vec::new()
    };
    let warnings = if find.is_multiple_of(7) { vec!["sevens".to_owned()] } else { Vec::new() };
    Delivery { output, artifacts, warnings, facts: Vec::new(), events }
}
