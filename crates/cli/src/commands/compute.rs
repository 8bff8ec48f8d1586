//! `dirigent compute`: an expression of the rules language over a file.

use std::{fmt::Write as _, path::Path};

use dirigent::compute;

use crate::{Context, exit};

pub(crate) fn compute(
    context: &Context,
    data: &Path,
    expressions: &[String],
) -> anyhow::Result<u8> {
    let computed = compute::compute(data, expressions)?;
    computed.notes.iter().for_each(|note| context.printer.note(&format!("note: {note}")));
    let daily = computed.time.iter().all(|time| time.nanos_of_day() == 0);
    let stamp = |index: usize| {
        let text = computed.time[index].to_string();
        if daily { text[..10].to_owned() } else { text }
    };
    if context.printer.json() {
        let columns: serde_json::Map<String, serde_json::Value> = computed
            .columns
            .iter()
            .map(|(name, values)| (name.clone(), serde_json::json!(values)))
            .collect();
        let times: Vec<String> = (0..computed.time.len()).map(stamp).collect();
        context.printer.document(&serde_json::json!({"timestamp": times, "columns": columns}))?;
        return Ok(exit::DONE);
    }
    let mut text = String::from("timestamp");
    for (name, _) in &computed.columns {
        write!(text, ",{}", quoted(name))?;
    }
    text.push('\n');
    for row in 0..computed.time.len() {
        text.push_str(&stamp(row));
        for (_, values) in &computed.columns {
            text.push(',');
            if values[row].is_finite() {
                write!(text, "{}", values[row])?;
            }
        }
        text.push('\n');
    }
    context.printer.result(&text)?;
    Ok(exit::DONE)
}

/// A CSV field, in quotes where it needs them.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
