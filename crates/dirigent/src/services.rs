//! Services: what works beside a run while it is driven, and what is owed when it ends.
//!
//! Promises: events go to the buses as they become durable, without the engine waiting; what a
//! crash left untold is told; an event that could not be brought is a dead letter, never lost.

mod feed;

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use dirigent_core::{Event, RunId};
use dirigent_workflow::runtime::Execution;

use crate::{
    Error, Home,
    bus::{Bus, Handler, Terms},
    config::workflow::Notification,
    coordinator::Opened,
    dead_letters::{Account, Books, Handlers, Retries},
    halt,
    notify::Outside,
    requests::Requests,
    supervisor::{Change, STOP_LIMIT, Service, State, Status, Supervisor},
    system::{System, SystemFact, SystemLog},
};
use feed::{Feed, Left};

/// How long handlers may take to have what waits for them once the run has ended.
const SETTLE_LIMIT: Duration = Duration::from_secs(10);
/// How many runs that crashed with events untold are looked after by one process.
const OUTBOXES_MAX: usize = 16;

/// What works beside a run, not started yet.
pub(crate) struct Services {
    home: Home,
    opened: Arc<Opened>,
    log: Arc<SystemLog>,
    outside: Outside,
    registered: Vec<Arc<dyn Handler>>,
    sender: Option<Sender<Event>>,
    events: Receiver<Event>,
    onward: Option<Sender<Event>>,
    own: Vec<Arc<dyn Handler>>,
    /// Events up to this one are in the journal and do not come from the run.
    head: u64,
}

impl Services {
    /// Looks whether work may begin in the home.
    ///
    /// # Errors
    /// If it is halted, or the system log cannot be written.
    pub(crate) fn open(
        home: &Home,
        opened: Arc<Opened>,
        outside: Outside,
        registered: Vec<Arc<dyn Handler>>,
        onward: Option<Sender<Event>>,
    ) -> Result<Self, Error> {
        let log = Arc::clone(&opened.log);
        if let Some(halt) = halt::take_up(home, &log)? {
            return Err(Error::Halted(halt));
        }
        let (sender, events) = channel();
        Ok(Self {
            home: home.clone(),
            opened,
            log,
            outside,
            registered,
            sender: Some(sender),
            events,
            onward,
            own: Vec::new(),
            head: 0,
        })
    }

    /// Promises that the events of `run` after `head` are told to those whom `notifications` name.
    ///
    /// # Errors
    /// If the promise cannot be recorded.
    pub(crate) fn owe(
        &mut self,
        run: &RunId,
        head: u64,
        notifications: &[Notification],
    ) -> Result<(), Error> {
        self.own = self.outside.handlers(notifications);
        self.head = head;
        if self.own.is_empty() {
            return Ok(());
        }
        let opened = SystemFact::NotificationsOpened { run: run.clone(), after: head };
        // One that is open is from before a crash, and owes more.
        self.log.record(|system, _| {
            let is_open = system.outboxes().contains_key(run);
            (!is_open).then_some(opened).into_iter().collect()
        })
    }

    /// Where the run sends its events.
    pub(crate) fn events(&mut self) -> Option<Sender<Event>> {
        self.sender.take()
    }

    /// Starts working beside `run`.
    ///
    /// # Errors
    /// If there are no threads for it.
    pub(crate) fn start(self, run: &Execution) -> Result<Active, Error> {
        let Self { home, opened, log, outside, registered, sender, events, onward, own, head } =
            self;
        // Only the run holds a sender, so that the events end with it.
        drop(sender);
        let books = Arc::new(Books::new(Arc::clone(&log), Account::Each));
        let tally = Arc::new(Books::new(Arc::clone(&log), Account::Tally));
        let process = bus("process", &tally, &registered)?;
        let own_bus = bus(run.id().as_str(), &books, &own)?;
        own_bus.bridge(&process, move |event| event.seq > head);
        let mut left = Vec::new();
        for (id, after) in log.look(|system| open_outboxes(system, &opened)) {
            let handlers = outside.handlers_of(&**log.journal(), &id);
            left.push(Left { bus: bus(id.as_str(), &books, &handlers)?, run: id, after });
        }
        let own_after = log.look(|system| Some(system.outboxes().get(run.id())?.after));
        let journal = Arc::clone(log.journal());
        let own_run =
            Left { run: run.id().clone(), after: own_after.unwrap_or(head), bus: own_bus };
        let feed = Arc::new(Feed::new(journal, own_run, head, events, onward, left));
        let own = Some((run.id().clone(), own));
        let retries = Retries::new(Arc::clone(&log), Handlers { own, registered, outside });
        let requests =
            Requests { home, log: Arc::clone(&log), run: run.id().clone(), handle: run.handle() };
        let services: Vec<Arc<dyn Service>> =
            vec![Arc::new(requests), Arc::clone(&feed) as _, Arc::new(retries)];
        let diary = Arc::clone(&log);
        let on_change = Box::new(move |change| note(&diary, change));
        let supervisor = Supervisor::start(services, run.host().clock, on_change)
            .expect("the services of a run need each other in no circle");
        Ok(Active { log, supervisor, feed, process, books, tally })
    }
}

/// A bus with `handlers` on it.
fn bus(name: &str, books: &Arc<Books>, handlers: &[Arc<dyn Handler>]) -> Result<Bus, Error> {
    let bus = Bus::new(name, Arc::clone(books) as _);
    for handler in handlers {
        bus.subscribe(Arc::clone(handler), Terms::default()).map_err(Error::Subscription)?;
    }
    Ok(bus)
}

/// Runs that nobody works on and whose events were not all told, with the event up to which they
/// were.
fn open_outboxes(system: &System, opened: &Opened) -> Vec<(RunId, u64)> {
    let left = |(run, _): &(&RunId, &_)| !opened.works_on(run);
    let others = system.outboxes().iter().filter(left).take(OUTBOXES_MAX);
    others.map(|(run, outbox)| (run.clone(), outbox.after)).collect()
}

/// What works beside a run.
pub(crate) struct Active {
    log: Arc<SystemLog>,
    supervisor: Supervisor,
    feed: Arc<Feed>,
    process: Bus,
    books: Arc<Books>,
    tally: Arc<Books>,
}

impl Active {
    /// Brings what waits to be brought, enters the rest as dead letters, and stops.
    ///
    /// # Errors
    /// If the system log did not take a record.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let services = self.supervisor.stop();
        self.feed.buses().for_each(|bus| drop(bus.close(SETTLE_LIMIT)));
        self.process.close(SETTLE_LIMIT);
        self.books.close()?;
        self.tally.close()?;
        let settled = self.feed.told();
        self.log.record(|system, _| {
            let open = settled.into_iter().filter(|run| system.outboxes().contains_key(run));
            let settled = open.map(|run| SystemFact::NotificationsSettled { run });
            settled.chain(recovered(system, &services)).collect()
        })
    }
}

/// Services that had failed and did their work this time.
fn recovered(system: &System, services: &[Status]) -> Vec<SystemFact> {
    let was_down = |status: &&Status| {
        let daemon = system.daemons().get(&status.name);
        daemon.is_some_and(|daemon| daemon.error.is_some())
    };
    let works = |status: &&Status| status.state == State::Stopped && status.error.is_none();
    let fact = |status: &Status| SystemFact::DaemonRestarted { daemon: status.name.clone() };
    services.iter().filter(works).filter(was_down).map(fact).collect()
}

/// Records what a service did. A journal that does not take it ends the process by itself.
fn note(log: &SystemLog, change: Change) {
    let fact = match change {
        Change::Failed { service: daemon, error, next_at } => {
            SystemFact::DaemonFailed { daemon, error, next_at }
        }
        Change::Recovered { service: daemon } => SystemFact::DaemonRestarted { daemon },
        Change::Abandoned { service: daemon } => {
            let error = format!("it did not stop within {} s", STOP_LIMIT.as_secs());
            SystemFact::DaemonFailed { daemon, error, next_at: None }
        }
    };
    drop(log.record(|_, _| vec![fact]));
}
