//! Retry: how often a failed task is tried again, after which pause, and for which errors.
//!
//! Invariant: the pause is a function of policy, attempt and seed alone, so a run that is replayed
//! waits as long as it did the first time.

use std::time::Duration;

use dirigent_core::Seed;
use serde::{Deserialize, Serialize};

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// May go away by itself: a network error, a crash, a time-out.
    #[default]
    Transient,
    /// Will fail the same way again: bad input, a missing program.
    Permanent,
}

/// How the pause grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// Doubles from `base_ms` for each further retry, up to `max_ms`.
    Exponential {
        /// Before the first retry.
        base_ms: u64,
        /// The longest pause.
        max_ms: u64,
    },
    /// Always the same.
    Fixed {
        /// Every pause.
        delay_ms: u64,
    },
}

/// What is done about failures of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// How often it is tried again; it runs at most once more than this.
    pub max: u32,
    /// The pause before each retry.
    pub backoff: Backoff,
    /// Part of each pause, in percent, that is drawn from the run's seed instead of fixed.
    #[serde(default)]
    pub jitter_percent: u8,
    /// Whether permanent errors are tried again as well.
    #[serde(default)]
    pub permanent: bool,
}

impl Retry {
    /// No second try.
    pub const NEVER: Self = Self {
        max: 0,
        backoff: Backoff::Fixed { delay_ms: 0 },
        jitter_percent: 0,
        permanent: false,
    };

    /// The defaults of seed 004: three retries after min(1·2^n, 60) s.
    pub const STANDARD: Self = Self {
        max: 3,
        backoff: Backoff::Exponential { base_ms: 1_000, max_ms: 60_000 },
        jitter_percent: 0,
        permanent: false,
    };

    /// The pause before the retry with index `attempt`, counted from 0, without jitter.
    pub fn retry_delay(&self, attempt: u32) -> Duration {
        match self.backoff {
            Backoff::Fixed { delay_ms } => Duration::from_millis(delay_ms),
            Backoff::Exponential { base_ms, max_ms } => {
                let factor = 1_u64.checked_shl(attempt).unwrap_or(u64::MAX);
                Duration::from_millis(base_ms.saturating_mul(factor).min(max_ms))
            }
        }
    }

    /// The pause after the `failures`-th failure of a task with an error of `class`; none if it is
    /// not tried again. `seed` is the task's own.
    pub fn after(&self, failures: u32, class: ErrorClass, seed: Seed) -> Option<Duration> {
        let hopeless = class == ErrorClass::Permanent && !self.permanent;
        if hopeless || failures > self.max {
            return None;
        }
        let index = failures.saturating_sub(1);
        let full = self.retry_delay(index);
        let percent = u32::from(self.jitter_percent.min(100));
        if percent == 0 {
            return Some(full);
        }
        let drawn = seed.child("retry").child(&index.to_string()).stream().uniform();
        Some(full * (100 - percent) / 100 + full.mul_f64(drawn) * percent / 100)
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::NEVER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tsk_15_api_07_pauses_double_up_to_a_minute() {
        let pauses: Vec<u64> =
            (0..8).map(|attempt| Retry::STANDARD.retry_delay(attempt).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(Retry::STANDARD.retry_delay(u32::MAX).as_secs(), 60);
    }

    #[test]
    fn retries_end_and_permanent_errors_are_not_retried() {
        let seed = Seed::master(42);
        let after = |failures, class| Retry::STANDARD.after(failures, class, seed);
        assert_eq!(after(1, ErrorClass::Transient), Some(Duration::from_secs(1)));
        assert_eq!(after(3, ErrorClass::Transient), Some(Duration::from_secs(4)));
        assert_eq!(after(4, ErrorClass::Transient), None);
        assert_eq!(after(1, ErrorClass::Permanent), None);
        assert_eq!(Retry::NEVER.after(1, ErrorClass::Transient, seed), None);
    }

    #[test]
    fn jitter_comes_from_the_seed_and_stays_within_its_part() {
        let retry = Retry { jitter_percent: 50, ..Retry::STANDARD };
        let pause = |seed| retry.after(2, ErrorClass::Transient, Seed::master(seed)).unwrap();
        assert_eq!(pause(1), pause(1));
        assert_ne!(pause(1), pause(2));
        for seed in 0..100 {
            assert!((1.0..=2.0).contains(&pause(seed).as_secs_f64()), "{seed}");
        }
    }
}
