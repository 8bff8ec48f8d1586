//! The graph of `tasks`, of the file and of each phase: each name once, each need there, no cycle,
//! each kind known and content with its `with`.
//!
//! Promises: time linear in the number of needs, and no deep recursion.

use std::collections::BTreeMap;

use dirigent_workflow::file::{Problem, Resolved, Span, problem::PROBLEMS_SHOWN_MAX, suggest};
use serde_json::json;

use crate::config::{Vocabulary, WrongTask};

/// The most names of a cycle that are shown.
const CYCLE_SHOWN_MAX: usize = 10;

/// One task: its name, and where each task it needs is named.
struct Task<'r> {
    name: &'r str,
    needs: Vec<(usize, Span)>,
}

pub(super) fn check(root: &Resolved, problems: &mut Vec<Problem>, vocabulary: &dyn Vocabulary) {
    let phases = 0..root.list("workflow.phases").len();
    let phases = phases.map(|phase| format!("workflow.phases.{phase}.tasks"));
    for list in std::iter::once("tasks".to_owned()).chain(phases) {
        graph(root, &list, problems);
        kinds(root, &list, problems, vocabulary);
    }
}

/// Each name once, each need there, no cycle.
fn graph(root: &Resolved, list: &str, problems: &mut Vec<Problem>) {
    let count = root.list(list).len();
    let mut places = BTreeMap::new();
    for index in 0..count {
        let path = format!("{list}.{index}.name");
        let Some(name) = root.text(&path) else { continue };
        let mut wrong = |message: String, hint: &str| {
            problems.push(Problem::error(root.place(&path), path.as_str(), message).hint(hint));
        };
        if name.contains('/') {
            let message = format!("the task name `{}` contains `/`", short(name));
            wrong(message, "`/` separates a task from its instances; use `-` or `_`");
        }
        if places.insert(name, index).is_some() {
            let message = format!("task `{}` is named twice", short(name));
            wrong(message, "give each task a name of its own");
        }
    }
    let mut tasks = Vec::new();
    for index in 0..count {
        let name = root.text(&format!("{list}.{index}.name")).unwrap_or_default();
        tasks.push(Task { name, needs: needs(root, list, index, &places, problems) });
    }
    if let Some(cycle) = cycle(&tasks) {
        problems.push(describe(&tasks, list, &cycle));
    }
}

/// Each kind is registered and takes what it is told.
fn kinds(root: &Resolved, list: &str, problems: &mut Vec<Problem>, vocabulary: &dyn Vocabulary) {
    for index in 0..root.list(list).len() {
        if problems.len() >= PROBLEMS_SHOWN_MAX {
            return;
        }
        let task = format!("{list}.{index}");
        let Some(kind) = root.text(&format!("{task}.kind")) else { continue };
        let with = root.get(&format!("{task}.with")).map_or_else(|| json!({}), Resolved::to_json);
        if let Some(WrongTask { key, message, hint }) = vocabulary.wrong_task(kind, &with) {
            let path = format!("{task}.{key}");
            problems.push(Problem::error(root.place(&path), path, message).hint(hint));
        }
    }
}

fn short(name: &str) -> String {
    name.chars().take(60).collect()
}

/// The tasks that the task `index` needs; those that are not there are problems.
fn needs(
    root: &Resolved,
    list: &str,
    index: usize,
    places: &BTreeMap<&str, usize>,
    problems: &mut Vec<Problem>,
) -> Vec<(usize, Span)> {
    let list = format!("{list}.{index}.needs");
    let mut found = Vec::new();
    for (position, need) in root.list(&list).iter().enumerate() {
        let path = format!("{list}.{position}");
        let Some(name) = root.text(&path) else { continue };
        if let Some(&place) = places.get(name) {
            found.push((place, need.span));
            continue;
        }
        // Comparing names is slow for those that nobody will see.
        let is_shown = problems.len() < PROBLEMS_SHOWN_MAX;
        let meant = is_shown.then(|| suggest(name, places.keys().copied())).flatten();
        let hint = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if path.starts_with("tasks") => "name another task of this file".to_owned(),
            None => "name another task of the phase; what earlier phases deliver is named in the \
                     phase's `inputs`"
                .to_owned(),
        };
        let message = format!("there is no task `{}`", short(name));
        problems.push(Problem::error(need.span, path, message).hint(hint));
    }
    found
}

/// Tasks that need each other in a circle, in order; found by a depth-first walk.
fn cycle(tasks: &[Task<'_>]) -> Option<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; tasks.len()];
    for start in 0..tasks.len() {
        // Each step of the path: the task, and how many of its needs were followed.
        let mut path: Vec<(usize, usize)> = Vec::new();
        if marks[start] == Mark::New {
            marks[start] = Mark::Open;
            path.push((start, 0));
        }
        while let Some((task, followed)) = path.last_mut() {
            let Some(&(next, _)) = tasks[*task].needs.get(*followed) else {
                marks[*task] = Mark::Done;
                path.pop();
                continue;
            };
            *followed += 1;
            match marks[next] {
                Mark::Done => {}
                Mark::New => {
                    marks[next] = Mark::Open;
                    path.push((next, 0));
                }
                Mark::Open => {
                    let from = path.iter().position(|&(task, _)| task == next)?;
                    return Some(path[from..].iter().map(|&(task, _)| task).collect());
                }
            }
        }
    }
    None
}

fn describe(tasks: &[Task<'_>], list: &str, cycle: &[usize]) -> Problem {
    let first = cycle[0];
    let second = cycle.get(1).copied().unwrap_or(first);
    let span = tasks[first].needs.iter().find(|(task, _)| *task == second);
    let name = |&task: &usize| format!("`{}`", short(tasks[task].name));
    let mut names: Vec<_> = cycle.iter().take(CYCLE_SHOWN_MAX).map(name).collect();
    if cycle.len() > CYCLE_SHOWN_MAX {
        names.push(format!("… {} more", cycle.len() - CYCLE_SHOWN_MAX));
    }
    names.push(name(&first));
    let message = format!("tasks need each other: {}", names.join(" → "));
    let span = span.map(|(_, span)| *span).unwrap_or_default();
    Problem::error(span, format!("{list}.{first}.needs"), message).hint("remove one of these needs")
}
