//! The example of an own strategy runs, and the registry keeps its word.

use std::collections::BTreeMap;

use dirigent_trading::strategy::{BuildError, ParamValue, Registry};

#[path = "../../examples/own_strategy.rs"]
#[expect(dead_code, reason = "its `main` is for the command line")]
mod example;

#[test]
fn the_example_trades_dips_as_deep_as_asked() {
    let (shallow, deep) = (example::trade_ibm(2.0).unwrap(), example::trade_ibm(6.0).unwrap());
    assert!(shallow.trades.len() > deep.trades.len() && !deep.trades.is_empty());
    for trade in &deep.trades {
        assert_eq!(trade.exit_reason.to_string(), "signal_exit");
    }
}

#[test]
fn what_a_registry_cannot_build_it_explains() {
    let check = |name: &str, param: &str, expected: &str| {
        let given = BTreeMap::from([(param.to_owned(), ParamValue::Number(0.0))]);
        let error: BuildError = Registry::builtin().build(name, &given).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check("sma_cross", "fast", "there is no strategy `sma_cross`");
    check(
        "sma_crossover",
        "quick",
        "strategy `sma_crossover`: there is no parameter `quick`; there are: fast, slow",
    );
    let fault = example::trade_ibm(0.0).unwrap_err().to_string();
    let wanted = "parameter `falls` is `0`, but must be a whole number from 1 to 100";
    assert_eq!(fault, format!("strategy `buy_the_dip`: {wanted}"));
}

#[test]
fn a_name_is_registered_once() {
    let mut strategies = Registry::builtin();
    let taken =
        strategies.register(std::sync::Arc::new(dirigent_trading::strategy::catalogue()[0]));
    let expected = "there is a strategy `bollinger_mean_reversion` already";
    assert_eq!(taken.unwrap_err().to_string(), expected);
}
