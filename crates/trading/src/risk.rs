//! Risk: the limits, and the only door through which an order reaches a fill.
//!
//! Invariant: only `check` makes an `Approved`; an order that makes a position smaller always
//! passes where there is a price, so that risk can never lock a position in.
//! Not here: how large an order should be; see `portfolio::Sizing`.

use dirigent_core::Timestamp;

use crate::order::{Order, OrderId, Quote, RejectReason};
use crate::price::{Money, Price, Quantity, Rate};

/// What a stop loss and a take profit are measured from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopReference {
    /// The average price the position was entered at.
    #[default]
    EntryPrice,
    /// The close of the bar whose signal entered it.
    SignalClose,
}

impl StopReference {
    /// `entry_price` or `signal_close`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EntryPrice => "entry_price",
            Self::SignalClose => "signal_close",
        }
    }
}

/// What the run may lose and hold. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The most one position may be worth, as a share of equity.
    pub max_position: Option<Rate>,
    /// The loss from the highest equity at which everything is closed and trading stops.
    pub max_drawdown: Option<Rate>,
    /// The loss per unit at which a position is closed, as a share of the reference price.
    pub stop_loss: Option<Rate>,
    /// How far a position may come back from its best price, as a share of that price; it is a stop
    /// that follows bar by bar.
    pub trailing_stop: Option<Rate>,
    /// The gain per unit at which a position is closed, as a share of the reference price.
    pub take_profit: Option<Rate>,
    /// What `stop_loss` and `take_profit` are measured from.
    pub stop_reference: StopReference,
}

impl Limits {
    /// Whether positions carry a stop or a target.
    pub fn protects(&self) -> bool {
        self.stop_loss.or(self.trailing_stop).or(self.take_profit).is_some()
    }

    /// The levels of stop and target of a position in the direction of `quantity`.
    pub fn levels(&self, reference: Price, quantity: Quantity) -> (Option<Price>, Option<Price>) {
        let one = Rate::ONE.raw();
        let at = |rate: Option<Rate>, sign: i64| {
            rate.map(|rate| reference.scaled(one + sign * rate.raw(), one))
        };
        let up = if quantity.is_negative() { -1 } else { 1 };
        // Of two stops the nearer one counts.
        let nearest = match (self.stop_loss, self.trailing_stop) {
            (Some(loss), Some(trailing)) => Some(loss.min(trailing)),
            (loss, trailing) => loss.or(trailing),
        };
        (at(nearest, -up), at(self.take_profit, up))
    }

    /// The most a position may be worth in an account of this equity.
    pub fn position_max(&self, equity: Money) -> Option<Money> {
        self.max_position.map(|rate| rate.of(equity))
    }
}

/// Why trading stopped for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopCause {
    /// The drawdown limit was reached.
    DrawdownLimit,
    /// Equity reached zero.
    Ruin,
}

impl StopCause {
    /// `drawdown_limit` or `ruin`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DrawdownLimit => "drawdown_limit",
            Self::Ruin => "ruin",
        }
    }
}

/// The moment trading stopped for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Why.
    pub cause: StopCause,
    /// The bar at whose close it was seen.
    pub bar: usize,
    /// The time of that bar.
    pub time: Timestamp,
    /// The equity at that close.
    pub equity: Money,
}

/// What risk has to know of the account.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// Equity at the prices of the moment, before the orders of the moment.
    pub equity: Money,
    /// What new exposure may tie up: equity less what all that is held ties up, long or short.
    pub free: Money,
    /// What a unit of the order ties up: what it is worth, but on margin.
    pub tied: Price,
    /// Units held of the order's symbol, negative if short.
    pub position: Quantity,
    /// Set once trading has stopped.
    pub stopped: Option<StopCause>,
    /// Whether nothing may be sold short.
    pub is_long_only: bool,
}

/// A thing that risk has seen and allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approved<T>(T);

impl<T> Approved<T> {
    /// What was approved.
    pub const fn get(&self) -> &T {
        &self.0
    }
}

/// An order that may not be filled, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{order} refused: {reason}")]
pub struct Refused {
    /// The order.
    pub order: OrderId,
    /// Why it was refused.
    pub reason: RejectReason,
}

/// Lets an order pass, or says why not.
///
/// The order must not cross from long to short or back: the caller splits it at zero.
///
/// # Errors
/// `Refused`, with the reason.
pub fn check(
    order: Order,
    quote: &Quote,
    account: &Account,
    limits: &Limits,
) -> Result<Approved<Order>, Refused> {
    let refuse = |reason| Err(Refused { order: order.id, reason });
    if !order.quantity.is_positive() {
        return refuse(RejectReason::LessThanOneLot);
    }
    if !quote.price.is_positive() {
        return refuse(RejectReason::NoPrice { price: quote.price });
    }
    let Some(after) = account.position.checked_add(order.side.signed(order.quantity)) else {
        return refuse(RejectReason::TooManyUnits);
    };
    if after.abs() < account.position.abs() {
        return Ok(Approved(order));
    }
    if let Some(cause) = account.stopped {
        return refuse(RejectReason::Stopped(cause.as_str()));
    }
    if after.is_negative() && account.is_long_only {
        return refuse(RejectReason::LongOnly);
    }
    let needed = account.tied.notional(order.quantity) + quote.fee;
    if needed > account.free {
        return refuse(RejectReason::InsufficientCash { needed, free: account.free });
    }
    if let Some(limit) = limits.position_max(account.equity) {
        let value = quote.value(after.abs());
        if value > limit {
            return refuse(RejectReason::PositionLimit { value, limit });
        }
    }
    Ok(Approved(order))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::{FillReason, OrderKind, Side, SymbolId, TimeInForce};

    fn units(n: i64) -> Quantity {
        Quantity::from_units(n).unwrap()
    }

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    /// Buys `quantity` at 100 with a fee of 1, holding `position`, in an account of 10,000.
    fn verdict(quantity: i64, position: i64, stopped: Option<StopCause>) -> String {
        let order = Order {
            id: OrderId(1),
            symbol: SymbolId::new(0),
            side: Side::Buy,
            kind: OrderKind::Market,
            quantity: units(quantity),
            reason: FillReason::SignalEntry,
            time_in_force: TimeInForce::Gtc,
        };
        let price = "100".parse().unwrap();
        let quote = Quote { price, reference: price, fee: money("1"), multiplier: Rate::ONE };
        let free = money("10000") - price.notional(units(position)).abs();
        let account = Account {
            equity: money("10000"),
            free,
            tied: price,
            position: units(position),
            stopped,
            is_long_only: false,
        };
        let limits = Limits { max_position: Some(Rate::percent(60)), ..Limits::default() };
        match check(order, &quote, &account, &limits) {
            Ok(approved) => format!("ok {}", approved.get().quantity),
            Err(refused) => refused.reason.to_string(),
        }
    }

    #[track_caller]
    fn check_buy(quantity: i64, position: i64, expected: &str) {
        assert_eq!(verdict(quantity, position, None), expected);
    }

    #[test]
    fn orders_that_cannot_be_paid_or_break_a_limit_are_refused() {
        check_buy(0, 0, "less than one lot");
        check_buy(100, 0, "insufficient cash: needs 10001, has 10000");
        check_buy(61, 0, "position limit: would be worth 6100, limit is 6000");
        check_buy(21, 40, "position limit: would be worth 6100, limit is 6000");
        check_buy(60, 0, "ok 60");
    }

    #[test]
    fn what_makes_a_position_smaller_always_passes() {
        check_buy(150, -200, "ok 150");
        assert_eq!(verdict(5, -5, Some(StopCause::Ruin)), "ok 5");
        assert_eq!(
            verdict(5, 0, Some(StopCause::DrawdownLimit)),
            "trading stopped by drawdown_limit"
        );
    }

    #[test]
    fn levels_lie_on_the_side_that_hurts_and_the_side_that_pays() {
        let limits = Limits {
            stop_loss: Some(Rate::percent(3)),
            take_profit: Some(Rate::percent(6)),
            ..Limits::default()
        };
        let show = |quantity| {
            let (stop, target) = limits.levels("100".parse().unwrap(), units(quantity));
            (stop.unwrap().to_string(), target.unwrap().to_string())
        };
        assert_eq!(show(1), ("97".to_owned(), "106".to_owned()));
        assert_eq!(show(-1), ("103".to_owned(), "94".to_owned()));
    }
}
