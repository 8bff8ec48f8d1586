//! Where a value was written: a file, an environment variable, the command line.
//!
//! Invariant: lines and columns start at 1 and count characters, as editors do.

use std::{collections::BTreeMap, fmt};

/// The environment, handed in as a map; nothing here reads the process's own.
pub type Environment = BTreeMap<String, String>;

/// A line and a column, both from 1, in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
}

impl Place {
    /// The place at `line` and `column`, both from 1.
    pub const fn new(line: u32, column: u32) -> Self {
        Self { line, column }
    }
}

/// A stretch of one source; `end` is exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The index of the source among the document's [`Sources`].
    pub source: u32,
    /// The first character.
    pub start: Place,
    /// One past the last character.
    pub end: Place,
}

impl Span {
    /// The span of one character at `place`.
    pub const fn at(source: u32, place: Place) -> Self {
        let end = Place { line: place.line, column: place.column + 1 };
        Self { source, start: place, end }
    }
}

/// What kind of source a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A workflow file.
    File,
    /// An environment variable; its value is never printed.
    Environment,
    /// An assignment given on the command line.
    CommandLine,
}

/// A text with a name: what problems quote and point into.
#[derive(Clone, Debug)]
pub struct Source {
    kind: SourceKind,
    name: String,
    text: String,
    line_starts: Vec<u32>,
}

impl Source {
    /// A source of `kind` called `name` that holds `text`.
    pub fn new(kind: SourceKind, name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let line_starts = line_starts(&text);
        Self { kind, name: name.into(), text, line_starts }
    }

    /// What kind it is.
    pub fn kind(&self) -> SourceKind {
        self.kind
    }

    /// The file's path, the variable's name, or `--set`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of `line`, from 1, without its end; `None` past the last line.
    pub fn line(&self, line: u32) -> Option<&str> {
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        let start = usize::try_from(*self.line_starts.get(index)?).ok()?;
        let rest = self.text.get(start..)?;
        Some(rest.split(['\n', '\r']).next().unwrap_or(rest))
    }
}

/// Starts of lines in bytes; a line ends at `\n`, `\r\n` or a lone `\r`, as in YAML.
fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let mut starts = vec![0];
    for (at, &byte) in (0_u32..).zip(bytes) {
        let next = usize::try_from(at).ok().and_then(|at| bytes.get(at + 1));
        if byte == b'\n' || (byte == b'\r' && next != Some(&b'\n')) {
            starts.push(at + 1);
        }
    }
    starts
}

/// Every text that a document was made from: the file first, then what was laid over it.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Adds `source` and returns its index.
    pub fn add(&mut self, source: Source) -> u32 {
        self.0.push(source);
        u32::try_from(self.0.len() - 1).expect("sources are counted by command line arguments")
    }

    /// The source that `span` lies in; `None` for a span of another document.
    pub fn of(&self, span: Span) -> Option<&Source> {
        self.0.get(usize::try_from(span.source).ok()?)
    }

    /// Where `span` starts, for people: `file.yaml:3:5`, `environment NAME`, `--set a.b=c`.
    pub fn describe(&self, span: Span) -> String {
        let Some(source) = self.of(span) else { return "unknown place".to_owned() };
        match source.kind {
            SourceKind::File => {
                format!("{}:{}:{}", source.name, span.start.line, span.start.column)
            }
            SourceKind::Environment => format!("environment {}", source.name),
            SourceKind::CommandLine => format!("{} {}", source.name, source.text),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_in_yaml() {
        let source = Source::new(SourceKind::File, "f", "a\r\nb\rc\n\nd");
        let lines: Vec<_> = (1..=6).map(|n| source.line(n)).collect();
        assert_eq!(lines, [Some("a"), Some("b"), Some("c"), Some(""), Some("d"), None]);
        assert_eq!(source.line(0), None);
    }
}
