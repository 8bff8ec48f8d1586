//! Customs: what libraries decide differently where a bar does not tell; see docs/concepts/fills.md.

/// Whether the exits of a position trade in the very bar of its entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntryBar {
    /// Wherever they are known to come after the entry, or where that is the worse case.
    #[default]
    Exits,
    /// Only those of a market order, which traded at the open, and the target of an entry by stop
    /// where the bar does not reach its stop.
    MarketExits,
    /// Never: exits are placed once the bar has ended.
    NoExits,
}

impl EntryBar {
    /// `exits`, `market_exits` or `no_exits`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exits => "exits",
            Self::MarketExits => "market_exits",
            Self::NoExits => "no_exits",
        }
    }
}

/// What the stop of a position comes before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopsBefore {
    /// What the open reaches comes first, whatever the bar does later.
    #[default]
    Nothing,
    /// A stop that the bar reaches comes before a target that its open reaches.
    Targets,
    /// It also comes before orders by signal that wait for the open.
    Orders,
}

impl StopsBefore {
    /// `nothing`, `targets` or `orders`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Targets => "targets",
            Self::Orders => "orders",
        }
    }
}

/// At which price a limit trades that the open is beyond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LimitGap {
    /// At the open, which is better.
    #[default]
    Open,
    /// At its level.
    Level,
}

impl LimitGap {
    /// `open` or `level`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Level => "level",
        }
    }
}

/// What a trailing stop follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrailBy {
    /// The best price of each bar that ended.
    #[default]
    Extreme,
    /// The close of each bar.
    Close,
}

impl TrailBy {
    /// `extreme` or `close`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Extreme => "extreme",
            Self::Close => "close",
        }
    }
}
