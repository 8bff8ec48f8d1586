//! The tree of a YAML file, each node with its place.
//!
//! Invariant: at most [`DEPTH_MAX`] levels and [`NODES_MAX`] nodes, aliases expanded; so code that
//! walks it may recurse.

use indexmap::IndexMap;

use super::source::Span;

/// The deepest nesting that is read, in levels.
pub const DEPTH_MAX: usize = 64;
/// The most values in one file, after aliases were expanded.
pub const NODES_MAX: usize = 250_000;

/// One value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it was written.
    pub span: Span,
    /// What it is.
    pub content: Content,
    /// Copies of one anchored node carry its number; 0 is none. Only the config hash looks at it.
    pub(super) anchor: usize,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Text, a number, a flag, nothing: see [`Scalar`].
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A map from names to values, in the order of the file.
    Map(Map),
}

/// The names and values of a map, in the order of the file.
pub type Map = IndexMap<String, Entry>;

/// One value of a map, and where its key was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Where the key was written.
    pub key_span: Span,
    /// The key was written without quotes.
    pub is_plain_key: bool,
    /// The value.
    pub value: Node,
}

/// A scalar as written; what it means is decided by who reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text, without quotes and with escapes resolved.
    pub text: String,
    /// It was written without quotes, so it may be a number, a flag or nothing.
    pub is_plain: bool,
}

impl Node {
    /// A scalar at `span`.
    pub(super) fn scalar(span: Span, text: impl Into<String>, is_plain: bool) -> Self {
        let content = Content::Scalar(Scalar { text: text.into(), is_plain });
        Self { span, content, anchor: 0 }
    }

    /// An empty map at `span`.
    pub(super) fn empty_map(span: Span) -> Self {
        Self { span, content: Content::Map(Map::new()), anchor: 0 }
    }

    /// Whether it says nothing: `null`, `~`, or no value at all.
    pub fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar(scalar) if scalar.is_null())
    }

    /// The value of `key`; `None` if this is no map or the key is absent or null.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.content {
            Content::Map(map) => map.get(key).map(|entry| &entry.value).filter(|v| !v.is_null()),
            Content::Scalar(_) | Content::List(_) => None,
        }
    }

    /// What it is, for messages: `a list`.
    pub fn describe(&self) -> String {
        match &self.content {
            Content::Scalar(scalar) => scalar.describe(),
            Content::List(_) => "a list".to_owned(),
            Content::Map(_) => "a section".to_owned(),
        }
    }
}
