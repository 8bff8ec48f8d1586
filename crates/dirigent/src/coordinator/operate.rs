//! Operating: dead letters, handlers of events, and the system log of the home.

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc::Sender},
};

use dirigent_core::{Clock, Event};
use dirigent_journal::Journal;
use dirigent_workflow::file::Environment;

use super::{Coordinator, Observer, Opened};
use crate::{
    Error,
    bus::Handler,
    dead_letters::{self, Handlers, Retried, Retries},
    notify::Post,
    services::Services,
    system::{self, DeadLetter, LetterId, System, SystemFact, SystemLog, state::LetterStats},
    tasks::isolate::{self, Child},
};

impl Coordinator {
    /// What is done when the journal breaks, before the process is ended; for a last word.
    #[must_use]
    pub fn on_broken(mut self, hook: crate::OnBroken) -> Self {
        self.on_broken = hook;
        self
    }

    /// The variables that secrets name, such as the addresses of webhooks.
    #[must_use]
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.outside.environment = Arc::new(environment);
        self
    }

    /// The way by which notifications leave the process.
    #[must_use]
    pub fn with_post(mut self, post: Arc<dyn Post>) -> Self {
        self.outside.post = post;
        self
    }

    /// Runs tasks of `isolation: process` as `child`, which has to know the same kinds; without
    /// one they are refused.
    #[must_use]
    pub fn with_child(mut self, child: Child) -> Self {
        self.child = Some(child);
        self
    }

    /// What a child answers to the line that it was given: it does the task that the line tells of.
    /// What it says while it works is given to `say`, line by line.
    pub fn answer(&self, line: &str, say: impl Fn(String) + Send + Sync + 'static) -> String {
        isolate::answer(&self.kinds, line, Arc::new(say))
    }

    /// The clock of everything that is recorded.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Tells `handler` of the events of every run that this coordinator drives, from the next one
    /// on. An event that it does not take is a dead letter, tried again while runs are driven.
    pub fn register_handler(&mut self, handler: Arc<dyn Handler>) {
        self.unregister_handler(handler.name());
        self.handlers.push(handler);
    }

    /// Ends what `register_handler` began. False if there is no handler of that name.
    pub fn unregister_handler(&mut self, name: &str) -> bool {
        let before = self.handlers.len();
        self.handlers.retain(|handler| handler.name() != name);
        self.handlers.len() < before
    }

    /// The clock.
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// What is done when the journal breaks.
    pub(crate) fn on_broken_hook(&self) -> &crate::OnBroken {
        &self.on_broken
    }

    pub(crate) fn system_log(&self, journal: Arc<dyn Journal>) -> Result<SystemLog, Error> {
        SystemLog::open(journal, Arc::clone(&self.clock))
    }

    /// What works beside a run; refused while the home is halted.
    pub(super) fn services(
        &self,
        opened: &Arc<Opened>,
        onward: Option<Sender<Event>>,
    ) -> Result<Services, Error> {
        let (outside, handlers) = (self.outside.clone(), self.handlers.clone());
        Services::open(&self.home, Arc::clone(opened), outside, handlers, onward)
    }

    /// The state of the home, as its system log tells it; that of a new home if there is none.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn system(&self) -> Result<System, Error> {
        match self.reader() {
            Err(Error::NoRuns { .. }) => Ok(System::default()),
            journal => system::read(&*journal?),
        }
    }

    /// The dead letters, the oldest first, and how many there were.
    ///
    /// # Errors
    /// If the system log cannot be read.
    pub fn dead_letters(&self) -> Result<(Vec<DeadLetter>, LetterStats), Error> {
        let system = self.system()?;
        Ok((system.letters().cloned().collect(), system.letter_stats()))
    }

    /// A dead letter with the event it is about, if that can be read.
    ///
    /// # Errors
    /// If there is none of that id.
    pub fn dead_letter(&self, id: LetterId) -> Result<(DeadLetter, Option<Event>), Error> {
        let letter = self.system()?.letter(id).cloned().ok_or_else(|| self.unknown(id))?;
        let event = dead_letters::event(&*self.reader()?, &letter).ok();
        Ok((letter, event))
    }

    /// Brings the dead letter `id`, or all, to their handlers now, whenever they are due.
    ///
    /// # Errors
    /// If there is none of that id, or the journal fails.
    pub fn retry_dead_letters(
        &self,
        id: Option<LetterId>,
        observer: &mut dyn Observer,
    ) -> Result<BTreeMap<LetterId, Retried>, Error> {
        let log = self.log_for("dead-letters retry", observer)?;
        let letters = self.chosen(&log, id)?;
        let (registered, outside) = (self.handlers.clone(), self.outside.clone());
        let handlers = Handlers { own: None, registered, outside };
        Retries::new(log, handlers).retry(letters, &|| false)
    }

    /// Gives the dead letter `id` up, or all; returns how many.
    ///
    /// # Errors
    /// If there is none of that id, or the journal fails.
    pub fn drop_dead_letters(
        &self,
        id: Option<LetterId>,
        by: &str,
        observer: &mut dyn Observer,
    ) -> Result<usize, Error> {
        let log = self.log_for("dead-letters drop", observer)?;
        let letters = self.chosen(&log, id)?;
        let fact = |letter: &DeadLetter| SystemFact::DeadLetterDropped {
            letter: letter.id,
            by: by.to_owned(),
        };
        for some in letters.chunks(dirigent_journal::limits::EVENTS_PER_APPEND_MAX) {
            log.record(|_, _| some.iter().map(fact).collect())?;
        }
        Ok(letters.len())
    }

    fn chosen(&self, log: &SystemLog, id: Option<LetterId>) -> Result<Vec<DeadLetter>, Error> {
        match id {
            None => Ok(log.look(|system| system.letters().cloned().collect())),
            Some(id) => {
                let letter = log.look(|system| system.letter(id).cloned());
                Ok(vec![letter.ok_or_else(|| self.unknown(id))?])
            }
        }
    }

    fn unknown(&self, id: LetterId) -> Error {
        Error::UnknownLetter { id, home: self.home.root().to_owned() }
    }

    fn log_for(&self, purpose: &str, observer: &mut dyn Observer) -> Result<Arc<SystemLog>, Error> {
        Ok(Arc::clone(&self.opened(purpose, observer)?.log))
    }
}
