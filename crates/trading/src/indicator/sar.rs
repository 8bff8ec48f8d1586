//! Parabolic stop and reverse.

use super::{Column, Definition, Input, Step, kernel, number};

/// `sar(step, max)`.
pub(super) const DEFINITION: Definition = Definition {
    name: "sar",
    summary: "Parabolic stop and reverse: a stop that speeds up by `step` with each new extreme, up to `max`; starts short if the second bar falls, else long.",
    source: "Wilder 1978; TA-Lib `SAR`.",
    inputs: &[Input::Column(Column::High), Input::Column(Column::Low)],
    params: &[number("step", 0.02, 1.0), number("max", 0.2, 1.0)],
    outputs: &["value"],
    check: |p| if p[0] <= p[1] { Ok(()) } else { Err("`step` must not exceed `max`") },
    warmup: |_| 1,
    build: |p| kernel(Sar::new(p[0], p[1])),
};

#[derive(Clone, Debug)]
struct Sar {
    step: f64,
    max: f64,
    previous: Option<Bar>,
    stop: Option<Stop>,
}

#[derive(Clone, Copy, Debug)]
struct Bar {
    high: f64,
    low: f64,
}

impl Bar {
    /// The bar upside down, in which a falling market rises.
    fn flipped(self) -> Self {
        Self { high: -self.low, low: -self.high }
    }

    /// Seen so that a position held `long` or short gains when the bar rises.
    fn seen(self, long: bool) -> Self {
        if long { self } else { self.flipped() }
    }
}

/// The stop of a position; prices are seen so that it gains when they rise.
#[derive(Clone, Copy, Debug)]
struct Stop {
    long: bool,
    stop: f64,
    extreme: f64,
    speed: f64,
}

impl Sar {
    fn new(step: f64, max: f64) -> Self {
        Self { step, max, previous: None, stop: None }
    }

    /// The stop at the second bar: short if the low moved down further than the high moved up.
    fn open(&self, previous: Bar, bar: Bar) -> Stop {
        let (up, down) = (bar.high - previous.high, previous.low - bar.low);
        let long = !(down > 0.0 && down > up);
        Stop { long, stop: previous.seen(long).low, extreme: bar.seen(long).high, speed: self.step }
    }

    /// What the stop is at `bar`, and the stop for the bar after.
    fn advance(&self, at: Stop, previous: Bar, bar: Bar) -> (f64, Stop) {
        if bar.seen(at.long).low <= at.stop {
            return self.reverse(at, previous, bar);
        }
        let (previous, seen) = (previous.seen(at.long), bar.seen(at.long));
        let mut next = at;
        if seen.high > at.extreme {
            next.extreme = seen.high;
            next.speed = (at.speed + self.step).min(self.max);
        }
        next.stop =
            (at.stop + next.speed * (next.extreme - at.stop)).min(previous.low).min(seen.low);
        (at.price(), next)
    }

    /// Turns the position around; its stop starts at the extreme of the old one.
    fn reverse(&self, at: Stop, previous: Bar, bar: Bar) -> (f64, Stop) {
        let long = !at.long;
        let (previous, seen) = (previous.seen(long), bar.seen(long));
        let stop = (-at.extreme).min(previous.low).min(seen.low);
        let now = Stop { long, stop, extreme: seen.high, speed: self.step };
        let moved = stop + now.speed * (now.extreme - stop);
        (now.price(), Stop { stop: moved.min(previous.low).min(seen.low), ..now })
    }
}

impl Stop {
    fn price(self) -> f64 {
        if self.long { self.stop } else { -self.stop }
    }
}

impl Step<2, 1> for Sar {
    fn step(&mut self, [high, low]: [f64; 2]) -> [f64; 1] {
        let bar = Bar { high, low };
        let Some(previous) = self.previous.replace(bar) else {
            return [f64::NAN];
        };
        let (value, next) = match self.stop {
            Some(stop) => self.advance(stop, previous, bar),
            None => self.advance(self.open(previous, bar), bar, bar),
        };
        self.stop = Some(next);
        [value]
    }
}
