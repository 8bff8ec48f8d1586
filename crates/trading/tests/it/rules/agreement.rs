//! However the bars are cut into calls, the bits are the same.

use super::*;

const EXPRESSIONS: u64 = 1_000;

/// A random expression of numbers.
fn number(random: &mut Stream, depth: u32) -> String {
    let leaves = ["close", "open", "high", "low", "volume", "hl2", "ohlc4", "hour", "day"];
    let slower = ["close@4h", "ohlc4@1d", "volume@3h", "low@1w", "high@4h"];
    if depth == 0 {
        return match below(random, 6) {
            0 => format!("{}", below(random, 50)),
            1 => "close@SPY".to_owned(),
            2 | 3 => slower[below(random, slower.len())].to_owned(),
            _ => leaves[below(random, leaves.len())].to_owned(),
        };
    }
    let mut inner = || number(random, depth - 1);
    let (a, b) = (inner(), inner());
    let n = 1 + below(random, 30);
    match below(random, 8) {
        0 => format!("{a}[{n}]"),
        1 => format!("({a} {} {b})", ["+", "-", "*", "/", "%"][below(random, 5)]),
        2 => format!("if({}, {a}, {b})", condition(random, depth - 1)),
        3 => format!("sum({a}, {n})"),
        4 => format!("count({}, {n})", condition(random, depth - 1)),
        5 => format!("{}({a})", ["abs", "sqrt", "log", "exp", "-"][below(random, 5)]),
        6 => format!("{}({a}, {b})", ["min", "max", "pow"][below(random, 3)]),
        _ => indicator(random, [&a, &b]),
    }
}

/// A random call of a random indicator on random series.
fn indicator(random: &mut Stream, series: [&str; 2]) -> String {
    let definition = &CATALOGUE[below(random, CATALOGUE.len())];
    let inputs = definition.inputs.iter().filter(|input| matches!(input, Input::Argument(_)));
    let inputs = inputs.zip(series.into_iter().cycle()).map(|(_, series)| series.to_owned());
    let params = definition.params.iter().map(|param| match param.whole {
        true => param.min + f64::from(u32::try_from(below(random, 30)).unwrap()),
        false => param.min + (param.max.min(4.0) - param.min) * random.uniform(),
    });
    let given: Vec<f64> = params.collect();
    let params = definition.parameters(&given).or_else(|_| definition.parameters(&[])).unwrap();
    let params = params.iter().map(f64::to_string);
    let arguments: Vec<String> = inputs.chain(params).collect();
    let output = definition.outputs[below(random, definition.outputs.len())];
    let output = if definition.outputs.len() > 1 { format!(".{output}") } else { String::new() };
    format!("{}({}){output}", definition.name, arguments.join(", "))
}

/// A random expression of conditions.
fn condition(random: &mut Stream, depth: u32) -> String {
    let (a, b) = (number(random, depth / 2), number(random, depth / 2));
    if depth > 0 && below(random, 2) == 0 {
        let (p, q) = (condition(random, depth - 1), condition(random, depth - 1));
        return match below(random, 4) {
            0 => format!("({p} and {q})"),
            1 => format!("({p} or {q})"),
            2 => format!("(not {p})"),
            _ => format!("({p} == {q})[{}]", below(random, 5)),
        };
    }
    match below(random, 4) {
        0 => format!("cross_above({a}, {b})"),
        1 => format!("rising({a}, {})", 1 + below(random, 4)),
        2 => format!("(barssince({a} > {b}) < 5)"),
        _ => format!("({a} {} {b})", ["<", "<=", ">", ">=", "==", "!="][below(random, 6)]),
    }
}

fn below(random: &mut Stream, end: usize) -> usize {
    usize::try_from(random.next_u64() % u64::try_from(end).unwrap()).unwrap()
}

/// Pieces of random length that cover the bars; single bars often.
fn pieces(random: &mut Stream, bars: usize) -> Vec<std::ops::Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < bars {
        let length = [0, 1, 1, 7, 300, 1_024, 1_500][below(random, 7)];
        let end = bars.min(start + length);
        pieces.push(start..end);
        start = end;
    }
    pieces
}

/// The bits of all outputs when the bars come in these pieces.
fn run(text: &str, market: &Market, pieces: &[std::ops::Range<usize>]) -> Vec<Vec<u64>> {
    let expression = compile_expression(text, &BTreeMap::new(), Some(hourly())).unwrap();
    let mut evaluator = expression.start();
    let mut out = vec![Vec::new(); expression.outputs().len()];
    for piece in pieces {
        // Another symbol that has no bar now and then.
        let mut other = market.columns[0][piece.clone()].to_vec();
        for (i, x) in piece.clone().zip(&mut other) {
            *x = if i % 97 == 96 { f64::NAN } else { *x };
        }
        let foreign: Vec<&[f64]> = expression.foreign().iter().map(|_| &other[..]).collect();
        evaluator.run(&market.slice(piece.clone(), &foreign), &mut out);
    }
    out.into_iter().map(|column| column.into_iter().map(f64::to_bits).collect()).collect()
}

#[track_caller]
fn check(text: &str, market: &Market, random: &mut Stream, seed: u64) {
    let bars = market.len();
    let whole = run(text, market, std::slice::from_ref(&(0..bars)));
    let cut = run(text, market, &pieces(random, bars));
    let single: Vec<_> = (0..bars).map(|i| i..i + 1).collect();
    assert!(whole == cut, "in pieces: {text}, seed {seed}");
    assert!(whole == run(text, market, &single), "bar by bar: {text}, seed {seed}");
}

#[test]
fn random_expressions_agree_in_pieces_of_any_size() {
    for seed in 0..EXPRESSIONS {
        let mut random = Seed::master(seed).child("expression").stream();
        let text = match seed % 2 {
            0 => number(&mut random, 3),
            _ => condition(&mut random, 4),
        };
        if text.len() > dirigent_trading::rules::TEXT_BYTES_MAX {
            continue;
        }
        let market = Market::random(2_600, &mut random);
        check(&text, &market, &mut random, seed);
    }
}

#[test]
fn every_indicator_agrees_in_pieces_of_any_size() {
    for (seed, definition) in (0..).zip(CATALOGUE) {
        let mut random = Seed::master(seed).child("indicator").stream();
        let market = Market::random(2_600, &mut random);
        check(&example(definition), &market, &mut random, seed);
    }
}

#[test]
fn signals_agree_in_pieces_of_any_size() {
    for seed in 0..50 {
        let mut random = Seed::master(seed).child("signal").stream();
        let mut rule = || condition(&mut random, 3).replace("@SPY", "");
        let set = RuleSet { frame: Some(hourly()), ..set(&rule(), &rule()) };
        let market = Market::random(2_600, &mut random);
        let program = compile(&set).unwrap();
        let mut whole = vec![Signal::NONE; market.len()];
        program.start().run(&market.slice(0..market.len(), &[]), &mut whole);
        let mut evaluator = program.start();
        let mut cut = vec![Signal::LONG_ENTRY; market.len()];
        for piece in pieces(&mut random, market.len()) {
            evaluator.run(&market.slice(piece.clone(), &[]), &mut cut[piece]);
        }
        assert!(whole == cut, "{set:?}, seed {seed}");
        assert!(whole[..program.warmup().min(2_600)].iter().all(|signal| signal.is_none()));
    }
}
