//! The runtime: carries steps out and records what happened. As thin as can be.
//!
//! Invariant: nothing is started, and nobody is told of an outcome, before its record is durable.
//! Tasks run on worker threads; the runtime itself blocks on one channel and the next time at
//! which something is due. A task that waits, for another one, for room, for a retry or for an
//! event, takes no thread.

mod context;
mod error;
mod message;
mod outcome;
mod pace;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    time::Duration,
};

use dirigent_core::{Clock, CorrelationId, Event, RunId, Timestamp};
use dirigent_journal::{Journal, limits::EVENTS_PER_APPEND_MAX};

use crate::{
    artifact::Artifacts,
    container::{Container, Pool},
    decide::{Capacity, next_time},
    event::{Fact, Start, parts},
    instances::TaskId,
    plan::{Isolation, Mode},
    port::{Isolate, Keep, Recovery, TaskKind, Watch},
    resource::{Advice, Amount, Level},
    run::{Run, RunStatus},
    step::{INPUTS_PER_STEP_MAX, Input, Outcome, Step, step, take_up},
    workers::{Queue, Ticket, Work},
};
use context::Contexts;
use pace::Pace;

pub use crate::workers::Workers;
pub use error::Error;
pub use message::Handle;
use message::Message;

/// How long the runtime sleeps at most before it looks at the clock again.
const NAP_MAX: Duration = Duration::from_secs(3600);
/// Idle containers that are kept, if nobody says otherwise (seed 000).
pub const POOL_SIZE_DEFAULT: usize = 100;

/// What a run needs from its surroundings.
#[derive(Clone)]
pub struct Host {
    /// Where facts go.
    pub journal: Arc<dyn Journal>,
    /// Where files go.
    pub artifacts: Artifacts,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What can be done, by name.
    pub kinds: Arc<BTreeMap<&'static str, Arc<dyn TaskKind>>>,
    /// The threads that do it.
    pub workers: Workers,
    /// How many idle containers are kept.
    pub pool_size: usize,
    /// What all running tasks together may take.
    pub budget: Amount,
    /// Runs tasks in processes of their own; none runs all on threads.
    pub isolate: Option<Arc<dyn Isolate>>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("workers", &self.workers).finish_non_exhaustive()
    }
}

/// A run in progress.
pub struct Execution {
    host: Host,
    run: Run,
    contexts: Contexts,
    pace: Pace,
    watch: Watch,
    queue: Queue,
    /// Tasks that are worked on: how to stop them, and what they work in.
    going: BTreeMap<TaskId, Going>,
    /// How much the machine bears, if that is not as much as there are workers for.
    advice: Option<Advice>,
    inbox: Receiver<Message>,
    outbox: Sender<Message>,
    observer: Option<Sender<Event>>,
}

struct Going {
    attempt: u32,
    ticket: Ticket,
    watch: Watch,
    container: Option<Container>,
}

impl std::fmt::Debug for Execution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Execution").field("run", &self.run.id).finish_non_exhaustive()
    }
}

impl Execution {
    /// Records a new run; from here on it exists, whatever crashes.
    ///
    /// # Errors
    /// If the journal does not take it.
    pub fn create(
        host: Host,
        id: RunId,
        correlation_id: CorrelationId,
        start: impl Into<Arc<Start>>,
        observer: Option<Sender<Event>>,
    ) -> Result<Self, Error> {
        let (now, start) = (host.clock.now(), start.into());
        let drafts = start.drafts(now);
        let events = host.journal.append(&id, &correlation_id, 0, drafts)?;
        let mut run = Run::begin(id, correlation_id, start, now);
        run.seq = events.len() as u64;
        let execution = Self::new(host, run, observer);
        execution.show(events);
        Ok(execution)
    }

    /// Takes up a run that was interrupted, crashed or failed.
    ///
    /// # Errors
    /// If its history is broken or the journal does not take the record.
    pub fn resume(host: Host, run: Run, observer: Option<Sender<Event>>) -> Result<Self, Error> {
        let mut execution = Self::new(host, run, observer);
        execution.take_up(Vec::new())?;
        Ok(execution)
    }

    /// Ends a run that nobody works on.
    ///
    /// # Errors
    /// If the journal does not take the record.
    pub fn cancel_idle(host: Host, run: Run, by: &str) -> Result<Run, Error> {
        let mut execution = Self::new(host, run, None);
        execution.take_up(vec![Input::Cancel { by: by.to_owned() }])?;
        Ok(execution.run)
    }

    /// Records that a process took the run up, which tasks lost their worker, and `inputs`.
    fn take_up(&mut self, inputs: Vec<Input>) -> Result<(), Error> {
        let now = self.host.clock.now();
        let (seq, capacity) = (self.run.seq, self.capacity());
        let facts = take_up(&mut self.run, &capacity, now, inputs)?;
        self.append(now, seq, &facts)
    }

    fn new(host: Host, run: Run, observer: Option<Sender<Event>>) -> Self {
        let (outbox, inbox) = channel();
        let pool = Pool::new(host.pool_size);
        let contexts = Contexts::new(&run, host.artifacts.clone(), pool);
        let queue = host.workers.queue();
        let (pace, watch, going) = (Pace::default(), Watch::default(), BTreeMap::new());
        let advice = None;
        Self { host, run, contexts, pace, watch, queue, going, advice, inbox, outbox, observer }
    }

    /// A way to steer the run from another thread.
    pub fn handle(&self) -> Handle {
        Handle(self.outbox.clone())
    }

    /// How far the running task is.
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// What it needs from its surroundings.
    pub fn host(&self) -> Host {
        self.host.clone()
    }

    /// The run's id.
    pub fn id(&self) -> &RunId {
        &self.run.id
    }

    /// Works until the run has ended or was interrupted.
    ///
    /// # Errors
    /// If the journal fails, the history is broken, or a task kind is unknown.
    pub fn drive(mut self) -> Result<Run, Error> {
        let driven = self.drive_to_the_end();
        self.watch.stop_all();
        // Whoever waits for the end may rely on it that nothing works on. An interrupted process
        // is in a hurry, and what it leaves behind is done again.
        if self.run.status.is_terminal() || driven.is_err() {
            self.queue.finish();
        }
        driven.map(|()| self.run)
    }

    fn drive_to_the_end(&mut self) -> Result<(), Error> {
        self.advance(vec![Input::Tick])?;
        while self.run.status == RunStatus::Running {
            let mut inputs = Vec::new();
            match self.inbox.recv_timeout(self.nap()) {
                Ok(message) => inputs.push(self.input(message)),
                Err(RecvTimeoutError::Timeout) => inputs.push(Input::Tick),
                Err(RecvTimeoutError::Disconnected) => {
                    unreachable!("the execution keeps a sender of its own channel")
                }
            }
            while inputs.len() < INPUTS_PER_STEP_MAX
                && let Ok(message) = self.inbox.try_recv()
            {
                inputs.push(self.input(message));
            }
            self.advance(inputs)?;
        }
        Ok(())
    }

    /// How long there is nothing to do but wait for messages.
    fn nap(&self) -> Duration {
        let due = next_time(&self.run).map(|due| due.since(self.host.clock.now()));
        due.map_or(NAP_MAX, |due| due.min(NAP_MAX))
    }

    fn input(&mut self, message: Message) -> Input {
        match message {
            Message::Done { task, attempt, took, outcome } => {
                self.pace.note(&self.run.start.plan.entry(task.entry).kind, took);
                // What was stopped may end late, when the next attempt has its place.
                let is_current = self.going.get(&task).is_some_and(|of| of.attempt == attempt);
                if is_current && let Some(going) = self.going.remove(&task) {
                    self.contexts.give_back(going.container, outcome.is_ok());
                }
                let outcome = outcome::of(&self.run, task, &self.host.artifacts, outcome);
                let outcome = self.recovered(task, outcome);
                Input::Done { task, attempt, outcome }
            }
            // A state that no event holds is kept in memory alone: after a crash the task begins anew.
            Message::Checkpoint { state, .. } if !outcome::fits(&state) => Input::Tick,
            Message::Checkpoint { task, attempt, state } => {
                Input::Checkpoint { task, attempt, state }
            }
            Message::Cancel { by } => Input::Cancel { by },
            Message::Interrupt { by } => Input::Interrupt { by },
            Message::Advise(advice) => {
                if advice.spills() {
                    self.contexts.spill();
                }
                self.advice = Some(advice.clone());
                Input::Advice(advice)
            }
            Message::Nudge => Input::Tick,
        }
    }

    /// `outcome` after the kind of `task` had its say about a failure.
    fn recovered(&self, task: TaskId, outcome: Outcome) -> Outcome {
        let Outcome::Failed(failure, class) = outcome else { return outcome };
        let kind = self.host.kinds.get(self.run.start.plan.entry(task.entry).kind.as_str());
        let failures = self.run.record(task).map_or(0, |record| record.failures) + 1;
        match kind.map(|kind| kind.recover(&failure, failures)) {
            Some(Recovery::GiveUp) => Outcome::GivenUp(failure),
            _ => Outcome::Failed(failure, class),
        }
    }

    /// Records `inputs` and everything that follows from them, then stops and starts tasks.
    fn advance(&mut self, inputs: Vec<Input>) -> Result<(), Error> {
        let (now, seq) = (self.host.clock.now(), self.run.seq);
        let capacity = self.capacity();
        let step = step(&mut self.run, &capacity, now, inputs)?;
        self.append(now, seq, &step.record)?;
        self.carry_out(step)
    }

    /// How much may go on at once.
    fn capacity(&self) -> Capacity {
        let limit = self.host.workers.limit();
        let allowed = self.advice.as_ref().map_or(limit, |advice| advice.concurrency.min(limit));
        let workers = u32::try_from(allowed).unwrap_or(u32::MAX);
        let level = self.advice.as_ref().map_or(Level::None, |advice| advice.level);
        let ahead = self.pace.ahead();
        Capacity { workers, ahead, budget: self.host.budget.clone(), level }
    }

    /// Makes `facts`, which follow the event at `seq`, durable.
    fn append(&self, now: Timestamp, seq: u64, facts: &[Fact]) -> Result<(), Error> {
        let mut last = seq;
        let (id, correlation_id) = (&self.run.id, &self.run.correlation_id);
        for part in parts::of(facts, now, id, seq, EVENTS_PER_APPEND_MAX) {
            let events = self.host.journal.append(id, correlation_id, last, part)?;
            last += events.len() as u64;
            self.show(events);
        }
        Ok(())
    }

    fn show(&self, events: Vec<Event>) {
        if let Some(observer) = &self.observer {
            // An observer that went away is no reason to stop the run.
            events.into_iter().for_each(|event| drop(observer.send(event)));
        }
    }

    fn carry_out(&mut self, step: Step) -> Result<(), Error> {
        self.contexts.settle(&self.run, &step.record);
        for (task, _) in step.stop {
            if let Some(going) = self.going.remove(&task) {
                going.watch.stop();
                self.queue.give_up(&going.ticket);
            }
        }
        if self.run.status != RunStatus::Running {
            self.watch.stop_all();
            self.contexts.clear();
            return Ok(());
        }
        let capacity = self.capacity();
        if let Some(lanes) = self.pace.lanes(&self.run, &capacity) {
            self.queue.set_lanes(lanes);
        }
        let jobs = step.start.into_iter().map(|(task, attempt)| self.job(task, attempt));
        let jobs = jobs.collect::<Result<Vec<_>, _>>()?;
        if jobs.is_empty() {
            return Ok(());
        }
        self.queue.add(jobs).map_err(Error::Thread)
    }

    /// Makes states of `task` durable, not more often than the run says.
    fn keep(&self, task: TaskId, attempt: u32) -> Keep {
        let (outbox, clock) = (self.outbox.clone(), Arc::clone(&self.host.clock));
        let pause = Duration::from_millis(self.run.start.limits.checkpoint_ms);
        let next = Mutex::new(None);
        Arc::new(move |state| {
            let now = clock.now();
            let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
            if next.is_none_or(|next| now >= next) {
                *next = Some(now.plus(pause));
                drop(outbox.send(Message::Checkpoint { task, attempt, state }));
            }
        })
    }

    /// The work of a task.
    fn job(&mut self, task: TaskId, attempt: u32) -> Result<(Ticket, Work), Error> {
        let plan = self.run.start.plan.entry(task.entry);
        let Some(kind) = self.host.kinds.get(plan.kind.as_str()).cloned() else {
            let (task, kind) = (plan.name.clone(), plan.kind.clone());
            return Err(Error::UnknownKind { task, kind });
        };
        let (outbox, watch) = (self.outbox.clone(), self.watch.of_task());
        let keep = self.keep(task, attempt);
        let mut context = self
            .contexts
            .make(&self.run, task, attempt, kind.sees(), watch.clone(), keep)
            .map_err(Error::Artifact)?;
        if self.run.start.mode != Mode::Traditional {
            context.threads = self.capacity().workers.max(1) as usize;
        }
        let ticket = Ticket::default();
        let container = plan.container.is_some().then(|| context.container.clone());
        self.going.insert(task, Going { attempt, ticket: ticket.clone(), watch, container });
        let clock = Arc::clone(&self.host.clock);
        let (isolation, isolate) = (plan.isolation, self.host.isolate.clone());
        let takes = plan.takes.clone();
        let work = move || {
            let began = clock.now();
            let outcome = outcome::contained(&context.task, || match (isolation, &isolate) {
                (Isolation::Thread, _) => kind.run(&context),
                (Isolation::Process, Some(isolate)) => isolate.run(kind.name(), &context, &takes),
                (Isolation::Process, None) => Err(outcome::no_process(&context.task)),
            });
            let took = clock.now().since(began);
            // What the container holds has to be free when it is given back.
            drop(context);
            // The run may have ended meanwhile; then nobody waits for this.
            let _ = outbox.send(Message::Done { task, attempt, took, outcome });
        };
        Ok((ticket, Box::new(work)))
    }
}
