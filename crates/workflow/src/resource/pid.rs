//! PID: how far to move so that a measure reaches its target.
//!
//! Promises: the output is within the bounds of each call, and the integral does not wind up while
//! it is there (conditional integration; Åström and Rundqwist, "Integrator
//! Windup and How to Avoid It", ACC 1989).
//! Not here: what is moved; see `concurrency`.

use std::time::Duration;

/// How strongly the controller reacts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gains {
    /// To the error now.
    pub proportional: f64,
    /// To the error over time, per second.
    pub integral: f64,
    /// To the change of the error, in seconds.
    pub derivative: f64,
}

/// A controller and what it remembers.
#[derive(Clone, Copy, Debug)]
pub struct Pid {
    gains: Gains,
    integral: f64,
    error: Option<f64>,
}

impl Pid {
    /// A controller at rest.
    pub const fn new(gains: Gains) -> Self {
        Self { gains, integral: 0.0, error: None }
    }

    /// The output for `error`, which is target minus measure, `after` the last one; at least `low`
    /// and at most `high`. An error that is no number moves nothing.
    pub fn step(&mut self, error: f64, after: Duration, low: f64, high: f64) -> f64 {
        if !error.is_finite() {
            return 0.0;
        }
        let seconds = after.as_secs_f64();
        let slope = match self.error {
            Some(last) if seconds > 0.0 => (error - last) / seconds,
            _ => 0.0,
        };
        self.error = Some(error);
        let integral = self.integral + self.gains.integral * error * seconds;
        let output = self.gains.proportional * error + integral + self.gains.derivative * slope;
        let winds_up = (output > high && error > 0.0) || (output < low && error < 0.0);
        if !winds_up {
            self.integral = integral;
        }
        output.min(high).max(low)
    }

    /// Forgets the past, as after a move that answered it.
    pub const fn rest(&mut self) {
        self.integral = 0.0;
        self.error = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pid(proportional: f64, integral: f64, derivative: f64) -> Pid {
        Pid::new(Gains { proportional, integral, derivative })
    }

    #[track_caller]
    fn check(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
    }

    #[test]
    fn an_error_that_is_no_number_moves_nothing() {
        let mut pid = pid(1.0, 1.0, 1.0);
        check(pid.step(f64::NAN, SECOND, -9.0, 9.0), 0.0);
        check(pid.step(f64::INFINITY, SECOND, -9.0, 9.0), 0.0);
        check(pid.step(2.0, SECOND, -9.0, 9.0), 4.0);
    }

    #[test]
    fn each_part_adds_its_share() {
        let mut pid = pid(2.0, 0.5, 0.25);
        check(pid.step(1.0, SECOND, -9.0, 9.0), 2.0 + 0.5);
        check(pid.step(3.0, SECOND, -9.0, 9.0), 6.0 + 2.0 + 0.5);
        pid.rest();
        check(pid.step(1.0, SECOND, -9.0, 9.0), 2.0 + 0.5);
    }

    #[test]
    fn the_output_is_bounded_and_the_integral_does_not_wind_up() {
        let mut pid = pid(1.0, 1.0, 0.0);
        for _ in 0..1000 {
            check(pid.step(5.0, SECOND, -1.0, 2.0), 2.0);
        }
        // A thousand seconds at the bound, and one step to the other side turns it at once.
        check(pid.step(-0.5, SECOND, -1.0, 2.0), -1.0);
    }

    /// A first-order plant with a lag of five seconds reaches its set point and stays.
    #[test]
    fn a_lagging_plant_settles_at_its_set_point() {
        let mut pid = pid(0.8, 0.2, 0.4);
        let mut level = 0.0_f64;
        for second in 0..200 {
            let input = pid.step(10.0 - level, SECOND, 0.0, 20.0);
            level += (input - level) / 5.0;
            assert!(level < 12.0, "overshoots to {level} at {second}");
        }
        assert!((level - 10.0).abs() < 0.01, "{level}");
    }
}
