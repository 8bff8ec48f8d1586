//! Profiles: the options under which the engine decides as a library does.
//!
//! What each comes to beside its library, trade by trade: docs/reference/conformance.md.

use std::sync::Arc;

use crate::backtest::Options;
use crate::execution::{EntryBar, FillTiming, Intrabar, LimitGap, StopsBefore, TrailBy};
use crate::risk::StopReference;

/// A library whose conventions a run follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// vectorbt.
    Vectorbt,
    /// backtesting.py.
    BacktestingPy,
    /// backtrader.
    Backtrader,
    /// nautilus_trader, on bars.
    NautilusTrader,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::Vectorbt, Self::BacktestingPy, Self::Backtrader, Self::NautilusTrader];

    /// The name of its package.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vectorbt => "vectorbt",
            Self::BacktestingPy => "backtesting.py",
            Self::Backtrader => "backtrader",
            Self::NautilusTrader => "nautilus_trader",
        }
    }

    /// When decisions trade.
    pub const fn fill(self) -> FillTiming {
        match self {
            Self::NautilusTrader => FillTiming::SameClose,
            _ => FillTiming::NextOpen,
        }
    }

    /// What comes first within a bar.
    pub const fn intrabar(self) -> Intrabar {
        match self {
            Self::NautilusTrader => Intrabar::Nearest,
            _ => Intrabar::Pessimistic,
        }
    }

    /// What stops come before.
    pub const fn stops_before(self) -> StopsBefore {
        match self {
            Self::Vectorbt => StopsBefore::Orders,
            Self::BacktestingPy | Self::Backtrader => StopsBefore::Targets,
            Self::NautilusTrader => StopsBefore::Nothing,
        }
    }

    /// Whether exits trade in the bar of their entry.
    pub const fn entry_bar(self) -> EntryBar {
        match self {
            Self::Vectorbt | Self::Backtrader => EntryBar::NoExits,
            Self::BacktestingPy => EntryBar::MarketExits,
            Self::NautilusTrader => EntryBar::Exits,
        }
    }

    /// Where a limit trades that the open is beyond.
    pub const fn limit_gap(self) -> LimitGap {
        match self {
            Self::NautilusTrader => LimitGap::Level,
            _ => LimitGap::Open,
        }
    }

    /// What trailing stops follow.
    pub const fn trail_by(self) -> TrailBy {
        match self {
            Self::BacktestingPy | Self::Backtrader => TrailBy::Close,
            Self::Vectorbt | Self::NautilusTrader => TrailBy::Extreme,
        }
    }

    /// What stops and targets are measured from.
    pub const fn stop_reference(self) -> StopReference {
        match self {
            Self::Vectorbt => StopReference::EntryPrice,
            _ => StopReference::SignalClose,
        }
    }

    /// What it sets, as a workflow file spells it.
    pub const fn settings(self) -> [(&'static str, &'static str); 7] {
        [
            ("execution.fill", self.fill().as_str()),
            ("execution.intrabar", self.intrabar().as_str()),
            ("execution.stops_before", self.stops_before().as_str()),
            ("execution.entry_bar", self.entry_bar().as_str()),
            ("execution.limit_gap", self.limit_gap().as_str()),
            ("execution.trail_by", self.trail_by().as_str()),
            ("risk.stop_reference", self.stop_reference().as_str()),
        ]
    }

    /// `options` with all that the library decides about fills.
    #[must_use]
    pub fn over(self, mut options: Options) -> Options {
        options.limits.stop_reference = self.stop_reference();
        Options {
            fill: self.fill(),
            fill_model: Arc::new(self.intrabar()),
            stops_before: self.stops_before(),
            entry_bar: self.entry_bar(),
            limit_gap: self.limit_gap(),
            trail_by: self.trail_by(),
            ..options
        }
    }
}
