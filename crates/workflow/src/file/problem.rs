//! Problems: what is wrong in a workflow file, where, and what to do about it.
//!
//! Invariant: a list of problems is sorted by place; the same file gives the same list.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    render,
    source::{SourceKind, Sources, Span},
};

/// The most problems that are shown; the rest are counted.
pub const PROBLEMS_SHOWN_MAX: usize = 50;

/// Whether a problem stops the file from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but may not mean what its author thinks.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Where; `None` if the place cannot be shown, as for a file that cannot be read.
    pub span: Option<Span>,
    /// The key it is about, as `data.symbols.0`; empty for the whole file.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do next; empty if there is nothing to say.
    pub hint: String,
    /// Another place that belongs to it, with a remark.
    pub related: Option<(Span, String)>,
    /// The line holds a secret and is not shown.
    pub is_secret: bool,
}

impl Problem {
    /// An error at `span`, about the key `path`.
    pub fn error(span: Span, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            span: Some(span),
            path: path.into(),
            message: message.into(),
            hint: String::new(),
            related: None,
            is_secret: false,
        }
    }

    /// A warning at `span`, about the key `path`.
    pub fn warning(span: Span, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(span, path, message) }
    }

    /// The same with the next step for the user.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same with another place that belongs to it.
    #[must_use]
    pub fn related(mut self, span: Span, remark: impl Into<String>) -> Self {
        self.related = Some((span, remark.into()));
        self
    }
}

/// All problems of one file, with the texts they point into.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    sources: Sources,
    list: Vec<Problem>,
}

impl Problems {
    /// `list` sorted by place; those without a place come first.
    pub fn new(sources: Sources, mut list: Vec<Problem>) -> Self {
        list.sort_by(|a, b| (a.span, a.severity, &a.path).cmp(&(b.span, b.severity, &b.path)));
        list.dedup();
        Self { sources, list }
    }

    /// The problems, sorted by place.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether one of them stops the file from being used.
    pub fn has_error(&self) -> bool {
        self.list.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// The texts that the problems point into.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Only the warnings.
    pub fn warnings(&self) -> Self {
        let list = self.list.iter().filter(|p| p.severity == Severity::Warning).cloned().collect();
        Self { sources: self.sources.clone(), list }
    }

    /// One line for each: `message (file:line:column)`; for logs and result documents.
    pub fn lines(&self) -> Vec<String> {
        let line = |problem: &Problem| match problem.span {
            Some(span) => format!("{} ({})", problem.message, self.sources.describe(span)),
            None => problem.message.clone(),
        };
        self.list.iter().map(line).collect()
    }

    /// The machine-readable form: a list of objects, sorted by place.
    pub fn to_json(&self) -> Value {
        self.list.iter().map(|problem| self.problem_json(problem)).collect()
    }

    fn problem_json(&self, problem: &Problem) -> Value {
        let source = problem.span.and_then(|span| self.sources.of(span));
        let place = problem.span.filter(|_| source.is_some()).map(|span| span.start);
        let kind = source.map(|source| match source.kind() {
            SourceKind::File => "file",
            SourceKind::Environment => "environment",
            SourceKind::CommandLine => "command_line",
        });
        json!({
            "severity": problem.severity,
            "message": problem.message,
            "hint": (!problem.hint.is_empty()).then_some(&problem.hint),
            "key": (!problem.path.is_empty()).then_some(&problem.path),
            "origin": kind,
            "source": source.map(|source| source.name()),
            "line": place.map(|place| place.line),
            "column": place.map(|place| place.column),
        })
    }
}

impl fmt::Display for Problems {
    /// As a compiler prints them: message, place, line, caret, hint.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().take(PROBLEMS_SHOWN_MAX).enumerate() {
            let gap = if index > 0 { "\n" } else { "" };
            write!(f, "{gap}{}", render::problem(&self.sources, problem))?;
        }
        match self.list.len().checked_sub(PROBLEMS_SHOWN_MAX) {
            Some(more @ 1..) => writeln!(f, "\n… and {more} more problems"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Problems {}
