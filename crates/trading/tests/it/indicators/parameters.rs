//! What indicators say about the parameters of a call.

use dirigent_trading::indicator::{CATALOGUE, WINDOW_BARS_MAX, find};

#[test]
fn wrong_parameters_are_refused_with_a_reason() {
    let check = |name: &str, given: &[f64], expected: &str| {
        let error = find(name).unwrap().parameters(given).unwrap_err();
        assert_eq!(error.to_string(), expected, "{name} {given:?}");
    };
    check("sma", &[], "`sma` needs a value for `n`");
    check("sma", &[3.0, 4.0], "too many parameters for `sma`: 2, at most 1");
    check("sma", &[2.5], "`n` of `sma` must be a whole number, got `2.5`");
    check("sma", &[f64::NAN], "`n` of `sma` must be a whole number, got `NaN`");
    check("sma", &[0.0], "`n` of `sma` must be between 1 and 1048576, got `0`");
    check("sma", &[-1.0], "`n` of `sma` must be between 1 and 1048576, got `-1`");
    check(
        "sma",
        &[WINDOW_BARS_MAX + 1.0],
        "`n` of `sma` must be between 1 and 1048576, got `1048577`",
    );
    check("sma", &[f64::INFINITY], "`n` of `sma` must be a whole number, got `inf`");
    check("cci", &[20_000.0], "`n` of `cci` must be between 2 and 10000, got `20000`");
    check("hma", &[1.0], "`n` of `hma` must be between 2 and 1048576, got `1`");
    check("t3", &[5.0, 1.5], "`v` of `t3` must be between 0 and 1, got `1.5`");
    check("bbands", &[20.0, f64::NAN], "`up` of `bbands` must be between 0 and 1000000, got `NaN`");
    check(
        "macd",
        &[26.0, 12.0],
        "`fast` must be smaller than `slow` in `macd`, got [26.0, 12.0, 9.0]",
    );
    check(
        "macd_plain",
        &[12.0, 12.0],
        "`fast` must be smaller than `slow` in `macd_plain`, got [12.0, 12.0, 9.0]",
    );
    check("ppo", &[30.0], "`fast` must be smaller than `slow` in `ppo`, got [30.0, 26.0]");
    check("adosc", &[10.0, 3.0], "`fast` must be smaller than `slow` in `adosc`, got [10.0, 3.0]");
    check(
        "kama",
        &[10.0, 30.0, 2.0],
        "`fast` must be smaller than `slow` in `kama`, got [10.0, 30.0, 2.0]",
    );
    check(
        "ultosc",
        &[7.0, 28.0, 14.0],
        "`short`, `medium` and `long` must rise in `ultosc`, got [7.0, 28.0, 14.0]",
    );
    check("sar", &[0.3, 0.2], "`step` must not exceed `max` in `sar`, got [0.3, 0.2]");
}

#[test]
fn parameters_that_are_left_out_take_their_defaults() {
    let check = |name: &str, given: &[f64], expected: &[f64]| {
        assert_eq!(find(name).unwrap().parameters(given).unwrap(), expected, "{name} {given:?}");
    };
    check("rsi", &[], &[14.0]);
    check("rsi", &[2.0], &[2.0]);
    check("macd", &[5.0], &[5.0, 26.0, 9.0]);
    check("bbands", &[], &[20.0, 2.0, 2.0]);
    check("obv", &[], &[]);
}

#[test]
fn the_catalogue_is_sorted_and_complete() {
    assert!(CATALOGUE.is_sorted_by(|a, b| a.name < b.name));
    for definition in CATALOGUE {
        let name = definition.name;
        assert_eq!(find(name).map(|found| found.name), Some(name));
        assert!(definition.summary.ends_with('.'), "{name} has no sentence");
        assert!(!definition.source.is_empty(), "{name} has no source");
        assert!(!definition.outputs.is_empty(), "{name} has no output");
        let left_out = definition.params.iter().map(|param| param.default.is_some());
        assert!(left_out.is_sorted(), "{name} has a parameter without default behind one with");
    }
    assert_eq!(find("nothing").map(|found| found.name), None);
}
