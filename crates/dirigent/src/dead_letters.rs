//! Dead letters: what handlers did not take, tried again for exactly the handler that failed.
//!
//! Invariants: a failure is in the system log before anybody is told of it; no handler that took
//! an event gets it again; a handler that keeps failing delays no other.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use dirigent_core::{Event, RunId, Timestamp};
use dirigent_journal::ReadJournal;

use crate::{
    Error,
    bus::{self, HANDLER_LIMIT, Handler, HandlerError, Ledger},
    notify::Outside,
    supervisor::{Life, Service},
    system::{DeadLetter, LetterId, System, SystemFact, SystemLog},
};

/// How often dead letters that are due are looked for.
pub const RETRY_EVERY: Duration = Duration::from_secs(60);
/// How many dead letters are kept; the oldest goes, on the record, when another one comes.
pub const LETTERS_MAX: usize = 10_000;
/// How many handlers are tried at the same time.
const HANDLERS_AT_ONCE_MAX: usize = 8;

/// The records that `handler` did not take an event, named by id and type.
pub(crate) fn failure(
    system: &System,
    event: (&str, &str),
    handler: &str,
    error: &HandlerError,
    now: Timestamp,
) -> Vec<SystemFact> {
    let failed = system.failure(event, handler, &error.to_string(), now);
    let (letter, is_last) = (failed.letter, failed.next_at.is_none());
    let mut facts = Vec::new();
    if failed.attempt == 1
        && system.letters().count() >= LETTERS_MAX
        && let Some(oldest) = system.letters().next()
    {
        let by = format!("the limit of {LETTERS_MAX} dead letters");
        facts.push(SystemFact::DeadLetterDropped { letter: oldest.id, by });
    }
    facts.push(match error {
        HandlerError::TimedOut(_) | HandlerError::Hung(_) => SystemFact::HandlerTimeout(failed),
        HandlerError::Failed(_)
        | HandlerError::Panicked(_)
        | HandlerError::QueueFull(_)
        | HandlerError::NotReached => SystemFact::HandlerFailed(failed),
    });
    facts.extend(is_last.then_some(SystemFact::DeadLetterAbandoned { letter }));
    facts
}

/// Whether each delivery is recorded, or only how many there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// Each: what was delivered is known after a crash.
    Each,
    /// Their number, at the end.
    Tally,
}

/// Keeps account of a bus in the system log.
pub(crate) struct Books {
    log: Arc<SystemLog>,
    account: Account,
    tally: Mutex<BTreeMap<String, u64>>,
    trouble: Mutex<Option<Error>>,
}

impl Books {
    pub(crate) fn new(log: Arc<SystemLog>, account: Account) -> Self {
        Self { log, account, tally: Mutex::default(), trouble: Mutex::default() }
    }

    fn record(&self, decide: impl FnOnce(&System, Timestamp) -> Vec<SystemFact>) {
        if let Err(error) = self.log.record(decide) {
            let mut trouble = self.trouble.lock().expect("no code panics while it holds this");
            trouble.get_or_insert(error);
        }
    }

    /// Records the numbers that were not recorded one by one.
    ///
    /// # Errors
    /// If the system log did not take a record, now or before.
    pub(crate) fn close(&self) -> Result<(), Error> {
        let tally = std::mem::take(&mut *self.tally.lock().expect("no code panics here"));
        let fact = |(handler, succeeded)| SystemFact::HandlerTally { handler, succeeded };
        self.record(|_, _| tally.into_iter().map(fact).collect());
        let trouble = self.trouble.lock().expect("no code panics while it holds this").take();
        trouble.map_or(Ok(()), Err)
    }
}

impl Ledger for Books {
    fn is_done(&self, event: &Event, handler: &str) -> bool {
        self.account == Account::Each
            && self.log.look(|system| {
                let outbox = system.outboxes().get(&event.run);
                outbox.is_some_and(|outbox| outbox.has(handler, event.seq))
            })
    }

    fn succeeded(&self, event: &Event, handler: &str) {
        match self.account {
            Account::Each => self.record(|_, _| {
                vec![SystemFact::HandlerSucceeded {
                    event: event.id.clone(),
                    event_type: event.kind.clone(),
                    handler: handler.to_owned(),
                }]
            }),
            Account::Tally => {
                let mut tally = self.tally.lock().expect("no code panics here");
                *tally.entry(handler.to_owned()).or_default() += 1;
            }
        }
    }

    fn failed(&self, event: &Event, handler: &str, error: &HandlerError) {
        self.record(|system, now| failure(system, (&event.id, &event.kind), handler, error, now));
    }
}

/// Finds the handler that a dead letter is for.
#[derive(Clone)]
pub(crate) struct Handlers {
    /// Those of the run that this process drives, with the secrets it was given.
    pub(crate) own: Option<(RunId, Vec<Arc<dyn Handler>>)>,
    /// Those that the program registered.
    pub(crate) registered: Vec<Arc<dyn Handler>>,
    pub(crate) outside: Outside,
}

impl Handlers {
    fn find<J>(&self, journal: &J, letter: &DeadLetter) -> Option<Arc<dyn Handler>>
    where
        J: ReadJournal + ?Sized,
    {
        let run = letter.place()?.0;
        let named = |handlers: &[Arc<dyn Handler>]| {
            handlers.iter().find(|handler| handler.name() == letter.handler).cloned()
        };
        let own = self.own.as_ref().filter(|(own, _)| *own == run);
        named(&self.registered)
            .or_else(|| own.and_then(|(_, handlers)| named(handlers)))
            .or_else(|| named(&self.outside.handlers_of(journal, &run)))
    }
}

/// What became of a dead letter that was tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Retried {
    /// The handler took it.
    Recovered,
    /// The handler did not take it.
    Failed(String),
    /// This process does not have the handler, or there was no time.
    Untried(String),
}

/// Tries dead letters again.
pub(crate) struct Retries {
    pub(crate) log: Arc<SystemLog>,
    pub(crate) handlers: Handlers,
    pub(crate) limit: Duration,
}

/// The letters for one handler, in order.
type Round = (Arc<dyn Handler>, Vec<DeadLetter>);

impl Retries {
    pub(crate) fn new(log: Arc<SystemLog>, handlers: Handlers) -> Self {
        Self { log, handlers, limit: HANDLER_LIMIT }
    }

    /// Tries what is due.
    pub(crate) fn retry_due(&self, is_over: &(dyn Fn() -> bool + Sync)) -> Result<(), Error> {
        let now = self.log.now();
        let due = self.log.look(|system| {
            system.letters().filter(|letter| letter.is_due(now)).cloned().collect::<Vec<_>>()
        });
        self.retry(due, is_over).map(drop)
    }

    /// Tries `letters`. One that fails leaves the others for the same handler for another time.
    pub(crate) fn retry(
        &self,
        letters: Vec<DeadLetter>,
        is_over: &(dyn Fn() -> bool + Sync),
    ) -> Result<BTreeMap<LetterId, Retried>, Error> {
        let mut outcomes = BTreeMap::new();
        let mut rounds: BTreeMap<(Option<RunId>, String), Round> = BTreeMap::new();
        for letter in letters {
            let key = (letter.place().map(|(run, _)| run), letter.handler.clone());
            if let Some((_, round)) = rounds.get_mut(&key) {
                round.push(letter);
            } else if let Some(handler) = self.handlers.find(&**self.log.journal(), &letter) {
                rounds.insert(key, (handler, vec![letter]));
            } else {
                let why = format!("this process has no handler `{}`", letter.handler);
                outcomes.insert(letter.id, Retried::Untried(why));
            }
        }
        let rounds: Vec<Round> = rounds.into_values().collect();
        for rounds in rounds.chunks(HANDLERS_AT_ONCE_MAX) {
            outcomes.extend(self.at_once(rounds, is_over)?);
        }
        Ok(outcomes)
    }

    fn at_once(
        &self,
        rounds: &[Round],
        is_over: &(dyn Fn() -> bool + Sync),
    ) -> Result<BTreeMap<LetterId, Retried>, Error> {
        std::thread::scope(|scope| {
            let begin = |round| scope.spawn(move || self.round(round, is_over));
            let threads: Vec<_> = rounds.iter().map(begin).collect();
            let mut outcomes = BTreeMap::new();
            for thread in threads {
                outcomes.extend(thread.join().expect("handlers are called where panics end")?);
            }
            Ok(outcomes)
        })
    }

    fn round(
        &self,
        (handler, letters): &Round,
        is_over: &(dyn Fn() -> bool + Sync),
    ) -> Result<BTreeMap<LetterId, Retried>, Error> {
        let mut outcomes = BTreeMap::new();
        let mut stop: Option<String> = None;
        for letter in letters {
            let outcome = match &stop {
                Some(why) => Retried::Untried(why.clone()),
                None => self.one(handler, letter, is_over)?,
            };
            if outcome != Retried::Recovered && stop.is_none() {
                stop = Some("an earlier event for the same handler was not taken".to_owned());
            }
            outcomes.insert(letter.id, outcome);
        }
        Ok(outcomes)
    }

    fn one(
        &self,
        handler: &Arc<dyn Handler>,
        letter: &DeadLetter,
        is_over: &(dyn Fn() -> bool + Sync),
    ) -> Result<Retried, Error> {
        let outcome = match event(&**self.log.journal(), letter) {
            Ok(event) => bus::call(handler, &Arc::new(event), self.limit, is_over),
            Err(why) => Some(Err(HandlerError::Failed(why))),
        };
        let Some(outcome) = outcome else {
            return Ok(Retried::Untried("the process was told to stop".to_owned()));
        };
        let id = letter.id;
        self.log.record(|system, now| match (&outcome, system.letter(id)) {
            // Somebody dropped it meanwhile.
            (_, None) => Vec::new(),
            (Ok(()), Some(letter)) => {
                vec![SystemFact::DeadLetterRecovered { letter: id, attempt: letter.attempts + 1 }]
            }
            (Err(error), Some(_)) => {
                failure(system, (&letter.event, &letter.event_type), &letter.handler, error, now)
            }
        })?;
        Ok(outcome.map_or_else(|error| Retried::Failed(error.to_string()), |()| Retried::Recovered))
    }
}

/// The event that `letter` is about.
pub(crate) fn event<J>(journal: &J, letter: &DeadLetter) -> Result<Event, String>
where
    J: ReadJournal + ?Sized,
{
    let (run, seq) = letter.place().ok_or("the event's id names no run")?;
    let events = journal.read(&run, seq, 1).map_err(|error| error.to_string())?;
    events.into_iter().next().ok_or_else(|| format!("event `{}` is missing", letter.event))
}

impl Service for Retries {
    fn name(&self) -> &'static str {
        "retries"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["notifications"]
    }

    fn run(&self, life: &Life) -> Result<(), String> {
        life.ready();
        loop {
            self.retry_due(&|| life.is_over()).map_err(|error| error.to_string())?;
            if life.wait(RETRY_EVERY) {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests;
