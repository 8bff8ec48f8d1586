//! The emergency halt: no work begins, and what runs is interrupted, until it is lifted.
//!
//! Invariants: a request to halt is on the disk before anything else is tried, and counts from
//! then on; one that cannot be read counts as well; lifting names the halt it lifts, so it cannot
//! lift a later one.
//! Not here: stopping the run in progress; see `requests`.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use dirigent_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Coordinator, Error, Home,
    system::{self, Halt, SystemFact, SystemLog},
};

/// How often the process that has the home is looked at for an answer.
const LOOKS: usize = 50;
/// How long one look lasts at most.
const LOOK: Duration = Duration::from_millis(100);
/// The longest reason and name that are recorded.
const TEXT_CHARS_MAX: usize = 1_000;

/// A request to halt, left for the process that writes.
#[derive(Debug, Serialize, Deserialize)]
struct HaltRequest {
    by: String,
    reason: String,
    at: Option<Timestamp>,
}

/// A request to lift the halt recorded at position `halt`.
#[derive(Debug, Serialize, Deserialize)]
struct LiftRequest {
    by: String,
    halt: u64,
}

/// What became of a request to halt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halted {
    /// It is recorded: nothing runs.
    Done(Halt),
    /// It was halted before.
    Already(Halt),
    /// It counts, but is not recorded: whoever has the home has not answered, or cannot write.
    Requested,
}

/// What became of a request to lift the halt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lifted {
    /// Work may begin.
    Done(Halt),
    /// There was no halt.
    NotHalted,
    /// The process that works in the home has not answered yet.
    Requested,
}

impl Coordinator {
    /// Stops all work in the home, and lets none begin until [`Coordinator::lift`]. Runs in
    /// progress are interrupted and can be resumed afterwards.
    ///
    /// # Errors
    /// If not even the request can be written.
    pub fn halt(&self, by: &str, reason: &str) -> Result<Halted, Error> {
        if let Ok(Some(halt)) = self.halted()
            && halt.seq > 0
        {
            return Ok(Halted::Already(halt));
        }
        let cut = |text: &str| text.chars().take(TEXT_CHARS_MAX).collect();
        let at = Some(self.clock().now());
        let request = HaltRequest { by: cut(by), reason: cut(reason), at };
        self.home().leave(HALT, &request)?;
        for _ in 0..LOOKS {
            // What cannot be recorded, for want of space for example, counts all the same.
            let journal = match self.home().try_writer("halt", self.on_broken_hook()) {
                Ok(journal) => journal,
                Err(_) => return Ok(Halted::Requested),
            };
            if let Some(journal) = journal {
                let log = self.system_log(Arc::new(journal));
                return Ok(match log.and_then(|log| take_up(self.home(), &log)) {
                    Ok(Some(halt)) => Halted::Done(halt),
                    Ok(None) | Err(_) => Halted::Requested,
                });
            }
            if let Ok(Some(halt)) = self.recorded_halt(LOOK) {
                return Ok(Halted::Done(halt));
            }
        }
        Ok(Halted::Requested)
    }

    /// Lets work begin again.
    ///
    /// # Errors
    /// If the journal cannot be read or written.
    pub fn lift(&self, by: &str) -> Result<Lifted, Error> {
        let mut asked = None;
        for _ in 0..LOOKS {
            let Some(halt) = self.halted()? else {
                return Ok(asked.map_or(Lifted::NotHalted, Lifted::Done));
            };
            // Another halt than the one that was to be lifted stays.
            if let Some(lifted) = asked.take_if(|asked: &mut Halt| asked.seq != halt.seq) {
                return Ok(Lifted::Done(lifted));
            }
            if let Some(journal) = self.home().try_writer("halt --resume", self.on_broken_hook())? {
                let log = self.system_log(Arc::new(journal))?;
                let halt = take_up(self.home(), &log)?.unwrap_or(halt);
                log.record(|_, _| vec![SystemFact::HaltLifted { by: by.to_owned() }])?;
                return Ok(Lifted::Done(halt));
            }
            // A halt that is not recorded yet has no position to name; the next look finds it.
            if halt.seq > 0 && asked.is_none() {
                self.home().leave(LIFT, &LiftRequest { by: by.to_owned(), halt: halt.seq })?;
                asked = Some(halt);
            }
            self.recorded_halt(LOOK)?;
        }
        Ok(Lifted::Requested)
    }

    /// Why no work may begin, if so; also from a request that nobody has recorded yet.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn halted(&self) -> Result<Option<Halt>, Error> {
        if let Some(HaltRequest { by, reason, at }) = self.home().halt_request() {
            let recorded = self.recorded_halt(Duration::ZERO).ok().flatten();
            let since = at.unwrap_or(self.clock().now());
            return Ok(Some(recorded.unwrap_or(Halt { by, reason, since, seq: 0 })));
        }
        self.recorded_halt(Duration::ZERO)
    }

    /// The halt in the system log, after the log moved or `wait` is over.
    fn recorded_halt(&self, wait: Duration) -> Result<Option<Halt>, Error> {
        let journal = match self.reader() {
            Err(Error::NoRuns { .. }) => return Ok(None),
            journal => journal?,
        };
        if !wait.is_zero() {
            let run = system::run();
            let seq = journal.head(&run)?.map_or(0, |head| head.last_seq);
            journal.follow(&run, seq, wait)?;
        }
        Ok(system::read(&*journal)?.halt().cloned())
    }

    /// Refuses if the home is halted.
    pub(crate) fn check_halt(&self) -> Result<(), Error> {
        self.halted()?.map_or(Ok(()), |halt| Err(Error::Halted(halt)))
    }
}

/// Records the requests that others left, and says whether the home is halted then.
pub(crate) fn take_up(home: &Home, log: &SystemLog) -> Result<Option<Halt>, Error> {
    if let Some(HaltRequest { by, reason, .. }) = home.halt_request() {
        log.record(|system, _| {
            let halted = SystemFact::Halted { by, reason };
            system.halt().is_none().then_some(halted).into_iter().collect()
        })?;
        // One that cannot be removed halts again, which is the safe side.
        drop(fs::remove_file(home.control(HALT)));
    }
    if let Some(LiftRequest { by, halt }) = home.lift_request() {
        log.record(|system, _| {
            let is_meant = system.halt().is_some_and(|present| present.seq == halt);
            is_meant.then_some(SystemFact::HaltLifted { by }).into_iter().collect()
        })?;
        drop(fs::remove_file(home.control(LIFT)));
    }
    Ok(log.look(|system| system.halt().cloned()))
}

const HALT: &str = "halt";
const LIFT: &str = "lift";

impl Home {
    fn control(&self, name: &str) -> PathBuf {
        self.root().join("control").join(name)
    }

    /// The request to halt, if there is one. One that cannot be read is one all the same.
    fn halt_request(&self) -> Option<HaltRequest> {
        let path = self.control(HALT);
        let unreadable = |why: String| HaltRequest {
            by: "a request that cannot be read".to_owned(),
            reason: format!("`{}`: {why}", path.display()),
            at: None,
        };
        match fs::read_to_string(&path) {
            Ok(text) => Some(
                serde_json::from_str(&text).unwrap_or_else(|error| unreadable(error.to_string())),
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => Some(unreadable(error.to_string())),
        }
    }

    /// Whether there is a request to halt.
    pub(crate) fn is_halt_requested(&self) -> bool {
        self.halt_request().is_some()
    }

    /// The request to lift a halt. One that cannot be read is none.
    fn lift_request(&self) -> Option<LiftRequest> {
        serde_json::from_str(&fs::read_to_string(self.control(LIFT)).ok()?).ok()
    }

    /// Leaves a request for the process that writes; it is on the disk when this returns.
    fn leave(&self, name: &str, request: &impl Serialize) -> Result<(), Error> {
        let path = self.control(name);
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(self.root()))?;
            let draft = path.with_extension(format!("{}.tmp", std::process::id()));
            let mut file = File::create(&draft)?;
            file.write_all(serde_json::to_string(request)?.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            File::open(path.parent().unwrap_or(self.root()))?.sync_all()
        };
        write().map_err(|source| Error::Write { path: path.clone(), source })
    }
}
