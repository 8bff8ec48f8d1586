//! A problem as a compiler prints it: message, place, the line, a caret, a hint.
//!
//! Promises: one problem takes at most a screenful; tabs, wide characters and control characters
//! keep the caret below what it points at; a line with a secret is not shown.

use std::fmt::Write as _;

use super::{
    problem::{Problem, Severity},
    source::{SourceKind, Sources, Span},
};

/// The widest line that is shown whole, in columns of the terminal.
const LINE_WIDTH_MAX: usize = 96;
/// How much is shown before the caret of a longer line, in characters.
const BEFORE_CARET: usize = 40;

/// The text of `problem`, ending in a line break.
pub(super) fn problem(sources: &Sources, problem: &Problem) -> String {
    let label = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut out = format!("{label}: {}\n", problem.message);
    if let Some(span) = problem.span {
        snippet(&mut out, sources, span, "", !problem.is_secret);
    }
    if let Some((span, remark)) = &problem.related {
        snippet(&mut out, sources, *span, remark, !problem.is_secret);
    }
    if !problem.hint.is_empty() {
        writeln!(out, "hint: {}", problem.hint).expect("a string takes any text");
    }
    out
}

/// Appends the place and, if it may be shown, the line with a caret and a remark.
fn snippet(out: &mut String, sources: &Sources, span: Span, remark: &str, is_shown: bool) {
    let Some(source) = sources.of(span) else { return };
    let number = span.start.line.to_string();
    let margin = " ".repeat(number.len());
    let place = match source.kind() {
        SourceKind::Environment => format!("environment variable {}", source.name()),
        SourceKind::File | SourceKind::CommandLine => {
            format!("{}:{}:{}", source.name(), span.start.line, span.start.column)
        }
    };
    let mut put = |text: String| writeln!(out, "{text}").expect("a string takes any text");
    put(format!("{margin}--> {place}"));
    let line = source.line(span.start.line).filter(|_| source.kind() != SourceKind::Environment);
    let Some(line) = line.filter(|_| is_shown) else { return };
    let (text, caret_at, caret_width) = fit(line, span);
    let caret = "^".repeat(caret_width);
    let remark = if remark.is_empty() { String::new() } else { format!(" {remark}") };
    put(format!("{margin} |"));
    put(format!("{number} | {text}"));
    put(format!("{margin} | {}{caret}{remark}", " ".repeat(caret_at)));
}

/// The part of `line` to show, and where and how wide the caret is, in columns of the terminal.
fn fit(line: &str, span: Span) -> (String, usize, usize) {
    let to_index = |column: u32| usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
    let from = to_index(span.start.column);
    let to = if span.end.line == span.start.line { to_index(span.end.column) } else { usize::MAX };
    let whole: usize = line.chars().take(LINE_WIDTH_MAX + 1).map(width).sum();
    let skipped = if whole > LINE_WIDTH_MAX { from.saturating_sub(BEFORE_CARET) } else { 0 };
    let (mut text, mut column) = (String::new(), 0);
    let (mut caret_at, mut caret_end) = (None, 0);
    if skipped > 0 {
        text.push('…');
        column = 1;
    }
    for (index, c) in line.chars().enumerate().skip(skipped) {
        if column + width(c) > LINE_WIDTH_MAX {
            text.push('…');
            break;
        }
        if index == from {
            caret_at = Some(column);
        }
        push_visible(&mut text, c);
        column += width(c);
        if index < to {
            caret_end = column;
        }
    }
    let caret_at = caret_at.unwrap_or(column);
    (text, caret_at, caret_end.saturating_sub(caret_at).max(1))
}

/// Tabs become four spaces, control characters a visible substitute.
fn push_visible(text: &mut String, c: char) {
    match c {
        '\t' => text.push_str("    "),
        c if c.is_control() || is_invisible(c) => text.push('\u{fffd}'),
        c => text.push(c),
    }
}

/// Characters that would move or reverse the rest of the line.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || c == '\u{feff}'
}

/// Columns that `c` takes: 0 for combining marks, 2 for East Asian wide and emoji, else 1.
///
/// The blocks are those of Unicode's EastAsianWidth.txt (W and F) that people type; a rare wide
/// character elsewhere moves the caret by one column, nothing else.
fn width(c: char) -> usize {
    match c {
        '\t' => 4,
        '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f64f}'
        | '\u{1f680}'..='\u{1f6ff}'
        | '\u{1f900}'..='\u{1f9ff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::source::{Place, Source};

    #[track_caller]
    fn check(line: &str, columns: (u32, u32), expected: &str) {
        let mut sources = Sources::default();
        let source = sources.add(Source::new(SourceKind::File, "f.yaml", line));
        let span = Span { source, start: Place::new(1, columns.0), end: Place::new(1, columns.1) };
        assert_eq!(problem(&sources, &Problem::error(span, "k", "wrong").hint("do")), expected);
    }

    #[test]
    fn the_caret_stands_below_its_word() {
        check(
            "  pah: x",
            (3, 6),
            "error: wrong\n --> f.yaml:1:3\n  |\n1 |   pah: x\n  |   ^^^\nhint: do\n",
        );
    }

    #[test]
    fn tabs_and_wide_characters_count_their_columns() {
        check(
            "\t日本: x",
            (2, 4),
            "error: wrong\n --> f.yaml:1:2\n  |\n1 |     日本: x\n  |     ^^^^\nhint: do\n",
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let line = format!("{}BAD{}", "a".repeat(5000), "b".repeat(5000));
        let mut sources = Sources::default();
        let source = sources.add(Source::new(SourceKind::File, "f", line));
        let span = Span { source, start: Place::new(1, 5001), end: Place::new(1, 5004) };
        let text = problem(&sources, &Problem::error(span, "", "wrong"));
        let shown = text.lines().nth(3).unwrap();
        let caret = text.lines().nth(4).unwrap();
        assert!(shown.starts_with("1 | …aaa") && shown.ends_with("bbb…"), "{shown}");
        let at = shown.chars().position(|c| c == 'B').unwrap();
        assert_eq!(caret.chars().position(|c| c == '^'), Some(at));
        assert!(shown.chars().count() < 110, "{}", shown.chars().count());
    }

    #[test]
    fn control_characters_and_a_place_past_the_end_are_shown_safely() {
        check(
            "a\u{1b}[31m\u{202e}",
            (99, 99),
            "error: wrong\n --> f.yaml:1:99\n  |\n1 | a\u{fffd}[31m\u{fffd}\n  |        ^\nhint: do\n",
        );
    }
}
