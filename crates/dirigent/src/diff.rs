//! What differs between two runs: configuration, data and results, leaf by leaf.

use std::collections::BTreeMap;

use dirigent_workflow::Run;
use serde::Serialize;
use serde_json::Value;

use crate::{
    home::Home,
    summary::{output, result},
};

/// A value that is not the same in both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Path of the value.
    pub path: String,
    /// What it was; null if it was absent.
    pub before: Value,
    /// What it is; null if it is absent.
    pub after: Value,
}

/// Everything that differs between two runs.
#[derive(Clone, Debug, Serialize)]
pub struct Diff {
    /// Whether the digests are equal.
    pub same_digest: bool,
    /// Settings, defaults included.
    pub config: Vec<Difference>,
    /// Data files, by content.
    pub data: Vec<Difference>,
    /// Results.
    pub results: Vec<Difference>,
}

impl Diff {
    /// What differs from `before` to `after`.
    pub fn between(before: &Run, after: &Run, home: &Home) -> Self {
        let of = |task: &str| {
            leaves_that_differ(&output(before, task, home), &output(after, task, home))
        };
        Self {
            same_digest: before.digest.is_some() && before.digest == after.digest,
            config: leaves_that_differ(&before.start.config, &after.start.config),
            data: of("load_data"),
            results: leaves_that_differ(&result(before, home), &result(after, home)),
        }
    }

    /// Whether the runs are the same in every respect that is compared.
    pub fn is_empty(&self) -> bool {
        self.config.is_empty() && self.data.is_empty() && self.results.is_empty()
    }
}

/// One line for each task output or file that differs.
pub fn outputs(first: &Run, second: &Run) -> Vec<String> {
    let mut lines = Vec::new();
    let plan = &first.start.plan;
    for (name, task) in first.tasks().map(|(id, task)| (id.name(plan), task)) {
        let Some(other) = second.task(&name) else { continue };
        let (one, two) = (task.output(), other.output());
        for difference in leaves_that_differ(one, two) {
            let Difference { path, before, after } = difference;
            lines.push(format!("{name}.{path}: {before} → {after}"));
        }
    }
    let files: BTreeMap<_, _> = second.artifacts().map(|file| (&file.name, file)).collect();
    for file in first.artifacts().filter(|file| file.in_digest) {
        if files.get(&file.name).is_some_and(|other| other.sha256 != file.sha256) {
            lines.push(format!("{} has other content", file.name));
        }
    }
    lines
}

fn leaves_that_differ(before: &Value, after: &Value) -> Vec<Difference> {
    let (mut one, mut two) = (BTreeMap::new(), BTreeMap::new());
    flatten(String::new(), before, &mut one);
    flatten(String::new(), after, &mut two);
    let mut paths: Vec<&String> = one.keys().chain(two.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
        .into_iter()
        .filter(|path| one.get(*path) != two.get(*path))
        .map(|path| Difference {
            path: path.clone(),
            before: one.get(path).copied().cloned().unwrap_or_default(),
            after: two.get(path).copied().cloned().unwrap_or_default(),
        })
        .collect()
}

fn flatten<'a>(path: String, value: &'a Value, leaves: &mut BTreeMap<String, &'a Value>) {
    let below = |key: &str| {
        if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
    };
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(key, item)| flatten(below(key), item, leaves));
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                flatten(below(&index.to_string()), item, leaves);
            }
        }
        leaf => {
            leaves.insert(path, leaf);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn leaves_are_compared_by_path() {
        let found = leaves_that_differ(
            &json!({"a": {"b": 1, "c": [1, 2]}, "gone": true}),
            &json!({"a": {"b": 2, "c": [1]}, "new": null}),
        );
        let paths: Vec<&str> = found.iter().map(|d| d.path.as_str()).collect();
        assert_eq!(paths, ["a.b", "a.c.1", "gone", "new"]);
    }
}
