//! Venue: how orders reach the market, and what is known of it beyond bars.
//!
//! Promises: everything here is a pure function of what it is given; a latency depends on the seed
//! and the number of the message alone.
//! Not here: which order meets which price; see `backtest`.

mod closes;
mod latency;
mod queue;
mod tape;

use std::sync::Arc;

pub use closes::Closes;
pub use latency::{LATENCY_MAX, Latency};
pub use queue::Queue;
pub(crate) use queue::{Best, Place};
pub(crate) use tape::Known;
pub use tape::{InvalidTape, Quotes, Tape, Trades};

/// How orders reach the market, and what is known of it beyond bars.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Venue {
    /// Quotes and trades between the bars, which orders trade at instead of bars.
    pub tape: Option<Arc<Tape>>,
    /// How long orders, changes and cancellations are under way.
    pub latency: Latency,
    /// Who stands before a limit order.
    pub queue: Queue,
    /// When bars end, which is when decisions are taken.
    pub closes: Closes,
}

impl Venue {
    /// Whether there is nothing but bars, which orders reach at once.
    pub fn is_plain(&self) -> bool {
        self.tape.is_none() && self.latency == Latency::None && self.queue == Queue::None
    }
}
