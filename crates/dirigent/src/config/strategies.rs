//! Checks a strategy of the file against the strategies that are registered.

use dirigent_workflow::file::{
    Problem, Resolved,
    resolved::Checked,
    spec::{Range, quoted},
    suggest,
};
use serde_json::Value;

use super::{vocabulary::Vocabulary, workflow::Strategy};

/// The strategy that is written in the file itself.
pub const RULES: &str = "rules";

impl Strategy {
    /// The strategy of this type with its defaults, on all symbols.
    pub(crate) fn of_kind(kind: String) -> Self {
        Self {
            kind,
            params: serde_json::Map::new(),
            terms: indexmap::IndexMap::new(),
            entry: None,
            exit: None,
            short_entry: None,
            short_exit: None,
            symbols: None,
        }
    }
}

/// One parameter of a strategy.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The values it takes.
    pub kind: ParameterKind,
}

/// The values a parameter takes.
#[derive(Clone, Debug)]
pub enum ParameterKind {
    /// A whole number from `min` to `max`.
    Whole {
        /// The smallest that is allowed.
        min: i64,
        /// The largest that is allowed.
        max: i64,
    },
    /// A number in a range.
    Number(Range),
    /// `true` or `false`.
    Flag,
    /// One of these names.
    Choice(Vec<String>),
}

impl ParameterKind {
    fn takes(&self, value: &Value) -> bool {
        match self {
            Self::Whole { min, max } => value.as_i64().is_some_and(|x| (*min..=*max).contains(&x)),
            Self::Number(range) => value.as_f64().is_some_and(|x| range.contains(x)),
            Self::Flag => value.is_boolean(),
            Self::Choice(names) => value.as_str().is_some_and(|x| names.iter().any(|n| n == x)),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Whole { min, max: i64::MAX } => format!("a whole number from {min}"),
            Self::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Self::Number(range) => format!("a number {}", range.describe()),
            Self::Flag => "`true` or `false`".to_owned(),
            Self::Choice(names) => format!("one of {}", quoted(names.iter().map(String::as_str))),
        }
    }
}

/// What is wrong with the strategy at `path` of `root`.
pub(super) fn check(
    problems: &mut Vec<Problem>,
    root: &Resolved,
    path: &str,
    vocabulary: &dyn Vocabulary,
) {
    let below = |key: &str| format!("{path}.{key}");
    let Some(kind) = root.text(&below("type")) else { return };
    if kind == RULES {
        rules(problems, root, path);
        return;
    }
    let Some(parameters) = vocabulary.parameters(kind) else {
        problems.push(unknown(root, &below("type"), kind, vocabulary));
        return;
    };
    for key in ["let", "entry", "exit", "short_entry", "short_exit"] {
        let is_empty = key == "let" && root.entries(&below(key)).next().is_none();
        if root.is_written(&below(key)) && !is_empty {
            let message = format!("`{}` belongs to `type: rules`, not to `{kind}`", below(key));
            let problem = Problem::error(root.place(&below(key)), below(key), message);
            problems.push(problem.hint("remove it, or write `type: rules`"));
        }
    }
    for (name, value) in root.entries(&below("params")) {
        let path = below(&format!("params.{name}"));
        if let Some(problem) = parameter(&parameters, kind, name, value, &path) {
            problems.push(problem);
        }
    }
}

fn unknown(root: &Resolved, path: &str, kind: &str, vocabulary: &dyn Vocabulary) -> Problem {
    let names = vocabulary.strategies();
    let known = || names.iter().map(String::as_str).filter(|&n| n != RULES).chain([RULES]);
    let meant = suggest(kind, known());
    let meant = meant.map_or_else(String::new, |name| format!("did you mean `{name}`? "));
    let shown: String = kind.chars().take(60).collect();
    let problem = Problem::error(root.place(path), path, format!("unknown strategy `{shown}`"));
    problem.hint(format!("{meant}registered: {}", quoted(known())))
}

fn parameter(
    parameters: &[Parameter],
    kind: &str,
    name: &str,
    value: &Resolved,
    path: &str,
) -> Option<Problem> {
    let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) else {
        let known = || parameters.iter().map(|parameter| parameter.name.as_str());
        let hint = match suggest(name, known()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if parameters.is_empty() => "it has none".to_owned(),
            None => format!("it has {}", quoted(known())),
        };
        let message = format!("strategy `{kind}` has no parameter `{name}`");
        return Some(Problem::error(value.span, path, message).hint(hint));
    };
    let Checked::Leaf(json) = &value.value else { return None };
    if parameter.kind.takes(json) {
        return None;
    }
    let message = format!("parameter `{name}` of `{kind}` cannot be `{json}`");
    Some(
        Problem::error(value.span, path, message)
            .hint(format!("give {}", parameter.kind.describe())),
    )
}

/// What the rules need, without reading the expressions themselves.
fn rules(problems: &mut Vec<Problem>, root: &Resolved, path: &str) {
    let below = |key: &str| format!("{path}.{key}");
    let has = |key: &str| root.get(&below(key)).is_some();
    if !has("entry") && !has("short_entry") {
        let path = below("entry");
        let problem = Problem::error(
            root.place(&path),
            path.as_str(),
            format!("Required field '{path}' missing"),
        );
        problems.push(problem.hint("say when to buy, as `entry: close > sma(close, 20)`"));
    }
    if has("short_exit") && !has("short_entry") {
        let path = below("short_exit");
        let problem = Problem::error(
            root.place(&path),
            path.as_str(),
            format!("`{path}` closes what nothing opens"),
        );
        problems.push(problem.hint("add `short_entry`, or remove it"));
    }
    for (name, value) in root.entries(&below("params")) {
        if !is_name(name) || !matches!(&value.value, Checked::Leaf(v) if v.is_number()) {
            let path = below(&format!("params.{name}"));
            let message = format!("parameter `{name}` must be a number with a plain name");
            let hint = "write `name: 10`; rules use it as `$name`";
            problems.push(Problem::error(value.span, path, message).hint(hint));
        }
    }
    for (name, value) in root.entries(&below("let")) {
        if !is_name(name) {
            let path = below(&format!("let.{name}"));
            let message = format!("`{name}` cannot be the name of a term");
            let hint = "use letters, digits and `_`, starting with a letter";
            problems.push(Problem::error(value.span, path, message).hint(hint));
        }
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
