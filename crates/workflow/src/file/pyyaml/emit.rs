//! Writes the tree as `yaml/emitter.py` does in block style with sorted keys.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    load::{Scalar, load},
    text,
};
use crate::file::tree::{Content, Entry, Map, Node};

/// The widest a simple key may be, in characters.
const SIMPLE_KEY_MAX: usize = 128;

/// `root` as PyYAML dumps it.
pub fn dump(root: &Node) -> String {
    let mut anchors = Anchors::default();
    anchors.visit(root);
    let mut emitter = Emitter { out: Vec::new(), column: 0, anchors };
    emitter.root(root);
    emitter.out.iter().collect()
}

/// Which nodes occur more than once, and their numbers.
#[derive(Default)]
struct Anchors {
    /// Anchor of the tree to its number in the dump; 0 while it was seen once.
    numbers: BTreeMap<usize, usize>,
    last: usize,
    /// Those already written.
    written: BTreeSet<usize>,
}

impl Anchors {
    fn visit(&mut self, node: &Node) {
        if is_shareable(node) {
            if let Some(number) = self.numbers.get_mut(&node.anchor) {
                if *number == 0 {
                    self.last += 1;
                    *number = self.last;
                }
                return;
            }
            self.numbers.insert(node.anchor, 0);
        }
        match &node.content {
            Content::Scalar(_) => {}
            Content::List(items) => items.iter().for_each(|item| self.visit(item)),
            Content::Map(map) => {
                sorted(map).iter().for_each(|(_, entry)| self.visit(&entry.value));
            }
        }
    }
}

/// Python compares lists, maps and dates by identity; text, numbers and flags have none.
fn is_shareable(node: &Node) -> bool {
    let has_identity = match &node.content {
        Content::Scalar(_) => matches!(value(node), Scalar::Date(_) | Scalar::Moment(_)),
        Content::List(_) | Content::Map(_) => true,
    };
    node.anchor > 0 && has_identity
}

fn value(node: &Node) -> Scalar {
    match &node.content {
        Content::Scalar(scalar) if scalar.is_plain => load(&scalar.text),
        Content::Scalar(scalar) => Scalar::Text(scalar.text.clone()),
        Content::List(_) | Content::Map(_) => Scalar::Null,
    }
}

fn key_value(name: &str, entry: &Entry) -> Scalar {
    if entry.is_plain_key { load(name) } else { Scalar::Text(name.to_owned()) }
}

/// The entries in Python's order of their keys; in the order of the file if Python cannot compare
/// them.
fn sorted(map: &Map) -> Vec<(Scalar, &Entry)> {
    let mut entries: Vec<_> = map.iter().map(|(name, e)| (key_value(name, e), e)).collect();
    let kind = |key: &Scalar| match key {
        Scalar::Null => 0,
        Scalar::Boolean(_) | Scalar::Whole(_) | Scalar::Number(_) => 1,
        Scalar::Date(_) => 2,
        Scalar::Moment(text) => 3 + u8::from(text.len() > 19 && text[19..].contains(['+', '-'])),
        Scalar::Text(_) => 5,
    };
    let first = entries.first().map(|(key, _)| kind(key));
    let is_comparable = entries.iter().all(|(key, _)| Some(kind(key)) == first);
    if is_comparable {
        entries.sort_by(|(a, _), (b, _)| compare(a, b));
    }
    entries
}

fn compare(a: &Scalar, b: &Scalar) -> Ordering {
    match (a, b) {
        (Scalar::Text(a), Scalar::Text(b))
        | (Scalar::Date(a), Scalar::Date(b))
        | (Scalar::Moment(a), Scalar::Moment(b)) => a.cmp(b),
        _ => as_number(a).partial_cmp(&as_number(b)).unwrap_or(Ordering::Equal),
    }
}

fn as_number(key: &Scalar) -> f64 {
    match key {
        Scalar::Boolean(flag) => f64::from(u8::from(*flag)),
        Scalar::Whole(text) => text.parse().unwrap_or(0.0),
        Scalar::Number(number) => *number,
        _ => 0.0,
    }
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    /// Behind `- `.
    Item,
    /// Behind `key:`.
    Value,
    /// Behind `: ` of a key that had to be written with `? `.
    LongValue,
}

struct Emitter {
    out: Vec<char>,
    column: usize,
    anchors: Anchors,
}

impl Emitter {
    fn root(&mut self, root: &Node) {
        let is_open = self.node(root, Place::Root, 0);
        self.newline();
        if is_open {
            self.put("...");
            self.newline();
        }
    }

    fn put(&mut self, text: &str) {
        self.out.extend(text.chars());
        self.column += text.chars().count();
    }

    fn newline(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    fn indent(&mut self, indent: usize) {
        if self.column > 0 {
            self.newline();
        }
        self.put(&" ".repeat(indent));
    }

    /// Writes `node`; `indent` is where its lines start. True for a plain scalar at the root, which
    /// a dump ends with `...`.
    fn node(&mut self, node: &Node, place: Place, indent: usize) -> bool {
        if is_shareable(node) {
            let number = self.anchors.numbers.get(&node.anchor).copied().unwrap_or(0);
            if number > 0 {
                let space = if place == Place::Root { "" } else { " " };
                if !self.anchors.written.insert(node.anchor) {
                    self.put(&format!("{space}*id{number:03}"));
                    return false;
                }
                self.put(&format!("{space}&id{number:03}"));
                return self.content(node, place, indent, true);
            }
        }
        self.content(node, place, indent, false)
    }

    fn content(&mut self, node: &Node, place: Place, indent: usize, is_anchored: bool) -> bool {
        let space = if place == Place::Root && !is_anchored { "" } else { " " };
        match &node.content {
            Content::Scalar(_) => return self.scalar(&value(node), space, place, indent),
            Content::List(items) if items.is_empty() => self.put(&format!("{space}[]")),
            Content::Map(map) if map.is_empty() => self.put(&format!("{space}{{}}")),
            Content::List(items) => {
                // A list in a map stands below its key without further indent.
                let is_inline = is_inline(place) && !is_anchored;
                for (index, item) in items.iter().enumerate() {
                    self.line(index, is_inline, indent);
                    self.put("-");
                    self.node(item, Place::Item, indent + 2);
                }
            }
            Content::Map(map) => {
                let is_inline = is_inline(place) && !is_anchored;
                let indent = if place == Place::Value { indent + 2 } else { indent };
                for (index, (key, entry)) in sorted(map).into_iter().enumerate() {
                    self.line(index, is_inline, indent);
                    self.entry(&key, &entry.value, indent);
                }
            }
        }
        false
    }

    /// Starts the line of an entry; the first one may stand behind `- `.
    fn line(&mut self, index: usize, is_inline: bool, indent: usize) {
        if index == 0 && is_inline && self.column > 0 {
            self.put(" ");
        } else if self.column > 0 || index > 0 {
            self.indent(indent);
        }
    }

    fn entry(&mut self, key: &Scalar, value: &Node, indent: usize) {
        let plain = key.plain();
        let raw = match key {
            Scalar::Text(text) => text.as_str(),
            _ => plain.as_deref().unwrap_or_default(),
        };
        let is_simple = raw.chars().count() + tag_width(key) < SIMPLE_KEY_MAX
            && !raw.is_empty()
            && !raw.contains(['\n', '\u{85}', '\u{2028}', '\u{2029}']);
        if is_simple {
            let text = match key {
                Scalar::Text(text) => text::simple_key(text),
                _ => raw.to_owned(),
            };
            self.put(&text);
            self.put(":");
            self.node(value, Place::Value, indent);
        } else {
            self.put("?");
            self.scalar(key, " ", Place::Item, indent + 2);
            self.indent(indent);
            self.put(":");
            self.node(value, Place::LongValue, indent + 2);
        }
    }

    /// Writes a scalar; its further lines are indented below what holds it.
    fn scalar(&mut self, value: &Scalar, space: &str, place: Place, indent: usize) -> bool {
        let Scalar::Text(content) = value else {
            let text = value.plain().unwrap_or_default();
            self.put(space);
            self.put(&text);
            return place == Place::Root;
        };
        self.put(space);
        let indent = match place {
            Place::Root | Place::Value => indent + 2,
            Place::Item | Place::LongValue => indent,
        };
        let (written, column, is_plain) = text::scalar(content, self.column, indent);
        self.out.extend(written.chars());
        self.column = column;
        is_plain && place == Place::Root
    }
}

/// PyYAML counts the tag it leaves out, as `!!str`, to the length of a key.
fn tag_width(key: &Scalar) -> usize {
    match key {
        Scalar::Whole(_) | Scalar::Text(_) => "!!str".len(),
        Scalar::Null | Scalar::Boolean(_) => "!!bool".len(),
        Scalar::Number(_) => "!!float".len(),
        Scalar::Date(_) | Scalar::Moment(_) => "!!timestamp".len(),
    }
}

/// The first entry stands on the same line.
fn is_inline(place: Place) -> bool {
    matches!(place, Place::Item | Place::LongValue)
}
