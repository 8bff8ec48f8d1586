//! Exits: the stop and the target that follow an entry, and what ties orders together.

use crate::backtest::engine::Engine;
use crate::backtest::trips::Moment;
use crate::backtest::working::{Link, Working};
use crate::order::{
    Bracket, Exit, FillReason, Offset, OrderId, OrderKind, OrderRequest, RejectReason, Side,
    SymbolId,
};
use crate::price::{Price, Quantity};

impl Engine<'_> {
    /// The exits of an entry of which `quantity` units traded at `price`.
    pub(super) fn follow_up(
        &mut self,
        entry: &Working,
        quantity: Quantity,
        price: Price,
        moment: Moment,
    ) {
        let link = Link::Entry(entry.id);
        let mut more = false;
        for order in self.working.iter_mut().filter(|order| order.link == Some(link)) {
            order.left += quantity;
            let record = self.book.get_mut(order.id);
            record.order.quantity = record.filled + order.left;
            more = true;
        }
        if more {
            return;
        }
        let Bracket { stop, target } = entry.bracket;
        let side = entry.side.opposite();
        let far = |offset: Offset| match side {
            Side::Sell => offset.above(price),
            Side::Buy => offset.below(price),
        };
        let stop = stop.map(|stop| match stop {
            // On the wrong side of an entry within the bar it is set off at once, by the price of it.
            Exit::At(level)
                if moment == Moment::Within && OrderKind::Stop(level).is_reached(side, price) =>
            {
                OrderKind::Stop(price)
            }
            Exit::At(level) => OrderKind::Stop(level),
            Exit::Away(offset) => OrderKind::Stop(offset.behind(side, price)),
            Exit::Trailing(offset) => {
                OrderKind::TrailingStop { offset, level: offset.behind(side, price) }
            }
        });
        let target = target.map(|target| match target {
            Exit::At(level) => OrderKind::Limit(level),
            Exit::Away(offset) | Exit::Trailing(offset) => OrderKind::Limit(far(offset)),
        });
        for kind in [stop, target].into_iter().flatten() {
            self.place_exit(entry, kind, quantity, moment);
        }
    }

    fn place_exit(&mut self, entry: &Working, kind: OrderKind, quantity: Quantity, moment: Moment) {
        let side = entry.side.opposite();
        let kind = self.terms(entry.symbol).on_ticks(kind, side);
        let request = OrderRequest {
            kind,
            reduce_only: true,
            ..OrderRequest::market(entry.symbol, side, quantity)
        };
        let (level, gap_open) = (kind.level().unwrap_or_default(), false);
        let reason = match kind.is_stop() {
            true => FillReason::StopLoss { level, gap_open },
            false => FillReason::TakeProfit { level, gap_open },
        };
        let id = self.send_working(&request, reason);
        let seen = self.timeline.seen()[entry.symbol.index()];
        // An entry at the open is followed by the whole bar, one within it by the rest of it.
        // The price passes the level of a stop on its way to the target.
        let is_on_way = !kind.is_stop() && matches!(entry.kind, OrderKind::Stop(_));
        let is_sure = entry.kind == OrderKind::Market || is_on_way && !self.reaches_exit(entry);
        let from = match moment {
            Moment::Close => seen,
            _ => self.exits_from(entry.symbol, is_sure),
        };
        let within = (moment == Moment::Within && from < seen && !is_on_way).then_some(from);
        let mut exit = Working::new(id, &request, from, entry.signal_close);
        exit.link = Some(Link::Entry(entry.id));
        exit.within = within;
        self.join_working(exit);
    }

    /// Whether this time's bar reaches the stop that follows `entry`, which was placed before.
    fn reaches_exit(&self, entry: &Working) -> bool {
        let Some(bar) = self.timeline.bar(entry.symbol) else { return false };
        let bars = &self.bars[entry.symbol.index()];
        let worst = if entry.side == Side::Buy { bars.low[bar] } else { bars.high[bar] };
        let link = Some(Link::Entry(entry.id));
        let mut stops =
            self.working.iter().filter(|order| order.link == link && order.kind.is_stop());
        stops.any(|stop| stop.kind.is_reached(stop.side, worst))
    }

    /// Takes note of `quantity` units that the order at `at` traded, for those tied to it.
    pub(super) fn settle_links(&mut self, at: usize, quantity: Quantity) {
        let Working { id, link: Some(link), .. } = self.working[at] else { return };
        for other in 0..self.working.len() {
            let order = self.working[other];
            if order.link != Some(link) || order.id == id || order.is_done() {
                continue;
            }
            let left = match link {
                Link::Group(_) => Quantity::ZERO,
                Link::Entry(_) | Link::Guard(_) => (order.left - quantity).max(Quantity::ZERO),
            };
            self.working[other].left = left;
            if left.is_zero() {
                self.drop_order(other, RejectReason::GroupTraded);
            }
        }
    }

    /// Takes back the exits of a position that is flat, but the one that made it so.
    pub(super) fn drop_exits(&mut self, symbol: SymbolId, but: OrderId) {
        let link = self.working.iter().find(|order| order.id == but).and_then(|order| order.link);
        for at in 0..self.working.len() {
            let order = self.working[at];
            if order.symbol == symbol && order.reduce_only && !order.is_done() && order.id != but {
                let is_tied = link.is_some() && order.link == link;
                let reason =
                    if is_tied { RejectReason::GroupTraded } else { RejectReason::NothingToClose };
                self.drop_order(at, reason);
            }
        }
    }
}
