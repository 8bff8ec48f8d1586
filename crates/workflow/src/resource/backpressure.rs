//! Backpressure: how hard a queue, or a machine, asks its producers to hold back.
//!
//! Promises: a level rises at once and falls only when the measure is clearly below what raised
//! it, so that producers are not switched on and off at the limit.
//! Not here: holding back; producers multiply their rate with `Level::throttle`.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

/// How hard to hold back, from not at all to entirely.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// Produce at will.
    #[default]
    None,
    /// Do not grow.
    Low,
    /// Produce less; the soft limit is passed.
    #[serde(alias = "SOFT")]
    Medium,
    /// Produce only what must be; the hard limit is passed.
    #[serde(alias = "HARD")]
    High,
    /// Produce nothing.
    #[serde(alias = "STOP")]
    Critical,
}

impl Level {
    /// All levels, in rising order.
    pub const ALL: [Self; 5] = [Self::None, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The share of their rate that producers keep.
    pub const fn throttle(self) -> f64 {
        match self {
            Self::None => 1.0,
            Self::Low => 0.75,
            Self::Medium => 0.5,
            Self::High => 0.1,
            Self::Critical => 0.0,
        }
    }

    /// Whether producers have to slow down.
    pub fn should_throttle(self) -> bool {
        self > Self::None
    }

    /// The name, as it is written everywhere.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text names no level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no backpressure level; expected NONE, LOW, MEDIUM (or SOFT), HIGH (or HARD) or \
     CRITICAL (or STOP)"
)]
pub struct UnknownLevel(String);

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_uppercase().as_str() {
            "NONE" => Ok(Self::None),
            "LOW" => Ok(Self::Low),
            "MEDIUM" | "SOFT" => Ok(Self::Medium),
            "HIGH" | "HARD" => Ok(Self::High),
            "CRITICAL" | "STOP" => Ok(Self::Critical),
            _ => Err(UnknownLevel(text.to_owned())),
        }
    }
}

/// Where the levels of one measure begin, and how far it must fall to leave them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Where LOW, MEDIUM, HIGH and CRITICAL begin.
    pub rise: [u64; 4],
    /// The share of the beginning below which a level ends, in percent.
    pub fall_percent: u8,
}

impl Steps {
    /// Steps of a queue with a soft, a hard and a stop limit: LOW begins at half of the soft one,
    /// and a level ends at 80 percent of where it began.
    pub const fn of_queue(soft: u64, hard: u64, stop: u64) -> Self {
        Self { rise: [soft.div_ceil(2), soft, hard, stop], fall_percent: 80 }
    }

    /// The level at `measure` for one who comes from `from`.
    pub fn level(&self, from: Level, measure: u64) -> Level {
        let reached = self.reached(|rise| measure >= rise);
        let kept = self.reached(|rise| {
            u128::from(measure) * 100 >= u128::from(rise) * u128::from(self.fall_percent)
        });
        // `kept` is at least `reached` where a level ends below its beginning.
        from.min(kept).max(reached)
    }

    fn reached(&self, at_least: impl Fn(u64) -> bool) -> Level {
        let steps = self.rise.iter().take_while(|rise| at_least(**rise)).count();
        Level::ALL[steps]
    }
}

/// What a queue may hold, and how old its oldest entry may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many entries.
    pub depth: Steps,
    /// How old the oldest is, in milliseconds.
    pub age_ms: Steps,
}

impl Default for Limits {
    /// 1,000 entries or one minute: MEDIUM; ten times that: HIGH; fifty times: CRITICAL.
    fn default() -> Self {
        Self {
            depth: Steps::of_queue(1_000, 10_000, 50_000),
            age_ms: Steps::of_queue(60_000, 600_000, 3_000_000),
        }
    }
}

/// The level of one queue over time.
#[derive(Clone, Copy, Debug)]
pub struct Gauge {
    limits: Limits,
    depth: Level,
    age: Level,
}

impl Gauge {
    /// A gauge at NONE.
    pub const fn new(limits: Limits) -> Self {
        Self { limits, depth: Level::None, age: Level::None }
    }

    /// Takes a measurement and tells the level: the higher one of depth and age.
    pub fn measure(&mut self, depth: usize, oldest: Duration) -> Level {
        let depth = u64::try_from(depth).unwrap_or(u64::MAX);
        let age = u64::try_from(oldest.as_millis()).unwrap_or(u64::MAX);
        self.depth = self.limits.depth.level(self.depth, depth);
        self.age = self.limits.age_ms.level(self.age, age);
        self.level()
    }

    /// The level of the last measurement.
    pub fn level(&self) -> Level {
        self.depth.max(self.age)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn res_16_levels_are_ordered_and_have_other_names() {
        assert!("severe".parse::<Level>().is_err());
        assert!(Level::ALL.is_sorted());
        for (other, level) in
            [("soft", Level::Medium), ("HARD", Level::High), ("Stop", Level::Critical)]
        {
            assert_eq!(other.parse(), Ok(level));
            let quoted = format!("\"{}\"", other.to_ascii_uppercase());
            assert_eq!(serde_json::from_str::<Level>(&quoted).unwrap(), level);
        }
        for level in Level::ALL {
            assert_eq!(level.to_string().parse(), Ok(level));
            assert_eq!(serde_json::to_string(&level).unwrap(), format!("\"{level}\""));
        }
        let percent = Level::ALL.map(|level| format!("{:.0}", level.throttle() * 100.0));
        assert_eq!(percent, ["100", "75", "50", "10", "0"]);
    }

    #[track_caller]
    fn check(gauge: &mut Gauge, depth: usize, seconds: u64, expected: Level) {
        assert_eq!(gauge.measure(depth, Duration::from_secs(seconds)), expected, "{depth}");
    }

    #[test]
    fn res_15_a_growing_queue_raises_the_level_at_each_limit() {
        let mut gauge = Gauge::new(Limits::default());
        check(&mut gauge, 499, 0, Level::None);
        check(&mut gauge, 500, 0, Level::Low);
        check(&mut gauge, 1_000, 0, Level::Medium);
        check(&mut gauge, 10_000, 0, Level::High);
        check(&mut gauge, 50_000, 0, Level::Critical);
        check(&mut gauge, 0, 0, Level::None);
    }

    #[test]
    fn a_short_queue_with_an_old_entry_is_pressure_too() {
        let mut gauge = Gauge::new(Limits::default());
        check(&mut gauge, 1, 29, Level::None);
        check(&mut gauge, 1, 60, Level::Medium);
        check(&mut gauge, 1, 3_000, Level::Critical);
    }

    #[test]
    fn a_level_ends_well_below_where_it_began() {
        let mut gauge = Gauge::new(Limits::default());
        check(&mut gauge, 1_000, 0, Level::Medium);
        for depth in [999, 1_000, 801, 800] {
            check(&mut gauge, depth, 0, Level::Medium);
        }
        check(&mut gauge, 799, 0, Level::Low);
        check(&mut gauge, 999, 0, Level::Low);
        check(&mut gauge, 399, 0, Level::None);
    }

    /// A producer of 100 a second, throttled, against a consumer of 40: the queue stays within
    /// its hard limit, and the producer is at full rate again once it rests.
    #[test]
    fn res_17_a_throttled_producer_keeps_the_queue_within_its_limit() {
        let limits =
            Limits { depth: Steps::of_queue(200, 400, 800), age_ms: Limits::default().age_ms };
        let (mut gauge, mut depth) = (Gauge::new(limits), 0.0_f64);
        let mut deepest = 0.0_f64;
        for second in 0..600 {
            let wanted = if second < 300 { 100.0 } else { 20.0 };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
            let level = gauge.measure(depth as usize, Duration::ZERO);
            depth = (depth + wanted * level.throttle() - 40.0).max(0.0);
            deepest = deepest.max(depth);
        }
        assert!((200.0..500.0).contains(&deepest), "{deepest}");
        assert!(!gauge.level().should_throttle());
    }

    proptest! {
        #[test]
        fn the_level_is_never_below_what_the_measure_demands(
            measures in prop::collection::vec(0_u64..2_000, 1..50),
        ) {
            let steps = Steps::of_queue(200, 400, 800);
            let mut level = Level::None;
            for measure in measures {
                level = steps.level(level, measure);
                let demanded = steps.level(Level::None, measure);
                let lenient = steps.level(Level::Critical, measure);
                prop_assert!(demanded <= level && level <= lenient);
            }
        }
    }
}
