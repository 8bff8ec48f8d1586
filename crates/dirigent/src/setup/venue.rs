//! Latency and queues in the terms of the domain.

use std::time::Duration;

use dirigent_core::Seed;
use dirigent_trading::{
    Quantity,
    venue::{Latency, Queue},
};

use super::share;
use crate::config::workflow::{self as config, Execution};

/// How long messages are under way, drawn from `seed` where they are.
pub(super) fn latency(execution: &Execution, seed: u64) -> Latency {
    let seed = || Seed::master(seed).child("latency");
    match &execution.latency {
        None => Latency::None,
        Some(config::Latency::Fixed { ms }) => Latency::Fixed(length(*ms)),
        Some(config::Latency::Sampled { median_ms, p99_ms }) => {
            let (median, p99) = (length(*median_ms), length(*p99_ms));
            Latency::Sampled { median, p99, seed: seed() }
        }
        Some(config::Latency::Measured { list_ms }) => {
            let of = list_ms.iter().copied().map(length).collect();
            Latency::Measured { of, seed: seed() }
        }
    }
}

/// Milliseconds, to the nanosecond.
fn length(ms: Quantity) -> Duration {
    /// Steps of a milliseconds' decimal in a nanosecond.
    const STEPS: u64 = 1_000;
    Duration::from_nanos(ms.raw().unsigned_abs() / STEPS)
}

pub(super) fn queue(execution: &Execution) -> Queue {
    match execution.queue {
        None => Queue::None,
        Some(config::Queue::Conservative) => Queue::Conservative,
        Some(config::Queue::Proportional) => Queue::Proportional,
        Some(config::Queue::Volume { ahead_pct, touch_pct }) => {
            Queue::Volume { ahead: share(ahead_pct), touch: share(touch_pct) }
        }
    }
}
