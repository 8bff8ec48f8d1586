//! The files of an outcome: `trades.csv`, `equity.csv`, `orders.csv`, `flows.csv`.
//!
//! Promises: the same outcome gives the same bytes; every number is exact. Times are dates if all
//! times of the run are midnights, else RFC 3339. Digits are written straight into one buffer,
//! because a long run has millions of rows.

mod fills;

use std::io::{self, Write};

use dirigent_core::Timestamp;

use crate::backtest::Outcome;
use crate::order::{FillReason, Transition};

/// How many bytes are collected before they are written out.
const BUFFER_BYTES: usize = 1 << 16;
const DAY_NANOS: i64 = 86_400_000_000_000;

impl Outcome {
    /// Writes the account after every time: `timestamp,cash,equity`.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write_equity_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = self.rows(out);
        rows.text("timestamp,cash,equity");
        rows.end()?;
        let account = self.equity.cash().zip(self.equity.iter());
        for (time, (cash, equity)) in self.equity.time.iter().zip(account) {
            rows.time(*time);
            rows.comma();
            rows.decimal(cash.raw());
            rows.comma();
            rows.decimal(equity.raw());
            rows.end()?;
        }
        rows.finish()
    }

    /// Writes the round trips, in the order they ended.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write_trades_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = self.rows(out);
        rows.text(
            "symbol,side,entry_time,exit_time,entry_bar,exit_bar,bars_held,quantity,entry_price,\
             exit_price,pnl,fees,mae,mfe,entry_reason,exit_reason",
        );
        rows.end()?;
        for trade in &self.trades {
            let side = if trade.is_long() { "long" } else { "short" };
            rows.field(&self.symbols[trade.symbol.index()]);
            rows.comma();
            rows.text(side);
            rows.comma();
            rows.time(trade.entry_time);
            rows.comma();
            rows.time(trade.exit_time);
            for count in [trade.entry_bar, trade.exit_bar, trade.bars_held()] {
                rows.comma();
                rows.count(count as u64);
            }
            for raw in [trade.quantity.raw(), trade.entry_price.raw(), trade.exit_price.raw()] {
                rows.comma();
                rows.decimal(raw.into());
            }
            for raw in [trade.pnl.raw(), trade.fees.raw()] {
                rows.comma();
                rows.decimal(raw);
            }
            for raw in [trade.mae.raw(), trade.mfe.raw()] {
                rows.comma();
                rows.decimal(raw.into());
            }
            rows.comma();
            rows.shown(&trade.entry_reason);
            rows.comma();
            rows.shown(&trade.exit_reason);
            rows.end()?;
        }
        rows.finish()
    }

    /// Writes every order with its fill and its steps, by number.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write_orders_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let steps = self.steps_by_order();
        let mut rows = self.rows(out);
        rows.text(
            "order,created,symbol,side,kind,level,quantity,state,filled,price,fee,slippage,\
             reason,rejected,attempts,history",
        );
        rows.end()?;
        let mets = self.met_last();
        for (at, (record, steps)) in self.orders().zip(&steps).enumerate() {
            rows.shown(&record.order.id);
            rows.comma();
            rows.time(record.created);
            rows.comma();
            rows.field(&self.symbols[record.order.symbol.index()]);
            let kind = match record.order.reason {
                FillReason::TakeProfit { .. } => "target",
                _ => record.order.kind.as_str(),
            };
            for text in [record.order.side.as_str(), kind] {
                rows.comma();
                rows.text(text);
            }
            rows.comma();
            if let Some(level) = record.order.kind.level() {
                rows.decimal(level.raw().into());
            }
            rows.comma();
            rows.decimal(record.order.quantity.raw().into());
            rows.comma();
            rows.text(record.state.as_str());
            for raw in [record.filled.raw(), record.price.raw()] {
                rows.comma();
                rows.decimal(raw.into());
            }
            for raw in [record.fee.raw(), record.slippage.raw()] {
                rows.comma();
                rows.decimal(raw);
            }
            rows.comma();
            rows.shown(&record.order.reason);
            if let Some(met) = &mets[at] {
                rows.text(" ");
                rows.shown(met);
            }
            rows.comma();
            if let Some(rejected) = &record.rejected {
                rows.field(&rejected.to_string());
            }
            rows.comma();
            rows.count(record.attempts);
            rows.comma();
            rows.steps(steps);
            rows.end()?;
        }
        rows.finish()
    }

    /// Writes what changed cash or units without a trade, in the order it happened.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write_flows_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = self.rows(out);
        rows.text("timestamp,symbol,what,per_unit,units,amount");
        rows.end()?;
        for flow in &self.flows {
            rows.time(flow.time);
            rows.comma();
            if let Some(symbol) = flow.symbol {
                rows.field(&self.symbols[symbol.index()]);
            }
            rows.comma();
            rows.text(flow.what.as_str());
            rows.comma();
            rows.text(&flow.what.value());
            rows.comma();
            rows.decimal(flow.units.raw().into());
            rows.comma();
            rows.decimal(flow.amount.raw());
            rows.end()?;
        }
        rows.finish()
    }

    /// The steps of each order, in the order they happened.
    #[expect(clippy::cast_possible_truncation, reason = "ids are places in a vector, plus one")]
    fn steps_by_order(&self) -> Vec<Vec<Transition>> {
        let mut steps = vec![Vec::new(); self.history.len()];
        for step in self.transitions() {
            steps[step.order.0 as usize - 1].push(step);
        }
        steps
    }

    fn rows<'a>(&self, out: &'a mut dyn Write) -> Rows<'a> {
        let daily = self.equity.time.iter().all(|time| time.nanos_of_day() == 0);
        Rows { out, buffer: Vec::with_capacity(BUFFER_BYTES + 4096), daily, day: None }
    }
}

/// Rows of text on their way out.
struct Rows<'a> {
    out: &'a mut dyn Write,
    buffer: Vec<u8>,
    daily: bool,
    /// The date written last, so that a day of minutes computes it once.
    day: Option<(i64, [u8; 10])>,
}

impl Rows<'_> {
    fn text(&mut self, text: &str) {
        self.buffer.extend_from_slice(text.as_bytes());
    }

    fn comma(&mut self) {
        self.buffer.push(b',');
    }

    /// Text that others chose, quoted where CSV needs it.
    fn field(&mut self, text: &str) {
        if text.contains([',', '"', '\n', '\r']) {
            self.buffer.push(b'"');
            self.buffer.extend(text.replace('"', "\"\"").bytes());
            self.buffer.push(b'"');
        } else {
            self.text(text);
        }
    }

    fn shown(&mut self, value: &dyn std::fmt::Display) {
        write!(self.buffer, "{value}").expect("a vector takes any bytes");
    }

    fn end(&mut self) -> io::Result<()> {
        self.buffer.push(b'\n');
        if self.buffer.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.out.flush()
    }

    fn count(&mut self, count: u64) {
        let mut digits = [b'0'; 20];
        let first = write_digits(&mut digits, count);
        self.buffer.extend_from_slice(&digits[first..]);
    }

    /// `raw` steps of 10^-9, without needless zeros.
    fn decimal(&mut self, raw: i128) {
        let Ok(steps) = u64::try_from(raw.unsigned_abs()) else {
            let mut text = String::new();
            crate::price::write_decimal(&mut text, raw);
            return self.text(&text);
        };
        if raw < 0 {
            self.buffer.push(b'-');
        }
        const UNIT: u64 = crate::price::SCALE.unsigned_abs();
        self.count(steps / UNIT);
        let part = steps % UNIT;
        if part > 0 {
            let mut digits = [b'0'; 20];
            write_digits(&mut digits, part);
            let digits = &digits[11..];
            let kept = digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
            self.buffer.push(b'.');
            self.buffer.extend_from_slice(&digits[..kept]);
        }
    }

    fn time(&mut self, time: Timestamp) {
        let day = time.as_nanos().div_euclid(DAY_NANOS);
        let date = match self.day {
            Some((known, date)) if known == day => date,
            _ => date_text(time),
        };
        self.day = Some((day, date));
        self.buffer.extend_from_slice(&date);
        if !self.daily {
            self.time_of_day(time);
        }
    }

    fn time_of_day(&mut self, time: Timestamp) {
        let nanos = time.nanos_of_day();
        if nanos % 1_000_000_000 != 0 {
            let text = time.to_string();
            return self.text(&text[10..]);
        }
        let seconds = nanos / 1_000_000_000;
        let [h, m, s] = [seconds / 3600, seconds / 60 % 60, seconds % 60].map(two_digits);
        self.buffer
            .extend_from_slice(&[b'T', h[0], h[1], b':', m[0], m[1], b':', s[0], s[1], b'Z']);
    }

    fn steps(&mut self, steps: &[Transition]) {
        for (index, step) in steps.iter().enumerate() {
            if index > 0 {
                self.buffer.push(b' ');
            }
            self.text(step.state.as_str());
            self.buffer.push(b'@');
            self.time(step.time);
        }
    }
}

/// Writes `n` at the end of `digits`; answers where it begins.
fn write_digits(digits: &mut [u8; 20], mut n: u64) -> usize {
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = digit(n % 10);
        n /= 10;
        if n == 0 {
            return first;
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "one decimal digit")]
fn digit(n: u64) -> u8 {
    b'0' + n as u8
}

fn two_digits(n: i64) -> [u8; 2] {
    let n = n.unsigned_abs();
    [digit(n / 10 % 10), digit(n % 10)]
}

/// `YYYY-MM-DD`; years have four digits, as `Timestamp` covers 1678 to 2261.
fn date_text(time: Timestamp) -> [u8; 10] {
    let (year, month, day) = time.date();
    let ([y0, y1], [y2, y3]) = (two_digits(year / 100), two_digits(year % 100));
    let ([m0, m1], [d0, d1]) = (two_digits(month), two_digits(day));
    [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: i128) {
        let mut out = Vec::new();
        let mut rows = Rows { out: &mut out, buffer: Vec::new(), daily: true, day: None };
        rows.decimal(raw);
        rows.finish().unwrap();
        let mut expected = String::new();
        crate::price::write_decimal(&mut expected, raw);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn decimals_are_those_of_the_price_module() {
        for raw in [0, 1, -1, 999_999_999, 1_000_000_000, -1_500_000_000, 10_050_000_000] {
            check(raw);
        }
        for raw in [i128::from(u64::MAX), i128::from(u64::MAX) + 1, -(1_i128 << 90)] {
            check(raw);
        }
    }

    #[track_caller]
    fn check_time(text: &str, daily: bool, expected: &str) {
        let mut out = Vec::new();
        let mut rows = Rows { out: &mut out, buffer: Vec::new(), daily, day: None };
        rows.time(text.parse().unwrap());
        rows.finish().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn times_are_those_of_the_timestamp() {
        check_time("2024-03-01T00:00:00Z", true, "2024-03-01");
        for text in ["1969-12-31T23:59:59Z", "2024-03-01T09:30:05Z", "2024-03-01T09:30:00.250Z"] {
            check_time(text, false, text);
        }
    }

    #[test]
    fn names_are_quoted_where_csv_needs_it() {
        let mut out = Vec::new();
        let mut rows = Rows { out: &mut out, buffer: Vec::new(), daily: true, day: None };
        rows.field("plain");
        rows.comma();
        rows.field("a,\"b\"");
        rows.finish().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "plain,\"a,\"\"b\"\"\"");
    }
}
