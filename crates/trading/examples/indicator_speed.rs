//! How fast each indicator is, in nanoseconds per bar over one column of a million bars.
//!
//! Run: `cargo run --release --package dirigent-trading --example indicator_speed`

#![expect(clippy::print_stdout, reason = "prints a table")]

use std::time::Instant;

use dirigent_trading::indicator::{CATALOGUE, Column, Definition, Input};

const BARS: u32 = 1_000_000;
const ROUNDS: usize = 5;
/// The parameters of indicators that have no default for all of theirs.
const WINDOW_BARS: f64 = 20.0;

fn main() {
    let columns = columns();
    println!("{:<15} ns/bar", "indicator");
    for definition in CATALOGUE {
        println!("{:<15} {:6.1}", definition.name, nanoseconds_per_bar(definition, &columns));
    }
}

/// The best of a few rounds, so that other work on the machine counts little.
#[expect(clippy::disallowed_methods, reason = "measures real time")]
fn nanoseconds_per_bar(definition: &Definition, columns: &[Vec<f64>; 5]) -> f64 {
    let first = definition.params.first().filter(|param| param.default.is_none());
    let given: Vec<f64> = first.map(|_| WINDOW_BARS).into_iter().collect();
    let params = definition.parameters(&given).expect("a window of 20 bars is accepted");
    let inputs: Vec<&[f64]> =
        definition.inputs.iter().map(|&input| column(input, columns)).collect();
    let mut outputs = vec![vec![0.0; columns[0].len()]; definition.outputs.len()];
    let rounds = (0..ROUNDS).map(|_| {
        let mut outputs: Vec<&mut [f64]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
        let mut kernel = (definition.build)(&params);
        let start = Instant::now();
        kernel.run(&inputs, &mut outputs);
        start.elapsed().as_secs_f64() * 1e9 / f64::from(BARS)
    });
    rounds.fold(f64::INFINITY, f64::min)
}

fn column(input: Input, columns: &[Vec<f64>; 5]) -> &[f64] {
    match input {
        Input::Argument("x") | Input::Column(Column::Close) => &columns[3],
        Input::Argument(_) | Input::Column(Column::High) => &columns[1],
        Input::Column(Column::Open) => &columns[0],
        Input::Column(Column::Low) => &columns[2],
        Input::Column(Column::Volume) => &columns[4],
    }
}

/// Open, high, low, close and volume of a random walk.
fn columns() -> [Vec<f64>; 5] {
    let mut columns: [Vec<f64>; 5] = Default::default();
    let mut state = 1_u32;
    let mut random = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24)
    };
    let mut close = 100.0;
    for _ in 0..BARS {
        let open = close;
        close *= 1.0 + (random() - 0.5) / 50.0;
        let (high, low) = (
            f64::max(open, close) * (1.0 + random() / 100.0),
            f64::min(open, close) * (1.0 - random() / 100.0),
        );
        for (column, value) in
            columns.iter_mut().zip([open, high, low, close, (random() * 1e6).floor()])
        {
            column.push(value);
        }
    }
    columns
}
