//! Concurrency: how many tasks at once keep the processors busy without drowning them.
//!
//! Promises: the number stays within its bounds; one step is at most a tenth of it, but at least
//! one; after a step nothing moves for the hold-off. It never steps down to where it would have to
//! step up again, so it settles even where no number of tasks meets the target exactly.
//! Not here: memory; see `steering`.

use std::time::Duration;

use dirigent_core::Timestamp;

use super::pid::{Gains, Pid};

/// How long nothing moves after a step, so that its effect is seen first.
const HOLD_OFF: Duration = Duration::from_secs(5);
/// The weight of a new measurement against the past ones; noise of one second moves nothing.
const SMOOTHING: f64 = 0.3;
/// The longest time between two measurements that counts as such: after a suspended machine wakes
/// up, hours must not enter the integral.
const GAP_MAX: Duration = Duration::from_secs(10);
/// Reactions per task that runs. The plant is proportional to the tasks, so the proportional part
/// alone would nearly do; the integral moves small numbers of tasks, whose share of the error
/// rounds to nothing; the derivative is small, because a utilization is noisy.
const GAINS: Gains = Gains { proportional: 1.0, integral: 0.1, derivative: 0.1 };

/// The utilization to aim for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The middle, from 0 to 1.
    pub utilization: f64,
    /// How far from it is near enough.
    pub tolerance: f64,
}

impl Default for Target {
    /// 70 percent, give or take 5.
    fn default() -> Self {
        Self { utilization: 0.70, tolerance: 0.05 }
    }
}

impl Target {
    fn low(&self) -> f64 {
        self.utilization - self.tolerance
    }

    fn high(&self) -> f64 {
        self.utilization + self.tolerance
    }

    /// Whether there is room for more at this utilization, and why.
    pub fn should_scale_up(&self, utilization: f64) -> (bool, String) {
        let place = match utilization {
            low if low < self.low() => "below",
            high if high > self.high() => "above",
            _ => "within",
        };
        let [now, low, high] = [utilization, self.low(), self.high()].map(|share| share * 100.0);
        let reason = format!("cpu {now:.0}% is {place} the target of {low:.0}% to {high:.0}%");
        (utilization < self.low(), reason)
    }
}

/// How busy the processors are, as shares of all that are visible.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Utilization {
    /// With the work of everybody.
    pub total: f64,
    /// With the work of this process and its children.
    pub own: f64,
}

/// How many tasks may run, from how busy the processors are.
#[derive(Clone, Debug)]
pub struct Concurrency {
    min: usize,
    max: usize,
    /// Where to return to without measurements.
    start: usize,
    current: usize,
    target: Target,
    pid: Pid,
    smooth: Option<f64>,
    measured: Option<Timestamp>,
    held_until: Option<Timestamp>,
}

impl Concurrency {
    /// Starts at `start`, and moves between `min`, at least one, and `max`.
    pub fn new(min: usize, max: usize, start: usize, target: Target) -> Self {
        let min = min.max(1);
        let max = max.max(min);
        let start = start.clamp(min, max);
        let (pid, smooth, measured, held_until) = (Pid::new(GAINS), None, None, None);
        Self { min, max, start, current: start, target, pid, smooth, measured, held_until }
    }

    /// How many tasks may run.
    pub const fn current(&self) -> usize {
        self.current
    }

    /// The utilization it aims for.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// The smoothed utilization, from the last measurements since the last step.
    pub const fn utilization(&self) -> Option<f64> {
        self.smooth
    }

    /// Takes a measurement while `running` tasks run, if that is known, and tells how many may.
    pub fn observe(
        &mut self,
        now: Timestamp,
        utilization: Utilization,
        running: Option<usize>,
        may_grow: bool,
    ) -> usize {
        let after = self.measured.map_or(Duration::ZERO, |last| now.since(last)).min(GAP_MAX);
        self.measured = Some(now);
        if !utilization.total.is_finite() || !utilization.own.is_finite() {
            return self.current;
        }
        let smooth = self
            .smooth
            .map_or(utilization.total, |past| past + SMOOTHING * (utilization.total - past));
        self.smooth = Some(smooth);
        if self.is_held(now) {
            return self.current;
        }
        let error = self.target.utilization - smooth;
        if error.abs() <= self.target.tolerance || self.is_idle_wish(error, running, may_grow) {
            self.pid.rest();
            return self.current;
        }
        // Tasks are at most some thousands, far from where doubles lose ones.
        let tasks = self.current as f64;
        let cap = self.step_max() as f64;
        let wish = self.pid.step(error * tasks, after, -cap, cap);
        let own = utilization.own.min(smooth) / running.unwrap_or(self.current).max(1) as f64;
        self.step(now, whole(wish.max(-self.fall_max(smooth, own))));
        self.current
    }

    /// Returns to where it started, step by step, when nothing can be measured.
    pub fn recover(&mut self, now: Timestamp) -> usize {
        if self.current < self.start && !self.is_held(now) {
            let step = self.step_max().min(self.start - self.current);
            self.step(now, i64::try_from(step).unwrap_or(i64::MAX));
        }
        self.current
    }

    /// Goes down by `tasks` whatever the processors say, but not below the minimum.
    pub fn shrink(&mut self, now: Timestamp, tasks: usize) -> usize {
        self.step(now, i64::try_from(tasks).unwrap_or(i64::MAX).saturating_neg());
        self.current
    }

    /// The most tasks one step adds or takes.
    pub fn step_max(&self) -> usize {
        (self.current / 10).max(1)
    }

    fn is_held(&self, now: Timestamp) -> bool {
        self.held_until.is_some_and(|until| now < until)
    }

    /// Whether moving would change nothing: there are not enough tasks to fill what is allowed, or
    /// more still run than is allowed, or the bound is reached.
    fn is_idle_wish(&self, error: f64, running: Option<usize>, may_grow: bool) -> bool {
        if error > 0.0 {
            !may_grow || self.current >= self.max || running.is_some_and(|n| n < self.current)
        } else {
            self.current <= self.min || running.is_some_and(|n| n > self.current)
        }
    }

    /// How many tasks fewer still leave the processors at the lower edge of the target, where each
    /// task has a share of `own`.
    fn fall_max(&self, utilization: f64, own: f64) -> f64 {
        let surplus = utilization - self.target.low();
        // A hair of tolerance: an exact fit must not fail for the last bit of a double.
        if own > 0.0 { (surplus / own + 1e-9).floor().max(0.0) } else { f64::INFINITY }
    }

    fn step(&mut self, now: Timestamp, tasks: i64) {
        let distance = usize::try_from(tasks.unsigned_abs()).unwrap_or(usize::MAX);
        let next = if tasks < 0 {
            self.current.saturating_sub(distance)
        } else {
            self.current.saturating_add(distance)
        };
        let next = next.clamp(self.min, self.max);
        if next != self.current {
            self.current = next;
            self.pid.rest();
            self.smooth = None;
            self.held_until = Some(now.plus(HOLD_OFF));
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounded by the step, a tenth of the tasks")]
fn whole(tasks: f64) -> i64 {
    tasks.round() as i64
}

#[cfg(test)]
mod tests {
    use dirigent_core::Seed;
    use proptest::prelude::*;

    use super::*;

    /// A machine whose processors are used by others, and by tasks that take a while to end.
    struct Plant {
        others: f64,
        per_task: f64,
        noise: f64,
        running: usize,
        seconds: i64,
        moves: Vec<(i64, usize)>,
        stream: dirigent_core::seed::Stream,
    }

    impl Plant {
        fn new(others: f64, per_task: f64, noise: f64) -> Self {
            let (stream, moves) = (Seed::master(7).stream(), Vec::new());
            Self { others, per_task, noise, running: 0, seconds: 0, moves, stream }
        }

        /// Tasks start at once, and one ends every other second.
        fn run(&mut self, control: &mut Concurrency, seconds: i64) {
            for _ in 0..seconds {
                self.seconds += 1;
                if self.running < control.current() {
                    self.running = control.current();
                } else if self.running > control.current() && self.seconds % 2 == 0 {
                    self.running -= 1;
                }
                let before = control.current();
                let now = Timestamp::from_nanos(self.seconds * 1_000_000_000);
                let utilization = self.utilization();
                let after = control.observe(now, utilization, Some(self.running), true);
                assert!(after.abs_diff(before) <= (before / 10).max(1), "{before} to {after}");
                if after != before {
                    self.moves.push((self.seconds, after));
                }
            }
        }

        fn utilization(&mut self) -> Utilization {
            let own = (self.running as f64 * self.per_task).min(1.0 - self.others);
            let noise = self.noise * self.stream.normal();
            Utilization { total: (self.others + own + noise).clamp(0.0, 1.0), own }
        }

        fn calm_total(&self) -> f64 {
            (self.others + self.running as f64 * self.per_task).min(1.0)
        }

        fn moved_since(&self, second: i64) -> usize {
            self.moves.iter().filter(|(at, _)| *at > second).count()
        }
    }

    #[track_caller]
    fn check_settled(plant: &Plant, since: i64) {
        let total = plant.calm_total();
        assert!((0.65..=0.75).contains(&total), "{total} after {:?}", plant.moves);
        assert_eq!(plant.moved_since(since), 0, "{:?}", plant.moves);
    }

    #[test]
    fn it_settles_in_the_target_band_and_recovers_from_load_steps() {
        let mut control = Concurrency::new(1, 64, 4, Target::default());
        let mut plant = Plant::new(0.0, 1.0 / 32.0, 0.02);
        plant.run(&mut control, 300);
        check_settled(&plant, 200);
        // Somebody else takes 30 percent of the machine, and gives it back later.
        plant.others = 0.3;
        plant.run(&mut control, 300);
        check_settled(&plant, 500);
        plant.others = 0.0;
        plant.run(&mut control, 300);
        check_settled(&plant, 800);
        // Tasks become twice as hungry.
        plant.per_task *= 2.0;
        plant.run(&mut control, 300);
        check_settled(&plant, 1100);
    }

    #[test]
    fn it_approaches_from_above_without_undershooting() {
        let mut control = Concurrency::new(1, 64, 64, Target::default());
        let mut plant = Plant::new(0.0, 1.0 / 32.0, 0.0);
        plant.run(&mut control, 400);
        check_settled(&plant, 300);
        let numbers: Vec<_> = plant.moves.iter().map(|(_, tasks)| *tasks).collect();
        assert!(numbers.is_sorted_by(|a, b| a > b), "{numbers:?}");
    }

    /// On two cores one task uses half of the machine, and no number meets the target. Leaving a
    /// core idle would be worse than using both.
    #[test]
    fn two_cores_are_both_used_without_going_back_and_forth() {
        for start in 1..=2 {
            let mut control = Concurrency::new(1, 2, start, Target::default());
            let mut plant = Plant::new(0.0, 0.5, 0.0);
            plant.run(&mut control, 300);
            assert_eq!(control.current(), 2);
            assert_eq!(plant.moved_since(60), 0, "{:?}", plant.moves);
        }
    }

    #[test]
    fn it_makes_way_for_others_but_keeps_one_task() {
        let mut control = Concurrency::new(1, 8, 8, Target::default());
        let mut plant = Plant::new(0.95, 0.1, 0.0);
        plant.run(&mut control, 300);
        assert_eq!(control.current(), 1);
    }

    #[test]
    fn it_does_not_grow_where_there_is_no_work_or_no_room() {
        let mut control = Concurrency::new(1, 8, 4, Target::default());
        for second in 0..100 {
            let now = Timestamp::from_nanos(second * 1_000_000_000);
            control.observe(now, Utilization { total: 0.1, own: 0.1 }, Some(2), true);
            control.observe(now, Utilization { total: 0.1, own: 0.1 }, Some(4), false);
            control.observe(now, Utilization { total: f64::NAN, own: 0.1 }, None, true);
        }
        assert_eq!(control.current(), 4);
    }

    #[test]
    fn without_measurements_it_returns_to_where_it_started() {
        let mut control = Concurrency::new(1, 8, 4, Target::default());
        let at = |seconds: i64| Timestamp::from_nanos(seconds * 1_000_000_000);
        assert_eq!(control.shrink(at(0), 2), 2);
        let path: Vec<_> = (1..=20).map(|second| control.recover(at(second))).collect();
        assert_eq!(path, [[2; 4].as_slice(), &[3; 5], &[4; 11]].concat());
    }

    #[test]
    fn res_13_the_target_says_whether_there_is_room() {
        let target = Target::default();
        let (up, reason) = target.should_scale_up(0.75);
        assert!(!up, "{reason}");
        let expected = (true, "cpu 30% is below the target of 65% to 75%".to_owned());
        assert_eq!(target.should_scale_up(0.3), expected);
    }

    proptest! {
        /// Whatever the machine, it comes to rest: in the band, at a bound, or above the band where
        /// one task fewer, by what can be measured, is below it.
        #[test]
        fn it_comes_to_rest_on_every_machine(
            max in 1_usize..200, start in 1_usize..200, per_task in 0.005_f64..1.0, others in 0.0_f64..0.9,
        ) {
            let mut control = Concurrency::new(1, max, start, Target::default());
            let mut plant = Plant::new(others, per_task, 0.0);
            plant.run(&mut control, 2_000);
            prop_assert_eq!(plant.moved_since(1_700), 0, "{:?}", plant.moves);
            let (total, tasks) = (plant.calm_total(), control.current());
            let fewer = total - plant.utilization().own / tasks as f64;
            prop_assert!(tasks == max || total > 0.65 - 1e-6, "{} {}", total, tasks);
            prop_assert!(tasks == 1 || total < 0.75 + 1e-6 || fewer < 0.65 + 1e-6, "{} {}", total, tasks);
        }
    }
}
