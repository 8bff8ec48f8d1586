//! A strategy of your own, in Rust: write it, register it, run it.
//!
//! `cargo run -p dirigent-trading --example own_strategy`
//!
//! It buys after a number of falling closes in a row and sells at the first rising one. All it
//! sees is a `Window` that ends at the bar that just closed.
#![expect(clippy::print_stdout, reason = "an example prints what it found")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use dirigent_trading::Signal;
use dirigent_trading::backtest::{Options, Outcome, Unwatched, run};
use dirigent_trading::data::{Request, Source, load};
use dirigent_trading::portfolio::Ledger;
use dirigent_trading::strategy::{
    ParamValue, Parameter, Params, ParamsError, Plan, Registry, Strategy, StrategyKind, Values,
    Window, Wishes,
};

const IBM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/daily/IBM.csv");

/// The kind: its name and parameters, as a workflow file would write them.
struct BuyTheDip;

impl StrategyKind for BuyTheDip {
    fn name(&self) -> &str {
        "buy_the_dip"
    }

    fn summary(&self) -> &str {
        "Buys after `falls` falling closes in a row, sells at the first rising one."
    }

    fn parameters(&self) -> &[Parameter] {
        &[Parameter {
            name: "falls",
            summary: "How many closes must fall in a row.",
            values: Values::Whole { default: 4, min: 1, max: 100, search: (2, 6, 1) },
        }]
    }

    fn build(&self, params: &Params) -> Result<Plan, ParamsError> {
        Ok(Plan::Strategy(Box::new(Dip { falls: params.whole("falls") })))
    }
}

/// The strategy itself.
struct Dip {
    falls: usize,
}

impl Strategy for Dip {
    fn warmup(&self) -> usize {
        self.falls
    }

    fn on_bar(&mut self, window: &Window<'_>, _ledger: &Ledger, wishes: &mut Wishes) {
        for symbol in window.symbols().filter(|symbol| window.is_open_for(*symbol)) {
            let closes = window.close(symbol);
            let recent = &closes[closes.len() - self.falls - 1..];
            if recent.windows(2).all(|pair| pair[1] < pair[0]) {
                wishes.signal(symbol, Signal::LONG_ENTRY);
            } else if recent[self.falls] > recent[self.falls - 1] {
                wishes.signal(symbol, Signal::LONG_EXIT);
            }
        }
    }
}

/// Runs it on the bundled prices of IBM.
pub(crate) fn trade_ibm(falls: f64) -> Result<Outcome, Box<dyn Error>> {
    let mut strategies = Registry::builtin();
    strategies.register(Arc::new(BuyTheDip))?;
    let params = BTreeMap::from([("falls".to_owned(), ParamValue::Number(falls))]);
    let Plan::Strategy(mut strategy) = strategies.build("buy_the_dip", &params)? else {
        return Err("the strategy is code, not rules".into());
    };
    let loaded = load(&Request::new(Source::Csv { path: IBM.to_owned() }, &["IBM"]))?;
    Ok(run(&loaded.bars, strategy.as_mut(), &Options::default(), &Unwatched)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let outcome = trade_ibm(4.0)?;
    println!("{} trades, equity {}", outcome.trades.len(), outcome.final_equity);
    Ok(())
}
