//! Tapes from text, and strategies that follow a script on them.

use std::sync::Arc;
use std::time::Duration;

use dirigent_core::Timestamp;
use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::order::SymbolId;
use dirigent_trading::portfolio::Ledger;
use dirigent_trading::strategy::{Strategy, Window, Wishes};
use dirigent_trading::venue::{Closes, Quotes, Tape, Trades};
use dirigent_trading::{Bars, Price, Quantity};

/// Does what is written down for a bar, at its close.
pub(super) struct Script<F>(pub(super) F);

impl<F: FnMut(usize, &mut Wishes) + Send> Strategy for Script<F> {
    fn on_bar(&mut self, window: &Window<'_>, _ledger: &Ledger, wishes: &mut Wishes) {
        (self.0)(window.bars(SymbolId::new(0)) - 1, wishes);
    }
}

/// So many minute bars from 10:00 on, all at 100.
pub(super) fn minutes(count: i64) -> Bars {
    let open: Timestamp = "2024-01-02T10:00:00Z".parse().unwrap();
    let minute = |n: i64| Timestamp::from_nanos(open.as_nanos() + n * 60_000_000_000);
    let prices = vec!["100".parse::<Price>().unwrap(); usize::try_from(count).unwrap()];
    Bars {
        symbol: "IT".into(),
        time: (0..count).map(minute).collect(),
        open: prices.clone(),
        high: prices.clone(),
        low: prices.clone(),
        volume: vec![1000.0; prices.len()],
        close: prices,
    }
}

fn time(text: &str) -> Timestamp {
    format!("2024-01-02T{text}Z").parse().unwrap()
}

fn number(text: &str) -> Quantity {
    text.parse().unwrap()
}

/// A quote is `10:01:00 99x100 5x5`, bid and ask and their sizes; a trade `10:01:00 99.5 10`.
pub(super) fn read(rows: &[&str]) -> (Quotes, Trades) {
    let (mut quotes, mut trades) = (Quotes::default(), Trades::default());
    for row in rows {
        let fields: Vec<&str> = row.split(' ').collect();
        match (fields[1].split_once('x'), fields[2].split_once('x')) {
            (Some((bid, ask)), Some((bid_size, ask_size))) => {
                quotes.time.push(time(fields[0]));
                quotes.bid.push(bid.parse().unwrap());
                quotes.ask.push(ask.parse().unwrap());
                quotes.bid_size.push(number(bid_size));
                quotes.ask_size.push(number(ask_size));
            }
            _ => {
                trades.time.push(time(fields[0]));
                trades.price.push(fields[1].parse().unwrap());
                trades.size.push(number(fields[2]));
            }
        }
    }
    (quotes, trades)
}

pub(super) fn tape(symbol: &str, rows: &[&str]) -> Arc<Tape> {
    let (quotes, trades) = read(rows);
    Arc::new(Tape::new([(symbol.to_owned(), quotes, trades)]).unwrap())
}

pub(super) fn trades_of(rows: &[&str]) -> Arc<Tape> {
    Arc::new(Tape::of_trades([("IT".to_owned(), read(rows).1)]).unwrap())
}

/// `options` with this tape, on bars of a minute.
pub(super) fn on_tape(rows: &[&str], options: &Options) -> Options {
    let mut options = options.clone();
    options.venue.tape = Some(tape("IT", rows));
    options.venue.closes = Closes::After(Duration::from_secs(60));
    options
}

/// Runs `script` and tells of every fill, `10@100 10:01:00 taking`, then of every order.
pub(super) fn play(
    bars: &Bars,
    options: &Options,
    script: impl FnMut(usize, &mut Wishes) + Send,
) -> (Outcome, Vec<String>) {
    let outcome =
        run(std::slice::from_ref(bars), &mut Script(script), options, &Unwatched).unwrap();
    let fills = outcome.fills.iter().zip(&outcome.mets).map(|(fill, met)| {
        let time = fill.time.to_string();
        let behind = met.ahead.map(|ahead| format!(" behind {ahead}")).unwrap_or_default();
        let (quantity, price) = (fill.quantity, fill.price);
        format!("{quantity}@{price} {} {}{behind}", &time[11..time.len() - 1], met.by.as_str())
    });
    let orders = outcome.orders().map(|record| {
        let why = record.rejected.map(|why| format!(": {why}")).unwrap_or_default();
        format!("{} {}{why}", record.order.kind.as_str(), record.state.as_str())
    });
    let told = fills.chain(orders).collect();
    (outcome, told)
}
