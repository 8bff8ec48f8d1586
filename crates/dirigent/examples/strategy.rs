//! A strategy in Rust that workflow files can name.
//!
//! Run it: `cargo run -p dirigent --example strategy`

use std::sync::Arc;

use dirigent::{
    Coordinator, Home, Request, Summary,
    coordinator::Unobserved,
    prepare::Source,
    trading::{
        Signal,
        portfolio::Ledger,
        strategy::{
            Parameter, Params, ParamsError, Plan, Registry, Strategy, StrategyKind, Values, Window,
            Wishes,
        },
    },
};

/// Buys after a number of falling closes in a row, sells after the first rising one.
struct BuyTheDip {
    falls: usize,
}

impl Strategy for BuyTheDip {
    fn warmup(&self) -> usize {
        self.falls
    }

    fn on_bar(&mut self, window: &Window<'_>, _ledger: &Ledger, wishes: &mut Wishes) {
        for symbol in window.symbols().filter(|symbol| window.is_open_for(*symbol)) {
            // The window ends at this bar: there is no way to reach the next one.
            let closes = window.close(symbol);
            let [.., before, now] = closes else { continue };
            let falls = closes.windows(2).rev().take_while(|pair| pair[1] < pair[0]).count();
            if falls >= self.falls {
                wishes.signal(symbol, Signal::LONG_ENTRY);
            } else if now > before {
                wishes.signal(symbol, Signal::LONG_EXIT);
            }
        }
    }
}

/// What workflow files call it, and its parameter.
struct Kind;

const PARAMETERS: &[Parameter] = &[Parameter {
    name: "falls",
    summary: "How many closes have to fall in a row.",
    values: Values::Whole { default: 3, min: 1, max: 20, search: (2, 6, 1) },
}];

impl StrategyKind for Kind {
    fn name(&self) -> &str {
        "buy_the_dip"
    }

    fn summary(&self) -> &str {
        "Buys after falling closes in a row, sells after the first rising one."
    }

    fn parameters(&self) -> &[Parameter] {
        PARAMETERS
    }

    fn build(&self, params: &Params) -> Result<Plan, ParamsError> {
        Ok(Plan::Strategy(Box::new(BuyTheDip { falls: params.whole("falls") })))
    }
}

const WORKFLOW: &str = "\
name: buy-the-dip
workflow: {type: backtest}
data: {path: 'DATA/{symbol}.csv', symbols: [IBM]}
strategy: {type: buy_the_dip, params: {falls: 4}}
execution: {commission: {type: bps, value: 1}}
";

fn run(home: &std::path::Path) -> Result<Summary, Box<dyn std::error::Error>> {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/daily");
    std::fs::create_dir_all(home)?;
    let file = home.join("buy-the-dip.yaml");
    std::fs::write(&file, WORKFLOW.replace("DATA", data))?;

    let mut strategies = Registry::builtin();
    strategies.register(Arc::new(Kind))?;
    let coordinator = Coordinator::with_strategies(Home::at(home), strategies);
    let prepared = coordinator.prepare(&Source { path: file, ..Source::default() })?;
    Ok(coordinator.execute(&prepared, &Request::default(), &mut Unobserved)?)
}

#[expect(clippy::print_stdout, reason = "an example shows its result")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let summary = run(std::path::Path::new(".dirigent"))?;
    println!("{} {}", summary.run_id, summary.result["metrics"]);
    Ok(())
}

#[test]
fn a_registered_strategy_trades_from_a_workflow_file() {
    let home = tempfile::tempdir().unwrap();
    let summary = run(home.path()).unwrap();
    assert!(summary.result["metrics"]["trades"].as_u64() > Some(50), "{}", summary.result);
}
