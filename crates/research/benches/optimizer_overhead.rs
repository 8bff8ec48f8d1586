//! What a trial costs beside its evaluation: asking and telling, in ten dimensions, one thread.
//!
//! `cargo bench -p dirigent-research --bench optimizer_overhead`
//!
//! One line for each method: its name, trials before, microseconds per trial. The objective is a
//! sum of squares. Each figure is the best of several rounds, because other work on the machine can
//! only make a round slower.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures wall time")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use dirigent_core::Seed;
use dirigent_research::optimize::{
    Direction, Domain, Method, Outcome, Parameter, Space, Study, Trial, Value,
};

const DIMENSIONS: usize = 10;
const ROUNDS: u64 = 5;

fn main() {
    for (name, before, measured) in [
        ("random", 0, 10_000),
        ("sobol", 0, 10_000),
        ("genetic", 0, 10_000),
        ("differential_evolution", 0, 10_000),
        ("cma_es", 0, 10_000),
        ("tpe", 0, 200),
        ("tpe", 1_000, 200),
        ("tpe", 10_000, 200),
    ] {
        let micros = (0..ROUNDS).map(|round| per_trial(name, before, measured, round));
        let best = micros.fold(f64::INFINITY, f64::min);
        println!("{name} {before} {best:.2}");
    }
}

fn per_trial(name: &str, before: usize, measured: usize, round: u64) -> f64 {
    let parameter = |place| Parameter::new(format!("x{place}"), Domain::float(-5.0, 5.0));
    let space = Space::new((0..DIMENSIONS).map(parameter).collect()).expect("the space is sound");
    let method = Method::named(name).expect("the method exists");
    let seed = Seed::master(round);
    let mut study = Study::new(Arc::new(space), vec![Direction::Minimize], &method, seed)
        .expect("the method fits");
    study.run(before, evaluate).expect("one value for one objective");
    let clock = Instant::now();
    study.run(before + measured, evaluate).expect("one value for one objective");
    let elapsed = clock.elapsed();
    black_box(study.best());
    elapsed.as_secs_f64() * 1e6 / measured as f64
}

fn evaluate(trial: &Trial) -> Outcome {
    let square = |value: &Option<Value>| match value {
        Some(Value::Float(x)) => x * x,
        _ => 0.0,
    };
    Outcome::value(trial.point.values().iter().map(square).sum())
}
