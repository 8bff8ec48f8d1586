//! The files of an analysis: everything as JSON, labels and correlations as tables.

use std::fmt::Write as _;

use super::{Analyzed, market::Matrix};
use crate::regimes::Labels;

/// Names and texts.
pub(super) fn of(analyzed: &Analyzed) -> Vec<(&'static str, String)> {
    let pretty = serde_json::to_string_pretty(&analyzed.result).unwrap_or_default() + "\n";
    let mut files = vec![("analysis.json", pretty)];
    if let Some((_, labels)) = &analyzed.regimes {
        files.push(("regimes.csv", regimes(labels)));
    }
    if let Some(matrix) = &analyzed.matrix {
        let names = analyzed.result["correlations"]["symbols"].as_array();
        let names = names.into_iter().flatten().filter_map(|name| name.as_str());
        files.push(("correlations.csv", correlations(&names.collect::<Vec<_>>(), matrix)));
    }
    files
}

/// The label of each bar; empty where none was known.
fn regimes(labels: &Labels) -> String {
    let mut text = String::from("time,label\n");
    for (time, label) in labels.times.iter().zip(&labels.labels) {
        let name = label.map_or("", |label| &labels.names[usize::from(label)]);
        let _ = writeln!(text, "{time},{name}");
    }
    text
}

fn correlations(names: &[&str], matrix: &Matrix) -> String {
    let cell = |name: &str| match name.contains([',', '"']) {
        true => format!("\"{}\"", name.replace('"', "\"\"")),
        false => name.to_owned(),
    };
    let mut text = String::from("symbol");
    names.iter().for_each(|name| text += &format!(",{}", cell(name)));
    text.push('\n');
    for (name, row) in names.iter().zip(matrix) {
        text += &cell(name);
        for x in row {
            text.push(',');
            if let Some(x) = x {
                let _ = write!(text, "{x}");
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cells_and_what_is_unknown_is_empty() {
        let matrix = vec![vec![Some(1.0), None], vec![None, Some(1.0)]];
        let text = correlations(&["A", "B,C"], &matrix);
        assert_eq!(text, "symbol,A,\"B,C\"\nA,1,\n\"B,C\",,1\n");
    }
}
