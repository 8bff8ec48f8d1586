//! The supervisor: keeps the services of a process running while they are needed.
//!
//! Promises: a service that fails or panics is started again, later each time, and given up when
//! it keeps failing; what needs it is stopped with it and started after it; stopping goes in
//! reverse order and ends.
//! Not here: who may start when; see [`tree`], which is pure.

pub mod tree;

use std::{
    collections::BTreeMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{Builder, JoinHandle},
    time::Duration,
};

use dirigent_core::{Clock, Timestamp};

use crate::{bus::text_of, deadline::Deadline};

use tree::{Command, Signal, Tree};
pub use tree::{Refused, State, Status};

/// How long services may take to stop, together.
pub const STOP_LIMIT: Duration = Duration::from_secs(10);
/// How long the supervisor sleeps at most before it looks at the clock again.
const NAP_MAX: Duration = Duration::from_secs(3600);

/// Works in the background of a process.
pub trait Service: Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;
    /// What must be ready before it starts.
    fn needs(&self) -> &'static [&'static str] {
        &[]
    }
    /// Works until `life` says to stop, or its work is done. Called again after a failure.
    ///
    /// # Errors
    /// If it cannot go on.
    fn run(&self, life: &Life) -> Result<(), String>;
}

/// What a service did, for the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It failed.
    Failed {
        /// Which.
        service: String,
        /// Why.
        error: String,
        /// When it is started again; none if it is given up.
        next_at: Option<Timestamp>,
    },
    /// It is ready again after a failure.
    Recovered {
        /// Which.
        service: String,
    },
    /// It did not stop in time and was left behind.
    Abandoned {
        /// Which.
        service: String,
    },
}

/// The life of one start of a service, as the service sees it.
pub struct Life {
    at: usize,
    start: u64,
    outbox: Sender<Message>,
    stop: Arc<Stop>,
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Life").field("start", &self.start).finish_non_exhaustive()
    }
}

impl Life {
    /// Says that the service serves from now on, so that those that need it may start.
    pub fn ready(&self) {
        let _ = self.outbox.send(Message::Ready { at: self.at, start: self.start });
    }

    /// Waits for `time`, or until the service is to stop. Returns whether it is.
    pub fn wait(&self, time: Duration) -> bool {
        let asked = self.stop.asked.lock().expect("no code panics while it holds the word");
        let (asked, _) = self
            .stop
            .changed
            .wait_timeout_while(asked, time, |asked| !*asked)
            .expect("no code panics while it holds the word");
        *asked
    }

    /// Whether the service is to stop.
    pub fn is_over(&self) -> bool {
        *self.stop.asked.lock().expect("no code panics while it holds the word")
    }
}

#[derive(Default)]
struct Stop {
    asked: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    fn ask(&self) {
        *self.asked.lock().expect("no code panics while it holds the word") = true;
        self.changed.notify_all();
    }
}

enum Message {
    Ready { at: usize, start: u64 },
    Ended { at: usize, start: u64, outcome: Result<(), String> },
    Nudge,
    Stop,
}

/// Services under supervision.
pub struct Supervisor {
    outbox: Sender<Message>,
    tree: Arc<Mutex<Tree>>,
    clock: Arc<dyn Clock>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor").finish_non_exhaustive()
    }
}

/// Is told what services did.
pub type OnChange = Box<dyn Fn(Change) + Send>;

impl Supervisor {
    /// Starts `services`, those that need nothing first.
    ///
    /// # Errors
    /// If they need each other in a circle, or what is not there.
    pub fn start(
        services: Vec<Arc<dyn Service>>,
        clock: Arc<dyn Clock>,
        on_change: OnChange,
    ) -> Result<Self, Refused> {
        let names: Vec<(&str, &[&str])> =
            services.iter().map(|service| (service.name(), service.needs())).collect();
        let tree = Arc::new(Mutex::new(Tree::new(&names)?));
        let (outbox, inbox) = channel();
        let keeper = Keeper {
            services,
            tree: Arc::clone(&tree),
            clock: Arc::clone(&clock),
            outbox: outbox.clone(),
            on_change,
            starts: 0,
            lives: BTreeMap::new(),
        };
        // Without the thread the services do not run, which their state shows.
        let thread =
            Builder::new().name("supervisor".into()).spawn(move || keeper.work(&inbox)).ok();
        Ok(Self { outbox, tree, clock, thread })
    }

    /// How the services do.
    pub fn status(&self) -> Vec<Status> {
        self.tree.lock().expect("no code panics while it holds the tree").status(self.clock.now())
    }

    /// Makes the supervisor look at the clock, for clocks that are moved by hand.
    pub fn nudge(&self) {
        let _ = self.outbox.send(Message::Nudge);
    }

    /// Stops all services in reverse order, within [`STOP_LIMIT`]; returns how each ended.
    pub fn stop(mut self) -> Vec<Status> {
        self.halt();
        self.status()
    }

    fn halt(&mut self) {
        let _ = self.outbox.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.halt();
    }
}

struct Running {
    start: u64,
    stop: Arc<Stop>,
    thread: JoinHandle<()>,
}

/// What the thread of the supervisor works with.
struct Keeper {
    services: Vec<Arc<dyn Service>>,
    tree: Arc<Mutex<Tree>>,
    clock: Arc<dyn Clock>,
    outbox: Sender<Message>,
    on_change: OnChange,
    starts: u64,
    lives: BTreeMap<usize, Running>,
}

impl Keeper {
    fn work(mut self, inbox: &Receiver<Message>) {
        self.signal(Signal::Tick);
        let mut deadline: Option<Deadline> = None;
        loop {
            let (done, due) = self.look(|tree| (tree.is_done(), tree.due()));
            if deadline.is_some() && done {
                return;
            }
            let nap = match deadline {
                Some(deadline) => deadline.left(),
                None => due.map_or(NAP_MAX, |due| due.since(self.clock.now())).min(NAP_MAX),
            };
            match inbox.recv_timeout(nap) {
                Ok(Message::Ready { at, start }) if self.is_current(at, start) => self.ready(at),
                Ok(Message::Ended { at, start, outcome }) if self.is_current(at, start) => {
                    self.ended(at, outcome);
                }
                Ok(Message::Stop) => {
                    deadline = Some(Deadline::after(STOP_LIMIT));
                    self.signal(Signal::StopAll);
                }
                Err(RecvTimeoutError::Timeout) if deadline.is_some() => return self.abandon(),
                Ok(_) | Err(RecvTimeoutError::Timeout) => self.signal(Signal::Tick),
                Err(RecvTimeoutError::Disconnected) => {
                    unreachable!("the keeper keeps a sender of its own channel")
                }
            }
        }
    }

    fn look<T>(&self, look: impl FnOnce(&mut Tree) -> T) -> T {
        look(&mut self.tree.lock().expect("no code panics while it holds the tree"))
    }

    fn is_current(&self, at: usize, start: u64) -> bool {
        self.lives.get(&at).is_some_and(|life| life.start == start)
    }

    fn ready(&mut self, at: usize) {
        let restarted = self.look(|tree| tree.status(Timestamp::default())[at].restarts > 0);
        self.signal(Signal::Ready(at));
        if restarted {
            (self.on_change)(Change::Recovered { service: self.services[at].name().to_owned() });
        }
    }

    fn ended(&mut self, at: usize, outcome: Result<(), String>) {
        if let Some(life) = self.lives.remove(&at) {
            drop(life.thread.join());
        }
        let error = outcome.clone().err();
        self.signal(Signal::Ended(at, outcome));
        if let Some(error) = error {
            let next_at = self.look(|tree| match tree.state(at) {
                State::Backoff { until } => Some(*until),
                _ => None,
            });
            let service = self.services[at].name().to_owned();
            (self.on_change)(Change::Failed { service, error, next_at });
        }
    }

    fn signal(&mut self, signal: Signal) {
        let now = self.clock.now();
        let mut commands = self.look(|tree| tree.on(now, signal));
        while let Some(command) = (!commands.is_empty()).then(|| commands.remove(0)) {
            match command {
                Command::Start(at) => {
                    if let Err(error) = self.start(at) {
                        let error = format!("cannot start a thread: {error}");
                        let further = self.look(|tree| tree.on(now, Signal::Ended(at, Err(error))));
                        commands.extend(further);
                    }
                }
                Command::Stop(at) => {
                    if let Some(life) = self.lives.get(&at) {
                        life.stop.ask();
                    }
                }
            }
        }
    }

    fn start(&mut self, at: usize) -> std::io::Result<()> {
        self.starts += 1;
        let (start, stop) = (self.starts, Arc::new(Stop::default()));
        let service = Arc::clone(&self.services[at]);
        let (outbox, ended) = (self.outbox.clone(), self.outbox.clone());
        let life = Life { at, start, outbox, stop: Arc::clone(&stop) };
        let thread = Builder::new().name(service.name().to_owned()).spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| service.run(&life)));
            let outcome =
                outcome.unwrap_or_else(|panic| Err(format!("it panicked: {}", text_of(&*panic))));
            // What the service holds must be free once its end is known.
            drop(service);
            let _ = ended.send(Message::Ended { at, start, outcome });
        })?;
        self.lives.insert(at, Running { start, stop, thread });
        Ok(())
    }

    /// Leaves behind what did not stop.
    fn abandon(&mut self) {
        for at in self.lives.keys() {
            (self.on_change)(Change::Abandoned { service: self.services[*at].name().to_owned() });
        }
    }
}
