//! History: every order of a run and every step it took.
//!
//! Most orders are market orders that trade whole at once: what became of them is in their fill, so
//! that only the time at which they were made is kept beside it.
//! Invariant: an order and its steps are kept so wherever that says all; equal histories are thus
//! equally stored.

use dirigent_core::Timestamp;

use crate::order::{Fill, Order, OrderId, OrderKind, OrderState, Record, Transition};

/// All orders, by their number, and their steps, in the order they happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    orders: Vec<Entry>,
    /// Those that are more than their fill.
    records: Vec<Record>,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Entry {
    /// Made at this time, and all else is in the fill of this number.
    Traded { created: Timestamp, fill: Number },
    /// The number of its record.
    Other(Number),
}

/// A place in a list, in half the room.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Number(u32);

impl Number {
    fn new(place: usize) -> Self {
        Self(u32::try_from(place).expect("a run has fewer orders and fills than u32 counts"))
    }

    fn place(self) -> usize {
        self.0 as usize
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    One(Transition),
    /// Orders that are in their fills were sent, accepted and filled, one after the other.
    Whole {
        first: OrderId,
        count: u64,
    },
}

impl History {
    /// An empty history with room for some orders.
    pub(super) fn with_capacity(orders: usize) -> Self {
        Self { orders: Vec::with_capacity(orders), ..Self::default() }
    }

    /// The history that these records, steps and fills tell.
    pub(super) fn of(records: Vec<Record>, steps: &[Transition], fills: &[Fill]) -> Self {
        let mut fill_of = vec![None; records.len()];
        for (number, fill) in fills.iter().enumerate() {
            fill_of[place(fill.order)] = Some(number);
        }
        let mut history = Self::with_capacity(records.len());
        for (record, fill) in records.into_iter().zip(fill_of) {
            let created = record.created;
            match fill.filter(|fill| traded(&fills[*fill], created) == record) {
                Some(fill) => history.enter(created, fill),
                None => history.add(record),
            }
        }
        steps.iter().for_each(|step| history.go(*step));
        history
    }

    /// How many orders there are.
    pub(super) fn len(&self) -> usize {
        self.orders.len()
    }

    /// Adds a market order that was made at `created` and filled whole by fill number `fill`.
    pub(super) fn trade(&mut self, id: OrderId, created: Timestamp, fill: usize) {
        self.enter(created, fill);
        self.go_whole(id);
    }

    fn enter(&mut self, created: Timestamp, fill: usize) {
        self.orders.push(Entry::Traded { created, fill: Number::new(fill) });
    }

    /// Adds an order that may be more than its fill.
    pub(super) fn add(&mut self, record: Record) {
        self.orders.push(Entry::Other(Number::new(self.records.len())));
        self.records.push(record);
    }

    /// The record of an order that was added.
    pub(super) fn record(&mut self, id: OrderId) -> Option<&mut Record> {
        match self.orders.get(place(id))? {
            Entry::Traded { .. } => None,
            Entry::Other(record) => self.records.get_mut(record.place()),
        }
    }

    /// Adds a step.
    pub(super) fn go(&mut self, step: Transition) {
        self.steps.push(Step::One(step));
        if step.state == OrderState::Filled
            && let Some(Entry::Traded { created, .. }) = self.orders.get(place(step.order))
        {
            let whole = whole(step.order, *created, step.time).map(Step::One);
            if self.steps.ends_with(&whole) {
                self.steps.truncate(self.steps.len() - whole.len());
                self.go_whole(step.order);
            }
        }
    }

    fn go_whole(&mut self, id: OrderId) {
        match self.steps.last_mut() {
            Some(Step::Whole { first, count }) if first.0 + *count == id.0 => *count += 1,
            _ => self.steps.push(Step::Whole { first: id, count: 1 }),
        }
    }

    /// The orders, by number; `fills` are those of the run.
    pub(super) fn orders<'a>(&'a self, fills: &'a [Fill]) -> impl ExactSizeIterator<Item = Record> {
        self.orders.iter().map(|entry| match *entry {
            Entry::Traded { created, fill } => traded(&fills[fill.place()], created),
            Entry::Other(record) => self.records[record.place()],
        })
    }

    /// The steps, in the order they happened; `fills` are those of the run.
    pub(super) fn steps<'a>(&'a self, fills: &'a [Fill]) -> impl Iterator<Item = Transition> {
        self.steps.iter().flat_map(move |step| {
            let (one, wholes) = match *step {
                Step::One(step) => (Some(step), 0..0),
                Step::Whole { first, count } => (None, first.0..first.0 + count),
            };
            let wholes = wholes.filter_map(move |id| self.whole(OrderId(id), fills)).flatten();
            one.into_iter().chain(wholes)
        })
    }

    fn whole(&self, id: OrderId, fills: &[Fill]) -> Option<[Transition; 3]> {
        match self.orders[place(id)] {
            Entry::Traded { created, fill } => Some(whole(id, created, fills[fill.place()].time)),
            Entry::Other(_) => None,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "ids are places in a vector, plus one")]
fn place(id: OrderId) -> usize {
    id.0 as usize - 1
}

/// The record of a market order, made at `created`, that `fill` filled whole.
fn traded(fill: &Fill, created: Timestamp) -> Record {
    let order = Order::new(fill.order, fill.symbol, fill.side, OrderKind::Market, fill.reason);
    filled_whole(Order { quantity: fill.quantity, ..order }, created, fill)
}

/// The record of an order, made at `created`, that `fill` filled whole.
pub(super) fn filled_whole(order: Order, created: Timestamp, fill: &Fill) -> Record {
    Record {
        order,
        created,
        changed: fill.time,
        state: OrderState::Filled,
        filled: fill.quantity,
        price: fill.price,
        fee: fill.fee,
        slippage: fill.slippage,
        rejected: None,
        attempts: 1,
    }
}

/// The steps of such an order.
fn whole(order: OrderId, created: Timestamp, filled: Timestamp) -> [Transition; 3] {
    [
        Transition { order, time: created, state: OrderState::Pending },
        Transition { order, time: filled, state: OrderState::Accepted },
        Transition { order, time: filled, state: OrderState::Filled },
    ]
}
