//! The runtime: carries decisions out and records what happened. As thin as can be.
//!
//! Invariant: nothing is started, and nobody is told of an outcome, before its record is durable.
//! A task runs on a worker thread; the runtime itself blocks on one channel and the deadline.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{Builder, JoinHandle},
    time::Duration,
};

use dirigent_core::{Clock, CorrelationId, Event, RunId};
use dirigent_journal::Journal;

use crate::{
    artifact::Artifacts,
    container::Container,
    decide::{deadline, decide},
    event::{Fact, Failure, Start},
    port::{TaskContext, TaskError, TaskKind, TaskOutput, Watch},
    run::{BrokenHistory, Run, RunStatus},
    task::TaskState,
};

/// How long the runtime sleeps at most before it looks at the clock again.
const NAP_MAX: Duration = Duration::from_secs(3600);
/// The most warnings of one task that are recorded.
const WARNINGS_MAX: usize = 50;
/// The longest message of a failure that is recorded.
const MESSAGE_CHARS_MAX: usize = 8_000;

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
    /// How many tasks may run at once.
    pub workers: usize,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("workers", &self.workers).finish_non_exhaustive()
    }
}

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The journal did not take or give a record.
    #[error(transparent)]
    Journal(#[from] dirigent_journal::Error),
    /// The recorded events contradict each other.
    #[error("the history of the run is broken")]
    History(#[from] BrokenHistory),
    /// The plan names a task kind that this binary does not have.
    #[error("task `{task}` is of kind `{kind}`, which this version does not have")]
    UnknownKind {
        /// The task.
        task: String,
        /// Its kind.
        kind: String,
    },
    /// The operating system gave no thread.
    #[error("cannot start a worker thread")]
    Thread(#[source] std::io::Error),
    /// What an earlier task delivered cannot be read back.
    #[error("cannot read the output of an earlier task")]
    Artifact(#[source] std::io::Error),
}

/// What reaches a run from outside.
#[derive(Debug)]
enum Message {
    Done { task: String, attempt: u32, outcome: Box<Result<TaskOutput, TaskError>> },
    Cancel { by: String },
    Interrupt { by: String },
    Nudge,
}

/// Stops a run from another thread.
#[derive(Clone, Debug)]
pub struct Handle(Sender<Message>);

impl Handle {
    /// Stops the run for good.
    pub fn cancel(&self, by: &str) {
        // A run that has ended no longer listens, and needs no stopping.
        let _ = self.0.send(Message::Cancel { by: by.to_owned() });
    }

    /// Stops the run so that it can be resumed.
    pub fn interrupt(&self, by: &str) {
        let _ = self.0.send(Message::Interrupt { by: by.to_owned() });
    }

    /// Makes the run look at the clock, for clocks that are moved by hand.
    pub fn nudge(&self) {
        let _ = self.0.send(Message::Nudge);
    }
}

/// A run in progress.
#[derive(Debug)]
pub struct Execution {
    host: Host,
    run: Run,
    start: Arc<Start>,
    container: Container,
    watch: Watch,
    inbox: Receiver<Message>,
    outbox: Sender<Message>,
    observer: Option<Sender<Event>>,
    workers: Vec<JoinHandle<()>>,
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
        start: Start,
        observer: Option<Sender<Event>>,
    ) -> Result<Self, Error> {
        let now = host.clock.now();
        let fact = Fact::WorkflowStarted(Box::new(start.clone()));
        let events = host.journal.append(&id, &correlation_id, 0, vec![fact.draft(now, None)])?;
        let run = Run::begin(id, correlation_id, start, now);
        let execution = Self::new(host, run, observer);
        execution.show(events);
        Ok(execution)
    }

    /// Takes up a run that was interrupted, crashed or failed.
    ///
    /// # Errors
    /// If its history is broken or the journal does not take the record.
    pub fn resume(host: Host, run: Run, observer: Option<Sender<Event>>) -> Result<Self, Error> {
        let attempt = run.attempt + 1;
        let mut execution = Self::new(host, run, observer);
        execution.record(vec![Fact::RunResumed { attempt }])?;
        Ok(execution)
    }

    /// Ends a run that nobody works on.
    ///
    /// # Errors
    /// If the journal does not take the record.
    pub fn cancel_idle(host: Host, run: Run, by: &str) -> Result<Run, Error> {
        let mut execution = Self::new(host, run, None);
        let fact = Fact::CancelRequested { by: by.to_owned() };
        execution.record(vec![Fact::RunResumed { attempt: execution.run.attempt + 1 }, fact])?;
        Ok(execution.run)
    }

    fn new(host: Host, run: Run, observer: Option<Sender<Event>>) -> Self {
        let (outbox, inbox) = channel();
        let container = Container::new(run.start.seed, &format!("{}/0", run.start.kind));
        let start = Arc::new(run.start.clone());
        let (watch, workers) = (Watch::default(), Vec::new());
        Self { host, run, start, container, watch, inbox, outbox, observer, workers }
    }

    /// A way to stop the run from another thread.
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
        self.record(Vec::new())?;
        while self.run.status == RunStatus::Running {
            match self.inbox.recv_timeout(self.nap()) {
                Ok(Message::Done { task, attempt, outcome }) => {
                    let facts = self.facts_of(task, attempt, *outcome);
                    self.record(facts)?;
                }
                Ok(Message::Cancel { by }) => self.record(vec![Fact::CancelRequested { by }])?,
                Ok(Message::Interrupt { by }) => {
                    self.record(vec![Fact::RunInterrupted { by }])?;
                }
                Ok(Message::Nudge) | Err(RecvTimeoutError::Timeout) => self.record(Vec::new())?,
                Err(RecvTimeoutError::Disconnected) => {
                    unreachable!("the execution keeps a sender of its own channel")
                }
            }
        }
        self.watch.stop();
        if self.run.status.is_terminal() {
            // Whoever waits for the end may rely on it that nothing works on.
            for worker in self.workers.drain(..) {
                drop(worker.join());
            }
        }
        Ok(self.run)
    }

    /// How long there is nothing to do but wait for messages.
    fn nap(&self) -> Duration {
        match deadline(&self.run) {
            Some(limit) => limit.since(self.host.clock.now()).min(NAP_MAX),
            None => NAP_MAX,
        }
    }

    /// Records `facts` and everything that follows from them in one append, then starts tasks.
    fn record(&mut self, facts: Vec<Fact>) -> Result<(), Error> {
        let now = self.host.clock.now();
        let mut next = self.run.clone();
        for fact in &facts {
            next.apply(now, fact)?;
        }
        let (mut all, mut start) = (facts, Vec::new());
        loop {
            let free = self.host.workers.max(1).saturating_sub(next.running().count());
            let decision = decide(&next, now, free);
            if decision.is_empty() {
                break;
            }
            for fact in &decision.record {
                next.apply(now, fact)?;
            }
            all.extend(decision.record);
            start.extend(decision.start);
        }
        if next.status != RunStatus::Running {
            self.watch.stop();
            self.container.clear();
        }
        if !all.is_empty() {
            let cause = Some(format!("{}:{}", self.run.id, self.run.seq));
            let drafts = all.iter().map(|fact| fact.draft(now, cause.clone())).collect();
            let (id, correlation_id) = (&self.run.id, &self.run.correlation_id);
            let events = self.host.journal.append(id, correlation_id, self.run.seq, drafts)?;
            self.show(events);
        }
        self.run = next;
        start.into_iter().try_for_each(|(task, attempt)| self.start(task, attempt))
    }

    fn show(&self, events: Vec<Event>) {
        if let Some(observer) = &self.observer {
            // An observer that went away is no reason to stop the run.
            events.into_iter().for_each(|event| drop(observer.send(event)));
        }
    }

    /// What a task's end means for the journal.
    fn facts_of(
        &self,
        task: String,
        attempt: u32,
        outcome: Result<TaskOutput, TaskError>,
    ) -> Vec<Fact> {
        let store = &self.host.artifacts;
        let delivered = outcome.and_then(|mut output| {
            let value = std::mem::take(&mut output.value);
            match store.spill(&task, value, &mut output.artifacts) {
                Ok(value) => Ok(TaskOutput { value, ..output }),
                Err(error) => Err(TaskError::Failed(Failure {
                    code: "write_failed".into(),
                    message: format!("cannot write the output of task `{task}`: {error}"),
                    hint: Some("check the space of the home, then resume the run".into()),
                })),
            }
        });
        let error = match delivered {
            Ok(TaskOutput { value: output, artifacts, mut warnings, mut facts }) => {
                warnings.truncate(WARNINGS_MAX);
                facts.push(Fact::TaskCompleted { task, attempt, output, artifacts, warnings });
                return facts;
            }
            // It was told to stop; why, was recorded then.
            Err(TaskError::Stopped) if self.watch.stopped() => return Vec::new(),
            Err(TaskError::Stopped) => failure("stopped", "the task stopped by itself".into()),
            Err(TaskError::Failed(error)) => error,
        };
        let Failure { code, message, hint } = error;
        let message = message.chars().take(MESSAGE_CHARS_MAX).collect();
        vec![Fact::TaskFailed { task, attempt, error: Failure { code, message, hint } }]
    }

    /// Hands a task to a worker thread.
    fn start(&mut self, task: String, attempt: u32) -> Result<(), Error> {
        let plan = self.start.plan.task(&task).expect("only tasks of the plan are started");
        let Some(kind) = self.host.kinds.get(plan.kind.as_str()).cloned() else {
            return Err(Error::UnknownKind { task, kind: plan.kind.clone() });
        };
        let context = self.context(&task).map_err(Error::Artifact)?;
        let outbox = self.outbox.clone();
        let worker = Builder::new().name(task.clone()).spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| kind.run(&context)))
                .unwrap_or_else(|panic| Err(TaskError::Failed(failure_of(&task, &*panic))));
            let outcome = Box::new(outcome);
            // The run may have ended meanwhile; then nobody waits for this.
            let _ = outbox.send(Message::Done { task, attempt, outcome });
        });
        let worker = worker.map_err(Error::Thread)?;
        self.workers.push(worker);
        Ok(())
    }

    fn context(&self, task: &str) -> std::io::Result<TaskContext> {
        let plan = self.start.plan.task(task).expect("only tasks of the plan are started");
        let completed = |name: &&String| self.run.tasks[*name].state == TaskState::Completed;
        let recorded =
            |name: &String| (name.clone(), self.run.tasks[name].output.clone().unwrap_or_default());
        let recorded = self.run.tasks.keys().filter(completed).map(recorded).collect();
        let restored = |name: &String| {
            let record = &self.run.tasks[name];
            let recorded = record.output.clone().unwrap_or_default();
            Ok((name.clone(), self.host.artifacts.restore(&recorded, &record.artifacts)?))
        };
        let outputs = self.run.tasks.keys().filter(completed).map(restored);
        let outputs = outputs.collect::<std::io::Result<_>>()?;
        Ok(TaskContext {
            run: self.run.id.clone(),
            start: Arc::clone(&self.start),
            task: task.to_owned(),
            input: plan.input.clone(),
            outputs,
            recorded,
            made: self.run.artifacts().cloned().collect(),
            warnings: self.run.warnings().map(str::to_owned).collect(),
            container: self.container.clone(),
            artifacts: self.host.artifacts.clone(),
            watch: self.watch.clone(),
        })
    }
}

fn failure(code: &str, message: String) -> Failure {
    Failure { code: code.to_owned(), message, hint: None }
}

fn failure_of(task: &str, panic: &(dyn std::any::Any + Send)) -> Failure {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    Failure {
        code: "panic".into(),
        message: format!("task `{task}` panicked: {text}"),
        hint: Some("this is a defect of Dirigent; please report it with the workflow file".into()),
    }
}
