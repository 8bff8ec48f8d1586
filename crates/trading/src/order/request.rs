//! What a strategy asks for; the run turns it into an `Order`.

use crate::order::{Offset, OrderKind, Side, SymbolId, TimeInForce};
use crate::price::{Price, Quantity};

/// A name that a strategy gives an order, to change it or take it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u64);

/// Orders of one group cancel one another: once one has traded, the others are taken back (OCO).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(pub u64);

/// Exits that are placed once an entry has traded (OTO), and cancel one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bracket {
    /// Where a loss is cut.
    pub stop: Option<Exit>,
    /// Where a gain is taken.
    pub target: Option<Exit>,
}

/// Where an exit of a bracket lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// At this price.
    At(Price),
    /// This far from the price of the entry.
    Away(Offset),
    /// Behind the best price since the entry; for a stop.
    Trailing(Offset),
}

/// What a strategy asks for.
///
/// ```
/// use dirigent_trading::order::{Bracket, Exit, Offset, OrderRequest, Side, SymbolId, Tag};
/// use dirigent_trading::{Quantity, Rate};
///
/// let stop = Some(Exit::Away(Offset::Share(Rate::percent(2))));
/// let target = Some(Exit::Away(Offset::Share(Rate::percent(4))));
/// let ten = Quantity::from_units(10).expect("ten is a quantity");
/// let request = OrderRequest::market(SymbolId::new(0), Side::Buy, ten)
///     .limit("99.5".parse()?)
///     .day()
///     .bracket(Bracket { stop, target })
///     .tag(Tag(1));
/// # let _ = request;
/// # Ok::<(), dirigent_trading::price::InvalidDecimal>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderRequest {
    /// The symbol.
    pub symbol: SymbolId,
    /// Buy or sell.
    pub side: Side,
    /// Units, positive.
    pub quantity: Quantity,
    /// What makes it trade.
    pub kind: OrderKind,
    /// How long it works.
    pub time_in_force: TimeInForce,
    /// It only makes a position smaller: it is cut to what is held, and cancelled if that is none.
    pub reduce_only: bool,
    /// A limit order that never takes: it is cancelled if it would trade at the first open it meets.
    pub post_only: bool,
    /// The strategy's name for it.
    pub tag: Option<Tag>,
    /// Those that it cancels and is cancelled by.
    pub group: Option<Group>,
    /// The exits that follow it.
    pub bracket: Bracket,
}

impl OrderRequest {
    /// A market order for the next fill point.
    pub fn market(symbol: SymbolId, side: Side, quantity: Quantity) -> Self {
        Self {
            symbol,
            side,
            quantity,
            kind: OrderKind::Market,
            time_in_force: TimeInForce::Gtc,
            reduce_only: false,
            post_only: false,
            tag: None,
            group: None,
            bracket: Bracket::default(),
        }
    }

    /// At `level` or better.
    #[must_use]
    pub fn limit(self, level: Price) -> Self {
        Self { kind: OrderKind::Limit(level), ..self }
    }

    /// Once the price is at `level` or beyond.
    #[must_use]
    pub fn stop(self, level: Price) -> Self {
        Self { kind: OrderKind::Stop(level), ..self }
    }

    /// At `limit` or better once the price is at `stop` or beyond.
    #[must_use]
    pub fn stop_limit(self, stop: Price, limit: Price) -> Self {
        Self { kind: OrderKind::StopLimit { stop, limit }, ..self }
    }

    /// Once the price has come back by `offset` from its best since `from`.
    #[must_use]
    pub fn trailing_stop(self, offset: Offset, from: Price) -> Self {
        let level = offset.behind(self.side, from);
        Self { kind: OrderKind::TrailingStop { offset, level }, ..self }
    }

    /// As long as `time_in_force` says.
    #[must_use]
    pub fn good(self, time_in_force: TimeInForce) -> Self {
        Self { time_in_force, ..self }
    }

    /// To the end of the day.
    #[must_use]
    pub fn day(self) -> Self {
        self.good(TimeInForce::Day)
    }

    /// Only to make a position smaller.
    #[must_use]
    pub fn reduce_only(self) -> Self {
        Self { reduce_only: true, ..self }
    }

    /// Only if it does not trade at once.
    #[must_use]
    pub fn post_only(self) -> Self {
        Self { post_only: true, ..self }
    }

    /// Named `tag`.
    #[must_use]
    pub fn tag(self, tag: Tag) -> Self {
        Self { tag: Some(tag), ..self }
    }

    /// One of `group`.
    #[must_use]
    pub fn group(self, group: Group) -> Self {
        Self { group: Some(group), ..self }
    }

    /// With these exits.
    #[must_use]
    pub fn bracket(self, bracket: Bracket) -> Self {
        Self { bracket, ..self }
    }

    /// Whether it is a market order for the next fill point and nothing more.
    pub(crate) fn is_plain(&self) -> bool {
        *self == Self::market(self.symbol, self.side, self.quantity)
    }
}

/// What a strategy changes about an order that works; what is left out stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Units that are still to be traded.
    pub quantity: Option<Quantity>,
    /// The level that it waits for.
    pub level: Option<Price>,
    /// The worst price of a stop-limit order.
    pub limit: Option<Price>,
}
