//! `execution.latency` and `execution.queue` as typed values.

use dirigent_trading::Quantity;
use serde::{Deserialize, Serialize};

use super::decimal::Percent;

/// `execution.latency`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Latency {
    /// Always so long.
    Fixed {
        /// Milliseconds.
        ms: Quantity,
    },
    /// Drawn, log-normal.
    Sampled {
        /// What half of them stay below.
        median_ms: Quantity,
        /// What 99 of 100 stay below.
        p99_ms: Quantity,
    },
    /// Drawn from a list.
    Measured {
        /// The list.
        list_ms: Vec<Quantity>,
    },
}

/// `execution.queue`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Queue {
    /// Who cancels stood behind.
    Conservative,
    /// Those ahead cancel as often.
    Proportional,
    /// By the volume of bars.
    Volume {
        /// What stands ahead.
        ahead_pct: Percent,
        /// What trades at the level.
        touch_pct: Percent,
    },
}
