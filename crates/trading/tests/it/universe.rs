//! Universes: what is out of one is neither seen nor held.

use std::{
    fs,
    ops::Range,
    sync::{Arc, Mutex},
};

use dirigent_core::Timestamp;
use dirigent_trading::{
    Bars, Price, Rate,
    backtest::{self, Options, Outcome, Unwatched},
    data::{parse_date, read_universe},
    execution::FillTiming,
    order::SymbolId,
    portfolio::{Ledger, Sizing},
    signal::Signal,
    strategy::{Strategy, Window, Wishes},
    universe::{Leaving, Universe},
};

fn day(day: u32) -> Timestamp {
    Timestamp::from_date(2024, 1, day).unwrap()
}

/// Bars of the first days of January 2024; the open of day d is d, its close d and a half.
fn bars(symbol: &str, days: Range<u32>) -> Bars {
    let price = |day: u32, part: i64| Price::from_raw(i64::from(day) * 1_000_000_000 + part);
    let column = |part| days.clone().map(|day| price(day, part)).collect::<Vec<_>>();
    let (low, high) = (column(0), column(500_000_000));
    Bars {
        symbol: symbol.into(),
        time: days.clone().map(day).collect(),
        open: low.clone(),
        high: high.clone(),
        low,
        close: high,
        volume: vec![1.0; days.len()],
    }
}

fn universe(dates: &[(&str, u32, u32)]) -> Universe {
    Universe::new(
        dates.iter().map(|(symbol, from, to)| ((*symbol).to_owned(), day(*from), day(*to))),
    )
}

/// Wants every symbol at every close, by signals or by weights, and notes what it sees.
struct Eager {
    weights: bool,
    seen: Arc<Mutex<Seen>>,
}

/// For each day the symbols that were open.
type Seen = Vec<(u32, Vec<usize>)>;

impl Strategy for Eager {
    fn on_bar(&mut self, window: &Window<'_>, _: &Ledger, wishes: &mut Wishes) {
        let open: Vec<SymbolId> = window.symbols().filter(|s| window.is_open_for(*s)).collect();
        let day = u32::try_from(window.now().date().2).unwrap();
        self.seen.lock().unwrap().push((day, open.iter().map(|symbol| symbol.index()).collect()));
        if self.weights {
            wishes.weights(open.into_iter().map(|symbol| (symbol, Rate::percent(40))));
        } else {
            open.into_iter().for_each(|symbol| wishes.signal(symbol, Signal::LONG_ENTRY));
        }
    }
}

/// The fills as day, symbol, units bought or sold, and price.
fn run(
    mut bars: Vec<Bars>,
    universe: &Universe,
    fill: FillTiming,
    weights: bool,
) -> (Vec<String>, Outcome, Seen) {
    let end = *bars[0].time.last().unwrap();
    let stretches: Vec<_> = bars.iter_mut().map(|bars| universe.cut(bars)).collect();
    let seen = Arc::new(Mutex::new(Seen::new()));
    let eager = Box::new(Eager { weights, seen: Arc::clone(&seen) });
    let mut leaving = Leaving::new(eager, &bars, &stretches, universe, end, fill);
    let options = Options {
        fill,
        sizing: Sizing::FixedQuantity("10".parse().unwrap()),
        ..Options::default()
    };
    let outcome = backtest::run(&bars, &mut leaving, &options, &Unwatched).unwrap();
    let fills = outcome.fills.iter().map(|fill| {
        let name = &bars[fill.symbol.index()].symbol;
        let side = if fill.side.as_str() == "buy" { "+" } else { "-" };
        format!("{} {name} {side} {}", fill.time.date().2, fill.price)
    });
    (fills.collect(), outcome, seen.lock().unwrap().clone())
}

#[test]
fn a_position_is_closed_at_the_last_bar_of_its_stretch() {
    let members = universe(&[("A", 1, 31), ("B", 3, 6), ("B", 9, 31)]);
    let all = || vec![bars("A", 1..13), bars("B", 1..13)];
    let (fills, outcome, seen) = run(all(), &members, FillTiming::NextOpen, false);
    assert_eq!(fills, ["2 A + 2", "4 B + 4", "6 B - 6", "10 B + 10"]);
    assert_eq!(outcome.open_positions.len(), 2, "who stays is held");
    let seen: Vec<u32> =
        seen.iter().filter(|(_, open)| open.contains(&1)).map(|(day, _)| *day).collect();
    assert_eq!(seen, [3, 4, 5, 6, 9, 10, 11, 12], "outside of its dates it is not seen");
    let (fills, ..) = run(all(), &members, FillTiming::SameClose, false);
    assert_eq!(fills, ["1 A + 1.5", "3 B + 3.5", "6 B - 6.5", "9 B + 9.5"]);
}

#[test]
fn weights_leave_with_the_symbol_as_well() {
    let members = universe(&[("A", 1, 31), ("B", 3, 6)]);
    let all = vec![bars("A", 1..13), bars("B", 1..13)];
    let (fills, outcome, _) = run(all, &members, FillTiming::NextOpen, true);
    let of_b: Vec<&String> = fills.iter().filter(|fill| fill.contains('B')).collect();
    assert_eq!(
        (of_b.first().unwrap().as_str(), of_b.last().unwrap().as_str()),
        ("4 B + 4", "6 B - 6")
    );
    assert_eq!(outcome.open_positions.len(), 1);
}

#[test]
fn one_symbol_leaves_although_its_strategy_is_quiet() {
    struct Once;
    impl Strategy for Once {
        fn on_bar(&mut self, _: &Window<'_>, _: &Ledger, wishes: &mut Wishes) {
            wishes.signal(SymbolId::new(0), Signal::LONG_ENTRY);
        }
        fn quiet_until(
            &self,
            bar: usize,
            limit: usize,
            holding: dirigent_trading::strategy::Holding,
        ) -> usize {
            if holding == dirigent_trading::strategy::Holding::Flat { bar } else { limit }
        }
    }
    let members = universe(&[("A", 2, 5), ("A", 8, 20)]);
    let mut bars = [bars("A", 1..25)];
    let stretches = [members.cut(&mut bars[0])];
    let mut leaving =
        Leaving::new(Box::new(Once), &bars, &stretches, &members, day(24), FillTiming::NextOpen);
    let outcome = backtest::run(&bars, &mut leaving, &Options::default(), &Unwatched).unwrap();
    let days: Vec<i64> = outcome.fills.iter().map(|fill| fill.time.date().2).collect();
    assert_eq!(days, [3, 5, 9, 20]);
}

#[test]
fn a_stretch_too_short_to_leave_is_not_entered() {
    let members = universe(&[("A", 1, 31), ("B", 3, 3), ("B", 6, 7)]);
    let (fills, ..) =
        run(vec![bars("A", 1..10), bars("B", 1..10)], &members, FillTiming::NextOpen, false);
    assert_eq!(fills, ["2 A + 2"]);
}

#[test]
fn the_file_of_a_universe_is_read_or_refused_with_its_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("members.csv");
    let read = |text: &str| {
        fs::write(&path, text).unwrap();
        read_universe(&path).map(|(universe, _)| universe).map_err(|error| error.to_string())
    };
    let found =
        read("symbol,from,to\nB,2024-01-03,2024-01-06\n\nB,2024-01-07,2024-01-08\nA,2024-01-01,\n");
    let forever = Timestamp::from_nanos(i64::MAX);
    let expected = [
        ("A".to_owned(), day(1), forever),
        ("B".to_owned(), parse_date("2024-01-03").unwrap(), day(8)),
    ];
    assert_eq!(found.unwrap(), Universe::new(expected), "dates that touch are one stretch");
    for (text, says) in [
        ("symbol,from\nA,2024-01-01\n", "no column `to`"),
        ("symbol,from,to\n", "no rows"),
        ("symbol,from,to\nA,2024-01-01,\nB,01/02/2024,\n", "row 3: `01/02/2024` is no date"),
        ("symbol,from,to\nA,2024-01-02,2024-01-01\n", "row 2: `to` is before `from`"),
        ("symbol,from,to\n,2024-01-02,\n", "row 2: symbol `` is not a name"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}
