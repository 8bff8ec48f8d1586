//! Touch: limit orders in the queue of a level that a bar touches and does not go beyond.
//!
//! A bar does not show a queue. Two shares stand for it: what stands ahead, of the volume of the bar
//! that the order was decided at, and what trades at the level, of the volume of the bar that touches
//! it. What trades there bar after bar serves those ahead first.

use crate::backtest::engine::Engine;
use crate::backtest::met::By;
use crate::backtest::working::Working;
use crate::order::{OrderKind, Side};
use crate::portfolio::floor_to;
use crate::price::{Price, Quantity, Rate};
use crate::venue::{Place, Queue};

impl Engine<'_> {
    /// Lets the queues move by what this time's bars trade at the levels they touch.
    pub(super) fn move_queues(&mut self) {
        let Queue::Volume { ahead, touch } = self.options.venue.queue else { return };
        for at in 0..self.working.len() {
            let order = self.working[at];
            let OrderKind::Limit(level) = order.waits_for() else { continue };
            let Some(bar) = self.bar_for(&order).filter(|_| !order.is_done()) else { continue };
            let bars = &self.bars[order.symbol.index()];
            let of = |bar: usize, share: Rate| {
                Quantity::from_f64(bars.volume[bar] * share.to_f64()).unwrap_or_default()
            };
            let lot = self.lot(order.symbol);
            let extreme = if order.side == Side::Buy { bars.low[bar] } else { bars.high[bar] };
            let mut place = order.place;
            if !place.rests {
                place.join(Some(of(order.from.saturating_sub(1), ahead)));
            }
            let is_touched = extreme == level;
            let served = if is_touched { place.trade(of(bar, touch)) } else { Quantity::ZERO };
            place.touched = floor_to(served, lot);
            self.working[at].place = place;
        }
    }

    /// Whether a limit order trades where a bar touches its level at `price`: those ahead of it have,
    /// or there is no queue.
    pub(super) fn is_served(&self, order: &Working) -> bool {
        match self.options.venue.queue {
            Queue::Volume { .. } => order.place.touched.is_positive(),
            _ => true,
        }
    }

    /// Says what a trade of `order` within this time's bar at `price` is about.
    pub(super) fn act_in_queue(&mut self, order: &Working, price: Price) {
        let Queue::Volume { .. } = self.options.venue.queue else {
            return self.act_for(order.place, None, By::Bar);
        };
        let extreme = self.timeline.bar(order.symbol).map(|bar| {
            let bars = &self.bars[order.symbol.index()];
            if order.side == Side::Buy { bars.low[bar] } else { bars.high[bar] }
        });
        let is_touch = order.place.rests
            && matches!(order.waits_for(), OrderKind::Limit(_))
            && extreme == Some(price);
        let allowed = is_touch.then_some(order.place.touched);
        let place = if is_touch { order.place } else { order.place.without_queue() };
        self.act_for(place, allowed, By::Bar);
    }

    /// After a trade in a queue: what was served is gone, and the next trade is about something else.
    pub(super) fn end_in_queue(&mut self, at: usize, traded: Quantity) {
        let place = &mut self.working[at].place;
        place.touched = (place.touched - traded).max(Quantity::ZERO);
        self.act_for(Place::default(), None, By::Bar);
    }
}
