//! Orders that a bar does not come to are not looked at further; looking at all of them, at every
//! bar, changes nothing.

use dirigent_core::Timestamp;
use dirigent_trading::backtest::{Outcome, Unwatched, run};
use dirigent_trading::order::{
    Fill, OrderId, OrderRequest, Record, Side, SymbolId, Tag, TimeInForce,
};
use dirigent_trading::portfolio::Ledger;
use dirigent_trading::strategy::{Strategy, Window, Wishes};
use dirigent_trading::{Price, Quantity};
use proptest::prelude::*;

use crate::backtest_ledger::{Whim, trader};
use crate::backtest_properties::{any_options, random_bars};

/// Has one order more than `Whim`, at a price that no bar comes to and with a last date, which has
/// to be looked at every bar; then all the others are.
struct Attended {
    whim: Whim,
    is_placed: bool,
}

impl Strategy for Attended {
    fn on_bar(&mut self, window: &Window<'_>, ledger: &Ledger, wishes: &mut Wishes) {
        if !std::mem::replace(&mut self.is_placed, true) {
            let units = Quantity::from_units(1).expect("one unit is few");
            let request = OrderRequest::market(SymbolId::new(0), Side::Buy, units);
            let far = request.limit(Price::from_raw(1_000_000)).tag(Tag(99));
            wishes.order(far.good(NEVER));
        }
        self.whim.on_bar(window, ledger, wishes);
    }
}

const NEVER: TimeInForce = TimeInForce::Gtd(Timestamp::from_nanos(i64::MAX));

/// What became of all orders but that one.
fn others(outcome: &Outcome) -> (Vec<Fill>, Vec<Record>) {
    let extra = outcome.orders().find(|record| record.order.time_in_force == NEVER);
    let extra = extra.map_or(OrderId(u64::MAX), |record| record.order.id);
    let without = |id: OrderId| OrderId(id.0 - u64::from(id > extra));
    let fills = outcome.fills.iter().map(|fill| {
        let mut fill = *fill;
        fill.order = without(fill.order);
        fill
    });
    let records = outcome.orders().filter(|record| record.order.id != extra).map(|mut record| {
        record.order.id = without(record.order.id);
        record
    });
    (fills.collect(), records.collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn looking_at_every_order_at_every_bar_changes_nothing(seed: u64, options in any_options()) {
        let bars = [random_bars(seed, 0)];
        let outcome = run(&bars, &mut trader(seed), &options, &Unwatched).unwrap();
        let mut attended = Attended { whim: trader(seed), is_placed: false };
        let all = run(&bars, &mut attended, &options, &Unwatched).unwrap();
        prop_assert_eq!(others(&all), (outcome.fills.clone(), outcome.orders().collect()));
        prop_assert_eq!(all.equity, outcome.equity);
    }
}
