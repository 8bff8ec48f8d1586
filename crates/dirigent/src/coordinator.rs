//! The coordinator: the one entry point for all work, from the command line, the HTTP interface
//! and programs alike.
//!
//! Promises: a run exists once `workflow_started` is durable; the same correlation id never does
//! the same work twice; a run that stopped for any reason goes on where it stood.

mod emergency;
mod estimate;
mod files;
mod lookup;
mod opened;
mod operate;
mod stored;
mod surroundings;

use std::sync::{Arc, Mutex, Weak, mpsc::Sender};

use dirigent_core::{Clock, CorrelationId, Event, RunId, SystemClock};
use dirigent_trading::strategy::Registry;
use dirigent_workflow::{
    Run, RunStatus,
    port::{TaskKind, Watch},
    runtime::{Execution, Handle, Host},
};

use crate::{
    Error,
    bus::Handler,
    home::Home,
    notify::{self, Outside},
    planner::{Planner, Planners, planners},
    prepare::Prepared,
    services::Services,
    summary::Summary,
    tasks::{self, Kinds, isolate::Child},
    verify::{Scratch, Verdict},
};

pub(crate) use opened::Opened;
use opened::Working;

pub use lookup::{Listed, fact, load};

/// Watches a run from outside; every method may be left out.
pub trait Observer {
    /// Another process writes to the home; `holder` says which. The run begins when it is done.
    fn waiting(&mut self, _holder: &str) {}
    /// The run exists and works; it can be stopped by `handle` and looked at by `watch`.
    fn started(&mut self, _run: &RunId, _handle: Handle, _watch: Watch) {}
    /// Where events are sent as they become durable.
    fn events(&mut self) -> Option<Sender<Event>> {
        None
    }
}

/// An observer that does not look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}

/// How a workflow is to be run.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The caller's key; the run's own id when left out.
    pub correlation_id: Option<CorrelationId>,
    /// How many tasks may run at once; the number of cores when left out.
    pub workers: Option<usize>,
}

/// Runs workflows in one home.
pub struct Coordinator {
    home: Home,
    clock: Arc<dyn Clock>,
    kinds: Kinds,
    planners: Planners,
    strategies: Arc<Registry>,
    on_broken: crate::OnBroken,
    outside: Outside,
    handlers: Vec<Arc<dyn Handler>>,
    shared: Mutex<Weak<Opened>>,
    opening: Mutex<()>,
    child: Option<Child>,
}

impl std::fmt::Debug for Coordinator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Coordinator").field("home", &self.home).finish_non_exhaustive()
    }
}

impl Coordinator {
    /// A coordinator of everything that is built in, with its state in `home`.
    pub fn at(home: Home) -> Self {
        Self::with_strategies(home, Registry::builtin())
    }

    /// The same with these strategies.
    pub fn with_strategies(home: Home, strategies: Registry) -> Self {
        let strategies = Arc::new(strategies);
        Self {
            home,
            clock: Arc::new(SystemClock),
            kinds: tasks::kinds(&strategies),
            planners: planners(&strategies),
            strategies,
            on_broken: Arc::new(|_| {}),
            outside: Outside::default(),
            handlers: Vec::new(),
            shared: Mutex::default(),
            opening: Mutex::default(),
            child: None,
        }
    }

    /// Adds a kind of task, or replaces the one of the same name.
    pub fn register_task(&mut self, kind: Arc<dyn TaskKind>) {
        self.kinds.insert(kind.name(), kind);
    }

    /// Adds a workflow type, or replaces the one of the same name.
    pub fn register_planner(&mut self, planner: Arc<dyn Planner>) {
        self.planners.insert(planner.kind(), planner);
    }

    /// The folder of state.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Runs `prepared` to the end. A correlation id that is known returns the completed run,
    /// continues the unfinished one, or tries the failed one again.
    ///
    /// # Errors
    /// If the home is held, the journal fails, or the correlation id belongs to another
    /// configuration. A run that fails is no error here: its summary says so.
    pub fn execute(
        &self,
        prepared: &Prepared,
        request: &Request,
        observer: &mut dyn Observer,
    ) -> Result<Summary, Error> {
        let opened = self.opened(&format!("run {}", prepared.start.name), observer)?;
        let host = self.host(&opened, &prepared.start, request.workers);
        let mut services = self.services(&opened, observer.events())?;
        let has_its_end = |run: &Run| run.status.is_success() || run.status == RunStatus::Cancelled;
        let admission = opened.admission();
        let (execution, working) = match self.admit(&host, prepared, request)? {
            Some(run) if has_its_end(&run) => {
                drop(admission);
                return self.stored(&run);
            }
            Some(run) => {
                let working = opened.take(&run.id);
                drop(admission);
                let Some(working) = working else {
                    return Ok(Summary::of(&opened.wait_for(&run.id)?, &self.home));
                };
                // Who had it may have gone on with it since.
                let run = load(&*opened.journal, &run.id)?;
                if has_its_end(&run) {
                    return self.stored(&run);
                }
                self.check_files(&run)?;
                // A request that was left while nobody worked on the run is out of date once it
                // is asked for again.
                drop(self.home.take_cancel_request(&run.id));
                services.owe(&run.id, run.seq, &prepared.notifications)?;
                (Execution::resume(host, run, services.events())?, working)
            }
            None => {
                let execution = self.create(host, prepared, request, &mut services)?;
                let working = opened.take(execution.id()).expect("a new run is nobody's yet");
                drop(admission);
                (execution, working)
            }
        };
        self.drive(execution, services, &working, observer)
    }

    /// Records a new run without working on it; a known correlation id gives the run it has.
    ///
    /// # Errors
    /// As `execute`.
    pub fn register(
        &self,
        prepared: &Prepared,
        request: &Request,
        observer: &mut dyn Observer,
    ) -> Result<(RunId, RunStatus), Error> {
        let opened = self.opened(&format!("run {}", prepared.start.name), observer)?;
        let host = self.host(&opened, &prepared.start, request.workers);
        let mut services = self.services(&opened, None)?;
        let _admission = opened.admission();
        if let Some(run) = self.admit(&host, prepared, request)? {
            return Ok((run.id, run.status));
        }
        let run = self.create(host, prepared, request, &mut services)?;
        Ok((run.id().clone(), RunStatus::Running))
    }

    /// The run that already has the caller's key.
    fn admit(
        &self,
        host: &Host,
        prepared: &Prepared,
        request: &Request,
    ) -> Result<Option<Run>, Error> {
        let Some(id) = &request.correlation_id else { return Ok(None) };
        let known = host.journal.find_by_correlation(id)?;
        let Some(known) = known.iter().find(|run| !crate::system::is_system(run)) else {
            return Ok(None);
        };
        let run = load(&*host.journal, known)?;
        if run.start.config_hash == prepared.start.config_hash {
            Ok(Some(run))
        } else {
            Err(Error::CorrelationTaken { id: run.correlation_id, run: run.id })
        }
    }

    fn create(
        &self,
        host: Host,
        prepared: &Prepared,
        request: &Request,
        services: &mut Services,
    ) -> Result<Execution, Error> {
        let id = RunId::new(&*self.clock);
        let key = request.correlation_id.clone().unwrap_or_else(|| CorrelationId::from(&id));
        services.owe(&id, 0, &prepared.notifications)?;
        Ok(Execution::create(host, id, key, prepared.start.clone(), services.events())?)
    }

    /// Continues a run that has not completed.
    ///
    /// # Errors
    /// If the run is unknown, the home is held, or the journal fails.
    pub fn resume(
        &self,
        id: &RunId,
        workers: Option<usize>,
        observer: &mut dyn Observer,
    ) -> Result<Summary, Error> {
        let opened = self.opened(&format!("run {id}"), observer)?;
        let mut services = self.services(&opened, observer.events())?;
        let Some(working) = opened.take(id) else {
            return Ok(Summary::of(&opened.wait_for(id)?, &self.home));
        };
        let run = load(&*opened.journal, id)?;
        let host = self.host(&opened, &run.start, workers);
        if run.status.is_success() {
            return self.stored(&run);
        }
        self.check_files(&run)?;
        // A request that was left while nobody worked on the run is out of date once it is taken
        // up again on purpose.
        drop(self.home.take_cancel_request(id));
        services.owe(id, run.seq, &notify::stored(&*host.journal, id))?;
        let execution = Execution::resume(host, run, services.events())?;
        self.drive(execution, services, &working, observer)
    }

    fn drive(
        &self,
        run: Execution,
        services: Services,
        working: &Working,
        observer: &mut dyn Observer,
    ) -> Result<Summary, Error> {
        observer.started(run.id(), run.handle(), run.watch());
        working.steer(run.handle());
        let governor = self.govern(&run);
        let (host, services) = (run.host(), services.start(&run)?);
        let run = emergency::drive(&self.home, run);
        drop(governor);
        let told = services.finish();
        let run = run?;
        told?;
        self.cancel_others(&host, &working.opened)?;
        if run.status.is_terminal() {
            drop(self.home.take_cancel_request(&run.id));
            return self.ended(&run);
        }
        Ok(Summary::of(&run, &self.home))
    }

    /// Cancels the runs that others asked to cancel while this process had the home. Those that it
    /// works on hear of it themselves.
    fn cancel_others(&self, host: &Host, opened: &Arc<Opened>) -> Result<(), Error> {
        for id in self.home.cancel_requests() {
            let Some(_working) = opened.take(&id) else { continue };
            // A run that cannot be read is told of by whoever looks at it, and fails no other.
            let Ok(run) = load(&*host.journal, &id) else { continue };
            let Some(by) = self.home.take_cancel_request(&id) else { continue };
            if !run.status.is_terminal() {
                Execution::cancel_idle(host.clone(), run, &by)?;
            }
        }
        Ok(())
    }

    /// Stops a run for good. A run that another process works on is stopped through it.
    ///
    /// # Errors
    /// If the run is unknown or the journal fails.
    pub fn cancel(&self, id: &RunId, by: &str) -> Result<Cancelled, Error> {
        let run = load(&*self.reader()?, id)?;
        if run.status.is_terminal() {
            return Ok(Cancelled::Already(run.status));
        }
        let Some(journal) = self.home.try_writer(&format!("cancel {id}"), &self.on_broken)? else {
            self.home
                .request_cancel(id, by)
                .map_err(|source| Error::Write { path: self.home.root().to_owned(), source })?;
            return Ok(Cancelled::Requested);
        };
        let host = self.host_on(Arc::new(journal));
        let run = load(&*host.journal, id)?;
        if run.status.is_terminal() {
            return Ok(Cancelled::Already(run.status));
        }
        Execution::cancel_idle(host, run, by)?;
        Ok(Cancelled::Done)
    }

    /// Runs a completed run again from its recorded configuration, leaving no trace in the home.
    ///
    /// # Errors
    /// If the run is unknown or has not completed.
    pub fn verify(&self, id: &RunId, observer: &mut dyn Observer) -> Result<Verdict, Error> {
        self.check_halt()?;
        let first = load(&*self.reader()?, id)?;
        let Some(expected) = first.digest.clone() else {
            return Err(Error::NotCompleted { run: id.clone(), status: first.status });
        };
        let scratch = Scratch::new(id)?;
        let journal = Arc::new(dirigent_journal::MemoryJournal::new());
        let mut host = self.fitted(self.host_on(journal), &first.start, None);
        host.artifacts = scratch.home.artifacts();
        let again = RunId::new(&*self.clock);
        let key = CorrelationId::from(&again);
        let run = Execution::create(host, again, key, first.start.clone(), None)?;
        observer.started(run.id(), run.handle(), run.watch());
        let second = run.drive()?;
        Ok(Verdict::of(&first, expected, &second))
    }
}

/// What became of a request to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// Nobody worked on the run; it is cancelled.
    Done,
    /// The process that works on it was asked to stop.
    Requested,
    /// It had ended before.
    Already(RunStatus),
}
