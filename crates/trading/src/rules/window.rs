//! Functions of the rules language that remember earlier bars, as the same state machines as the
//! indicators: fed an unknown value they answer unknown and start over.
//!
//! Not here: indicators, which measure a market; these only look at series and conditions.

use crate::indicator::{
    Kernel, Step, bars, kernel,
    window::{Sums, Window},
};

use super::arithmetic::{UNKNOWN, is_true};

/// Bars since a condition was last true; unknown before it was ever true.
#[derive(Clone, Debug)]
struct BarsSince(f64);

impl Step<1, 1> for BarsSince {
    fn step(&mut self, [condition]: [f64; 1]) -> [f64; 1] {
        self.0 = if is_true(condition) { 0.0 } else { self.0 + 1.0 };
        [self.0]
    }
}

pub(super) fn bars_since(_: &[f64]) -> Box<dyn Kernel> {
    kernel(BarsSince(UNKNOWN))
}

/// Whether `a` rose above `b` on this bar; the bar before is unknown at first.
#[derive(Clone, Debug)]
struct CrossAbove {
    a: f64,
    b: f64,
}

impl Step<2, 1> for CrossAbove {
    fn step(&mut self, [a, b]: [f64; 2]) -> [f64; 1] {
        let before = std::mem::replace(self, Self { a, b });
        [if before.a.is_nan() { UNKNOWN } else { f64::from(before.a <= before.b && a > b) }]
    }
}

pub(super) fn cross_above(_: &[f64]) -> Box<dyn Kernel> {
    kernel(CrossAbove { a: UNKNOWN, b: UNKNOWN })
}

/// Whether `a` fell below `b` on this bar: `b` rose above `a`.
#[derive(Clone, Debug)]
struct CrossBelow(CrossAbove);

impl Step<2, 1> for CrossBelow {
    fn step(&mut self, [a, b]: [f64; 2]) -> [f64; 1] {
        self.0.step([b, a])
    }
}

pub(super) fn cross_below(_: &[f64]) -> Box<dyn Kernel> {
    kernel(CrossBelow(CrossAbove { a: UNKNOWN, b: UNKNOWN }))
}

/// Whether a series moved up (`sign` 1) or down (`sign` -1) on each of the last `n` bars.
#[derive(Clone, Debug)]
struct Moving {
    sign: f64,
    n: usize,
    before: f64,
    /// Bars since the first value.
    age: usize,
    /// Moves in a row.
    run: usize,
}

impl Moving {
    fn start(sign: f64, n: f64) -> Box<dyn Kernel> {
        kernel(Self { sign, n: bars(n), before: UNKNOWN, age: 0, run: 0 })
    }
}

impl Step<1, 1> for Moving {
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        let moved = (x - self.before) * self.sign > 0.0;
        self.age += usize::from(!self.before.is_nan() && self.age < self.n);
        self.run = if moved { self.run + 1 } else { 0 };
        self.before = x;
        [if self.age < self.n { UNKNOWN } else { f64::from(self.run >= self.n) }]
    }
}

pub(super) fn rising(params: &[f64]) -> Box<dyn Kernel> {
    Moving::start(1.0, params[0])
}

pub(super) fn falling(params: &[f64]) -> Box<dyn Kernel> {
    Moving::start(-1.0, params[0])
}

/// The sum of the last `n` values; of a condition, how often it was true.
#[derive(Clone, Debug)]
struct Sum(Window<Sums<1>>);

impl Step<1, 1> for Sum {
    fn step(&mut self, x: [f64; 1]) -> [f64; 1] {
        self.0.push(Sums(x)).map_or([UNKNOWN], |sums| sums.0)
    }
}

pub(super) fn sum(params: &[f64]) -> Box<dyn Kernel> {
    kernel(Sum(Window::new(bars(params[0]))))
}
