//! Desk: what a run knows beyond bars, and what of its orders is under way to the market.
//!
//! Invariant: what was sent later never arrives earlier; a size that was taken at a price is gone
//! until that side shows another price or size.
//! Not here: what orders do with it; see `tape` and `delay`.

use std::collections::{BTreeMap, VecDeque};

use dirigent_core::Timestamp;

use crate::backtest::engine::{Aim, Engine};
use crate::backtest::met::{By, Met, Shown};
use crate::backtest::streams::Streams;
use crate::data::bars::Bars;
use crate::order::{Change, OrderId, RejectReason, Side, SymbolId};
use crate::portfolio::floor_to;
use crate::price::{Price, Quantity};
use crate::venue::{Place, Venue};

/// The best prices of one symbol.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Top {
    pub(super) shown: Option<Shown>,
    /// What is left to be bought at the ask and to be sold at the bid.
    to_buy: Quantity,
    to_sell: Quantity,
    /// Whether it was shown at this very moment.
    pub(super) fresh: bool,
}

impl Top {
    /// Takes a new quote over; `renews` if it stands for other units even where it looks the same.
    pub(super) fn show(&mut self, new: Shown, renews: bool) {
        let old = self.shown.replace(new);
        let same = |pick: fn(&Shown) -> (Price, Quantity)| {
            !renews && old.is_some_and(|old| pick(&old) == pick(&new))
        };
        if !same(|shown| (shown.ask, shown.ask_size)) {
            self.to_buy = new.ask_size;
        }
        if !same(|shown| (shown.bid, shown.bid_size)) {
            self.to_sell = new.bid_size;
        }
    }

    /// What is left for an order that takes.
    pub(super) fn left(&self, side: Side) -> Quantity {
        match side {
            Side::Buy => self.to_buy,
            Side::Sell => self.to_sell,
        }
    }

    fn take(&mut self, side: Side, quantity: Quantity) {
        match side {
            Side::Buy => self.to_buy -= quantity,
            Side::Sell => self.to_sell -= quantity,
        }
    }
}

/// Something that is under way to an order.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Cancel(RejectReason),
    Change(Change),
}

/// What is under way to an order that works, and when it arrives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) order: OrderId,
    pub(super) what: What,
    pub(super) arrives: Timestamp,
}

/// What the trade under way is about.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Acting {
    pub(super) place: Place,
    /// The most it may trade, where that is not what a quote displays.
    pub(super) allowed: Option<Quantity>,
    pub(super) by: By,
}

/// What a run has beyond bars.
#[derive(Debug)]
pub(super) struct Desk<'a> {
    pub(super) venue: &'a Venue,
    pub(super) streams: Option<Streams<'a>>,
    pub(super) tops: Vec<Top>,
    /// What has arrived by then takes part.
    pub(super) reach: Timestamp,
    /// When the bars before ended.
    pub(super) since: Timestamp,
    /// Whether prices are those of `tops`.
    pub(super) live: bool,
    pub(super) acting: Acting,
    sent: u64,
    last: Timestamp,
    pub(super) messages: VecDeque<Message>,
    /// Target weights that are under way.
    pub(super) aims: VecDeque<(Place, Vec<Option<Aim>>)>,
    /// The way of the target weights that arrived last.
    pub(super) aimed: Place,
    /// The ways of exits by signal.
    pub(super) exits: BTreeMap<OrderId, Place>,
    pub(super) mets: Vec<Met>,
}

impl<'a> Desk<'a> {
    /// A desk, if there is anything beyond bars that orders reach at once.
    pub(super) fn open(venue: &'a Venue, bars: &[Bars]) -> Option<Box<Self>> {
        if venue.is_plain() {
            return None;
        }
        let streams = venue.tape.as_deref().map(|tape| Streams::new(tape, bars));
        Some(Box::new(Self {
            venue,
            streams,
            tops: vec![Top::default(); bars.len()],
            reach: Timestamp::from_nanos(i64::MIN),
            since: Timestamp::from_nanos(i64::MIN),
            live: false,
            acting: Acting::default(),
            sent: 0,
            last: Timestamp::from_nanos(i64::MIN),
            messages: VecDeque::new(),
            aims: VecDeque::new(),
            aimed: Place::default(),
            exits: BTreeMap::new(),
            mets: Vec::new(),
        }))
    }

    /// Sends a message at `now`; answers its way.
    pub(super) fn send(&mut self, now: Timestamp) -> Place {
        let arrives = now.plus(self.venue.latency.of(self.sent)).max(self.last);
        self.sent += 1;
        self.last = arrives;
        Place::on_way(now, arrives)
    }

    /// Whether anything is under way.
    pub(super) fn waits(&self) -> bool {
        !(self.messages.is_empty() && self.aims.is_empty())
    }

    /// What a trade on `side` meets at a fresh quote; the middle without a side.
    fn price(&self, symbol: SymbolId, side: Option<Side>) -> Option<Price> {
        let top = &self.tops[symbol.index()];
        let shown = top.shown.filter(|_| top.fresh)?;
        Some(match side {
            Some(side) => shown.taking(side),
            None => shown.middle(),
        })
    }

    /// Takes what was traded from what was there.
    pub(super) fn take(&mut self, symbol: SymbolId, side: Side, quantity: Quantity) {
        if let Some(allowed) = &mut self.acting.allowed {
            *allowed -= quantity;
        }
        if self.live {
            self.tops[symbol.index()].take(side, quantity);
        }
    }
}

impl<'a> Engine<'a> {
    /// The desk; only for what happens with one.
    pub(super) fn at_desk(&mut self) -> &mut Desk<'a> {
        self.desk.as_deref_mut().expect("who asks for the desk has seen that there is one")
    }

    /// The price that a trade on `side` meets now.
    pub(super) fn reference(
        &self,
        symbol: SymbolId,
        side: Option<Side>,
        moment: super::trips::Moment,
    ) -> Option<Price> {
        match self.desk.as_deref().filter(|desk| desk.live) {
            Some(_) if self.world.delisted[symbol.index()] => None,
            Some(desk) => desk.price(symbol, side),
            None => self.price(symbol, moment),
        }
    }

    /// What the desk lets trade of a symbol on `side`; `None` where it does not care.
    pub(super) fn desk_room(&self, symbol: SymbolId, side: Side) -> Option<Quantity> {
        let desk = self.desk.as_deref()?;
        let shown = || desk.live.then(|| desk.tops[symbol.index()].left(side));
        let room = desk.acting.allowed.or_else(shown)?;
        Some(floor_to(room.max(Quantity::ZERO), self.lot(symbol)))
    }

    /// Says what the next trade is about.
    pub(super) fn act_for(&mut self, place: Place, allowed: Option<Quantity>, by: By) {
        if let Some(desk) = &mut self.desk {
            desk.acting = Acting { place, allowed, by };
        }
    }

    /// Whether what went this way takes part by now.
    pub(super) fn has_arrived(&self, place: &Place) -> bool {
        self.desk.as_deref().is_none_or(|desk| place.arrives <= desk.reach)
    }

    /// Whether anything is under way that no list of orders tells of.
    pub(super) fn is_under_way(&self) -> bool {
        self.desk.as_deref().is_some_and(Desk::waits)
    }
}
