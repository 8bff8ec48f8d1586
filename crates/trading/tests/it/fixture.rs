//! Bars and signals for tests.

use std::sync::Arc;

use dirigent_core::Timestamp;
use dirigent_trading::strategy::SignalStrategy;
use dirigent_trading::{Bars, Price, Signal};

/// Bars from the text of a CSV file with the columns timestamp, open, high, low, close, volume.
pub(crate) fn bars_from_csv(symbol: &str, text: &str) -> Bars {
    let mut bars = Bars { symbol: symbol.to_owned(), ..Bars::default() };
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let time = match fields[0].len() {
            10 => format!("{}T00:00:00Z", fields[0]),
            _ => fields[0].to_owned(),
        };
        bars.time.push(time.parse().unwrap());
        bars.open.push(fields[1].parse().unwrap());
        bars.high.push(fields[2].parse().unwrap());
        bars.low.push(fields[3].parse().unwrap());
        bars.close.push(fields[4].parse().unwrap());
        bars.volume.push(fields[5].parse().unwrap());
    }
    bars
}

/// Daily bars with these prices: open, high, low, close.
pub(crate) fn daily(symbol: &str, rows: &[[&str; 4]]) -> Bars {
    let mut bars = Bars { symbol: symbol.to_owned(), ..Bars::default() };
    let start = Timestamp::from_date(2024, 1, 1).unwrap().as_nanos();
    for (day, row) in (0_i64..).zip(rows) {
        let [open, high, low, close] = row.map(|text| text.parse::<Price>().unwrap());
        bars.time.push(Timestamp::from_nanos(start + day * 86_400_000_000_000));
        bars.open.push(open);
        bars.high.push(high);
        bars.low.push(low);
        bars.close.push(close);
        bars.volume.push(1000.0);
    }
    bars
}

/// One line of signals per symbol: `L` enters long, `x` leaves, `S` enters short, `.` is nothing.
pub(crate) fn signals(lines: &[&str]) -> SignalStrategy {
    let signal = |letter| match letter {
        'L' => Signal::LONG_ENTRY,
        'S' => Signal::SHORT_ENTRY,
        'x' => Signal::LONG_EXIT.with(Signal::SHORT_EXIT),
        _ => Signal::NONE,
    };
    let column = |line: &&str| -> Arc<[Signal]> { line.chars().map(signal).collect() };
    SignalStrategy::new(lines.iter().map(column).collect(), 0)
}
