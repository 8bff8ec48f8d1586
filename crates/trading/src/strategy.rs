//! Strategies: what looks at bars and says what it wants.
//!
//! Invariant: a strategy cannot see the future. All it is given is a `Window`, which ends at the
//! bar that just closed and has no way to reach beyond it.
//! Not here: how much is traded and whether it may be; see `portfolio` and `risk`.

mod builtin;
mod history;
mod late;
mod parameter;
mod registry;
mod rules;
mod signals;
mod window;

use crate::data::bars::Bars;
use crate::order::{Change, Fill, OrderRequest, SymbolId, Tag};
use crate::portfolio::Ledger;
use crate::price::{Quantity, Rate};
use crate::signal::Signal;

pub use builtin::catalogue;
pub use history::{Joined, WithHistory};
pub use late::Late;
pub use parameter::{ParamValue, Parameter, Params, ParamsError, Values};
pub use registry::{Build, BuildError, Definition, NameTaken, Plan, Registry, StrategyKind};
pub(crate) use rules::Feed;
pub use rules::{RulesError, outputs_of, signals_computed, signals_of};
pub use signals::SignalStrategy;
pub(crate) use signals::wanted;
pub use window::Window;

/// Something that decides at the close of every bar.
pub trait Strategy: Send {
    /// How many bars of a symbol it needs before its first decision on that symbol.
    fn warmup(&self) -> usize {
        0
    }

    /// Whether it can run on these bars.
    ///
    /// # Errors
    /// What does not fit, in words.
    fn fits(&self, _bars: &[Bars]) -> Result<(), String> {
        Ok(())
    }

    /// Learns the sector of each symbol, by its number, where one is known; before the first bar.
    fn sectors(&mut self, _of: &[Option<String>]) {}

    /// Looks at the bars so far and at what is held, and says what it wants.
    fn on_bar(&mut self, window: &Window<'_>, ledger: &Ledger, wishes: &mut Wishes);

    /// Learns of a trade of its own.
    fn on_fill(&mut self, _fill: &Fill) {}

    /// With one symbol: the first bar from `bar` on, and before `limit`, at which it may want
    /// something while the position stays as it is; `limit` if there is none. Until there the
    /// run skips `on_bar`. The default skips nothing.
    fn quiet_until(&self, bar: usize, _limit: usize, _holding: Holding) -> usize {
        bar
    }

    /// With one symbol: its signal at every bar, if no more than that is wanted whatever happens.
    /// The run may then read the column and call neither `on_bar` nor `on_fill`.
    fn column(&self) -> Option<&[Signal]> {
        None
    }
}

/// The direction of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Units are owed.
    Short,
    /// Nothing is held.
    Flat,
    /// Units are owned.
    Long,
}

impl Holding {
    /// The direction of a number of units.
    pub fn of(quantity: Quantity) -> Self {
        match quantity.raw() {
            0 => Self::Flat,
            1.. => Self::Long,
            _ => Self::Short,
        }
    }
}

/// What a strategy wants at one close; the run empties it before every bar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    pub(crate) signals: Vec<(SymbolId, Signal)>,
    pub(crate) orders: Vec<OrderRequest>,
    pub(crate) weights: Option<Vec<(SymbolId, Rate)>>,
    pub(crate) cancels: Vec<Tag>,
    pub(crate) changes: Vec<(Tag, Change)>,
}

impl Wishes {
    /// Wants what `signal` says of `symbol`; the sizing rule says how much.
    pub fn signal(&mut self, symbol: SymbolId, signal: Signal) {
        self.signals.push((symbol, signal));
    }

    /// Wants exactly this order; see [`OrderRequest`] for its kinds.
    pub fn order(&mut self, request: OrderRequest) {
        self.orders.push(request);
    }

    /// Takes back the orders called `tag`.
    pub fn cancel(&mut self, tag: Tag) {
        self.cancels.push(tag);
    }

    /// Changes the orders called `tag`.
    pub fn change(&mut self, tag: Tag, change: Change) {
        self.changes.push((tag, change));
    }

    /// Wants the whole portfolio to have these weights; symbols not named shall be sold.
    pub fn weights(&mut self, weights: impl IntoIterator<Item = (SymbolId, Rate)>) {
        self.weights = Some(weights.into_iter().collect());
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.signals.is_empty()
            && self.orders.is_empty()
            && self.weights.is_none()
            && self.cancels.is_empty()
            && self.changes.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.signals.clear();
        self.orders.clear();
        self.weights = None;
        self.cancels.clear();
        self.changes.clear();
    }
}
