//! Workers: the threads that tasks run on, shared fairly by the runs of a process.
//!
//! Promises: each run has its own queue, and the queues take turns; a run has at most as many jobs
//! going as its lanes; a job that was given up no longer takes a lane, however long it lingers.

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::Builder,
    time::Duration,
};

/// How long the end of a run waits for jobs that were told to stop.
const FINISH_LIMIT: Duration = Duration::from_secs(10);

/// What a worker does. It contains its own panics.
pub(crate) type Work = Box<dyn FnOnce() + Send>;

/// The threads of a process. They go when the last clone is gone and their work is done.
#[derive(Clone, Debug)]
pub struct Workers(Arc<Owner>);

/// Ends the threads when it goes; the threads themselves hold only what is shared.
#[derive(Debug)]
struct Owner(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Workers")
    }
}

struct State {
    queues: Vec<Lanes>,
    /// The queue whose turn it is.
    turn: usize,
    /// How many jobs may go on at once in all.
    limit: usize,
    /// How many do, without those that were given up.
    going: usize,
    /// Threads that wait for a job.
    idle: usize,
    /// Threads that were made and have not looked for a job yet.
    starting: usize,
    next_queue: u64,
    closed: bool,
}

/// The jobs of one run.
struct Lanes {
    id: u64,
    jobs: VecDeque<(Ticket, Work)>,
    /// How many of them may go on at once.
    lanes: usize,
    going: usize,
    /// Jobs that were given up and have not returned.
    lingering: usize,
}

/// Names a job to whoever may have to give it up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ticket(Arc<AtomicBool>);

impl Workers {
    /// At most `limit` threads that work at once; they are made as they are needed.
    pub fn new(limit: usize) -> Self {
        let state = State {
            queues: Vec::new(),
            turn: 0,
            limit: limit.max(1),
            going: 0,
            idle: 0,
            starting: 0,
            next_queue: 0,
            closed: false,
        };
        let shared = Shared { state: Mutex::new(state), wake: Condvar::new() };
        Self(Arc::new(Owner(Arc::new(shared))))
    }

    /// How many jobs may go on at once.
    pub fn limit(&self) -> usize {
        self.0.0.lock().limit
    }

    /// Lets at least `limit` jobs go on at once.
    pub fn at_least(&self, limit: usize) {
        let mut state = self.0.0.lock();
        state.limit = state.limit.max(limit);
    }

    /// A queue of its own on the same threads.
    pub(crate) fn queue(&self) -> Queue {
        let mut state = self.0.0.lock();
        let id = state.next_queue;
        state.next_queue += 1;
        let jobs = VecDeque::new();
        state.queues.push(Lanes { id, jobs, lanes: 1, going: 0, lingering: 0 });
        Queue { workers: self.clone(), id }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.wake.notify_all();
    }
}

/// One run's place among the workers; what waits in it is dropped with it.
#[derive(Debug)]
pub(crate) struct Queue {
    workers: Workers,
    id: u64,
}

impl Queue {
    /// How many jobs of the queue may go on at once.
    pub(crate) fn set_lanes(&self, lanes: usize) {
        let shared = &self.workers.0.0;
        shared.lock().of(self.id, |queue| queue.lanes = lanes.max(1));
        shared.wake.notify_all();
    }

    /// Adds jobs behind those that wait.
    ///
    /// # Errors
    /// If the operating system gives no thread and there is none.
    pub(crate) fn add(&self, jobs: Vec<(Ticket, Work)>) -> io::Result<()> {
        let shared = &self.workers.0.0;
        let mut state = shared.lock();
        state.of(self.id, |queue| queue.jobs.extend(jobs));
        let waiting: usize = state.queues.iter().map(Lanes::can_begin).sum();
        let free = state.limit.saturating_sub(state.going);
        let wanted = waiting.min(free);
        let new = wanted.saturating_sub(state.idle + state.starting);
        state.starting += new;
        drop(state);
        shared.wake.notify_all();
        for made_before in 0..new {
            let own = Arc::clone(shared);
            let made = Builder::new().name("worker".into()).spawn(move || own.work());
            if let Err(error) = made {
                let mut state = shared.lock();
                state.starting -= new - made_before;
                let threads = state.going + state.idle + state.starting;
                return if threads == 0 { Err(error) } else { Ok(()) };
            }
        }
        Ok(())
    }

    /// Gives the job of `ticket` up: it no longer takes a lane.
    pub(crate) fn give_up(&self, ticket: &Ticket) {
        let shared = &self.workers.0.0;
        let mut state = shared.lock();
        if ticket.0.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut was_going = false;
        state.of(self.id, |queue| {
            let waiting = queue.jobs.len();
            queue.jobs.retain(|(other, _)| !Arc::ptr_eq(&other.0, &ticket.0));
            if queue.jobs.len() == waiting && queue.going > 0 {
                (queue.going, queue.lingering) = (queue.going - 1, queue.lingering + 1);
                was_going = true;
            }
        });
        state.going -= usize::from(was_going);
        drop(state);
        shared.wake.notify_all();
        // The thread of the job is taken; what waits may need another one.
        drop(self.add(Vec::new()));
    }

    /// Drops what waits and returns when nothing of the queue goes on any more, or after
    /// `FINISH_LIMIT`.
    pub(crate) fn finish(&self) {
        let shared = &self.workers.0.0;
        let mut state = shared.lock();
        let mut dropped = VecDeque::new();
        state.of(self.id, |queue| dropped = std::mem::take(&mut queue.jobs));
        let is_busy =
            |state: &mut State| state.of(self.id, |queue| queue.going + queue.lingering) > Some(0);
        // A job that does not listen is left behind: its outcome is nobody's.
        let waited = shared.wake.wait_timeout_while(state, FINISH_LIMIT, is_busy);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let mut state = self.workers.0.0.lock();
        // The places of jobs that are still going are kept by the total alone.
        state.queues.retain(|queue| queue.id != self.id);
    }
}

impl Lanes {
    /// How many of its jobs could begin now.
    fn can_begin(&self) -> usize {
        self.jobs.len().min(self.lanes.saturating_sub(self.going))
    }
}

impl State {
    fn of<T>(&mut self, id: u64, act: impl FnOnce(&mut Lanes) -> T) -> Option<T> {
        self.queues.iter_mut().find(|queue| queue.id == id).map(act)
    }

    /// The next job, from the queues in turn.
    fn next(&mut self) -> Option<(u64, Ticket, Work)> {
        if self.going >= self.limit {
            return None;
        }
        let count = self.queues.len();
        for step in 0..count {
            let at = (self.turn + step) % count;
            let queue = &mut self.queues[at];
            if queue.can_begin() > 0 {
                let (ticket, work) = queue.jobs.pop_front()?;
                queue.going += 1;
                self.going += 1;
                self.turn = (at + 1) % count;
                return Some((queue.id, ticket, work));
            }
        }
        None
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut state = self.lock();
        state.starting -= 1;
        loop {
            if let Some((queue, ticket, work)) = state.next() {
                drop(state);
                work();
                state = self.lock();
                let was_given_up = ticket.0.swap(true, Ordering::Relaxed);
                state.going -= usize::from(!was_given_up);
                let left = state.of(queue, |queue| {
                    let left = if was_given_up { &mut queue.lingering } else { &mut queue.going };
                    *left -= 1;
                    queue.going + queue.lingering
                });
                if left == Some(0) {
                    self.wake.notify_all();
                }
            } else if state.closed {
                return;
            } else {
                state.idle += 1;
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn queues_take_turns_and_keep_their_order() {
        let workers = Workers::new(1);
        let (one, two) = (workers.queue(), workers.queue());
        let (told, heard) = channel();
        let (go, gate) = channel::<()>();
        let blocker: Work = Box::new(move || gate.recv().unwrap());
        one.add(vec![(Ticket::default(), blocker)]).unwrap();
        for (queue, name) in [(&one, "a"), (&two, "b")] {
            for number in 0..3 {
                let told = told.clone();
                let work: Work = Box::new(move || told.send(format!("{name}{number}")).unwrap());
                queue.add(vec![(Ticket::default(), work)]).unwrap();
            }
        }
        go.send(()).unwrap();
        let order: Vec<String> = heard.iter().take(6).collect();
        assert_eq!(order, ["b0", "a0", "b1", "a1", "b2", "a2"]);
    }

    #[test]
    fn a_job_that_was_given_up_holds_nobody_up() {
        let workers = Workers::new(1);
        let queue = workers.queue();
        let (told, heard) = channel();
        let (go, gate) = channel::<()>();
        let (began, begun) = channel();
        let ticket = Ticket::default();
        let stuck: Work = Box::new(move || {
            began.send(()).unwrap();
            gate.recv().unwrap();
        });
        queue.add(vec![(ticket.clone(), stuck)]).unwrap();
        begun.recv().unwrap();
        queue.give_up(&ticket);
        let work: Work = Box::new(move || told.send(()).unwrap());
        queue.add(vec![(Ticket::default(), work)]).unwrap();
        heard.recv().unwrap();
        go.send(()).unwrap();
        queue.finish();
    }

    #[test]
    fn no_more_threads_are_made_than_may_work() {
        let workers = Workers::new(4);
        let queue = workers.queue();
        queue.set_lanes(4);
        let (told, heard) = channel();
        for _ in 0..400 {
            let told = told.clone();
            let work: Work = Box::new(move || told.send(()).unwrap());
            queue.add(vec![(Ticket::default(), work)]).unwrap();
        }
        assert_eq!(heard.iter().take(400).count(), 400);
        queue.finish();
        let threads = Arc::strong_count(&workers.0.0) - 1;
        assert!(threads <= 4, "{threads} threads");
    }
}
