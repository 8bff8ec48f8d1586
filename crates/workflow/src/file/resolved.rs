//! A checked document: every value with the place it came from, defaults filled in.
//!
//! Invariant: no printed form shows a secret; only [`Resolved::reveal`] does, for the typed form.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};

use super::source::{SourceKind, Sources, Span};

/// What stands in the place of a secret that was written out.
pub const REDACTED: &str = "***";

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody wrote it.
    Default,
    /// It was written here.
    Written(Span),
}

/// A checked value.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// What it is.
    pub value: Checked,
    /// Where it came from.
    pub origin: Origin,
    /// Where it is shown from: its key, or the value itself.
    pub span: Span,
}

/// What a checked value is.
#[derive(Clone, Debug)]
pub enum Checked {
    /// Text, a number or a flag; lists and maps passed on as they are.
    Leaf(Value),
    /// A secret, as it was written.
    Secret(String),
    /// A list.
    List(Vec<Resolved>),
    /// A section or a map of names.
    Map(IndexMap<String, Resolved>),
    /// It was refused; a problem says why.
    Broken,
}

/// One line of `--explain-config`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// The key, as `data.symbols.0`.
    pub key: String,
    /// The value, as YAML would show it; a secret is `***` or its `${NAME}`.
    pub value: String,
    /// `default`, `file.yaml:3:5`, `environment NAME` or `--set a.b=c`.
    pub origin: String,
    /// Which layer it is of.
    pub layer: Layer,
}

/// The layers of configuration, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Built in.
    Default,
    /// The workflow file.
    File,
    /// An environment variable.
    Environment,
    /// The command line.
    CommandLine,
}

impl Resolved {
    /// The value at `path`, as `data.symbols.0`; `None` if absent or broken.
    pub fn get(&self, path: &str) -> Option<&Resolved> {
        let found = path.split('.').try_fold(self, |at, name| match &at.value {
            Checked::Map(map) => map.get(name),
            Checked::List(items) => items.get(name.parse::<usize>().ok()?),
            Checked::Leaf(_) | Checked::Secret(_) | Checked::Broken => None,
        })?;
        (!matches!(found.value, Checked::Broken)).then_some(found)
    }

    /// The text at `path`; `None` if absent, broken or not text.
    pub fn text(&self, path: &str) -> Option<&str> {
        match &self.get(path)?.value {
            Checked::Leaf(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The number at `path`; `None` if absent, broken or not a number.
    pub fn number(&self, path: &str) -> Option<f64> {
        match &self.get(path)?.value {
            Checked::Leaf(Value::Number(number)) => number.as_f64(),
            Checked::Leaf(Value::String(text)) => text.parse().ok(),
            _ => None,
        }
    }

    /// The entries of the list at `path`; none if absent, broken or not a list.
    pub fn list(&self, path: &str) -> &[Resolved] {
        match self.get(path).map(|found| &found.value) {
            Some(Checked::List(items)) => items,
            _ => &[],
        }
    }

    /// The entries of the map at `path`, in order; none if absent, broken or not a map.
    pub fn entries(&self, path: &str) -> impl Iterator<Item = (&str, &Resolved)> {
        let map = match self.get(path).map(|found| &found.value) {
            Some(Checked::Map(map)) => Some(map),
            _ => None,
        };
        map.into_iter().flatten().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether somebody wrote the value at `path`.
    pub fn is_written(&self, path: &str) -> bool {
        self.get(path).is_some_and(|found| found.origin != Origin::Default)
    }

    /// Where to point for the value at `path`: its own place, or the nearest one above it.
    pub fn place(&self, path: &str) -> Span {
        let mut path = path;
        loop {
            if let Some(found) = self.get(path).filter(|found| found.origin != Origin::Default) {
                return found.span;
            }
            match path.rsplit_once('.') {
                Some((above, _)) => path = above,
                None => return self.span,
            }
        }
    }

    /// As JSON, for the journal and for eyes: a secret is its `${NAME}`, or `***`.
    pub fn to_json(&self) -> Value {
        self.json(false)
    }

    /// As JSON with secrets as they were written; only for the typed form, never to be stored.
    pub fn reveal(&self) -> Value {
        self.json(true)
    }

    fn json(&self, is_revealed: bool) -> Value {
        match &self.value {
            Checked::Leaf(value) => value.clone(),
            Checked::Secret(text) if is_revealed => Value::String(text.clone()),
            Checked::Secret(text) => Value::String(redact(text).to_owned()),
            Checked::List(items) => items.iter().map(|item| item.json(is_revealed)).collect(),
            Checked::Map(map) => {
                let entry =
                    |(name, value): (&String, &Self)| (name.clone(), value.json(is_revealed));
                Value::Object(map.iter().map(entry).collect::<Map<_, _>>())
            }
            Checked::Broken => Value::Null,
        }
    }

    /// Every leaf with its value and where it came from, in the order of the declaration.
    pub fn explain(&self, sources: &Sources) -> Vec<Explained> {
        let mut lines = Vec::new();
        self.explain_into(&mut lines, sources, String::new());
        lines
    }

    fn explain_into(&self, lines: &mut Vec<Explained>, sources: &Sources, key: String) {
        let below = |name: &str| if key.is_empty() { name.into() } else { format!("{key}.{name}") };
        match &self.value {
            Checked::Map(map) if !map.is_empty() => {
                for (name, value) in map {
                    value.explain_into(lines, sources, below(name));
                }
            }
            Checked::List(items) if !items.is_empty() => {
                for (index, value) in items.iter().enumerate() {
                    value.explain_into(lines, sources, below(&index.to_string()));
                }
            }
            _ => lines.push(self.explained(sources, key)),
        }
    }

    fn explained(&self, sources: &Sources, key: String) -> Explained {
        let value = match self.to_json() {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let (origin, layer) = match self.origin {
            Origin::Default => ("default".to_owned(), Layer::Default),
            Origin::Written(span) => {
                let layer = match sources.of(span).map(super::source::Source::kind) {
                    Some(SourceKind::Environment) => Layer::Environment,
                    Some(SourceKind::CommandLine) => Layer::CommandLine,
                    Some(SourceKind::File) | None => Layer::File,
                };
                (sources.describe(span), layer)
            }
        };
        Explained { key, value, origin, layer }
    }
}

/// A secret as it may be shown: a bare reference `${NAME}` as it is, anything else as `***`.
pub fn redact(text: &str) -> &str {
    let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    if name.is_some_and(is_name) { text } else { REDACTED }
}
