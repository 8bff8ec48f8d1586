//! Layers over a file: assignments of the command line and environment variables.
//!
//! Promises: an index may name an entry that is there or the one behind the last; a map is never
//! silently replaced by a deeper key, nor text walked into.

use super::{
    parse,
    problem::Problem,
    source::{Environment, Place, Span},
    tree::{Content, DEPTH_MAX, Entry, Node},
};

/// Variables that start with this name a key: `DIRIGENT__DATA__PATH` is `data.path`.
pub(super) const PREFIX: &str = "DIRIGENT__";

type Failure = Box<Problem>;

/// One name of a key path, and where it was written.
struct Step<'a> {
    name: &'a str,
    span: Span,
}

/// The variables of `environment` that name a key, with the key; those with the prefix last, as
/// they are more exact.
pub(super) fn variables(
    environment: &Environment,
    names: &[(&str, &str)],
) -> Vec<(String, String)> {
    let named = names.iter().filter(|(name, _)| environment.contains_key(*name));
    let named = named.map(|(name, key)| ((*name).to_owned(), (*key).to_owned()));
    let nested = environment.keys().filter_map(|name| {
        let key = name.strip_prefix(PREFIX)?;
        Some((name.clone(), key.to_lowercase().replace("__", ".")))
    });
    named.chain(nested).collect()
}

/// Puts the value of the environment variable `name` at `key`.
pub(super) fn variable(
    root: &mut Node,
    source: u32,
    name: &str,
    key: &str,
    value: &str,
) -> Result<(), Failure> {
    let span = Span::at(source, Place::new(1, 1));
    let steps: Vec<_> = key.split('.').map(|name| Step { name, span }).collect();
    let wrong = |message: String| {
        let problem = Problem::error(span, key, message);
        Box::new(problem.hint(format!("correct or unset the variable `{name}`")))
    };
    let value = parse_value(source, value, 0)
        .map_err(|_| wrong(format!("the value of `{name}` is not YAML")))?;
    put(root, &steps, value).map_err(|problem| wrong(problem.message))
}

/// Carries out `key.path=value`.
pub(super) fn assignment(root: &mut Node, source: u32, text: &str) -> Result<(), Failure> {
    let Some((key, value)) = text.split_once('=') else {
        let problem = Problem::error(across(source, 0, text), "", "this is no assignment");
        return Err(Box::new(problem.hint("write `--set key.path=value`")));
    };
    let mut column = 0;
    let mut steps = Vec::new();
    for name in key.split('.') {
        steps.push(Step { name, span: across(source, column, name) });
        column += name.chars().count() + 1;
    }
    let value = parse_value(source, value, column)?;
    put(root, &steps, value)
}

/// The span of `text` that starts behind `before` characters.
fn across(source: u32, before: usize, text: &str) -> Span {
    let column = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
    let end = column(before + text.chars().count().max(1));
    Span { source, start: Place::new(1, column(before)), end: Place::new(1, end) }
}

/// YAML if it starts like a list, a map or quoted text; else one plain scalar as it stands.
fn parse_value(source: u32, value: &str, before: usize) -> Result<Node, Failure> {
    if !value.trim_start().starts_with(['[', '{', '"', '\'']) {
        return Ok(Node::scalar(across(source, before, value), value.trim(), true));
    }
    let shift = |problem: Problem| {
        let hint = "quote the whole assignment for the shell: --set 'key=[1, 2]'";
        let message = problem.message.replace("this is not YAML", "the value is not YAML");
        let span = problem.span.map(|span| shifted(span, before));
        Box::new(Problem { span, message, ..problem }.hint(hint))
    };
    match parse::parse(source, value) {
        Ok((mut node, problems)) => match problems.into_iter().next() {
            Some(problem) => Err(shift(problem)),
            None => {
                shift_tree(&mut node, before);
                Ok(node)
            }
        },
        Err(problems) => {
            let first = problems.into_iter().next_back();
            Err(first.map_or_else(
                || Box::new(Problem::error(across(source, before, value), "", "no value")),
                shift,
            ))
        }
    }
}

/// Places in the value count from the start of the assignment.
fn shifted(span: Span, before: usize) -> Span {
    let before = u32::try_from(before).unwrap_or(0);
    let moved = |place: Place| match place.line {
        1 => Place::new(1, place.column.saturating_add(before)),
        _ => place,
    };
    Span { start: moved(span.start), end: moved(span.end), ..span }
}

fn shift_tree(node: &mut Node, before: usize) {
    node.span = shifted(node.span, before);
    match &mut node.content {
        Content::Scalar(_) => {}
        Content::List(items) => items.iter_mut().for_each(|item| shift_tree(item, before)),
        Content::Map(map) => {
            for entry in map.values_mut() {
                entry.key_span = shifted(entry.key_span, before);
                shift_tree(&mut entry.value, before);
            }
        }
    }
}

/// Walks along `steps`, makes the maps that are missing, and puts `value` at the end.
fn put(root: &mut Node, steps: &[Step<'_>], value: Node) -> Result<(), Failure> {
    let path = || steps.iter().map(|step| step.name).collect::<Vec<_>>().join(".");
    if let Some(step) = steps.iter().find(|step| step.name.is_empty()) {
        let problem = Problem::error(step.span, path(), "a name in the key is empty");
        return Err(Box::new(problem.hint("write `--set key.path=value`")));
    }
    if steps.len() > DEPTH_MAX {
        let problem = Problem::error(steps[DEPTH_MAX].span, "", "the key is nested too deep");
        return Err(Box::new(problem.hint("no key of a workflow is that deep")));
    }
    let mut at = root;
    for step in steps {
        at.anchor = 0;
        at = child(at, step, &path)?;
    }
    *at = value;
    Ok(())
}

/// The place of `step` below `node`, made if it is missing.
fn child<'n>(
    node: &'n mut Node,
    step: &Step<'_>,
    path: &dyn Fn() -> String,
) -> Result<&'n mut Node, Failure> {
    if node.is_null() {
        *node = Node::empty_map(step.span);
    }
    let described = node.describe();
    match &mut node.content {
        Content::Map(map) => {
            let absent = || Node::scalar(step.span, "", true);
            let entry = map.entry(step.name.to_owned()).or_insert_with(|| Entry {
                key_span: step.span,
                is_plain_key: true,
                value: absent(),
            });
            Ok(&mut entry.value)
        }
        Content::List(items) => {
            let count = items.len();
            let index = step.name.parse().ok().filter(|&index: &usize| index <= count);
            let Some(index) = index else {
                let message = format!("`{}` is no entry of a list of {count}", step.name);
                let problem = Problem::error(step.span, path(), message);
                return Err(Box::new(problem.hint("count entries from 0")));
            };
            if index == count {
                items.push(Node::scalar(step.span, "", true));
            }
            Ok(&mut items[index])
        }
        Content::Scalar(_) => {
            let message = format!("`{}` cannot be set inside {described}", step.name);
            let problem = Problem::error(step.span, path(), message);
            Err(Box::new(problem.hint("set the key above it instead")))
        }
    }
}
