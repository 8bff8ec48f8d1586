//! The feed: brings the events of a run to its bus, and before that what a crash left untold.

use std::{
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, RecvTimeoutError, Sender},
    },
    time::Duration,
};

use dirigent_core::{Event, RunId};
use dirigent_journal::Journal;

use crate::{
    bus::Bus,
    supervisor::{Life, Service},
};

/// How often the feed looks whether it is to stop.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How many events are read at once.
const READ_PAGE: usize = 1_000;

/// A run with events that may not have been told.
pub(super) struct Left {
    pub(super) run: RunId,
    /// Events up to this one were told.
    pub(super) after: u64,
    pub(super) bus: Bus,
}

/// Brings events to buses.
pub(super) struct Feed {
    journal: Arc<dyn Journal>,
    own: Left,
    /// Events of the own run up to this one are read from the journal, later ones come from it.
    head: u64,
    events: Mutex<Receiver<Event>>,
    onward: Option<Sender<Event>>,
    left: Vec<Left>,
    progress: Mutex<Progress>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Begun,
    CaughtUp,
    Ended,
}

impl Feed {
    pub(super) fn new(
        journal: Arc<dyn Journal>,
        own: Left,
        head: u64,
        events: Receiver<Event>,
        onward: Option<Sender<Event>>,
        left: Vec<Left>,
    ) -> Self {
        let (events, progress) = (Mutex::new(events), Mutex::new(Progress::Begun));
        Self { journal, own, head, events, onward, left, progress }
    }

    /// The buses that it fills.
    pub(super) fn buses(&self) -> impl Iterator<Item = &Bus> {
        std::iter::once(&self.own.bus).chain(self.left.iter().map(|left| &left.bus))
    }

    /// The runs of which every event was put on a bus.
    pub(super) fn told(&self) -> Vec<RunId> {
        let own = (self.progress() == Progress::Ended).then_some(&self.own);
        let left = self.left.iter().filter(|_| self.progress() != Progress::Begun);
        own.into_iter().chain(left).map(|left| left.run.clone()).collect()
    }

    fn progress(&self) -> Progress {
        *self.progress.lock().expect("no code panics while it holds the progress")
    }

    fn reached(&self, progress: Progress) {
        *self.progress.lock().expect("no code panics while it holds the progress") = progress;
    }

    /// Tells what is in the journal. What was told before a crash, the ledger knows.
    fn catch_up(&self) -> Result<(), dirigent_journal::Error> {
        self.read(&self.own, self.head)?;
        self.left.iter().try_for_each(|left| self.read(left, u64::MAX))
    }

    fn read(&self, left: &Left, until: u64) -> Result<(), dirigent_journal::Error> {
        let mut seq = left.after;
        while seq < until {
            let page = self.journal.read(&left.run, seq + 1, READ_PAGE)?;
            let Some(last) = page.last() else { break };
            seq = last.seq;
            let wanted = page.into_iter().filter(|event| event.seq <= until);
            for event in wanted {
                left.bus.publish(&Arc::new(event));
            }
        }
        Ok(())
    }

    fn tell(&self, event: Event) {
        if let Some(onward) = &self.onward {
            // An observer that went away is no reason to tell nobody.
            drop(onward.send(event.clone()));
        }
        self.own.bus.publish(&Arc::new(event));
    }
}

impl Service for Feed {
    fn name(&self) -> &'static str {
        "notifications"
    }

    fn run(&self, life: &Life) -> Result<(), String> {
        if self.progress() == Progress::Begun {
            self.catch_up().map_err(|error| error.to_string())?;
            self.reached(Progress::CaughtUp);
        }
        life.ready();
        let events = self.events.lock().map_err(|_| "a start before this one panicked")?;
        loop {
            match events.recv_timeout(LOOK_EVERY) {
                Ok(event) => self.tell(event),
                Err(RecvTimeoutError::Timeout) if !life.is_over() => {}
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                // The run has ended, and everything that it recorded has come.
                Err(RecvTimeoutError::Disconnected) => {
                    self.reached(Progress::Ended);
                    return Ok(());
                }
            }
        }
    }
}
