//! A study: what an analysis found, as sections of sentences, tables and pictures on one page.
//!
//! Promises: as the tear sheet, a pure function to one self-contained file; this page runs no code
//! at all. Every figure of a picture also stands in a table or a sentence.

mod chart;
mod picture;

use crate::{
    csp,
    format::metric,
    html::{Html, Text},
    section,
    sheet::Format,
};

pub use picture::{Bars, Distribution, Heat, Picture, Regimes};

const STYLE: &str =
    concat!(include_str!("../assets/report.css"), include_str!("../assets/study.css"));
/// Rows of a table.
const ROWS_MAX: usize = 500;

/// What the page shows.
#[derive(Clone, Debug)]
pub struct Study<'a> {
    /// What it is of.
    pub title: &'a str,
    /// Labels and values.
    pub facts: Vec<(&'static str, String)>,
    /// What the reader should know first.
    pub warnings: &'a [String],
    /// In reading order.
    pub sections: Vec<StudySection<'a>>,
}

/// One of its sections.
#[derive(Clone, Debug)]
pub struct StudySection<'a> {
    /// The anchor.
    pub id: &'static str,
    /// The heading.
    pub title: &'static str,
    /// In reading order.
    pub blocks: Vec<Block<'a>>,
}

/// A part of a section.
#[derive(Clone, Debug)]
pub enum Block<'a> {
    /// A heading within the section.
    Heading(String),
    /// A sentence.
    Note(String),
    /// A table.
    Table(Table),
    /// A picture, with what it shows.
    Picture(Picture<'a>, String),
}

/// A table: the first column names the row.
#[derive(Clone, Debug)]
pub struct Table {
    /// What it is, for those who cannot see it.
    pub label: String,
    /// The names of the columns.
    pub head: Vec<&'static str>,
    /// As many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Clone, Debug)]
pub enum Cell {
    /// Words.
    Text(String),
    /// Words that may take several lines.
    Long(String),
    /// A figure that is written already.
    Written(String),
    /// A figure; a dash if it does not exist.
    Figure(Option<f64>, Format),
}

/// The page as one HTML file.
pub fn render_study(study: &Study<'_>) -> String {
    let mut out = Html::default();
    out.put(format_args!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{} – analysis</title>\n<style>{STYLE}</style></head>\n<body>\n\
         <header class=\"masthead\"><div class=\"bar\"><p class=\"brand\">Dirigent \
         <span>analysis</span></p></div><div class=\"lead\"><div><h1><bdi>{}</bdi></h1></div></div>\
         <dl class=\"facts\">",
        csp::policy(STYLE, ""),
        Text::line(study.title),
        Text::line(study.title),
    ));
    for (label, value) in &study.facts {
        out.put(format_args!("<div><dt>{label}</dt><dd>{}</dd></div>", Text::line(value)));
    }
    out.push("</dl></header>\n<nav aria-label=\"Sections\">");
    for section in &study.sections {
        out.put(format_args!("<a href=\"#{}\">{}</a>", section.id, section.title));
    }
    out.push("</nav>\n<main id=\"main\">\n");
    section::heading::warnings(&mut out, study.warnings);
    for of in &study.sections {
        section::open(&mut out, of.id, of.title);
        of.blocks.iter().for_each(|of| block(&mut out, of));
        section::close(&mut out);
    }
    out.push(
        "</main>\n<footer>What was so need not be so again: an analysis looks back.</footer>\n\
         </body></html>\n",
    );
    out.finish()
}

fn block(out: &mut Html, block: &Block<'_>) {
    match block {
        Block::Heading(text) => {
            out.put(format_args!("<h3><bdi>{}</bdi></h3>", Text::line(text)));
        }
        Block::Note(text) => {
            out.put(format_args!("<p class=\"note\">{}</p>", Text::cut(text, 1_000)));
        }
        Block::Table(of) => table(out, of),
        Block::Picture(of, caption) => {
            out.push("<figure>");
            of.draw(out);
            let caption = Text::cut(caption, 1_000);
            out.put(format_args!("<figcaption>{caption}</figcaption></figure>\n"));
        }
    }
}

fn table(out: &mut Html, table: &Table) {
    section::open_table(out, &Text::line(&table.label).to_string(), "study");
    out.push("<thead><tr>");
    for (at, name) in table.head.iter().enumerate() {
        let class = if is_text(table, at) { " class=\"text\"" } else { "" };
        out.put(format_args!("<th scope=\"col\"{class}>{name}</th>"));
    }
    out.push("</tr></thead><tbody>");
    for row in table.rows.iter().take(ROWS_MAX) {
        out.push("<tr>");
        row.iter().for_each(|of| cell(out, of));
        out.push("</tr>\n");
    }
    section::close_table(out);
    if table.rows.len() > ROWS_MAX {
        let all = table.rows.len();
        out.put(format_args!("<p class=\"note\">The first {ROWS_MAX} of {all}.</p>"));
    }
}

fn is_text(table: &Table, column: usize) -> bool {
    let first = table.rows.first().and_then(|row| row.get(column));
    column == 0 || matches!(first, Some(Cell::Text(_) | Cell::Long(_)))
}

fn cell(out: &mut Html, cell: &Cell) {
    match cell {
        Cell::Text(text) => {
            out.put(format_args!("<td class=\"text\"><bdi>{}</bdi></td>", Text::line(text)))
        }
        Cell::Long(text) => {
            out.put(format_args!("<td class=\"text long\">{}</td>", Text::cut(text, 600)))
        }
        Cell::Written(text) => out.put(format_args!("<td>{}</td>", Text::line(text))),
        Cell::Figure(value, format) => {
            out.put(format_args!("<td>{}</td>", metric(*value, *format)))
        }
    };
}

#[cfg(test)]
mod tests;
