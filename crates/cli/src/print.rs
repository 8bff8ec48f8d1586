//! Output: results on stdout, everything else on stderr.
//!
//! A closed pipe on stdout ends the program quietly, as `dirigent runs | head` expects.

use std::io::{self, IsTerminal, Write};

use crate::args::{Args, Color, Output};

/// Where and how to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printer {
    /// Form of the results.
    pub(crate) output: Output,
    quiet: bool,
    out: Dress,
    err: Dress,
}

/// Whether a stream is written in color.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dress {
    Plain,
    Colored,
}

/// A style of text on a terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    /// Stands out.
    Bold,
    /// Steps back.
    Dim,
    /// Good.
    Green,
    /// Needs a look.
    Yellow,
    /// Bad.
    Red,
}

impl Printer {
    /// The printer that `args` ask for.
    pub(crate) fn new(args: &Args, no_color: bool) -> Self {
        let color = |terminal: bool| match args.color {
            Color::Always => Dress::Colored,
            Color::Auto if terminal && !no_color => Dress::Colored,
            Color::Auto | Color::Never => Dress::Plain,
        };
        Self {
            output: args.output,
            quiet: args.quiet,
            out: color(io::stdout().is_terminal()),
            err: color(io::stderr().is_terminal()),
        }
    }

    /// Whether results are JSON.
    pub(crate) fn json(&self) -> bool {
        self.output == Output::Json
    }

    /// Whether progress may be drawn.
    pub(crate) fn draws(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Prints a result.
    ///
    /// # Errors
    /// If stdout is closed.
    #[expect(clippy::unused_self, reason = "all output goes through the printer")]
    pub(crate) fn result(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        if !text.ends_with('\n') {
            out.write_all(b"\n")?;
        }
        out.flush()
    }

    /// Prints a result that is a JSON document.
    ///
    /// # Errors
    /// If stdout is closed.
    pub(crate) fn document(&self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        Ok(self.result(&serde_json::to_string_pretty(value)?)?)
    }

    /// Tells the person at the terminal something that is no result.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.complain(text);
        }
    }

    /// Tells of a problem, even when quiet. Nothing can be done if stderr is closed.
    #[expect(clippy::unused_self, reason = "all output goes through the printer")]
    pub(crate) fn complain(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// `text` in `style` for stdout.
    pub(crate) fn paint(&self, style: Style, text: &str) -> String {
        dress(self.out, style, text)
    }

    /// `text` in `style` for stderr.
    pub(crate) fn paint_err(&self, style: Style, text: &str) -> String {
        dress(self.err, style, text)
    }
}

fn dress(dress: Dress, style: Style, text: &str) -> String {
    let code = match style {
        Style::Bold => "1",
        Style::Dim => "2",
        Style::Green => "32",
        Style::Yellow => "33",
        Style::Red => "31",
    };
    if dress == Dress::Colored { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}
