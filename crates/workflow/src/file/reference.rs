//! The reference page of a file format, generated from its declaration.

use std::fmt::Write as _;

use super::spec::{Field, Kind, Need, Section, Tagged, quoted};

/// One heading and one table for each section, in Markdown.
pub fn reference(section: &'static Section) -> String {
    let mut out = String::new();
    chapter(&mut out, "", section.doc, section.fields, None);
    out
}

fn put(out: &mut String, line: &str) {
    writeln!(out, "{line}").expect("a string takes any text");
}

fn chapter(
    out: &mut String,
    path: &str,
    doc: &str,
    fields: &'static [Field],
    tag: Option<(&str, &str)>,
) {
    if !out.is_empty() {
        put(out, "");
    }
    match (path, tag) {
        ("", _) => put(out, "## The file"),
        (path, Some((key, name))) => put(out, &format!("## `{path}` with `{key}: {name}`")),
        (path, None) => put(out, &format!("## `{path}`")),
    }
    put(out, &format!("\n{doc}\n"));
    if fields.is_empty() {
        put(out, "No further keys.");
    } else {
        put(out, "| key | value | default | meaning |\n|---|---|---|---|");
        fields.iter().for_each(|field| put(out, &row(field)));
    }
    for field in fields {
        let below =
            if path.is_empty() { field.key.to_owned() } else { format!("{path}.{}", field.key) };
        nested(out, &below, &field.kind);
    }
}

fn row(field: &Field) -> String {
    let default = match field.need {
        Need::Required => "required".to_owned(),
        Need::Optional => "—".to_owned(),
        Need::Default("{}" | "[]") => "—".to_owned(),
        Need::Default(yaml) => format!("`{yaml}`"),
    };
    let example = match field.example {
        "" => String::new(),
        example => format!(" Example: `{example}`."),
    };
    let planned = if field.is_planned { " *Checked, but not yet acted on.*" } else { "" };
    let cells = [
        format!("`{}`", field.key),
        kind_cell(&field.kind),
        default,
        format!("{}.{example}{planned}", field.doc),
    ];
    format!("| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

fn kind_cell(kind: &Kind) -> String {
    match kind {
        Kind::Section(Section { shorthand: Some(key), .. }) => {
            format!("a section, or text for its `{key}`")
        }
        Kind::List { of: Kind::Section(_), .. } => "a list of sections".to_owned(),
        Kind::Map(Kind::Section(_)) => "sections by name".to_owned(),
        Kind::Tagged(tagged) => quoted(tagged.variants.iter().map(|variant| variant.name)),
        other => other.describe(),
    }
}

/// The chapters of what is inside `kind`.
fn nested(out: &mut String, path: &str, kind: &'static Kind) {
    match kind {
        Kind::Section(section) => chapter(out, path, section.doc, section.fields, None),
        Kind::List { of, .. } => nested(out, &format!("{path}[]"), of),
        Kind::Map(of) => nested(out, &format!("{path}.<name>"), of),
        Kind::Either(kinds) => kinds.iter().for_each(|kind| nested(out, path, kind)),
        Kind::Tagged(tagged) => variants(out, path, tagged),
        _ => {}
    }
}

fn variants(out: &mut String, path: &str, tagged: &'static Tagged) {
    for variant in tagged.variants {
        let tag = Some((tagged.key, variant.name));
        chapter(out, path, variant.section.doc, variant.section.fields, tag);
    }
}
