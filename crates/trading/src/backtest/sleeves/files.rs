//! The files of an account of several strategies: those of a plain run with the strategy first.

use std::io::{self, Write};

use dirigent_core::Timestamp;

use super::Account;

impl Account {
    /// Writes the round trips of all strategies, in the order they ended.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write_trades_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let names = self.trades_of.iter().map(|place| self.sleeves[*place].name.as_str());
        self.outcome.write_trades_csv(&mut Labelled::new(out, names))
    }

    /// Writes every order of all strategies, strategy after strategy.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write_orders_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let names = self.sleeves.iter().flat_map(|sleeve| {
            std::iter::repeat_n(sleeve.name.as_str(), sleeve.outcome.orders().len())
        });
        self.outcome.write_orders_csv(&mut Labelled::new(out, names))
    }

    /// Writes what changed cash or units without a trade, in the order it happened.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write_flows_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let names = self.flows_of.iter().map(|place| self.sleeves[*place].name.as_str());
        self.outcome.write_flows_csv(&mut Labelled::new(out, names))
    }

    /// Writes each strategy's cash and equity after every time, and what came to it or went then:
    /// `strategy,timestamp,cash,equity,transfer`.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write_strategies_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "strategy,timestamp,cash,equity,transfer")?;
        let time = &self.outcome.equity.time;
        let is_daily = time.iter().all(|time| time.nanos_of_day() == 0);
        for sleeve in &self.sleeves {
            let own = &sleeve.outcome.equity;
            let mut moved = sleeve.moved.iter().peekable();
            let rows = time.iter().zip(own.cash().zip(own.iter())).enumerate();
            for (t, (time, (cash, equity))) in rows {
                let name = quoted(&sleeve.name);
                write!(out, "{name},{},{cash},{equity},", shown(*time, is_daily))?;
                match moved.next_if(|(when, _)| *when == t) {
                    Some((_, amount)) => writeln!(out, "{amount}")?,
                    None => writeln!(out, "0")?,
                }
            }
        }
        out.flush()
    }
}

fn shown(time: Timestamp, is_daily: bool) -> String {
    if !is_daily {
        return time.to_string();
    }
    let (year, month, day) = time.date();
    format!("{year:04}-{month:02}-{day:02}")
}

/// `text` as a field of a CSV file.
pub fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

/// Puts a column `strategy` before the rows that are written to it.
struct Labelled<'a, N> {
    out: &'a mut dyn Write,
    names: N,
    is_head: bool,
    is_start: bool,
}

impl<'a, N: Iterator<Item = &'a str>> Labelled<'a, N> {
    fn new(out: &'a mut dyn Write, names: N) -> Self {
        Self { out, names, is_head: true, is_start: true }
    }

    fn label(&mut self) -> io::Result<()> {
        self.is_start = false;
        if std::mem::take(&mut self.is_head) {
            return self.out.write_all(b"strategy,");
        }
        let name = self.names.next().unwrap_or_default();
        self.out.write_all(quoted(name).as_bytes())?;
        self.out.write_all(b",")
    }
}

impl<'a, N: Iterator<Item = &'a str>> Write for Labelled<'a, N> {
    fn write(&mut self, rows: &[u8]) -> io::Result<usize> {
        // Names of symbols hold no line breaks, so that each ends a row.
        for part in rows.split_inclusive(|byte| *byte == b'\n') {
            if self.is_start {
                self.label()?;
            }
            self.out.write_all(part)?;
            self.is_start = part.ends_with(b"\n");
        }
        Ok(rows.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
