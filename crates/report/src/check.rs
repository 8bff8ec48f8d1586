//! The page of a data check: each symbol's prices in a picture, what is wrong, and where.
//!
//! Promises: as the tear sheet, a pure function to one self-contained file; this page runs no code
//! at all. Gaps are bands, outliers are rings; both are also in the list with their rows.

use dirigent_core::Timestamp;

use crate::{
    csp,
    html::{Html, Text},
    thin::envelope,
};

const STYLE: &str =
    concat!(include_str!("../assets/report.css"), include_str!("../assets/check.css"));
/// Points of a line.
const POINTS_MAX: usize = 1_500;
/// Gaps and outliers that are marked in one picture.
const MARKS_MAX: usize = 500;
/// Findings that are listed for a file.
const FINDINGS_MAX: usize = 2_000;
/// Symbols with a picture.
const PICTURES_MAX: usize = 50;
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 260.0;

/// What the page shows.
#[derive(Clone, Debug)]
pub struct CheckPage<'a> {
    /// One for each file.
    pub files: Vec<CheckedFile<'a>>,
}

/// What is shown of one file.
#[derive(Clone, Debug)]
pub struct CheckedFile<'a> {
    /// Its path.
    pub path: String,
    /// Whether a run would take it as it is.
    pub ok: bool,
    /// What was found, in a few lines.
    pub summary: Vec<String>,
    /// Its symbols.
    pub symbols: Vec<CheckedSymbol<'a>>,
    /// Everything that was found: row, what it is, and what exactly.
    pub findings: Vec<[String; 3]>,
    /// How many findings are not in the list.
    pub findings_left_out: u64,
}

/// What is shown of one symbol.
#[derive(Clone, Debug)]
pub struct CheckedSymbol<'a> {
    /// Its name.
    pub symbol: &'a str,
    /// Labels and values.
    pub facts: Vec<(&'static str, String)>,
    /// Time of each bar.
    pub time: &'a [Timestamp],
    /// Close of each bar.
    pub close: Vec<f64>,
    /// The bar after each gap.
    pub gaps: &'a [usize],
    /// The bars with an outlying return.
    pub outliers: &'a [usize],
}

/// The page as one HTML file.
pub fn render_check(page: &CheckPage<'_>) -> String {
    let mut out = Html::default();
    out.put(format_args!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Data check</title>\n<style>{STYLE}</style></head>\n<body>\n\
         <header class=\"masthead\"><h1>Data check</h1></header>\n<main>\n",
        csp::policy(STYLE, ""),
    ));
    page.files.iter().for_each(|of| file(&mut out, of));
    out.push("</main>\n</body></html>\n");
    out.finish()
}

fn file(out: &mut Html, file: &CheckedFile<'_>) {
    let (tone, verdict) = if file.ok { ("gain", "usable") } else { ("loss", "refused") };
    out.put(format_args!(
        "<section><h2>{} <span class=\"{tone}\">{verdict}</span></h2>\n",
        Text::line(&file.path)
    ));
    for line in &file.summary {
        out.put(format_args!("<p class=\"note\">{}</p>\n", Text::line(line)));
    }
    for symbol in file.symbols.iter().take(PICTURES_MAX) {
        self::symbol(out, symbol);
    }
    if file.symbols.len() > PICTURES_MAX {
        let more = file.symbols.len() - PICTURES_MAX;
        out.put(format_args!("<p class=\"note\">{more} more symbols are not drawn.</p>\n"));
    }
    findings(out, file);
    out.push("</section>\n");
}

fn symbol(out: &mut Html, symbol: &CheckedSymbol<'_>) {
    out.put(format_args!("<h3>{}</h3>\n<dl class=\"facts\">", Text::line(symbol.symbol)));
    for (label, value) in &symbol.facts {
        out.put(format_args!("<div><dt>{label}</dt><dd>{}</dd></div>", Text::line(value)));
    }
    out.push("</dl>\n");
    picture(out, symbol);
}

fn findings(out: &mut Html, file: &CheckedFile<'_>) {
    if file.findings.is_empty() {
        out.push("<p class=\"note\">Nothing to report.</p>\n");
        return;
    }
    out.push("<table class=\"findings\"><thead><tr><th>Row</th><th>Finding</th><th>Detail</th></tr></thead>\n<tbody>");
    for [row, kind, detail] in file.findings.iter().take(FINDINGS_MAX) {
        out.put(format_args!(
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            Text::line(row),
            Text::line(kind),
            Text::line(detail)
        ));
    }
    out.push("</tbody></table>\n");
    let beyond = file.findings.len().saturating_sub(FINDINGS_MAX) as u64 + file.findings_left_out;
    if beyond > 0 {
        out.put(format_args!("<p class=\"note\">{beyond} more are not listed.</p>\n"));
    }
}

/// Where things stand in a picture.
struct Frame {
    from: f64,
    span: f64,
    low: f64,
    high: f64,
}

impl Frame {
    fn of(symbol: &CheckedSymbol<'_>) -> Option<Self> {
        let (first, last) = (symbol.time.first()?, symbol.time.last()?);
        let from = seconds(*first);
        let low = symbol.close.iter().copied().fold(f64::INFINITY, f64::min);
        let high = symbol.close.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Some(Self { from, span: (seconds(*last) - from).max(1.0), low, high })
    }

    fn x(&self, time: Timestamp) -> f64 {
        WIDTH * (seconds(time) - self.from) / self.span
    }

    fn y(&self, price: f64) -> f64 {
        let range = self.high - self.low;
        let share = if range > 0.0 { (price - self.low) / range } else { 0.5 };
        HEIGHT * (1.0 - share)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
fn seconds(time: Timestamp) -> f64 {
    time.as_nanos() as f64 / 1e9
}

fn picture(out: &mut Html, symbol: &CheckedSymbol<'_>) {
    let Some(frame) = Frame::of(symbol) else { return };
    out.put(format_args!(
        "<figure><svg class=\"check\" viewBox=\"-4 -6 {} {}\" preserveAspectRatio=\"none\" \
         role=\"img\" aria-label=\"Closing prices with gaps and outliers marked\">",
        WIDTH + 8.0,
        HEIGHT + 12.0
    ));
    for bar in symbol.gaps.iter().take(MARKS_MAX) {
        let (from, to) = (frame.x(symbol.time[bar - 1]), frame.x(symbol.time[*bar]));
        out.put(format_args!(
            "<rect class=\"gap\" x=\"{from:.1}\" y=\"0\" width=\"{:.1}\" height=\"{HEIGHT}\"/>",
            (to - from).max(1.5)
        ));
    }
    line(out, symbol, &frame);
    for bar in symbol.outliers.iter().take(MARKS_MAX) {
        let (x, y) = (frame.x(symbol.time[*bar]), frame.y(symbol.close[*bar]));
        out.put(format_args!("<path class=\"outlier\" d=\"M{x:.1} {y:.1}h0\"/>"));
    }
    out.push("</svg>\n");
    let shown =
        |price: f64| format!("{price:.6}").trim_end_matches('0').trim_end_matches('.').to_owned();
    out.put(format_args!(
        "<figcaption>Close from {} to {}, {} to {}. Bands: {} gaps. Dots: {} outliers.{}\
         </figcaption></figure>\n",
        shown(frame.low),
        shown(frame.high),
        day(symbol.time[0]),
        day(symbol.time[symbol.time.len() - 1]),
        symbol.gaps.len(),
        symbol.outliers.len(),
        match symbol.gaps.len().max(symbol.outliers.len()) > MARKS_MAX {
            true => " Not all of them are marked.",
            false => "",
        }
    ));
}

/// The closes, with a break at each gap.
fn line(out: &mut Html, symbol: &CheckedSymbol<'_>, frame: &Frame) {
    out.push("<path class=\"line\" d=\"");
    let mut gaps = symbol.gaps.iter().peekable();
    let mut is_down = false;
    for bar in envelope(&symbol.close, POINTS_MAX) {
        while gaps.next_if(|gap| **gap <= bar).is_some() {
            is_down = false;
        }
        let (x, y) = (frame.x(symbol.time[bar]), frame.y(symbol.close[bar]));
        match is_down {
            true => out.put(format_args!("L{x:.1} {y:.1}")),
            false => out.put(format_args!("M{x:.1} {y:.1}h0")),
        };
        is_down = true;
    }
    out.push("\"/>");
}

fn day(time: Timestamp) -> String {
    let (year, month, day) = time.date();
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::format::float;

    fn page(close: &[f64], gaps: &[usize], outliers: &[usize], path: &str) -> String {
        let time: Vec<_> = (0..close.len())
            .map(|i| Timestamp::from_nanos(i as i64 * 86_400_000_000_000))
            .collect();
        let symbol = CheckedSymbol {
            symbol: "A",
            facts: vec![("Bars", float(close.len()).to_string())],
            time: &time,
            close: close.to_vec(),
            gaps,
            outliers,
        };
        let file = CheckedFile {
            path: path.into(),
            ok: false,
            summary: Vec::new(),
            symbols: vec![symbol],
            findings: vec![["7".into(), "gap".into(), "<b>".into()]],
            findings_left_out: 3,
        };
        render_check(&CheckPage { files: vec![file] })
    }

    #[test]
    fn gaps_break_the_line_and_are_bands_and_outliers_are_dots() {
        let page = page(&[1.0, 2.0, 3.0, 2.0], &[2], &[3], "a.csv");
        assert!(page.contains("d=\"M0.0 260.0h0L333.3 130.0M666.7 0.0h0L1000.0 130.0\""), "{page}");
        assert!(page.contains("<rect class=\"gap\" x=\"333.3\" y=\"0\" width=\"333.3\""), "{page}");
        assert!(page.contains("<path class=\"outlier\" d=\"M1000.0 130.0h0\"/>"), "{page}");
        assert!(page.contains("3 more are not listed"));
    }

    #[test]
    fn texts_of_files_are_never_markup() {
        let page = page(&[1.0], &[], &[], "<img src=x>.csv");
        assert!(!page.contains("<img") && !page.contains("<td><b>"));
        assert!(!page.contains("<script") && !page.contains("http://"));
    }

    #[test]
    fn no_bars_are_no_picture() {
        assert!(!page(&[], &[], &[], "a.csv").contains("<svg"));
    }
}
