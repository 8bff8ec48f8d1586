//! Queue: who stands before a limit order, and how they become fewer.
//!
//! An order joins its level behind everything that is displayed there. Trades at the level serve
//! those ahead first. Whether a displayed size falls because those ahead went away or those behind
//! is not known: the models differ in what they assume.
//! Promises: what is ahead never grows while an order rests; the less is known, the longer it waits.

use dirigent_core::Timestamp;

use crate::price::{Quantity, Rate};

/// Who stands before a limit order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Queue {
    /// On bars nobody; on quotes as `Conservative`.
    #[default]
    None,
    /// On bars, where a level is touched and the price goes no further.
    Volume {
        /// What stands ahead, as a share of the volume of the bar that the order was decided at.
        ahead: Rate,
        /// The share of a bar's volume that trades at the level it touches.
        touch: Rate,
    },
    /// On quotes: who cancels stood behind, as long as the displayed size allows that.
    Conservative,
    /// On quotes: those ahead cancel as often as those behind.
    Proportional,
}

/// An order's way to the market, and its place in the queue there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// When it was sent, and when it arrives.
    pub(crate) sent: Timestamp,
    pub(crate) arrives: Timestamp,
    /// Whether it rests at its level.
    pub(crate) rests: bool,
    /// What stands before it; `None` where the level has not been seen yet.
    pub(crate) ahead: Option<Quantity>,
    /// What stood before it when it joined.
    pub(crate) joined: Option<Quantity>,
    /// What was displayed at its level, and what has traded there since.
    shown: Option<Quantity>,
    traded: Quantity,
    /// On bars: what may trade of it where its level is touched.
    pub(crate) touched: Quantity,
}

impl Default for Place {
    /// There at once, and not in a queue.
    fn default() -> Self {
        let always = Timestamp::from_nanos(i64::MIN);
        Self {
            sent: always,
            arrives: always,
            rests: false,
            ahead: None,
            joined: None,
            shown: None,
            traded: Quantity::ZERO,
            touched: Quantity::ZERO,
        }
    }
}

/// Where the best price of an order's own side stands, seen from its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Best {
    /// Better than the level: what stands there is not displayed.
    Better,
    /// At the level.
    Level,
    /// Worse: the order is the best there is.
    Worse,
}

impl Place {
    /// Under way.
    pub(crate) fn on_way(sent: Timestamp, arrives: Timestamp) -> Self {
        Self { sent, arrives, ..Self::default() }
    }

    /// The same way, without a place in a queue.
    pub(crate) fn without_queue(self) -> Self {
        Self::on_way(self.sent, self.arrives)
    }

    /// Joins the queue behind `ahead`.
    pub(crate) fn join(&mut self, ahead: Option<Quantity>) {
        *self = Self { rests: true, ahead, joined: ahead, ..self.without_queue() };
    }

    /// Leaves the queue: it has to join again.
    pub(crate) fn leave(&mut self) {
        *self = self.without_queue();
    }

    /// Takes note of a quote that displays `size` at the best price of the order's side.
    pub(crate) fn see(&mut self, best: Best, size: Quantity, model: Queue) {
        let before = self.shown.take();
        let traded = std::mem::take(&mut self.traded);
        match best {
            Best::Better => return,
            Best::Worse => self.ahead = Some(Quantity::ZERO),
            Best::Level => {
                self.shown = Some(size);
                self.ahead = Some(match (self.ahead, before, model) {
                    (None, ..) => size,
                    (Some(ahead), Some(before), Queue::Proportional) => {
                        after_cancels(ahead, (before - traded).max(Quantity::ZERO), size)
                    }
                    (Some(ahead), ..) => ahead.min(size),
                });
            }
        }
        if self.joined.is_none() {
            self.joined = self.ahead;
        }
    }

    /// Takes note of `size` units that traded at the level; answers how many of them reach the order.
    pub(crate) fn trade(&mut self, size: Quantity) -> Quantity {
        let Some(ahead) = self.ahead else { return Quantity::ZERO };
        self.ahead = Some((ahead - size).max(Quantity::ZERO));
        // Sizes that are not known are as large as a quantity can be.
        self.traded = Quantity::from_raw(self.traded.raw().saturating_add(size.raw()));
        (size - ahead).max(Quantity::ZERO)
    }
}

/// What is left of `ahead` after the size at a level fell from `before` to `now` by cancellations,
/// of which those ahead have their share.
fn after_cancels(ahead: Quantity, before: Quantity, now: Quantity) -> Quantity {
    if now >= before || !before.is_positive() {
        return ahead.min(now);
    }
    let (ahead, before, now) = (ahead.raw().min(before.raw()), before.raw(), now.raw());
    let left = i128::from(ahead) * i128::from(now) / i128::from(before);
    Quantity::from_raw(i64::try_from(left).unwrap_or(ahead)).min(Quantity::from_raw(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(n: i64) -> Quantity {
        Quantity::from_units(n).unwrap()
    }

    /// Joins behind 100 of 100 displayed units, then goes through `steps`: a displayed size, or a
    /// trade where it is negative; what is ahead after each.
    #[track_caller]
    fn check(model: Queue, steps: &[i64], expected: &[i64]) {
        let mut place = Place::default();
        place.join(None);
        place.see(Best::Level, units(100), model);
        assert_eq!(place.joined, Some(units(100)));
        let mut found = Vec::new();
        for step in steps {
            match *step {
                size @ 0.. => place.see(Best::Level, units(size), model),
                trade => assert!(place.trade(units(-trade)) <= units(-trade)),
            }
            found.push(place.ahead.unwrap().raw() / units(1).raw());
        }
        assert_eq!(found, expected, "{model:?} {steps:?}");
    }

    #[test]
    fn cancellations_come_from_behind_or_from_everywhere() {
        // 60 more join behind, then 80 of 160 go away.
        check(Queue::Conservative, &[160, 80], &[100, 80]);
        check(Queue::Proportional, &[160, 80], &[100, 50]);
        // A trade of 40 explains its part of the fall from 100 to 30: 30 of 60 ahead are left.
        check(Queue::Conservative, &[-40, 30], &[60, 30]);
        check(Queue::Proportional, &[160, -40, 60], &[100, 60, 30]);
        check(Queue::Proportional, &[0, 50], &[0, 0]);
    }

    #[test]
    fn trades_serve_those_ahead_first() {
        let mut place = Place::default();
        assert_eq!(place.trade(units(9)), units(0), "it does not rest yet");
        place.join(Some(units(10)));
        assert_eq!(place.trade(units(4)), units(0));
        assert_eq!(place.trade(units(9)), units(3));
        assert_eq!(place.trade(units(5)), units(5));
    }

    #[test]
    fn what_is_not_displayed_is_taken_for_long() {
        let mut place = Place::default();
        place.join(None);
        place.see(Best::Better, units(70), Queue::Proportional);
        assert_eq!((place.ahead, place.trade(units(500))), (None, units(0)));
        place.see(Best::Level, units(70), Queue::Proportional);
        assert_eq!(place.ahead, Some(units(70)));
        place.see(Best::Better, units(1), Queue::Proportional);
        assert_eq!(place.ahead, Some(units(70)), "it keeps its place behind a better price");
        place.see(Best::Worse, units(5), Queue::Proportional);
        assert_eq!(place.ahead, Some(units(0)), "it is the best there is");
    }
}
