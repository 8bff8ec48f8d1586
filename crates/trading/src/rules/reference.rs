//! The reference of the language as Markdown, from the tables that the compiler reads.
//!
//! Promises: what the compiler accepts is listed, and nothing else.
//! Not here: writing it to a file.

use crate::indicator::{CATALOGUE, Definition};

use super::{
    DEPTH_MAX, NODES_MAX, TERMS_MAX, TEXT_BYTES_MAX, WINDOWS_BARS_MAX,
    function::{FUNCTIONS, OPERATORS, SERIES, indicator_signature},
};

/// The window of an indicator in the reference where it has no default.
const EXAMPLE_BARS: f64 = 20.0;

/// The chapters that are written by hand.
const INTRODUCTION: &str = include_str!("reference.md");

/// The reference of the rules language, as Markdown.
pub fn reference() -> String {
    let operators = OPERATORS.iter().map(|(sign, meaning)| [code(sign), (*meaning).to_owned()]);
    let series = SERIES.iter().map(|(name, _, meaning)| [code(name), (*meaning).to_owned()]);
    let functions = FUNCTIONS.iter().map(|function| {
        let arguments = function.arguments.iter();
        let takes: Vec<_> = arguments.map(|a| format!("`{}`: {}", a.name, a.takes)).collect();
        let result = function.result.to_string();
        let cells = [function.meaning, function.warmup].map(str::to_owned);
        let [meaning, warmup] = cells;
        [code(&function.signature()), takes.join("; "), result, meaning, warmup]
    });
    let indicators = CATALOGUE.iter().map(|definition| {
        let outputs: Vec<_> = definition.outputs.iter().map(|name| code(name)).collect();
        [
            code(&indicator_signature(definition)),
            definition.summary.to_owned(),
            outputs.join(", "),
            first_value(definition),
            definition.source.to_owned(),
        ]
    });
    let limits = [
        ("bytes of one rule or term", TEXT_BYTES_MAX.to_string()),
        ("levels of nesting", DEPTH_MAX.to_string()),
        ("terms", TERMS_MAX.to_string()),
        ("different values of all rules and terms", NODES_MAX.to_string()),
        ("bars that all windows remember together", WINDOWS_BARS_MAX.to_string()),
    ];
    [
        INTRODUCTION.to_owned(),
        table("Operators, loosest first", ["operator", "meaning"], operators),
        table("Series", ["name", "meaning"], series),
        table("Functions", ["call", "takes", "answers", "meaning", "warm-up in bars"], functions),
        table("Indicators", ["call", "meaning", "outputs", "first value", "source"], indicators),
        table("Limits", ["at most", "number"], limits.map(|(what, max)| [what.to_owned(), max])),
    ]
    .join("\n")
}

/// The bar of the first value, with the parameters it is for.
fn first_value(definition: &Definition) -> String {
    let params: Vec<f64> = definition
        .params
        .iter()
        .map(|param| param.default.unwrap_or(EXAMPLE_BARS.max(param.min)))
        .collect();
    let bar = (definition.warmup)(&params);
    match params.as_slice() {
        [] => format!("bar {bar}"),
        _ => {
            let given: Vec<_> = params.iter().map(f64::to_string).collect();
            format!("bar {bar} with {}", given.join(", "))
        }
    }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn table<const N: usize>(
    title: &str,
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let line = |cells: &[String; N]| {
        let cells = cells.each_ref().map(|cell| cell.replace('|', "\\|"));
        format!("| {} |\n", cells.join(" | "))
    };
    let rows: String = rows.into_iter().map(|row| line(&row)).collect();
    let head = line(&head.map(str::to_owned));
    format!("## {title}\n\n{head}|{}\n{rows}", " --- |".repeat(N))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_the_compiler_knows_is_in_the_reference() {
        let reference = reference();
        let functions = FUNCTIONS.iter().map(|function| function.signature());
        for call in functions.chain(CATALOGUE.iter().map(indicator_signature)) {
            assert!(reference.contains(&format!("| `{call}` |")), "{call}");
        }
        for (name, ..) in SERIES {
            assert!(reference.contains(&format!("| `{name}` |")), "{name}");
        }
        assert!(reference.contains("`sma(x, n)`") && reference.contains("bar 19 with 20"));
    }
}
