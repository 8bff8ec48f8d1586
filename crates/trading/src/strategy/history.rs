//! History: bars before the first that is traded, which strategies see and nobody trades.
//!
//! Promises: a strategy with history decides at every bar what it would have decided there had it
//! seen all bars from the start; indicators are warm at the first bar that is traded.

use crate::data::bars::Bars;
use crate::order::{Fill, SymbolId};
use crate::portfolio::Ledger;
use crate::signal::Signal;
use crate::strategy::{SignalStrategy, Strategy, Window, Wishes};

/// Bars with what came before them.
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    /// All bars of each symbol.
    pub whole: Vec<Bars>,
    /// How many of them come before the first that is traded, by symbol.
    pub before: Vec<usize>,
}

impl Joined {
    /// `bars`, each after the bars of its symbol among `history`, which end before it begins.
    pub fn of(history: &[Bars], bars: &[Bars]) -> Self {
        let before = |bars: &Bars| history.iter().find(|past| past.symbol == bars.symbol);
        let whole = bars.iter().map(|bars| before(bars).map_or(bars.clone(), |b| b.then(bars)));
        let counts = bars.iter().map(|bars| before(bars).map_or(0, Bars::len));
        Self { whole: whole.collect(), before: counts.collect() }
    }
}

impl SignalStrategy {
    /// The same without the first `before` bars of each symbol, which were only for its rules.
    #[must_use]
    pub fn after(self, before: &[usize]) -> Self {
        let warmup = self.warmup();
        let rest = |(column, before): (&std::sync::Arc<[Signal]>, &usize)| {
            let warm = |(bar, signal): (usize, &Signal)| signal.when(bar >= warmup);
            column.iter().enumerate().skip(*before).map(warm).collect()
        };
        Self::new(self.columns().iter().zip(before).map(rest).collect(), 0)
    }
}

/// A strategy that sees bars before the first that is traded.
pub struct WithHistory {
    inner: Box<dyn Strategy>,
    joined: Joined,
    seen: Vec<usize>,
}

impl WithHistory {
    /// `inner`, which was made for all bars of `joined`, and trades those after the history.
    pub fn new(inner: Box<dyn Strategy>, joined: Joined) -> Self {
        let seen = vec![0; joined.before.len()];
        Self { inner, joined, seen }
    }
}

impl std::fmt::Debug for WithHistory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WithHistory").field("before", &self.joined.before).finish_non_exhaustive()
    }
}

impl Strategy for WithHistory {
    fn warmup(&self) -> usize {
        let most = self.joined.before.iter().max().copied().unwrap_or(0);
        self.inner.warmup().saturating_sub(most)
    }

    fn fits(&self, bars: &[Bars]) -> Result<(), String> {
        if bars.len() != self.joined.whole.len() {
            let (found, expected) = (bars.len(), self.joined.whole.len());
            return Err(format!("{found} symbols where there is a history of {expected}"));
        }
        self.inner.fits(&self.joined.whole)
    }

    fn sectors(&mut self, of: &[Option<String>]) {
        self.inner.sectors(of);
    }

    fn on_bar(&mut self, window: &Window<'_>, ledger: &Ledger, wishes: &mut Wishes) {
        let Self { inner, joined, seen } = self;
        for (index, (seen, before)) in seen.iter_mut().zip(&joined.before).enumerate() {
            *seen = before + window.bars(SymbolId::new(index));
        }
        let first = inner.warmup();
        let whole = Window::new(&joined.whole, seen, window.now(), window.next(), first);
        inner.on_bar(&whole.with_orders(window.has_orders()), ledger, wishes);
    }

    fn on_fill(&mut self, fill: &Fill) {
        self.inner.on_fill(fill);
    }
}
