//! Steering: what the load of a machine means for how much to do at once.
//!
//! Promises: advice is given only when it changes. Memory comes before processors: nothing grows
//! from 70 percent of the limit, containers become fewer from 80, optional work is shed from 90,
//! and nothing starts from 95. What cannot be measured restricts nothing.
//! Not here: measuring; following the advice.

use std::time::Duration;

use dirigent_core::Timestamp;

use super::{
    advice::Advice,
    backpressure::{Level, Steps},
    concurrency::{Concurrency, Utilization},
};

/// Memory use in hundredths of a percent of the limit; a level ends 5 percent below its beginning.
const MEMORY: Steps = Steps { rise: [7_000, 8_000, 9_000, 9_500], fall_percent: 95 };
/// Time in which something waits for memory, in hundredths of a percent of ten seconds. At 60
/// percent systemd-oomd starts to kill; it counts only times in which everything waits, so this
/// holds back earlier. Stalls alone never stop everything: on a machine without limits they may be
/// somebody else's.
const STALLED: Steps = Steps { rise: [1_000, 2_500, 6_000, u64::MAX], fall_percent: 80 };
/// How often containers are made fewer while memory stays short: a task needs time to end.
const SHRINK_EVERY: Duration = Duration::from_secs(5);
/// How long nothing grows after memory was short: growing at once would fill it again.
const GROW_AFTER: Duration = Duration::from_secs(60);

/// Memory that is used, of what may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// In use, without what the system can take back at once.
    pub used_bytes: u64,
    /// The limit of the group that is nearest to its own, or the machine's memory.
    pub limit_bytes: u64,
}

impl Memory {
    /// The used share, in hundredths of a percent.
    pub fn used_basis_points(&self) -> u64 {
        let used = u128::from(self.used_bytes) * 10_000 / u128::from(self.limit_bytes.max(1));
        u64::try_from(used).unwrap_or(u64::MAX)
    }
}

/// The load of a machine at one moment. `None` is what could not be measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// How busy the processors are.
    pub cpu: Option<Utilization>,
    /// How many tasks run.
    pub running: Option<usize>,
    /// How full the memory is.
    pub memory: Option<Memory>,
    /// The share of the last ten seconds in which something waited for memory, from 0 to 1.
    pub stalled: Option<f64>,
}

/// Turns loads into advice.
#[derive(Clone, Debug)]
pub struct Steering {
    concurrency: Concurrency,
    memory: Level,
    stalled: Level,
    shrink_from: Option<Timestamp>,
    grow_from: Option<Timestamp>,
    advised: (usize, Level),
}

impl Steering {
    /// Steering that has advised where `concurrency` starts, and NONE.
    pub fn new(concurrency: Concurrency) -> Self {
        let advised = (concurrency.current(), Level::None);
        let (memory, stalled, shrink_from, grow_from) = (Level::None, Level::None, None, None);
        Self { concurrency, memory, stalled, shrink_from, grow_from, advised }
    }

    /// The level of the last load.
    pub fn level(&self) -> Level {
        self.memory.max(self.stalled)
    }

    /// Takes the load of this moment; tells what to do if that is new.
    pub fn observe(&mut self, now: Timestamp, load: &Load) -> Option<Advice> {
        let before = self.level();
        self.memory = load
            .memory
            .map_or(Level::None, |memory| MEMORY.level(self.memory, memory.used_basis_points()));
        self.stalled = load
            .stalled
            .map_or(Level::None, |share| STALLED.level(self.stalled, basis_points(share)));
        let level = self.level();
        let smooth = self.concurrency.utilization();
        if level >= Level::Medium {
            self.shrink(now, level, before);
        } else {
            self.follow_processors(now, load, level);
        }
        let concurrency = if level == Level::Critical { 0 } else { self.concurrency.current() };
        if (concurrency, level) == self.advised {
            return None;
        }
        self.advised = (concurrency, level);
        let cpu = self.concurrency.utilization().or(smooth);
        Some(Advice { concurrency, level, reason: self.reason(load, level != before, cpu) })
    }

    /// Fewer containers, at once when the level rises and then step by step; by half when it is
    /// urgent.
    fn shrink(&mut self, now: Timestamp, level: Level, before: Level) {
        self.grow_from = Some(now.plus(GROW_AFTER));
        if level <= before && self.shrink_from.is_some_and(|from| now < from) {
            return;
        }
        self.shrink_from = Some(now.plus(SHRINK_EVERY));
        let tasks = match level {
            Level::High | Level::Critical => self.concurrency.current().div_ceil(2),
            Level::None | Level::Low | Level::Medium => self.concurrency.step_max(),
        };
        self.concurrency.shrink(now, tasks);
    }

    fn follow_processors(&mut self, now: Timestamp, load: &Load, level: Level) {
        self.shrink_from = None;
        let may_grow = level == Level::None && self.grow_from.is_none_or(|from| now >= from);
        match load.cpu {
            Some(cpu) => self.concurrency.observe(now, cpu, load.running, may_grow),
            None if may_grow => self.concurrency.recover(now),
            None => self.concurrency.current(),
        };
    }

    fn reason(&self, load: &Load, level_changed: bool, cpu: Option<f64>) -> String {
        let level = self.level();
        if level < Level::Medium && !level_changed {
            return match cpu {
                Some(cpu) => self.concurrency.target().should_scale_up(cpu).1,
                None => "memory is free again".to_owned(),
            };
        }
        let means = match level {
            Level::None => "as much as the processors bear",
            Level::Low => "no growth",
            Level::Medium => "fewer containers",
            Level::High => "fewer containers, optional work is shed",
            Level::Critical => "nothing starts",
        };
        match (load.memory, load.stalled) {
            (_, Some(share)) if self.stalled > self.memory => {
                format!("memory stalls {:.0}% of the time: {means}", share * 100.0)
            }
            (Some(memory), _) => {
                let percent = memory.used_basis_points() / 100;
                format!("memory {percent}% of the limit: {means}")
            }
            (None, _) => format!("memory pressure {level}: {means}"),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn basis_points(share: f64) -> u64 {
    // What is no number becomes zero, which restricts nothing.
    (share * 10_000.0).clamp(0.0, 10_000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::concurrency::Target;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    fn memory(percent: u64) -> Load {
        let memory = Memory { used_bytes: percent, limit_bytes: 100 };
        let cpu = Utilization { total: 0.7, own: 0.7 };
        Load { cpu: Some(cpu), memory: Some(memory), ..Load::default() }
    }

    fn steering(start: usize) -> Steering {
        Steering::new(Concurrency::new(1, start, start, Target::default()))
    }

    #[track_caller]
    fn check(advice: Option<Advice>, concurrency: usize, level: Level, reason: &str) {
        let expected = Advice { concurrency, level, reason: reason.to_owned() };
        assert_eq!(advice, Some(expected));
    }

    #[test]
    fn memory_steps_lower_the_concurrency_and_stop_at_the_end() {
        let mut steering = steering(40);
        assert_eq!(steering.observe(at(0), &memory(69)), None);
        let low = steering.observe(at(1), &memory(70));
        check(low, 40, Level::Low, "memory 70% of the limit: no growth");
        let medium = steering.observe(at(2), &memory(80));
        check(medium, 36, Level::Medium, "memory 80% of the limit: fewer containers");
        assert_eq!(steering.observe(at(3), &memory(82)), None);
        let still = steering.observe(at(7), &memory(82));
        check(still, 33, Level::Medium, "memory 82% of the limit: fewer containers");
        let text = "memory 90% of the limit: fewer containers, optional work is shed";
        let high = steering.observe(at(8), &memory(90));
        assert!(high.as_ref().is_some_and(|a| a.sheds_optional_work() && a.spills() && a.starts()));
        check(high, 16, Level::High, text);
        let critical = steering.observe(at(9), &memory(97));
        assert!(critical.as_ref().is_some_and(|advice| !advice.starts()));
        check(critical, 0, Level::Critical, "memory 97% of the limit: nothing starts");
    }

    #[test]
    fn it_comes_back_step_by_step_once_memory_is_free() {
        let mut steering = steering(8);
        steering.observe(at(0), &memory(99));
        let back = steering.observe(at(1), &memory(30));
        check(back, 4, Level::None, "memory 30% of the limit: as much as the processors bear");
        let mut idle = memory(30);
        idle.cpu = Some(Utilization { total: 0.2, own: 0.2 });
        let moves: Vec<_> = (2..120)
            .filter_map(|second| Some((second, steering.observe(at(second), &idle)?.concurrency)))
            .collect();
        assert_eq!(moves, [(60, 5), (65, 6), (70, 7), (75, 8)]);
    }

    #[test]
    fn a_level_is_left_only_five_percent_below() {
        let mut steering = steering(8);
        steering.observe(at(0), &memory(80));
        steering.observe(at(1), &memory(77));
        assert_eq!(steering.level(), Level::Medium);
        steering.observe(at(2), &memory(75));
        assert_eq!(steering.level(), Level::Low);
    }

    #[test]
    fn stalls_hold_back_but_never_stop_everything() {
        let mut steering = steering(10);
        let stalled = |share| Load { stalled: Some(share), ..memory(10) };
        let high = steering.observe(at(0), &stalled(1.0));
        let text = "memory stalls 100% of the time: fewer containers, optional work is shed";
        check(high, 5, Level::High, text);
        steering.observe(at(1), &stalled(f64::NAN));
        assert_eq!(steering.level(), Level::None);
    }

    #[test]
    fn what_cannot_be_measured_restricts_nothing() {
        let mut steering = steering(8);
        assert_eq!(steering.observe(at(0), &Load::default()), None);
        steering.observe(at(1), &memory(85));
        let free = steering.observe(at(2), &Load::default());
        assert_eq!(free.map(|advice| (advice.concurrency, advice.level)), Some((7, Level::None)));
        let moves: Vec<_> = (3..100)
            .filter_map(|second| Some((second, steering.observe(at(second), &Load::default())?)))
            .map(|(second, advice)| (second, advice.concurrency, advice.reason))
            .collect();
        assert_eq!(moves, [(61, 8, "memory is free again".to_owned())]);
    }

    /// Each container fills a tenth of the memory for ten seconds: as many run as the memory
    /// bears, and it is never exhausted.
    #[test]
    fn hungry_containers_settle_below_the_limit() {
        let mut steering = steering(12);
        let (mut allowed, mut ends): (usize, Vec<i64>) = (12, Vec::new());
        let mut counts = Vec::new();
        for second in 0..1_000 {
            ends.retain(|end| *end > second);
            while ends.len() < allowed && ends.len() < 9 {
                ends.push(second + 10);
            }
            counts.push(ends.len());
            let load = memory(ends.len() as u64 * 10);
            if let Some(advice) = steering.observe(at(second), &load) {
                allowed = advice.concurrency;
            }
        }
        assert!(counts[200..].iter().all(|count| (1..=8).contains(count)), "{counts:?}");
    }
}
