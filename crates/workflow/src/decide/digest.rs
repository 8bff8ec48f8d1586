//! The digest: what a run found, in 64 characters, whatever way it took.

use dirigent_core::{canonical::Hashing, hash::Sha256Hex};
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
    let lost = |record: &&TaskRecord| record.state != TaskState::Completed;
    let missing: Map<String, Value> = tasks()
        .map(|task| (task.name.clone(), run.tasks_of(&task.name).iter().filter(lost).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| (name, json!(count)))
        .collect();
    let artifacts = tasks().flat_map(|task| artifacts(run, task));
    document(artifacts, missing, &|parts| {
        let entries = tasks().map(|task| (task.name.as_str(), task)).collect();
        parts.object(entries, |parts, task| output(parts, run, task));
    })
}

/// The digest of a run whose tasks all deliver: `outputs`, by name, and `artifacts`.
pub fn digest_of<'a>(
    outputs: &Value,
    artifacts: impl Iterator<Item = &'a ArtifactRef>,
) -> Sha256Hex {
    document(artifacts, Map::new(), &|parts| parts.value(outputs))
}

/// A key of the document and who tells its value.
type Part<'a> = (&'a str, &'a dyn Fn(&mut Hashing));

fn document<'a>(
    artifacts: impl Iterator<Item = &'a ArtifactRef>,
    missing: Map<String, Value>,
    outputs: &dyn Fn(&mut Hashing),
) -> Sha256Hex {
    let mut hashes = Map::new();
    for artifact in artifacts.filter(|artifact| artifact.in_digest) {
        let mut name = artifact.name.clone();
        // Tasks of different phases may call their files the same.
        while hashes.contains_key(&name) {
            name.push('\'');
        }
        hashes.insert(name, json!(artifact.sha256));
    }
    let hashes = Value::Object(hashes);
    let nothing_missing = missing.is_empty();
    let missing = Value::Object(missing);
    let files = |parts: &mut Hashing| parts.value(&hashes);
    let lost = |parts: &mut Hashing| parts.value(&missing);
    let mut document: Vec<Part<'_>> = vec![("artifacts", &files), ("outputs", outputs)];
    if !nothing_missing {
        document.push(("missing", &lost));
    }
    let mut parts = Hashing::default();
    parts.object(document, |parts, tell| tell(parts));
    parts.finish()
}

/// Tells what `task` delivered: the same as `output_of`, one task at a time.
fn output(parts: &mut Hashing, run: &Run, task: &TaskPlan) {
    if task.count.is_some() && task.on.is_none() {
        return parts.array(run.tasks_of(&task.name), |parts, record| parts.value(record.output()));
    }
    parts.value(&output_of(run, task));
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
