//! Sizes by Kelly's rule: what the closed trades of a run say about the next one.

use dirigent_core::Seed;
use dirigent_trading::backtest::causality::{cuts, prove};
use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::portfolio::{Kelly, Sizing};
use dirigent_trading::{Bars, Rate};

use crate::causality::{build, walk};
use crate::fixture::{daily, signals};

const HALF: Kelly = Kelly {
    fraction: Rate::percent(50),
    trades_min: 4,
    trades_max: 100,
    start: Rate::percent(10),
    least: Rate::percent(1),
    most: Rate::ONE,
};

/// Enters at 100 and leaves at the price of `exits` for each, one trade after the other.
fn trades(exits: &[&'static str], kelly: Kelly) -> Outcome {
    let mut rows = vec![["100"; 4]];
    rows.extend(exits.iter().flat_map(|exit| [["100"; 4], [*exit; 4]]));
    let line = "Lx".repeat(exits.len()) + ".";
    let options = Options {
        sizing: Sizing::Kelly(kelly),
        lot: Options::LOT_FRACTIONAL,
        ..Options::default()
    };
    run(&[daily("IT", &rows)], &mut signals(&[&line]), &options, &Unwatched).unwrap()
}

/// What each entry was worth, as a share of the equity at that time.
fn shares(outcome: &Outcome) -> Vec<f64> {
    let mut equity = outcome.initial_cash.to_f64();
    let mut shares = Vec::new();
    for trade in &outcome.trades {
        shares.push(trade.entry_value.to_f64() / equity);
        equity += trade.pnl.to_f64();
    }
    shares
}

/// Half win 60 % and half lose 40 %: 0.5 / 0.4 − 0.5 / 0.6 = 5/12, of which half is used. After the
/// fifth, a gain, three of five: 0.6 / 0.4 − 0.4 / 0.6 = 5/6, half of it 5/12.
#[test]
fn the_trades_so_far_say_the_next_share() {
    let found = shares(&trades(&["160", "60", "160", "60", "160", "160"], HALF));
    let expected = [0.1, 0.1, 0.1, 0.1, 5.0 / 24.0, 5.0 / 12.0];
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
    }
    assert_eq!(found.len(), expected.len());
    // A bad record trades the least that is allowed; with nothing, no more.
    let bad = ["60", "60", "60", "110", "110", "110"];
    let found = shares(&trades(&bad, HALF));
    assert!((found[4] - 0.01).abs() < 1e-9 && (found[5] - 0.01).abs() < 1e-9, "{found:?}");
    let never = trades(&bad, Kelly { least: Rate::ZERO, ..HALF });
    assert_eq!(never.trades.len(), 4);
    assert!(never.rejected > 0);
}

#[test]
fn it_looks_at_closed_trades_alone() {
    let bars = [walk("A", 700), walk("B", 700)];
    let options = Options { sizing: Sizing::Kelly(HALF), ..Options::default() };
    for kind in ["sma_crossover", "macd"] {
        let outcome = run(&bars, build(kind, &bars).as_mut(), &options, &Unwatched).unwrap();
        let count = outcome.trades.len();
        assert!(count > 2 * HALF.trades_min, "{kind}: {count} trades");
        let cuts = cuts(&outcome.equity.time, 20, Seed::master(5));
        let mut again = |prefix: &[Bars], _| Ok(build(kind, prefix));
        let proof = prove(&bars, &outcome, &options, &cuts, &mut again, &Unwatched).unwrap();
        assert_eq!(proof.prefixes, 20);
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refusal = |kelly: Kelly| {
        let options = Options { sizing: Sizing::Kelly(kelly), ..Options::default() };
        let bars = [daily("IT", &[["100"; 4]; 3])];
        run(&bars, &mut signals(&["..."]), &options, &Unwatched).unwrap_err().to_string()
    };
    let wrong = [
        Kelly { fraction: Rate::ZERO, ..HALF },
        Kelly { fraction: Rate::percent(101), ..HALF },
        Kelly { trades_min: 0, ..HALF },
        Kelly { trades_max: 3, ..HALF },
        Kelly { start: Rate::ZERO, ..HALF },
        Kelly { most: Rate::percent(5), ..HALF },
        Kelly { most: Rate::percent(101), ..HALF },
    ];
    for kelly in wrong {
        assert!(refusal(kelly).starts_with("`sizing.kelly` is"), "{kelly:?}");
    }
}
