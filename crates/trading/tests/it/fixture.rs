//! Bars and signals for tests.

use dirigent_trading::Bars;

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
