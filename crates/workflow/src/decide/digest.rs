//! The digest: what a run found, in 64 characters, whatever way it took.

use dirigent_core::{canonical, hash::Sha256Hex};
use serde_json::{Map, Value, json};

use crate::{
    artifact::ArtifactRef,
    plan::TaskPlan,
    run::{Run, TaskRecord, output_of},
    task::TaskState,
};

/// SHA-256 over outputs and artifact hashes: no ids, times, host or worker facts.
pub fn digest(run: &Run) -> Sha256Hex {
    let tasks = || run.start.plan.tasks().map(|(_, task)| task);
    let outputs = tasks().map(|task| (task.name.clone(), output_of(run, task))).collect();
    let mut document = document(outputs, tasks().flat_map(|task| artifacts(run, task)));
    let lost = |record: &&TaskRecord| record.state != TaskState::Completed;
    let missing: Map<String, Value> = tasks()
        .map(|task| (task.name.clone(), run.tasks_of(&task.name).iter().filter(lost).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| (name, json!(count)))
        .collect();
    if !missing.is_empty() {
        document["missing"] = Value::Object(missing);
    }
    canonical::digest(&document)
}

/// The digest of a run whose tasks all deliver: `outputs`, by name, and `artifacts`.
pub fn digest_of<'a>(
    outputs: Map<String, Value>,
    artifacts: impl Iterator<Item = &'a ArtifactRef>,
) -> Sha256Hex {
    canonical::digest(&document(outputs, artifacts))
}

fn document<'a>(
    outputs: Map<String, Value>,
    artifacts: impl Iterator<Item = &'a ArtifactRef>,
) -> Value {
    let mut hashes = Map::new();
    for artifact in artifacts.filter(|artifact| artifact.in_digest) {
        let mut name = artifact.name.clone();
        // Tasks of different phases may call their files the same.
        while hashes.contains_key(&name) {
            name.push('\'');
        }
        hashes.insert(name, json!(artifact.sha256));
    }
    json!({"outputs": outputs, "artifacts": hashes})
}

/// The files of a task, in an order that no event decides.
fn artifacts<'r>(run: &'r Run, task: &TaskPlan) -> Vec<&'r ArtifactRef> {
    let records = run.tasks_of(&task.name).iter();
    let mut all: Vec<&ArtifactRef> = records.flat_map(TaskRecord::artifacts).collect();
    if task.on.is_some() {
        all.sort_by_key(|artifact| (&artifact.name, &artifact.sha256));
    }
    all
}
