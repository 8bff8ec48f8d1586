//! Rules: what they mean, what is refused, and that batch and streaming agree to the bit.

use std::collections::BTreeMap;

use dirigent_core::{Seed, Timestamp, seed::Stream};
use dirigent_trading::{
    indicator::{CATALOGUE, Column, Definition, Input},
    rules::{Columns, FUNCTIONS, Frame, RuleSet, Takes, Warning, compile, compile_expression},
    signal::Signal,
};

mod agreement;
mod means;
mod refused;
mod slower;

/// Columns of bars, owned.
struct Market {
    time: Vec<Timestamp>,
    columns: [Vec<f64>; 5],
}

impl Market {
    /// Hourly bars that open at the close before and close at `closes`, one above and below.
    fn closing_at(closes: &[f64]) -> Self {
        let before = |i: usize| closes[i.saturating_sub(1)];
        let column = |f: &dyn Fn(usize) -> f64| (0..closes.len()).map(f).collect();
        Self {
            time: (0..closes.len()).map(hour).collect(),
            columns: [
                column(&before),
                column(&|i| closes[i].max(before(i)) + 1.0),
                column(&|i| closes[i].min(before(i)) - 1.0),
                closes.to_vec(),
                column(&|i| [100.0, 300.0, 200.0][i % 3]),
            ],
        }
    }

    /// Bars without pattern: no two prices are equal, the volume varies.
    fn random(bars: usize, random: &mut Stream) -> Self {
        let mut price = 100.0;
        let mut market = Self::closing_at(&[]);
        for i in 0..bars {
            let open = price * (1.0 + 0.002 * random.normal());
            price = open * (1.0 + 0.01 * random.normal());
            let high = open.max(price) * (1.0 + 0.01 * random.uniform());
            let low = open.min(price) * (1.0 - 0.01 * random.uniform());
            let volume = 1e6 * (0.5 + random.uniform());
            market.time.push(hour(i));
            for (column, x) in market.columns.iter_mut().zip([open, high, low, price, volume]) {
                column.push(x);
            }
        }
        market
    }

    fn len(&self) -> usize {
        self.time.len()
    }

    /// The bars of a range, with `foreign` columns beside them.
    fn slice<'a>(&'a self, range: std::ops::Range<usize>, foreign: &'a [&'a [f64]]) -> Columns<'a> {
        let [open, high, low, close, volume] =
            self.columns.each_ref().map(|column| &column[range.clone()]);
        Columns { time: &self.time[range], open, high, low, close, volume, foreign }
    }
}

/// The bars of a `Market`.
fn hourly() -> Frame {
    Frame { timeframe: "1h".parse().unwrap(), session: None }
}

fn hour(i: usize) -> Timestamp {
    Timestamp::from_nanos(i64::try_from(i).unwrap() * 3_600_000_000_000)
}

/// The values of the first output of an expression.
fn values(text: &str, market: &Market) -> Vec<f64> {
    let params = BTreeMap::from([("n".to_owned(), 2.0)]);
    let expression = compile_expression(text, &params, None).unwrap();
    let mut out = vec![Vec::new(); expression.outputs().len()];
    let foreign: Vec<&[f64]> =
        expression.foreign().iter().map(|_| &market.columns[0][..]).collect();
    expression.start().run(&market.slice(0..market.len(), &foreign), &mut out);
    out.remove(0)
}

const U: f64 = f64::NAN;

/// Over closes 10, 12, 11, 15, 14 with opens 10, 10, 12, 11, 15.
#[track_caller]
fn check(text: &str, expected: [f64; 5]) {
    let found = values(text, &Market::closing_at(&[10.0, 12.0, 11.0, 15.0, 14.0]));
    let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&found), bits(&expected), "{text}: {found:?}");
}

#[test]
fn series_and_arithmetic_are_those_of_the_bar() {
    check("open", [10.0, 10.0, 12.0, 11.0, 15.0]);
    check("high - low", [2.0, 4.0, 3.0, 6.0, 3.0]);
    check("hl2", [10.0, 11.0, 11.5, 13.0, 14.5]);
    check("hlc3 * 3 - close - high", [9.0, 9.0, 10.0, 10.0, 13.0]);
    check("ohlc4 * 4 - open - close", [20.0, 22.0, 23.0, 26.0, 29.0]);
    check("volume / 100", [1.0, 3.0, 2.0, 1.0, 3.0]);
    check("1 + 2 * -3", [-5.0; 5]);
    check("close % 4", [2.0, 0.0, 3.0, 3.0, 2.0]);
    check("close@SPY", [10.0, 10.0, 12.0, 11.0, 15.0]);
    check("hour + 10 * weekday", [40.0, 41.0, 42.0, 43.0, 44.0]);
    check("day + month + minute", [2.0; 5]);
}

#[test]
fn looking_back_is_unknown_before_the_first_bar() {
    check("close[1]", [U, 10.0, 12.0, 11.0, 15.0]);
    check("shift(close, $n)", [U, U, 10.0, 12.0, 11.0]);
    check("close[0]", [10.0, 12.0, 11.0, 15.0, 14.0]);
    check("close[7]", [U; 5]);
    check("(close > open)[1]", [U, 0.0, 1.0, 0.0, 1.0]);
    check("change(close)", [U, 2.0, -1.0, 4.0, -1.0]);
    check("change(close, $n * 2)", [U, U, U, U, 4.0]);
}

#[test]
fn windows_are_unknown_until_they_are_full() {
    check("sma(close, $n)", [U, 11.0, 11.5, 13.0, 14.5]);
    check("sum(close, 3)", [U, U, 33.0, 38.0, 40.0]);
    check("count(close > open, 2)", [U, 1.0, 1.0, 1.0, 1.0]);
    check("rising(close, 1)", [U, 1.0, 0.0, 1.0, 0.0]);
    check("falling(close, 2)", [U, U, 0.0, 0.0, 0.0]);
    check("falling(-hour, 2)", [U, U, 1.0, 1.0, 1.0]);
    check("barssince(close > open)", [U, 0.0, 1.0, 0.0, 1.0]);
    check("cross_above(close, 11)", [U, 1.0, 0.0, 1.0, 0.0]);
    check("cross_below(close, 12)", [U, 0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn the_unknown_spreads_and_does_not_stay() {
    // Unknown on the third bar alone.
    let x = "(1 / (close - 11))";
    check(&format!("{x} > 0"), [0.0, 1.0, U, 1.0, 1.0]);
    check(&format!("{x} > 0 or true"), [1.0; 5]);
    check(&format!("{x} > 0 and true"), [0.0, 1.0, U, 1.0, 1.0]);
    check(&format!("{x} > 0 and false"), [0.0; 5]);
    check(&format!("not ({x} > 0)"), [1.0, 0.0, U, 0.0, 0.0]);
    check(&format!("{x} == {x}"), [1.0, 1.0, U, 1.0, 1.0]);
    check(&format!("min({x}, 0.5)"), [-1.0, 0.5, U, 0.25, 1.0 / 3.0]);
    check(&format!("if({x} > 0, 7, {x})"), [-1.0, 7.0, U, 7.0, 7.0]);
    check(&format!("if(close == 11, 5, {x}) * 4"), [-4.0, 4.0, 20.0, 1.0, 4.0 / 3.0]);
    check(&format!("count({x} > 0, 2)"), [U, 1.0, U, U, 2.0]);
    check(&format!("cross_above({x}, 0)"), [U, 1.0, U, U, 0.0]);
    check(&format!("barssince({x} < 0)"), [0.0, 1.0, U, U, U]);
    check("log(close - 20)", [U; 5]);
    check("sqrt(-1)", [U; 5]);
    check("exp(10 * close) * 0", [0.0; 5]);
    check("exp(100 * close) * 0", [U; 5]);
}

#[test]
fn choices_keep_the_kind_of_their_sides() {
    check("if(close > open, 1, -1)", [-1.0, 1.0, -1.0, 1.0, -1.0]);
    check("if(close > open, close > 13, true) == true", [1.0, 0.0, 1.0, 1.0, 1.0]);
    check("max(close, open)", [10.0, 12.0, 12.0, 15.0, 15.0]);
    check("abs(min(-close, 3))", [10.0, 12.0, 11.0, 15.0, 14.0]);
    check("round(close / 4) + floor(close / 4) - ceil(close / 4)", [2.0, 3.0, 2.0, 3.0, 3.0]);
    check("pow(close, 2) - exp(log(1))", [99.0, 143.0, 120.0, 224.0, 195.0]);
}

fn set(entry: &str, exit: &str) -> RuleSet {
    RuleSet { entry: Some(entry.to_owned()), exit: Some(exit.to_owned()), ..RuleSet::default() }
}

fn signals(set: &RuleSet, market: &Market) -> Vec<Signal> {
    let mut out = vec![Signal::LONG_EXIT; market.len()];
    compile(set).unwrap().start().run(&market.slice(0..market.len(), &[]), &mut out);
    out
}

#[test]
fn signals_come_where_a_rule_is_known_and_true() {
    let mut set = set("close > open", "1 / (close - 12) > 0");
    set.short_entry = Some("close < open".to_owned());
    let found = signals(&set, &Market::closing_at(&[10.0, 12.0, 11.0, 15.0, 14.0]));
    let (long, exit, short) = (Signal::LONG_ENTRY, Signal::LONG_EXIT, Signal::SHORT_ENTRY);
    assert_eq!(found, [Signal::NONE, long, short, long.with(exit), short.with(exit)]);
}

#[test]
fn nothing_is_signaled_before_every_rule_could_be_known() {
    let set = set("true", "close < sma(close, 3)");
    assert_eq!(compile(&set).unwrap().warmup(), 2);
    let found = signals(&set, &Market::closing_at(&[10.0, 12.0, 11.0, 15.0]));
    assert_eq!(found[..2], [Signal::NONE; 2]);
    assert_eq!(found[2], Signal::LONG_ENTRY);
}

#[test]
fn terms_may_stand_in_any_order_and_hide_no_function() {
    let mut set = set("sma > low_line", "sma < low_line");
    set.params = BTreeMap::from([("n".to_owned(), 2.0)]);
    set.terms = [("low_line", "sma - width"), ("width", "2 * $n"), ("sma", "sma(close, $n)")]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .to_vec();
    let program = compile(&set).unwrap();
    assert_eq!(program.warmup(), 1);
    assert_eq!(program.terms(), ["low_line", "width", "sma"]);
    assert_eq!(program.warnings(), []);
}

#[test]
fn a_term_keeps_the_outputs_of_its_indicator() {
    let mut set = set("m > m.signal", "m.hist < 0");
    set.terms = vec![("m".to_owned(), "macd(close, 3, 5, 2)".to_owned())];
    let market = Market::random(300, &mut Seed::master(3).stream());
    let direct = RuleSet {
        terms: Vec::new(),
        entry: Some("macd(close, 3, 5, 2).macd > macd(close, 3, 5, 2).signal".to_owned()),
        exit: Some("macd(close, 3, 5, 2).hist < 0".to_owned()),
        ..set.clone()
    };
    let found = signals(&set, &market);
    assert_eq!(found, signals(&direct, &market));
    assert!(found.contains(&Signal::LONG_ENTRY) && found.contains(&Signal::LONG_EXIT));
}

#[test]
fn what_is_never_used_is_a_warning_and_costs_nothing() {
    let mut set = set("close > open", "close < open");
    set.params = BTreeMap::from([("n".to_owned(), 200.0), ("m".to_owned(), 1.0)]);
    set.terms = vec![("slow".to_owned(), "sma(close@SPY, $n)".to_owned())];
    set.short_exit = Some("true".to_owned());
    let program = compile(&set).unwrap();
    let found: Vec<String> = program.warnings().iter().map(Warning::to_string).collect();
    assert_eq!(
        found,
        [
            "no rule uses the parameter `$m`",
            "no rule uses the term `slow`",
            "`short_exit` never acts, as its entry is missing",
        ]
    );
    assert_eq!((program.warmup(), program.foreign().len()), (0, 0));
}

#[test]
fn columns_of_other_symbols_are_listed_once() {
    let set = set("close@SPY > open@SPY", "close@SPY < hl2@\"BTC/USD\"");
    let symbols = [("SPY", Column::Close), ("SPY", Column::Open)];
    let others = [("BTC/USD", Column::High), ("BTC/USD", Column::Low)];
    let expected: Vec<_> =
        symbols.into_iter().chain(others).map(|(symbol, c)| (c, symbol.to_owned())).collect();
    assert_eq!(compile(&set).unwrap().foreign(), expected);
}

#[test]
fn a_bare_indicator_has_all_its_outputs() {
    for definition in CATALOGUE {
        let expression = compile_expression(&example(definition), &BTreeMap::new(), None).unwrap();
        match definition.outputs {
            [_] => assert_eq!(expression.outputs(), ["value"]),
            outputs => assert_eq!(expression.outputs(), outputs),
        }
        for output in definition.outputs.iter().filter(|_| definition.outputs.len() > 1) {
            let text = format!("{}.{output}", example(definition));
            let one = compile_expression(&text, &BTreeMap::new(), None).unwrap();
            assert_eq!(one.outputs(), ["value"], "{text}");
        }
    }
}

#[test]
fn warmup_is_the_first_bar_that_is_known() {
    let seed = 7;
    let market = Market::random(1_500, &mut Seed::master(seed).stream());
    let windows = FUNCTIONS.iter().filter(|f| !["barssince", "if"].contains(&f.name)).map(|f| {
        let arguments = f.arguments.iter().map(|argument| match argument.takes {
            Takes::Number | Takes::Either => "sma(close, 4)",
            Takes::Condition => "close[2] > open",
            Takes::Bars(_) => "5",
        });
        format!("{}({})", f.name, arguments.collect::<Vec<_>>().join(", "))
    });
    let others = ["close", "hl2", "hour", "3", "close[3][4] - open", "-sma(sma(close, 9), 5)"];
    let indicators = CATALOGUE.iter().map(example);
    // An output may be known before the others of its indicator; the warm-up is that of all.
    let nested = CATALOGUE.iter().map(|definition| {
        let outputs = definition.outputs.iter().map(|output| match definition.outputs.len() {
            1 => example(definition),
            _ => format!("{}.{output}", example(definition)),
        });
        format!("sma({}, 6)[2]", outputs.collect::<Vec<_>>().join(" + "))
    });
    for text in others.map(str::to_owned).into_iter().chain(windows).chain(indicators).chain(nested)
    {
        let expression = compile_expression(&text, &BTreeMap::new(), None).unwrap();
        let mut out = vec![Vec::new(); expression.outputs().len()];
        expression.start().run(&market.slice(0..market.len(), &[]), &mut out);
        let first = |column: &Vec<f64>| column.iter().position(|x| !x.is_nan());
        let latest = out.iter().map(first).max().unwrap();
        assert_eq!(latest, Some(expression.warmup()), "{text}, seed {seed}");
    }
}

#[test]
fn the_seeds_of_the_fuzzer_compile() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/rules");
    let params = BTreeMap::from([("n".to_owned(), 5.0)]);
    let mut count = 0;
    for entry in std::fs::read_dir(seeds).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("seed_") {
            let text = std::fs::read_to_string(&path).unwrap();
            compile_expression(&text, &params, Some(hourly())).unwrap();
            count += 1;
        }
    }
    assert!(count > 0, "no seeds in {seeds}");
}

/// A call of an indicator that compiles: `sma(close, 7)`.
fn example(definition: &Definition) -> String {
    let series = ["close", "open", "high", "low", "volume"];
    let inputs = definition.inputs.iter().filter(|input| matches!(input, Input::Argument(_)));
    let inputs = inputs.zip(series).map(|(_, series)| series.to_owned());
    let params = definition.params.iter().map(|p| p.default.unwrap_or(p.min.max(7.0)).to_string());
    let arguments: Vec<String> = inputs.chain(params).collect();
    format!("{}({})", definition.name, arguments.join(", "))
}
