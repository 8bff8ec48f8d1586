//! What is wrong with a rule, and where: the place, the bytes, the reason, what to do next.
//!
//! Promises: every span lies inside its text on character borders; a message is a lower-case
//! fragment, a hint is an action.
//! Not here: drawing the caret under the line; whoever knows the file does that.

use std::{fmt, ops::Range};

/// The text that an error is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The `let` term of this name.
    Term(String),
    /// The rule that opens a long position.
    Entry,
    /// The rule that closes a long position.
    Exit,
    /// The rule that opens a short position.
    ShortEntry,
    /// The rule that closes a short position.
    ShortExit,
    /// An expression that stands alone.
    Expression,
}

impl fmt::Display for Place {
    /// The key of the text in the `strategy` block of a workflow file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Term(name) => write!(f, "let.{name}"),
            Self::Entry => f.write_str("entry"),
            Self::Exit => f.write_str("exit"),
            Self::ShortEntry => f.write_str("short_entry"),
            Self::ShortExit => f.write_str("short_exit"),
            Self::Expression => f.write_str("expression"),
        }
    }
}

/// One mistake in one rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RuleError {
    /// The text it is in.
    pub place: Place,
    /// Its bytes in that text; empty where something is missing.
    pub span: Range<usize>,
    /// What is wrong, and why.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// Something that is allowed but hardly meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// A parameter that no rule and no term reads.
    UnusedParam(String),
    /// A term that no rule needs.
    UnusedTerm(String),
    /// An exit rule whose entry rule is missing, so that it never acts.
    IdleExit(Place),
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnusedParam(name) => write!(f, "no rule uses the parameter `${name}`"),
            Self::UnusedTerm(name) => write!(f, "no rule uses the term `{name}`"),
            Self::IdleExit(place) => write!(f, "`{place}` never acts, as its entry is missing"),
        }
    }
}

/// A mistake whose place is known to the caller.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Flaw {
    span: Range<usize>,
    message: String,
    hint: Option<String>,
}

impl Flaw {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Adds the hint if there is one.
    pub(super) fn hint_maybe(self, hint: Option<String>) -> Self {
        Self { hint: hint.or(self.hint), ..self }
    }

    pub(super) fn at(self, place: Place) -> RuleError {
        RuleError { place, span: self.span, message: self.message, hint: self.hint }
    }
}

/// `did you mean …?` with the candidate nearest to what was written, if one is near.
pub(super) fn did_you_mean<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(written, candidates).map(|name| format!("did you mean `{name}`?"))
}

/// The candidate that takes the fewest edits to reach; at most a third of the letters may differ.
pub(super) fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let lower = written.to_lowercase();
    let edits_max = lower.chars().count().div_ceil(3);
    candidates
        .into_iter()
        .map(|candidate| (edits(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(edits, _)| *edits <= edits_max)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, dropped, replaced or swapped with their neighbor.
/// Source: optimal string alignment distance, Damerau (1964), row by row.
fn edits(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = [vec![0; to.len() + 1], (0..=to.len()).collect(), vec![0; to.len() + 1]];
    for i in 1..=from.len() {
        let [before, last, row] = &mut rows;
        row[0] = i;
        for j in 1..=to.len() {
            let replaced = last[j - 1] + usize::from(from[i - 1] != to[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        rows.rotate_left(1);
    }
    rows[1][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &str, expected: Option<&str>) {
        assert_eq!(nearest(written, ["close", "sma", "ema", "cross_above"]), expected);
    }

    #[test]
    fn the_nearest_name_is_suggested_and_a_far_one_is_not() {
        check("xyz", None);
        check("", None);
        check("closing_price", None);
        check("clsoe", Some("close"));
        check("SMA", Some("sma"));
        check("smaa", Some("sma"));
        check("crossabove", Some("cross_above"));
    }
}
