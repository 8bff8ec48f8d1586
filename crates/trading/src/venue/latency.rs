//! Latency: how long a message to the market is under way.
//!
//! Sampled latencies are log-normal: a median, and a tail that one message in a hundred reaches.
//! Promises: the latency of a message depends on the seed and its number, and on no library's
//! logarithm; it is never more than `LATENCY_MAX`.

use std::{sync::Arc, time::Duration};

use dirigent_core::Seed;

/// The longest that a message is under way: a week.
pub const LATENCY_MAX: Duration = Duration::from_secs(7 * 86_400);

/// What `Stream::normal` stays below in 99 of 100 draws: that quantile of the sum of twelve uniforms
/// less six.
const NORMAL_P99: f64 = 2.302_227_541_983_786;

/// How long orders, changes and cancellations are under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Latency {
    /// They arrive at once.
    #[default]
    None,
    /// Always so long.
    Fixed(Duration),
    /// Drawn for each message: log-normal.
    Sampled {
        /// What half of the messages stay below.
        median: Duration,
        /// What 99 of 100 stay below; at least the median.
        p99: Duration,
        /// What they are drawn from.
        seed: Seed,
    },
    /// Drawn for each message from latencies that were measured.
    Measured {
        /// The latencies.
        of: Arc<[Duration]>,
        /// What they are drawn with.
        seed: Seed,
    },
}

impl Latency {
    /// The longest of the latencies that it is told.
    pub(crate) fn longest(&self) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Fixed(length) => *length,
            Self::Sampled { median, p99, .. } => *median.max(p99),
            Self::Measured { of, .. } => of.iter().max().copied().unwrap_or_default(),
        }
    }

    /// How long message number `message` of a run is under way.
    pub fn of(&self, message: u64) -> Duration {
        let stream = |seed: &Seed| seed.child(&message.to_string()).stream();
        let found = match self {
            Self::None => Duration::ZERO,
            Self::Fixed(length) => *length,
            Self::Sampled { median, p99, seed } => {
                let ratio = (p99.as_secs_f64() / median.as_secs_f64().max(1e-9)).max(1.0);
                let power = stream(seed).normal() / NORMAL_P99;
                times(*median, exp(ln(ratio) * power))
            }
            Self::Measured { of, seed } => {
                let draw = stream(seed).next_u64();
                let at = usize::try_from(draw % of.len().max(1) as u64).unwrap_or(0);
                of.get(at).copied().unwrap_or_default()
            }
        };
        found.min(LATENCY_MAX)
    }
}

/// `length` times `factor`, to the nanosecond.
fn times(length: Duration, factor: f64) -> Duration {
    let seconds = (length.as_secs_f64() * factor).min(LATENCY_MAX.as_secs_f64());
    Duration::try_from_secs_f64(seconds).unwrap_or(LATENCY_MAX)
}

/// e to the power of `x`, by additions and multiplications alone, which every machine rounds alike.
fn exp(x: f64) -> f64 {
    const TERMS: u32 = 20;
    let twos = (x / std::f64::consts::LN_2).round();
    let rest = x - twos * std::f64::consts::LN_2;
    let series = (1..=TERMS).rev().fold(1.0, |sum, n| 1.0 + sum * rest / f64::from(n));
    let (mut scaled, mut left) = (series, twos.clamp(-1_000.0, 1_000.0));
    while left >= 1.0 {
        (scaled, left) = (scaled * 2.0, left - 1.0);
    }
    while left <= -1.0 {
        (scaled, left) = (scaled / 2.0, left + 1.0);
    }
    scaled
}

/// The natural logarithm of `x` >= 1: Halley's method on `exp`.
fn ln(x: f64) -> f64 {
    const STEPS: u32 = 8;
    let (mut mantissa, mut found) = (x.min(1e18), 0.0);
    while mantissa > 1.5 {
        (mantissa, found) = (mantissa / 2.0, found + std::f64::consts::LN_2);
    }
    for _ in 0..STEPS {
        let there = exp(found);
        found += 2.0 * (x.min(1e18) - there) / (x.min(1e18) + there);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_and_logarithms_are_right_to_fourteen_digits() {
        for x in [-30.0_f64, -1.0, -0.1, 0.0, 0.5, 1.0, 4.6, 13.8] {
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-14, "exp {x}");
        }
        for x in [1.0_f64, 1.000_001, 2.0, 10.0, 1e6] {
            assert!((ln(x) - x.ln()).abs() <= 1e-14 * x.ln().max(1.0), "ln {x}");
        }
    }

    #[test]
    fn sampled_latencies_have_their_median_and_their_tail() {
        let [median, p99] = [20, 200].map(Duration::from_millis);
        let of = |seed| Latency::Sampled { median, p99, seed: Seed::master(seed) };
        let mut drawn: Vec<Duration> = (0..20_000).map(|message| of(1).of(message)).collect();
        assert_eq!(of(1).of(7), drawn[7], "the number of the message decides");
        assert_ne!(of(2).of(7), drawn[7], "and the seed");
        drawn.sort_unstable();
        let near = |at: usize, expected: Duration, tolerance: f64| {
            let ratio = drawn[at].as_secs_f64() / expected.as_secs_f64();
            assert!((ratio - 1.0).abs() < tolerance, "{:?}, not {expected:?}", drawn[at]);
        };
        near(10_000, median, 0.05);
        near(19_800, p99, 0.1);
    }

    #[test]
    fn measured_latencies_are_those_of_the_list() {
        let of: Arc<[Duration]> = [3, 5, 8].map(Duration::from_millis).into();
        let latency = Latency::Measured { of: Arc::clone(&of), seed: Seed::master(3) };
        let mut drawn: Vec<Duration> = (0..100).map(|message| latency.of(message)).collect();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn, *of);
        let long = Latency::Fixed(Duration::from_secs(1_000_000));
        assert_eq!(long.of(0), LATENCY_MAX);
    }
}
