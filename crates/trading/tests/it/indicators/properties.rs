//! What holds for every indicator, whatever its parameters and bars.

use dirigent_trading::indicator::{CATALOGUE, Column, Definition, find};

use super::{Frame, Random, bits, run};

const BARS: usize = 160;
const SEEDS: std::ops::Range<u64> = 1..4;
/// The first window of each set of parameters; every further one is three bars longer.
const WINDOWS: [f64; 5] = [1.0, 2.0, 5.0, 14.0, 23.0];
const ARGUMENTS: [Column; 2] = [Column::Close, Column::Open];

/// Calls `check` for every indicator, several sets of parameters and several random walks.
fn for_all(check: impl Fn(&Definition, &[f64], &[&[f64]], &str)) {
    for definition in CATALOGUE {
        for params in param_sets(definition) {
            for seed in SEEDS {
                let frame = Frame::random(seed, BARS);
                let inputs = frame.inputs(definition, &ARGUMENTS);
                let story = format!("{} {params:?} seed {seed}", definition.name);
                check(definition, &params, &inputs, &story);
            }
        }
    }
}

fn param_sets(definition: &Definition) -> Vec<Vec<f64>> {
    let set = |window: &f64| {
        let mut next = *window;
        let values = definition.params.iter().map(|param| {
            let value = if param.whole { next.max(param.min) } else { param.default.unwrap() };
            next += 3.0;
            value
        });
        definition.parameters(&values.collect::<Vec<f64>>()).unwrap()
    };
    WINDOWS.iter().map(set).collect()
}

/// The first bar at which every output has a value.
fn first_bar(outputs: &[Vec<f64>]) -> usize {
    let bars = outputs[0].len();
    (0..bars).find(|&bar| outputs.iter().all(|output| !output[bar].is_nan())).unwrap_or(bars)
}

#[test]
fn chunks_of_any_size_give_the_same_bits_as_one_pass() {
    for_all(|definition, params, inputs, story| {
        let whole = run(definition, params, inputs, &[]);
        let mut random = Random(7);
        let uneven: Vec<usize> = (0..BARS).map(|_| random.up_to(9)).collect();
        for chunks in [vec![1; BARS], uneven] {
            let pieces = run(definition, params, inputs, &chunks);
            assert_eq!(bits(&pieces), bits(&whole), "{story} chunks {chunks:?}");
        }
    });
}

#[test]
fn the_first_value_comes_when_the_warmup_says_and_none_is_missing_later() {
    for_all(|definition, params, inputs, story| {
        let outputs = run(definition, params, inputs, &[]);
        let warmup = (definition.warmup)(params);
        assert_eq!(first_bar(&outputs), warmup, "{story}");
        for output in &outputs {
            assert!(output[warmup..].iter().all(|x| x.is_finite()), "{story}");
        }
    });
}

#[test]
fn a_missing_value_restarts_the_indicator() {
    const GAP: usize = 60;
    for missing in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for_all(|definition, params, inputs, story| {
            for broken in 0..inputs.len() {
                let mut columns: Vec<Vec<f64>> =
                    inputs.iter().map(|input| input.to_vec()).collect();
                columns[broken][GAP] = missing;
                let holed: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
                let before: Vec<&[f64]> = inputs.iter().map(|input| &input[..GAP]).collect();
                let after: Vec<&[f64]> = inputs.iter().map(|input| &input[GAP + 1..]).collect();
                let mut expected = run(definition, params, &before, &[]);
                let rest = run(definition, params, &after, &[]);
                for (output, rest) in expected.iter_mut().zip(rest) {
                    output.push(f64::NAN);
                    output.extend(rest);
                }
                let got = run(definition, params, &holed, &[]);
                assert_eq!(bits(&got), bits(&expected), "{story} input {broken}");
            }
        });
    }
}

#[test]
fn later_bars_never_change_earlier_values() {
    const CUT: usize = 90;
    for_all(|definition, params, inputs, story| {
        let other = Frame::random(99, BARS);
        let mut columns: Vec<Vec<f64>> = inputs.iter().map(|input| input[..CUT].to_vec()).collect();
        for (column, other) in columns.iter_mut().zip(other.inputs(definition, &ARGUMENTS)) {
            column.extend(&other[CUT..]);
        }
        let changed: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let past = |outputs: Vec<Vec<f64>>| {
            let cut = outputs.iter().map(|output| output[..CUT].to_vec()).collect::<Vec<_>>();
            bits(&cut)
        };
        let expected = past(run(definition, params, inputs, &[]));
        assert_eq!(past(run(definition, params, &changed, &[])), expected, "{story}");
    });
}

/// Sums that gain the new and lose the old value keep a rounding error of all that was large once.
#[test]
fn a_window_without_volume_shows_nothing_of_the_volume_before() {
    let mut frame = Frame::random(1, 100);
    frame.volume[..50].iter_mut().for_each(|volume| *volume *= 12_345.678_9);
    frame.volume[50..].fill(0.0);
    let last = |name: &str| {
        let definition = find(name).unwrap();
        let params = definition.parameters(&[10.0]).unwrap();
        *run(definition, &params, &frame.inputs(definition, &ARGUMENTS), &[])[0].last().unwrap()
    };
    assert!(last("vwma").is_nan());
    assert!(last("vwap_roll").is_nan());
    assert_eq!((last("cmf").to_bits(), last("mfi").to_bits()), (0, 0));
}

#[test]
fn a_million_bars_leave_no_drift() {
    const RECENT: usize = 20_000;
    let frame = Frame::random(5, 1_000_000);
    let since_the_first_bar = ["ad", "obv", "vwap"];
    for definition in CATALOGUE.iter().filter(|one| !since_the_first_bar.contains(&one.name)) {
        let params = &param_sets(definition)[3];
        let inputs = frame.inputs(definition, &ARGUMENTS);
        let recent: Vec<&[f64]> = inputs.iter().map(|x| &x[x.len() - RECENT..]).collect();
        let long = run(definition, params, &inputs, &[]);
        let fresh = run(definition, params, &recent, &[]);
        for (long, fresh) in long.iter().zip(&fresh) {
            let (long, fresh) = (long.last().unwrap(), fresh.last().unwrap());
            let apart = (long - fresh).abs();
            assert!(apart <= 1e-9 * fresh.abs(), "{}: {long}, not {fresh}", definition.name);
        }
    }
}

#[test]
fn moves_that_are_tiny_beside_the_price_are_measured_exactly() {
    let check = |name: &str, expected: fn(&[f64]) -> f64| {
        let mut random = Random(5);
        let x: Vec<f64> = (0..1_000).map(|_| 1e5 + random.next() * 1e-3).collect();
        let definition = find(name).unwrap();
        let got = *run(definition, &[20.0, 1.0], &[&x], &[])[0].last().unwrap();
        // Distances from a round number are exact, so nothing cancels in what is expected.
        let window: Vec<f64> = x[x.len() - 20..].iter().map(|x| x - 1e5).collect();
        let expected = expected(&window);
        assert!((got / expected - 1.0).abs() < 1e-12, "{name}: {got}, not {expected}");
    };
    check("sma", |window| 1e5 + mean(window));
    check("variance", variance);
    check("stddev", |window| variance(window).sqrt());
    check("slope", |window| {
        let time = |bar: usize| f64::from(u32::try_from(bar).unwrap()) - 9.5;
        let product: f64 = window.iter().enumerate().map(|(bar, x)| time(bar) * x).sum();
        product / 665.0
    });
}

fn variance(values: &[f64]) -> f64 {
    let middle = mean(values);
    mean(&values.iter().map(|x| (x - middle).powi(2)).collect::<Vec<_>>())
}

#[expect(clippy::cast_precision_loss, reason = "small")]
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Rests of a past far away are smaller than any number; what they are in relation is noise.
#[test]
fn a_series_that_stands_still_for_ever_has_no_strength() {
    let mut x = vec![10.0, 11.0, 10.5, 12.0];
    x.resize(20_000, 12.0);
    let rsi = &run(find("rsi").unwrap(), &[2.0], &[&x], &[])[0];
    assert!(rsi[4] > 50.0);
    assert_eq!(rsi.last().unwrap().to_bits(), 0);
}

/// On a flat price the averages behind the index fade together, and their ratio, which is constant,
/// flickers in its last digits. A stochastic
/// that took this for a range would swing from 0 to 100.
#[test]
fn a_range_of_rounding_errors_is_no_range() {
    let mut x = Frame::random(3, 60).close;
    x.resize(120, x[59]);
    let stochrsi = find("stochrsi").unwrap();
    let outputs = run(stochrsi, &[14.0, 5.0, 3.0], &[&x], &[]);
    let flat = &outputs[0][70..];
    assert!(flat.iter().all(|k| k.to_bits() == 0), "{flat:?}");
}
