//! Late: a strategy whose decisions come some bars after they could have been taken.
//!
//! Promises: at every bar it decides what it would have decided so many bars before, but for what it
//! holds, which is that of now; so an order is neither lost nor sent twice.

use std::collections::VecDeque;

use dirigent_core::Timestamp;

use crate::data::bars::Bars;
use crate::order::Fill;
use crate::portfolio::Ledger;
use crate::strategy::{Strategy, Window, Wishes};

/// A strategy that decides late.
pub struct Late {
    inner: Box<dyn Strategy>,
    bars: usize,
    /// How many bars of each symbol there were at the closes that it has not decided on, and when.
    waiting: VecDeque<(Vec<usize>, Timestamp)>,
}

impl Late {
    /// `inner`, `bars` bars late.
    pub fn new(inner: Box<dyn Strategy>, bars: usize) -> Self {
        Self { inner, bars, waiting: VecDeque::new() }
    }
}

impl std::fmt::Debug for Late {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Late").field("bars", &self.bars).finish_non_exhaustive()
    }
}

impl Strategy for Late {
    fn warmup(&self) -> usize {
        self.inner.warmup()
    }

    fn fits(&self, bars: &[Bars]) -> Result<(), String> {
        self.inner.fits(bars)
    }

    fn sectors(&mut self, of: &[Option<String>]) {
        self.inner.sectors(of);
    }

    fn on_bar(&mut self, window: &Window<'_>, ledger: &Ledger, wishes: &mut Wishes) {
        self.waiting.push_back((window.seen().to_vec(), window.now()));
        if self.waiting.len() <= self.bars {
            return;
        }
        let Some((seen, then)) = self.waiting.pop_front() else { return };
        let next = self.waiting.front().map(|(_, time)| *time).or(window.next());
        self.inner.on_bar(&window.at(&seen, then, next), ledger, wishes);
    }

    fn on_fill(&mut self, fill: &Fill) {
        self.inner.on_fill(fill);
    }
}
