//! Holds a tree against a declaration: types, ranges, unknown keys, defaults, `${NAME}`.
//!
//! Promises: goes on after a mistake and reports them all; gives a value for every declared key
//! that is there or has a default.

use std::{borrow::Cow, collections::BTreeSet};

use indexmap::IndexMap;
use serde_json::Value;

use super::{
    overlay,
    problem::{PROBLEMS_SHOWN_MAX, Problem},
    resolved::{Checked, Origin, Resolved},
    source::{Environment, Source, SourceKind, Sources, Span},
    spec::{Field, Kind, Need, Section, Tagged, quoted},
    suggest::suggest,
    tree::{Content, Map, Node},
};

mod expression;
pub(super) mod leaf;
pub(super) mod variable;

/// Checks one document; collects its problems.
pub(super) struct Checker<'a> {
    sources: &'a Sources,
    environment: &'a Environment,
    problems: Vec<Problem>,
    /// Lines that hold a secret, with their source.
    secret_lines: BTreeSet<(u32, u32)>,
    /// Defaults are being filled in: places are those of nobody.
    is_default: bool,
}

/// A value and what it is called.
#[derive(Clone, Copy)]
struct Subject<'a> {
    node: &'a Node,
    path: &'a str,
    /// Where to point if the value as a whole is wrong: its key.
    key: Span,
}

impl<'a> Checker<'a> {
    pub(super) fn new(
        sources: &'a Sources,
        environment: &'a Environment,
        problems: Vec<Problem>,
    ) -> Self {
        let secret_lines = BTreeSet::new();
        Self { sources, environment, problems, secret_lines, is_default: false }
    }

    /// The problems; those on a line with a secret do not show it.
    pub(super) fn into_problems(mut self) -> Vec<Problem> {
        let lines = self.secret_lines;
        let holds_secret = |span: Span| lines.contains(&(span.source, span.start.line));
        for problem in &mut self.problems {
            let places = problem.span.into_iter().chain(problem.related.as_ref().map(|r| r.0));
            problem.is_secret |= places.into_iter().any(holds_secret);
        }
        self.problems
    }

    /// The whole document.
    pub(super) fn root(&mut self, section: &'static Section, node: &Node, key: Span) -> Resolved {
        if node.is_null() {
            let problem = Problem::error(key, "", "the file is empty");
            self.problems.push(problem.hint("start with `workflow:` and `data:`"));
            return self.resolved(Subject { node, path: "", key }, Checked::Broken);
        }
        self.section(section, Subject { node, path: "", key })
    }

    fn kind(&mut self, kind: &'static Kind, subject: Subject<'_>) -> Resolved {
        match kind {
            Kind::List { of, min, max } => self.list(of, *min, *max, subject),
            Kind::Map(of) => self.map(of, subject),
            Kind::Section(section) => self.section(section, subject),
            Kind::Tagged(tagged) => self.tagged(tagged, subject),
            Kind::Either(kinds) => self.either(kind, kinds, subject),
            Kind::Any | Kind::Told => {
                if matches!(kind, Kind::Any) {
                    self.variables_inside(subject.node, subject.path);
                }
                let value = leaf::any(subject.node);
                self.resolved(subject, Checked::Leaf(value))
            }
            leaf => {
                let value = self.leaf(leaf, subject);
                self.resolved(subject, value)
            }
        }
    }

    fn resolved(&self, subject: Subject<'_>, value: Checked) -> Resolved {
        let span = subject.node.span;
        let origin = if self.is_default { Origin::Default } else { Origin::Written(span) };
        Resolved { value, origin, span: if subject.node.is_null() { subject.key } else { span } }
    }

    /// Adds an error about the whole of `subject`.
    fn refuse(&mut self, subject: Subject<'_>, message: String, hint: String) -> Checked {
        let is_shown = !subject.node.is_null();
        let span = if is_shown { subject.node.span } else { subject.key };
        self.problems.push(Problem::error(span, subject.path, message).hint(hint));
        Checked::Broken
    }

    fn mismatch(&mut self, kind: &Kind, subject: Subject<'_>) -> Checked {
        let found = subject.node.describe();
        let message = format!("`{}` cannot be {found}", name_of(subject.path));
        self.refuse(subject, message, format!("give {}", kind.describe()))
    }

    fn list(
        &mut self,
        of: &'static Kind,
        min: usize,
        max: usize,
        subject: Subject<'_>,
    ) -> Resolved {
        let items = match &subject.node.content {
            Content::List(items) => Cow::Borrowed(items),
            // One value in the place of a list is a list of one.
            Content::Scalar(_) if !is_compound(of) => Cow::Owned(vec![subject.node.clone()]),
            Content::Scalar(_) | Content::Map(_) => {
                let value = self.mismatch(&Kind::List { of, min, max }, subject);
                return self.resolved(subject, value);
            }
        };
        if items.len() < min || items.len() > max {
            let name = name_of(subject.path);
            let (message, hint) = if items.len() < min {
                (format!("`{name}` has too few entries"), format!("give at least {min}"))
            } else {
                (format!("`{name}` has {} entries", items.len()), format!("give at most {max}"))
            };
            self.refuse(subject, message, hint);
        }
        let check = |(index, node): (usize, &Node)| {
            let path = format!("{}.{index}", subject.path);
            self.kind(of, Subject { node, path: &path, key: node.span })
        };
        let items = items.iter().enumerate().map(check).collect();
        self.resolved(subject, Checked::List(items))
    }

    fn map(&mut self, of: &'static Kind, subject: Subject<'_>) -> Resolved {
        let Content::Map(map) = &subject.node.content else {
            let value = self.mismatch(&Kind::Map(of), subject);
            return self.resolved(subject, value);
        };
        let map = match of {
            Kind::Expression => Cow::Owned(self.rejoined(map, subject.path)),
            _ => Cow::Borrowed(map),
        };
        let mut values = IndexMap::new();
        for (name, entry) in map.iter() {
            let path = join(subject.path, name);
            let below = Subject { node: &entry.value, path: &path, key: entry.key_span };
            values.insert(name.clone(), self.kind(of, below));
        }
        self.resolved(subject, Checked::Map(values))
    }

    fn section(&mut self, section: &'static Section, subject: Subject<'_>) -> Resolved {
        if let Some(map) = self.shorthand(section.shorthand, subject) {
            return self.section(section, Subject { node: &map, ..subject });
        }
        let Content::Map(map) = &subject.node.content else {
            let value = self.mismatch(&Kind::Section(section), subject);
            return self.resolved(subject, value);
        };
        self.unknown_keys(map, section.fields, None, subject.path);
        let mut values = IndexMap::new();
        self.fields(&mut values, section.fields, map, subject);
        self.resolved(subject, Checked::Map(values))
    }

    /// Plain text in the place of a section: `strategy: momentum` is `strategy: {type: momentum}`.
    fn shorthand(&self, key: Option<&str>, subject: Subject<'_>) -> Option<Node> {
        let (key, Content::Scalar(scalar)) = (key?, &subject.node.content) else { return None };
        matches!(scalar.atom(), super::scalar::Atom::Text(_)).then(|| {
            let mut map = Map::new();
            let value = subject.node.clone();
            let (key_span, is_plain_key) = (subject.node.span, true);
            map.insert(key.to_owned(), super::tree::Entry { key_span, is_plain_key, value });
            Node { content: Content::Map(map), ..subject.node.clone() }
        })
    }

    fn tagged(&mut self, tagged: &'static Tagged, subject: Subject<'_>) -> Resolved {
        if let Some(map) = self.shorthand(Some(tagged.key), subject) {
            return self.tagged(tagged, Subject { node: &map, ..subject });
        }
        let Content::Map(map) = &subject.node.content else {
            let value = self.mismatch(&Kind::Tagged(tagged), subject);
            return self.resolved(subject, value);
        };
        let names = || tagged.variants.iter().map(|variant| variant.name);
        let path = join(subject.path, tagged.key);
        let Some(node) = map.get(tagged.key).map(|e| &e.value).filter(|v| !v.is_null()) else {
            let message = format!("Required field '{path}' missing");
            let hint = format!("`{}` is one of {}", tagged.key, quoted(names()));
            self.problems.push(Problem::error(subject.key, path.as_str(), message).hint(hint));
            return self.resolved(subject, Checked::Broken);
        };
        let name = match &node.content {
            Content::Scalar(scalar) => scalar.text.as_str(),
            Content::List(_) | Content::Map(_) => "",
        };
        let below = Subject { node, path: &path, key: node.span };
        let Some(variant) = tagged.variants.iter().find(|variant| variant.name == name) else {
            let all: Vec<_> = names().collect();
            let value = self.unknown_name(below, &all);
            return self.resolved(subject, value);
        };
        self.unknown_keys(map, variant.section.fields, Some((tagged.key, name)), subject.path);
        let mut values = IndexMap::new();
        let value = Checked::Leaf(Value::String(name.to_owned()));
        values.insert(tagged.key.to_owned(), self.resolved(below, value));
        self.fields(&mut values, variant.section.fields, map, subject);
        self.resolved(subject, Checked::Map(values))
    }

    /// The first of `kinds` that takes the value; if none does, the mistakes of the only one with
    /// its shape, or one that names them all.
    fn either(&mut self, all: &Kind, kinds: &'static [Kind], subject: Subject<'_>) -> Resolved {
        let before = self.problems.len();
        let fitting: Vec<_> = kinds.iter().filter(|kind| fits(kind, subject.node)).collect();
        for kind in &fitting {
            let value = self.kind(kind, subject);
            let is_clean = !self.problems[before..].iter().any(Problem::is_error);
            if is_clean || fitting.len() == 1 {
                return value;
            }
            self.problems.truncate(before);
        }
        let value = self.mismatch(all, subject);
        self.resolved(subject, value)
    }

    fn fields(
        &mut self,
        values: &mut IndexMap<String, Resolved>,
        fields: &'static [Field],
        map: &Map,
        parent: Subject<'_>,
    ) {
        for field in fields {
            let path = join(parent.path, field.key);
            let entry = map.get(field.key).filter(|entry| !entry.value.is_null());
            let value = match (entry, field.need) {
                (Some(entry), _) => {
                    if field.is_planned && !self.is_default {
                        self.planned(entry.key_span, &path);
                    }
                    let below = Subject { node: &entry.value, path: &path, key: entry.key_span };
                    Some(self.kind(&field.kind, below))
                }
                (None, Need::Required) => {
                    self.missing(field, map, parent, &path);
                    None
                }
                (None, Need::Optional) => None,
                (None, Need::Default(yaml)) => self.default(field, yaml, parent.key, &path),
            };
            if let Some(value) = value {
                values.insert(field.key.to_owned(), value);
            }
        }
    }

    fn missing(&mut self, field: &Field, map: &Map, parent: Subject<'_>, path: &str) {
        let span = map.get(field.key).map_or(parent.key, |entry| entry.key_span);
        let example = match field.example {
            "" => String::new(),
            example => format!(", as `{}: {example}`", field.key),
        };
        let message = format!("Required field '{path}' missing");
        let hint = format!("add `{}`: {}{example}", field.key, field.doc);
        self.problems.push(Problem::error(span, path, message).hint(hint));
    }

    /// The value of a default, checked like a written one but of no place.
    fn default(
        &mut self,
        field: &'static Field,
        yaml: &'static str,
        key: Span,
        path: &str,
    ) -> Option<Resolved> {
        let (mut node, _) = super::parse::parse(key.source, yaml).ok()?;
        node.span = key;
        let was_default = std::mem::replace(&mut self.is_default, true);
        let value = self.kind(&field.kind, Subject { node: &node, path, key });
        self.is_default = was_default;
        Some(value)
    }

    /// Says that a key has no effect yet; not for variables that may be meant for others.
    fn planned(&mut self, key: Span, path: &str) {
        let is_foreign = |source: &Source| {
            source.kind() == SourceKind::Environment && !source.name().starts_with(overlay::PREFIX)
        };
        if self.sources.of(key).is_some_and(is_foreign) {
            return;
        }
        let message = format!("`{path}` is recognized, but this release does not act on it");
        let problem = Problem::warning(key, path, message);
        self.problems.push(problem.hint("keep it; a later release will use it"));
    }

    fn unknown_keys(&mut self, map: &Map, fields: &[Field], tag: Option<(&str, &str)>, path: &str) {
        let is_tag = |name: &str| tag.is_some_and(|(key, _)| key == name);
        for (name, entry) in map {
            if is_tag(name) || fields.iter().any(|field| field.key == name) {
                continue;
            }
            let known = fields.iter().map(|field| field.key).chain(tag.map(|(key, _)| key));
            let shown: String = name.chars().take(60).collect();
            let place = match (path, tag) {
                ("", _) => "at the top".to_owned(),
                (_, Some((key, value))) => format!("in `{path}` ({key} `{value}`)"),
                (_, None) => format!("in `{path}`"),
            };
            // Comparing names is slow for those that nobody will see.
            let is_shown = self.problems.len() < PROBLEMS_SHOWN_MAX;
            let meant = is_shown.then(|| suggest(name, known.clone())).flatten();
            let hint = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if is_shown => format!("the keys here are {}", quoted(known)),
                None => "remove it".to_owned(),
            };
            let message = format!("unknown key `{shown}` {place}");
            let problem = Problem::error(entry.key_span, join(path, name), message).hint(hint);
            self.problems.push(problem);
        }
    }

    fn unknown_name(&mut self, subject: Subject<'_>, names: &[&str]) -> Checked {
        let Content::Scalar(scalar) = &subject.node.content else {
            let message = format!("`{}` cannot be {}", subject.path, subject.node.describe());
            return self.refuse(subject, message, format!("give one of {}", quoted_all(names)));
        };
        let shown: String = scalar.text.chars().take(60).collect();
        let meant = suggest(&scalar.text, names.iter().copied());
        let meant = meant.map_or_else(String::new, |name| format!("did you mean `{name}`? "));
        let hint = format!("{meant}valid: {}", quoted_all(names));
        self.refuse(subject, format!("unknown `{}` `{shown}`", subject.path), hint)
    }
}

fn quoted_all(names: &[&str]) -> String {
    quoted(names.iter().copied())
}

fn is_compound(kind: &Kind) -> bool {
    matches!(kind, Kind::List { .. } | Kind::Map(_) | Kind::Any | Kind::Told)
        || matches!(kind, Kind::Section(section) if section.shorthand.is_none())
}

/// Whether the shape of `node` is one that `kind` takes.
fn fits(kind: &Kind, node: &Node) -> bool {
    match (kind, &node.content) {
        (Kind::Any | Kind::Told, _) => true,
        (Kind::Either(kinds), _) => kinds.iter().any(|kind| fits(kind, node)),
        (Kind::List { .. }, content) => matches!(content, Content::List(_)),
        (Kind::Map(_) | Kind::Tagged(_), content) => matches!(content, Content::Map(_)),
        (Kind::Section(section), Content::Scalar(_)) => section.shorthand.is_some(),
        (Kind::Section(_), content) => matches!(content, Content::Map(_)),
        (_, content) => matches!(content, Content::Scalar(_)),
    }
}

/// The key path `path` with `name` below it.
fn join(path: &str, name: &str) -> String {
    let name: String = name.chars().take(60).collect();
    if path.is_empty() { name } else { format!("{path}.{name}") }
}

fn name_of(path: &str) -> &str {
    if path.is_empty() { "the file" } else { path }
}

/// A one-line YAML text of a declaration as JSON.
pub(super) fn plain_value(yaml: &str) -> Value {
    super::parse::parse(0, yaml).map_or(Value::Null, |(node, _)| leaf::any(&node))
}
