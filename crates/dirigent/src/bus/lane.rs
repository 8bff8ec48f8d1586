//! A lane: the queue of one handler, and the thread that brings events to it in order.
//!
//! Invariants: one event at a time; every event that was let in is answered for in the ledger
//! exactly once. A call that hangs keeps its thread, but neither the lane nor the ledger.

use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread::{Builder, JoinHandle},
};

use dirigent_core::Event;

use super::{Counts, Handler, HandlerError, Ledger, Overflow, Terms, call};

/// How many calls of one handler may hang at the same time.
const HANGING_MAX: usize = 5;

/// How many events of a bus are not answered for, and the signal that they became fewer.
pub(super) type Idle = Arc<(Mutex<usize>, Condvar)>;

/// An event that found no room.
pub(super) struct Dropped {
    pub(super) event: Arc<Event>,
    pub(super) handler: String,
    pub(super) error: HandlerError,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Arc<Event>>,
    counts: Counts,
    /// Which call is waited for, and what came of it.
    call: u64,
    answer: Option<Result<(), HandlerError>>,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().expect("no code panics while it holds the queue")
    }
}

pub(super) struct Lane {
    handler: Arc<dyn Handler>,
    terms: Terms,
    shared: Arc<Shared>,
    ledger: Arc<dyn Ledger>,
    idle: Idle,
    thread: Option<JoinHandle<()>>,
}

impl Lane {
    /// Begins to serve `handler`.
    pub(super) fn open(
        handler: Arc<dyn Handler>,
        terms: Terms,
        ledger: Arc<dyn Ledger>,
        idle: Idle,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let carrier = Carrier {
            handler: Arc::clone(&handler),
            terms,
            shared: Arc::clone(&shared),
            ledger: Arc::clone(&ledger),
            idle: Arc::clone(&idle),
            hanging: Vec::new(),
        };
        let name = format!("lane {}", handler.name());
        let thread = Some(Builder::new().name(name).spawn(move || carrier.work())?);
        Ok(Self { handler, terms, shared, ledger, idle, thread })
    }

    pub(super) fn name(&self) -> &str {
        self.handler.name()
    }

    pub(super) fn counts(&self) -> Counts {
        let queue = self.shared.lock();
        Counts { waiting: queue.waiting.len(), ..queue.counts }
    }

    /// Lets the event in if the handler wants it. Returns what had to go for it.
    pub(super) fn offer(&self, event: &Arc<Event>) -> Option<Dropped> {
        let name = self.handler.name();
        // A handler that cannot even say so is asked again where its panic is answered for.
        let wants = || self.handler.wants(&event.kind);
        let wants = catch_unwind(AssertUnwindSafe(wants)).unwrap_or(true);
        if !wants || self.ledger.is_done(event, name) {
            return None;
        }
        let mut queue = self.shared.lock();
        let mut gone = None;
        if queue.waiting.len() >= self.terms.queue_max {
            queue.counts.dropped += 1;
            match self.terms.overflow {
                Overflow::DropOldest => gone = queue.waiting.pop_front(),
                Overflow::DropNewest => gone = Some(Arc::clone(event)),
            }
        }
        let is_in = gone.as_ref().is_none_or(|gone| !Arc::ptr_eq(gone, event));
        if is_in {
            queue.waiting.push_back(Arc::clone(event));
            self.shared.changed.notify_all();
        }
        if is_in && gone.is_none() {
            count(&self.idle, 1);
        }
        let error = HandlerError::QueueFull(self.terms.queue_max);
        gone.map(|event| Dropped { event, handler: name.to_owned(), error })
    }

    /// Brings nothing more; what waits or is under way is entered as not reached.
    pub(super) fn give_up(&self) {
        let waiting = {
            let mut queue = self.shared.lock();
            queue.closed = true;
            std::mem::take(&mut queue.waiting)
        };
        self.shared.changed.notify_all();
        for event in waiting {
            self.ledger.failed(&event, self.handler.name(), &HandlerError::NotReached);
            self.shared.lock().counts.failed += 1;
            count(&self.idle, -1);
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        {
            let mut queue = self.shared.lock();
            queue.closed = true;
            let left = queue.waiting.len();
            queue.waiting.clear();
            (0..left).for_each(|_| count(&self.idle, -1));
        }
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn count(idle: &Idle, by: isize) {
    let (waiting, changed) = &**idle;
    let mut waiting = waiting.lock().expect("no code panics while it holds the count");
    *waiting = waiting.saturating_add_signed(by);
    changed.notify_all();
}

/// What the thread of a lane works with.
struct Carrier {
    handler: Arc<dyn Handler>,
    terms: Terms,
    shared: Arc<Shared>,
    ledger: Arc<dyn Ledger>,
    idle: Idle,
    hanging: Vec<JoinHandle<()>>,
}

impl Carrier {
    fn work(mut self) {
        while let Some(event) = self.next() {
            let outcome = self.bring(&event);
            let name = self.handler.name();
            match &outcome {
                Ok(()) => self.ledger.succeeded(&event, name),
                Err(error) => self.ledger.failed(&event, name, error),
            }
            let mut queue = self.shared.lock();
            match outcome {
                Ok(()) => queue.counts.succeeded += 1,
                Err(_) => queue.counts.failed += 1,
            }
            drop(queue);
            count(&self.idle, -1);
        }
    }

    /// Waits for an event; none once the lane is closed.
    fn next(&self) -> Option<Arc<Event>> {
        let wait = |queue: &mut Queue| queue.waiting.is_empty() && !queue.closed;
        let mut queue = self
            .shared
            .changed
            .wait_while(self.shared.lock(), wait)
            .expect("no code panics while it holds the queue");
        if queue.closed { None } else { queue.waiting.pop_front() }
    }

    /// Calls the handler and waits for its answer, the limit, or the end of the lane.
    fn bring(&mut self, event: &Arc<Event>) -> Result<(), HandlerError> {
        self.hanging.retain(|thread| !thread.is_finished());
        if self.hanging.len() >= HANGING_MAX {
            return Err(HandlerError::Hung(self.hanging.len()));
        }
        let number = {
            let mut queue = self.shared.lock();
            if queue.closed {
                return Err(HandlerError::NotReached);
            }
            queue.call += 1;
            queue.answer = None;
            queue.call
        };
        let shared = Arc::clone(&self.shared);
        let done = move |outcome| {
            let mut queue = shared.lock();
            // An answer that comes too late is not the answer to a later call.
            if queue.call == number {
                queue.answer = Some(outcome);
                shared.changed.notify_all();
            }
        };
        let thread = call::begin(Arc::clone(&self.handler), Arc::clone(event), done)
            .map_err(|error| call::no_thread(&error))?;
        let wait = |queue: &mut Queue| queue.answer.is_none() && !queue.closed;
        let (mut queue, _) = self
            .shared
            .changed
            .wait_timeout_while(self.shared.lock(), self.terms.limit, wait)
            .expect("no code panics while it holds the queue");
        let answer = queue.answer.take();
        let closed = queue.closed;
        drop(queue);
        let late = if closed {
            HandlerError::NotReached
        } else {
            HandlerError::TimedOut(self.terms.limit)
        };
        answer.unwrap_or_else(|| {
            self.hanging.push(thread);
            Err(late)
        })
    }
}
