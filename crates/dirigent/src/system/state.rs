//! The state of the home: the facts of the system log, folded.
//!
//! Invariant: holds nothing that is not in the log; each fact is taken in by its own size, however
//! long the log is.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use dirigent_core::{RunId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    event::{Failed, SystemFact},
    letter::{self, DeadLetter, LetterId, LetterStatus},
};

/// How many of the last deliveries the rate of success is taken from.
const RECENT_MAX: usize = 1_000;
/// From how many failures in a row a handler counts as unwell.
const FAILURES_IN_A_ROW_MAX: u32 = 5;
/// How many handlers and daemons are told apart; the names come from the program and its files.
const NAMES_MAX: usize = 1_000;

/// Why no work may begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halt {
    /// Who stopped it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// Position of the record, so that lifting it cannot lift a later one.
    pub seq: u64,
}

/// Notifications of a run that were begun and not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    /// Events up to this one were told before.
    pub after: u64,
    /// What each handler has had since: delivered, or a dead letter.
    pub done: BTreeMap<String, BTreeSet<u64>>,
}

impl Outbox {
    /// Whether `handler` need not be told of event number `seq`.
    pub fn has(&self, handler: &str, seq: u64) -> bool {
        seq <= self.after || self.done.get(handler).is_some_and(|done| done.contains(&seq))
    }
}

/// What a service of the process went through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Daemon {
    /// How often it failed.
    pub failures: u64,
    /// Its last error, until it works again.
    pub error: Option<String>,
}

/// How the dead letters stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterStats {
    /// Are tried again.
    pub pending: u64,
    /// Were delivered after all.
    pub recovered: u64,
    /// Wait for a person.
    pub abandoned: u64,
    /// Were given up by a person.
    pub dropped: u64,
}

/// How handlers do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct HandlerHealth {
    /// Share of the last 1000 deliveries that succeeded; 1 if there were none.
    pub success_rate: f64,
    /// Deliveries that succeeded.
    pub succeeded: u64,
    /// Deliveries that did not.
    pub failed: u64,
}

/// The state of the home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct System {
    halt: Option<Halt>,
    letters: BTreeMap<LetterId, DeadLetter>,
    /// Finds the letter of an event and a handler.
    by_pair: BTreeMap<String, BTreeMap<String, LetterId>>,
    outboxes: BTreeMap<RunId, Outbox>,
    daemons: BTreeMap<String, Daemon>,
    /// Failures in a row, of handlers that have any.
    failing: BTreeMap<String, u32>,
    recent: VecDeque<bool>,
    stats: LetterStats,
    succeeded: u64,
    failed: u64,
    last_letter: Option<LetterId>,
}

impl System {
    /// Why no work may begin, if so.
    pub fn halt(&self) -> Option<&Halt> {
        self.halt.as_ref()
    }

    /// All dead letters that were neither delivered nor given up, the oldest first.
    pub fn letters(&self) -> impl Iterator<Item = &DeadLetter> {
        self.letters.values()
    }

    /// The dead letter `id`.
    pub fn letter(&self, id: LetterId) -> Option<&DeadLetter> {
        self.letters.get(&id)
    }

    /// The dead letter of this event and this handler.
    pub fn letter_of(&self, event: &str, handler: &str) -> Option<&DeadLetter> {
        self.letters.get(self.by_pair.get(event)?.get(handler)?)
    }

    /// Notifications that were begun and not ended, by run.
    pub fn outboxes(&self) -> &BTreeMap<RunId, Outbox> {
        &self.outboxes
    }

    /// Services that have failed, by name.
    pub fn daemons(&self) -> &BTreeMap<String, Daemon> {
        &self.daemons
    }

    /// How the dead letters stand.
    pub fn letter_stats(&self) -> LetterStats {
        let abandoned = |letter: &&DeadLetter| letter.status == LetterStatus::Abandoned;
        let abandoned = self.letters.values().filter(abandoned).count() as u64;
        LetterStats { pending: self.letters.len() as u64 - abandoned, abandoned, ..self.stats }
    }

    /// How handlers do.
    #[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
    pub fn handler_health(&self) -> HandlerHealth {
        let good = self.recent.iter().filter(|ok| **ok).count();
        let success_rate = match self.recent.len() {
            0 => 1.0,
            count => good as f64 / count as f64,
        };
        HandlerHealth { success_rate, succeeded: self.succeeded, failed: self.failed }
    }

    /// Handlers that failed many times in a row, and how many.
    pub fn unwell(&self) -> impl Iterator<Item = (&str, u32)> {
        let failing = self.failing.iter().map(|(name, count)| (name.as_str(), *count));
        failing.filter(|(_, count)| *count >= FAILURES_IN_A_ROW_MAX)
    }

    /// The record that `handler` did not take the event: the first gives it a dead letter, further
    /// ones count its tries.
    pub fn failure(
        &self,
        event: (&str, &str),
        handler: &str,
        error: &str,
        now: Timestamp,
    ) -> Failed {
        let known = self.letter_of(event.0, handler);
        let attempt = known.map_or(0, |letter| letter.attempts) + 1;
        let new = || self.last_letter.unwrap_or(LetterId::ZERO).next();
        Failed {
            letter: known.map_or_else(new, |letter| letter.id),
            event: event.0.to_owned(),
            event_type: event.1.to_owned(),
            handler: handler.to_owned(),
            error: error.to_owned(),
            attempt,
            next_at: letter::next_try(attempt, now),
        }
    }

    /// Takes in what happened at `time`, recorded at position `seq`.
    pub(super) fn apply(&mut self, seq: u64, time: Timestamp, fact: SystemFact) {
        match fact {
            SystemFact::Halted { by, reason } => {
                self.halt = Some(Halt { by, reason, since: time, seq });
            }
            SystemFact::HaltLifted { .. } => self.halt = None,
            SystemFact::NotificationsOpened { run, after } => {
                self.outboxes.insert(run, Outbox { after, ..Outbox::default() });
            }
            SystemFact::NotificationsSettled { run } => {
                self.outboxes.remove(&run);
            }
            SystemFact::HandlerSucceeded { event, handler, .. } => {
                self.told(&event, &handler);
                self.count(&handler, true, 1);
            }
            SystemFact::HandlerTally { handler, succeeded } => {
                self.count(&handler, true, succeeded);
            }
            SystemFact::HandlerFailed(failed) | SystemFact::HandlerTimeout(failed) => {
                self.told(&failed.event, &failed.handler);
                self.count(&failed.handler, false, 1);
                self.post(time, failed);
            }
            SystemFact::DeadLetterRecovered { letter, .. } => {
                if let Some(letter) = self.remove(letter) {
                    self.count(&letter.handler, true, 1);
                    self.stats.recovered += 1;
                }
            }
            SystemFact::DeadLetterAbandoned { letter } => {
                if let Some(letter) = self.letters.get_mut(&letter) {
                    letter.status = LetterStatus::Abandoned;
                    letter.next_at = None;
                }
            }
            SystemFact::DeadLetterDropped { letter, .. } => {
                self.stats.dropped += u64::from(self.remove(letter).is_some());
            }
            SystemFact::DaemonFailed { daemon, error, .. } => {
                if let Some(daemon) = entry(&mut self.daemons, daemon) {
                    daemon.failures += 1;
                    daemon.error = Some(error);
                }
            }
            SystemFact::DaemonRestarted { daemon } => {
                if let Some(daemon) = self.daemons.get_mut(&daemon) {
                    daemon.error = None;
                }
            }
        }
    }

    fn told(&mut self, event: &str, handler: &str) {
        let Some((run, seq)) = letter::place(event) else { return };
        if let Some(outbox) = self.outboxes.get_mut(&run) {
            outbox.done.entry(handler.to_owned()).or_default().insert(seq);
        }
    }

    fn count(&mut self, handler: &str, ok: bool, times: u64) {
        *(if ok { &mut self.succeeded } else { &mut self.failed }) += times;
        let shown = usize::try_from(times).unwrap_or(RECENT_MAX).min(RECENT_MAX);
        self.recent.extend(std::iter::repeat_n(ok, shown));
        self.recent.drain(..self.recent.len().saturating_sub(RECENT_MAX));
        if ok {
            self.failing.remove(handler);
        } else if let Some(failures) = entry(&mut self.failing, handler.to_owned()) {
            *failures += 1;
        }
    }

    fn post(&mut self, time: Timestamp, failed: Failed) {
        let Failed { letter: id, event, event_type, handler, error, attempt, next_at } = failed;
        self.last_letter = self.last_letter.max(Some(id));
        self.by_pair.entry(event.clone()).or_default().insert(handler.clone(), id);
        let failed_at = self.letters.get(&id).map_or(time, |letter| letter.failed_at);
        let status = match next_at {
            Some(_) => LetterStatus::Pending,
            None => LetterStatus::Abandoned,
        };
        let attempts = attempt;
        let letter = DeadLetter {
            id,
            status,
            event,
            event_type,
            handler,
            error,
            attempts,
            failed_at,
            next_at,
        };
        self.letters.insert(id, letter);
    }

    fn remove(&mut self, id: LetterId) -> Option<DeadLetter> {
        let letter = self.letters.remove(&id)?;
        if let Some(handlers) = self.by_pair.get_mut(&letter.event) {
            handlers.remove(&letter.handler);
            if handlers.is_empty() {
                self.by_pair.remove(&letter.event);
            }
        }
        Some(letter)
    }
}

/// The entry called `name`, unless there are too many.
fn entry<T: Default>(map: &mut BTreeMap<String, T>, name: String) -> Option<&mut T> {
    let room = map.len() < NAMES_MAX || map.contains_key(&name);
    room.then(|| map.entry(name).or_default())
}
