//! The bus: events to whoever subscribed, each at his own pace.
//!
//! Invariants: publishing never waits for a handler; a handler that is slow, fails or panics harms
//! no other; a bus takes an event once, however many bridges bring it. Only bridges cross from one
//! bus to another.
//! Not here: what becomes of an event that a handler did not take; see [`Ledger`].

mod call;
mod lane;
mod seen;

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, Weak},
    time::Duration,
};

use dirigent_core::Event;

pub(crate) use call::{call, text_of};
use lane::Lane;
use seen::Seen;

/// How long a handler may take for one event.
pub const HANDLER_LIMIT: Duration = Duration::from_secs(30);
/// How many events wait for a handler.
pub const QUEUE_MAX: usize = 1_024;

/// Is told of events.
pub trait Handler: Send + Sync {
    /// Its name, unique on its bus; stands in the journal, so it must hold no secret.
    fn name(&self) -> &str;
    /// Whether it wants events of this type of the catalogue.
    fn wants(&self, kind: &str) -> bool;
    /// Takes an event. May be called again with one that it took, if the process died meanwhile.
    ///
    /// # Errors
    /// If it could not take it; the message stands in the journal, so it must hold no secret.
    fn handle(&self, event: &Event) -> Result<(), HandlerError>;
}

/// Why a handler did not take an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandlerError {
    /// It said so.
    #[error("{0}")]
    Failed(String),
    /// It panicked.
    #[error("the handler panicked: {0}")]
    Panicked(String),
    /// It took too long.
    #[error("the handler did not answer within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// Too many of its earlier calls have not come back.
    #[error("the handler still hangs on {0} earlier events")]
    Hung(usize),
    /// Too many events were waiting.
    #[error("more than {0} events were waiting for the handler")]
    QueueFull(usize),
    /// There was no time to bring it.
    #[error("the process stopped before the handler had taken the event")]
    NotReached,
}

/// Keeps account of what handlers took and did not take.
pub trait Ledger: Send + Sync {
    /// Whether `handler` had the event before.
    fn is_done(&self, _event: &Event, _handler: &str) -> bool {
        false
    }
    /// `handler` took the event.
    fn succeeded(&self, event: &Event, handler: &str);
    /// `handler` did not take the event.
    fn failed(&self, event: &Event, handler: &str, error: &HandlerError);
}

/// What goes when too many events wait for a handler. Publishing never waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// The event that has waited longest.
    DropOldest,
    /// The event that comes.
    DropNewest,
}

/// How a handler is served.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// How many events may wait for it.
    pub queue_max: usize,
    /// What goes when more would.
    pub overflow: Overflow,
    /// How long it may take for one event.
    pub limit: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self { queue_max: QUEUE_MAX, overflow: Overflow::DropOldest, limit: HANDLER_LIMIT }
    }
}

/// Why a handler was not subscribed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Another one has its name.
    #[error("bus `{bus}` has a handler `{handler}` already")]
    Taken {
        /// The bus.
        bus: String,
        /// The name.
        handler: String,
    },
    /// The operating system gave no thread.
    #[error("cannot start a thread for handler `{handler}`")]
    Thread {
        /// The handler.
        handler: String,
        /// Why.
        source: std::io::Error,
    },
}

/// What went over a bus.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Events it took.
    pub published: u64,
    /// Events it had taken before.
    pub duplicates: u64,
    /// What each handler did.
    pub handlers: Vec<(String, Counts)>,
}

/// What a handler did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events it took.
    pub succeeded: u64,
    /// Events it did not take.
    pub failed: u64,
    /// Events that were not brought to it, for want of room.
    pub dropped: u64,
    /// Events that wait for it.
    pub waiting: usize,
}

type Rule = Box<dyn Fn(&Event) -> bool + Send>;

struct State {
    lanes: Vec<Lane>,
    bridges: Vec<(Weak<Shared>, Rule)>,
    seen: Seen,
    published: u64,
    duplicates: u64,
}

pub(crate) struct Shared {
    name: String,
    ledger: Arc<dyn Ledger>,
    state: Mutex<State>,
    idle: lane::Idle,
}

/// A bus: of a container, of a run, or of the process. Dropping it stops its threads.
pub struct Bus(Arc<Shared>);

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bus").field(&self.0.name).finish()
    }
}

impl Bus {
    /// A bus without subscribers and bridges: what is published on it stays on it.
    pub fn new(name: impl Into<String>, ledger: Arc<dyn Ledger>) -> Self {
        let state = State {
            lanes: Vec::new(),
            bridges: Vec::new(),
            seen: Seen::default(),
            published: 0,
            duplicates: 0,
        };
        let idle = Arc::new((Mutex::new(0), Condvar::new()));
        Self(Arc::new(Shared { name: name.into(), ledger, state: Mutex::new(state), idle }))
    }

    /// Brings the events it wants to `handler`, from now on and in order.
    ///
    /// # Errors
    /// If its name is taken or there is no thread for it.
    pub fn subscribe(&self, handler: Arc<dyn Handler>, terms: Terms) -> Result<(), Refused> {
        let mut state = self.0.lock();
        let name = handler.name().to_owned();
        if state.lanes.iter().any(|lane| lane.name() == name) {
            return Err(Refused::Taken { bus: self.0.name.clone(), handler: name });
        }
        let (ledger, idle) = (Arc::clone(&self.0.ledger), Arc::clone(&self.0.idle));
        let lane = Lane::open(handler, terms, ledger, idle)
            .map_err(|source| Refused::Thread { handler: name, source })?;
        state.lanes.push(lane);
        Ok(())
    }

    /// Ends a subscription; what waits for the handler is not brought to it. False if there is
    /// none of that name.
    pub fn unsubscribe(&self, handler: &str) -> bool {
        let mut state = self.0.lock();
        let found = state.lanes.iter().position(|lane| lane.name() == handler);
        let lane = found.map(|at| state.lanes.remove(at));
        // Not while the bus is locked: its thread may be publishing.
        drop(state);
        lane.is_some()
    }

    /// Publishes on `other` too what `rule` lets through. Bridges may form a ring.
    pub fn bridge(&self, other: &Self, rule: impl Fn(&Event) -> bool + Send + 'static) {
        self.0.lock().bridges.push((Arc::downgrade(&other.0), Box::new(rule)));
    }

    /// Hands the event to everybody who wants it, here and over bridges, without waiting. Returns
    /// whether it was new here.
    pub fn publish(&self, event: &Arc<Event>) -> bool {
        self.0.publish(event)
    }

    /// What went over the bus.
    pub fn stats(&self) -> Stats {
        let state = self.0.lock();
        let handlers = state.lanes.iter().map(|lane| (lane.name().to_owned(), lane.counts()));
        Stats {
            published: state.published,
            duplicates: state.duplicates,
            handlers: handlers.collect(),
        }
    }

    /// Waits until every handler has taken what waits for it, at most for `limit`. Returns whether
    /// they have.
    pub fn settle(&self, limit: Duration) -> bool {
        let (waiting, changed) = &*self.0.idle;
        let waiting = waiting.lock().expect("no code panics while it holds the count");
        let (waiting, _) = changed
            .wait_timeout_while(waiting, limit, |waiting| *waiting > 0)
            .expect("no code panics while it holds the count");
        *waiting == 0
    }

    /// Settles, and enters what was not brought by then into the ledger as not reached.
    pub fn close(&self, limit: Duration) -> Stats {
        self.settle(limit);
        let lanes = std::mem::take(&mut self.0.lock().lanes);
        for lane in &lanes {
            lane.give_up();
        }
        let mut stats = self.stats();
        stats.handlers = lanes.iter().map(|lane| (lane.name().to_owned(), lane.counts())).collect();
        stats
    }
}

impl Shared {
    fn publish(&self, event: &Arc<Event>) -> bool {
        let mut state = self.lock();
        if !state.seen.insert(&event.id) {
            state.duplicates += 1;
            return false;
        }
        state.published += 1;
        let dropped: Vec<_> = state.lanes.iter().filter_map(|lane| lane.offer(event)).collect();
        let onward: Vec<Arc<Self>> = state
            .bridges
            .iter()
            .filter(|(_, rule)| rule(event))
            .filter_map(|(other, _)| other.upgrade())
            .collect();
        // A ring of bridges comes back here, so the bus must not be locked.
        drop(state);
        for lane::Dropped { event, handler, error } in dropped {
            self.ledger.failed(&event, &handler, &error);
        }
        for other in onward {
            other.publish(event);
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no code panics while it holds the bus")
    }
}
