//! Our engine beside other libraries: the same orders on the same real prices, trade by trade.
//!
//! `tests/data/conformance/*.json` is what each library answered; `bench/conformance.py` asks them.
//! Under the profile of the library our fills are the same, or differ by exactly what `known`
//! says. The page docs/reference/conformance.md is made here.

mod known;
mod page;
mod plan;

use dirigent_trading::backtest::{Options, Outcome, Profile};
use dirigent_trading::{Bars, Quantity};
use serde::Deserialize;

use crate::fixture::bars_from_csv;

const GOLDEN: [&str; 6] = [
    include_str!("../data/conformance/vectorbt.json"),
    include_str!("../data/conformance/backtesting.json"),
    include_str!("../data/conformance/backtrader.json"),
    include_str!("../data/conformance/nautilus.json"),
    include_str!("../data/conformance/raptorbt.json"),
    include_str!("../data/conformance/bt.json"),
];
const SYMBOLS: [&str; 2] = ["AAPL", "IBM"];
const DATA: [&str; 2] = [
    include_str!("../../../../examples/data/daily/AAPL.csv"),
    include_str!("../../../../examples/data/daily/IBM.csv"),
];
/// Set, it writes the page instead of checking it; `cargo xtask generate` does.
const WRITE: &str = "DIRIGENT_WRITE_PAGES";
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/conformance.md");
const CENT: f64 = 0.01;

/// What a library answered.
#[derive(Deserialize)]
struct Golden {
    peer: String,
    version: String,
    script: String,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    case: String,
    symbol: String,
    equity: f64,
    fills: Vec<Fill>,
}

/// Bar, units with sign, price, and the fee where the library tells it.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Fill(usize, f64, f64, Option<f64>);

impl Fill {
    /// Whether both are the same trade; prices may be `grain` apart.
    fn is(&self, other: &Self, grain: f64) -> bool {
        let fees = self.3.zip(other.3).map_or(0.0, |(a, b)| (a - b).abs());
        let near = (self.1 - other.1).abs() < 1e-6 && (self.2 - other.2).abs() <= grain;
        self.0 == other.0 && near && fees < CENT / 2.0
    }
}

/// What differs between a library and us in one run.
#[derive(Debug, PartialEq)]
struct Difference {
    /// Fills of theirs that we do not have, and of ours that they do not have.
    fills: (usize, usize),
    /// Our final equity less theirs, in cents.
    cents: i64,
}

fn goldens() -> Vec<Golden> {
    GOLDEN.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

fn bars() -> [Bars; 2] {
    [0, 1].map(|at| bars_from_csv(SYMBOLS[at], DATA[at]))
}

fn profile_of(peer: &str) -> Option<Profile> {
    Profile::ALL.into_iter().find(|profile| profile.as_str() == peer)
}

fn lot_of(peer: &str) -> Quantity {
    if peer == "raptorbt" { Options::LOT_FRACTIONAL } else { Options::LOT_WHOLE }
}

/// Half of the ticks that levels of nautilus_trader are rounded to; doubles elsewhere.
fn grain_of(peer: &str) -> f64 {
    if peer == "nautilus_trader" { 0.000_050_1 } else { 1e-6 }
}

fn fills_of(outcome: &Outcome, bars: &Bars) -> Vec<Fill> {
    let tell = |fill: &dirigent_trading::order::Fill| {
        let bar = bars.time.binary_search(&fill.time).unwrap();
        let units = fill.side.signed(fill.quantity).to_f64();
        Fill(bar, units, fill.price.to_f64(), Some(fill.fee.to_f64()))
    };
    outcome.fills.iter().map(tell).collect()
}

fn missing<'f>(from: &'f [Fill], there: &'f [Fill], grain: f64) -> Vec<&'f Fill> {
    from.iter().filter(|fill| !there.iter().any(|other| fill.is(other, grain))).collect()
}

fn compare(run: &Run, outcome: &Outcome, bars: &Bars, grain: f64) -> (Difference, String) {
    let ours = fills_of(outcome, bars);
    let theirs_only = missing(&run.fills, &ours, grain);
    let ours_only = missing(&ours, &run.fills, grain);
    #[expect(clippy::cast_possible_truncation, reason = "cents of a few thousand")]
    let cents = ((outcome.final_equity.to_f64() - run.equity) / CENT).round() as i64;
    let fills = (theirs_only.len(), ours_only.len());
    let first = theirs_only.iter().zip(&ours_only).take(5);
    let mut told = String::new();
    for (theirs, ours) in first {
        let at = theirs.0;
        let [open, high, low, close] =
            [&bars.open, &bars.high, &bars.low, &bars.close].map(|column| column[at]);
        told += &format!(
            "\n  theirs {theirs:?}\n  ours   {ours:?}\n  bar    {open} {high} {low} {close}"
        );
    }
    (Difference { fills, cents }, told)
}

#[test]
fn fills_and_equity_are_those_of_other_libraries_but_for_what_is_known() {
    let bars = bars();
    let mut wrong = String::new();
    for golden in goldens() {
        for run in &golden.runs {
            let at = SYMBOLS.iter().position(|symbol| *symbol == run.symbol).unwrap();
            let (profile, lot) = (profile_of(&golden.peer), lot_of(&golden.peer));
            let outcome = plan::trade(&run.case, profile, lot, &bars[at]);
            let (found, told) = compare(run, &outcome, &bars[at], grain_of(&golden.peer));
            let expected = known::of(&golden.peer, &run.case)
                .map_or(Difference { fills: (0, 0), cents: 0 }, |known| known.difference(at));
            if found != expected {
                let Golden { peer, .. } = &golden;
                let Run { case, symbol, .. } = run;
                wrong += &format!("\n{peer} {case} {symbol}: {found:?}, known {expected:?}{told}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_page_says_what_was_found() {
    let page = page::render(&goldens());
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(PAGE, page).unwrap();
        return;
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert_eq!(written, page, "`cargo xtask generate` writes the page anew");
}
