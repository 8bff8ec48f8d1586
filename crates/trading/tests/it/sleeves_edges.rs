//! Several strategies: what is refused, sizes of their own, and the files they leave.

use dirigent_trading::backtest::sleeves::{self, Member};
use dirigent_trading::backtest::{Error, Options, Unwatched};
use dirigent_trading::portfolio::Sizing;

use crate::causality::{build, walk};
use crate::fixture::{daily, signals};
use crate::sleeves::{MONTHLY, NEVER, check_account, member, symbols, together};

#[test]
fn what_makes_no_sense_is_refused() {
    let bars = [walk("A", 30)];
    let refusal = |names: &[&str], weight: &str| {
        let mut made: Vec<_> = names.iter().map(|_| build("buy_and_hold", &bars)).collect();
        let rows = names.iter().zip(&mut made);
        let members = rows.map(|(name, made)| member(name, weight, &bars, made)).collect();
        sleeves::run(&symbols(&bars), members, &Options::default(), MONTHLY, &Unwatched)
            .unwrap_err()
            .to_string()
    };
    let strategy = |why: &str| Error::Strategy(why.into()).to_string();
    assert_eq!(refusal(&[], "1"), strategy("there is no strategy"));
    assert_eq!(refusal(&["a", "a"], "1"), strategy("`a` is the name of two strategies"));
    assert_eq!(refusal(&["a"], "0"), "`weight` is `0`, but must be positive");
    let large = "`weight` is `too large`, but must be such that all together are below 9.2 billion";
    assert_eq!(refusal(&["a", "b"], "9000000000"), large);
}

#[test]
fn files_name_the_strategy_first() {
    let bars = [walk("A", 200)];
    let cast = [
        ("back, and forth", "1", "rsi_mean_reversion", &bars[..]),
        ("trend", "1", "sma_crossover", &bars[..]),
    ];
    let account = together(&cast, &Options::default(), MONTHLY);
    let mut out = Vec::new();
    account.write_trades_csv(&mut out).unwrap();
    account.write_orders_csv(&mut out).unwrap();
    account.write_strategies_csv(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let heads: Vec<&str> = text.lines().filter(|line| line.starts_with("strategy,")).collect();
    assert_eq!(heads.len(), 3, "{heads:?}");
    assert!(
        heads[0].starts_with("strategy,symbol,side,") && heads[1].starts_with("strategy,order,")
    );
    let with = |name: &str| text.lines().filter(|line| line.starts_with(name)).count();
    let rows = |place: usize| {
        let own = &account.sleeves[place].outcome;
        own.trades.len() + own.orders().len() + own.equity.time.len()
    };
    assert_eq!((with("\"back, and forth\","), with("trend,")), (rows(0), rows(1)));
}

#[test]
fn a_strategy_may_have_sizes_of_its_own() {
    let bars = [daily("IT", &[["100"; 4]; 4])];
    let (mut all, mut some) = (signals(&["L..."]), signals(&["L..."]));
    let (weight, bars) = ("1".parse().unwrap(), &bars[..]);
    let units = Some(Sizing::FixedQuantity("7".parse().unwrap()));
    let members = vec![
        Member { name: "all", weight, sizing: None, bars, strategy: &mut all },
        Member { name: "some", weight, sizing: units, bars, strategy: &mut some },
    ];
    let account =
        sleeves::run(&symbols(bars), members, &Options::default(), NEVER, &Unwatched).unwrap();
    check_account(&account);
    let bought: Vec<String> =
        account.outcome.fills.iter().map(|fill| fill.quantity.to_string()).collect();
    assert_eq!(bought, ["500", "7"]);
}
