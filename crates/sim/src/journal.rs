//! The simulated journal: the real chain over a simulated disk.
//!
//! Promises: `append` behaves as that of every backend (it passes the conformance suite); `write`
//! and `sync` do its two halves apart, so that a crash can come between them. Readers see what is
//! durable, and nothing else.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use dirigent_core::{CorrelationId, Event, RunId, event::Draft};
use dirigent_journal::{Error, Journal, MemoryJournal, ReadJournal, RunHead, Snapshot, Verified};

use crate::{dice::Dice, disk::Disk};

/// A journal on a simulated disk.
#[derive(Debug, Default)]
pub struct SimJournal(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    disk: Disk,
    /// What the process that writes knows: all that was written.
    written: MemoryJournal,
    /// Where each run stands durably.
    durable: BTreeMap<RunId, RunHead>,
    /// Appends that are not durable, with the position behind them.
    loose: Vec<(usize, Vec<Event>)>,
}

/// What a power cut does to appends that are not durable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loss {
    /// Those from a random one on are gone.
    pub(crate) lose: bool,
    /// The last one is not whole.
    pub(crate) tear: bool,
}

/// What is wrong with what a recovery read.
#[derive(Debug)]
pub(crate) struct Unreadable(pub(crate) String);

impl SimJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().expect("no code panics while it holds the disk")
    }

    /// Writes an append to the page cache; gives its events and the position up to which a sync
    /// makes them durable.
    pub(crate) fn write(
        &self,
        run: &RunId,
        correlation_id: &CorrelationId,
        expected_seq: u64,
        drafts: Vec<Draft>,
    ) -> Result<(Vec<Event>, usize), Error> {
        let mut inside = self.lock();
        let events = inside.written.append(run, correlation_id, expected_seq, drafts)?;
        let content = serde_json::to_vec(&events).expect("events are plain data");
        let end = inside.disk.write(&content);
        inside.loose.push((end, events.clone()));
        Ok((events, end))
    }

    /// Fails to write: some first bytes of it may be on the disk.
    pub(crate) fn fail_write(&self, drafts: &[Draft], dice: &mut Dice) {
        let text: String = drafts.iter().map(|draft| draft.payload.to_string()).collect();
        self.lock().disk.write_torn(text.as_bytes(), dice);
    }

    /// Up to where was written.
    pub(crate) fn written(&self) -> usize {
        self.lock().disk.written()
    }

    /// Up to where is durable.
    pub(crate) fn synced(&self) -> usize {
        self.lock().disk.synced()
    }

    /// Makes what was written up to `upto` durable, and gives the events that are so now.
    pub(crate) fn sync(&self, upto: usize) -> Vec<Event> {
        let mut inside = self.lock();
        inside.disk.sync(upto);
        let split = inside.loose.partition_point(|(end, _)| *end <= upto);
        let appends: Vec<Vec<Event>> =
            inside.loose.drain(..split).map(|(_, events)| events).collect();
        let events: Vec<Event> = appends.into_iter().flatten().collect();
        events.iter().for_each(|event| inside.is_durable(event));
        events
    }

    /// The power goes: appends from a random one on that are not durable are lost, and what is
    /// left may end in half a record. Gives how many appends were lost, and whether one is torn.
    pub(crate) fn lose_power(&self, loss: Loss, dice: &mut Dice) -> (usize, bool) {
        let Loss { lose, tear } = loss;
        let mut inside = self.lock();
        let count = inside.loose.len();
        if count == 0 || !(lose || tear) {
            return (0, false);
        }
        let kept = if lose { dice.index(count - 1) } else { count - 1 };
        let end =
            |at: usize| at.checked_sub(1).map_or(inside.disk.synced(), |at| inside.loose[at].0);
        let (from, to) = (end(kept), end(kept + 1));
        let at = if tear { from + 1 + dice.index(to - from - 2) } else { from };
        if tear && dice.chance(300) {
            inside.disk.lose_from(to);
            inside.disk.scramble(dice);
            return (count - kept - 1, true);
        }
        inside.disk.lose_from(at);
        (count - kept, tear)
    }

    /// Opens what is on the disk, as a new process does: cuts half a record, and makes the rest
    /// durable before anybody relies on it. Gives how many bytes were cut.
    pub(crate) fn recover(&self, keep_torn: bool) -> Result<usize, Unreadable> {
        let mut inside = self.lock();
        let found = inside.disk.recover(keep_torn);
        (inside.written, inside.durable) = (MemoryJournal::new(), BTreeMap::new());
        inside.loose.clear();
        for frame in &found.frames {
            let events: Vec<Event> = serde_json::from_slice(frame)
                .map_err(|error| Unreadable(format!("a record cannot be read: {error}")))?;
            put(&inside.written, &events)?;
            events.iter().for_each(|event| inside.is_durable(event));
        }
        Ok(found.cut)
    }
}

impl Inside {
    fn is_durable(&mut self, event: &Event) {
        let first_time = self.durable.get(&event.run).map_or(event.time, |head| head.first_time);
        let head = RunHead {
            run: event.run.clone(),
            correlation_id: event.correlation_id.clone(),
            last_seq: event.seq,
            first_time,
            last_time: event.time,
            last_kind: event.kind.clone(),
            head_hash: event.hash.clone(),
        };
        self.durable.insert(event.run.clone(), head);
    }
}

/// Appends `events`, which were sealed before, and checks that they become the same again.
fn put(journal: &MemoryJournal, events: &[Event]) -> Result<(), Unreadable> {
    let Some(first) = events.first() else { return Ok(()) };
    let draft = |event: &Event| Draft {
        causation_id: event.causation_id.clone(),
        time: event.time,
        kind: event.kind.clone(),
        schema: event.schema,
        source: event.source.clone(),
        payload: event.payload.clone(),
    };
    let drafts = events.iter().map(draft).collect();
    let sealed = journal
        .append(&first.run, &first.correlation_id, first.seq - 1, drafts)
        .map_err(|error| Unreadable(error.to_string()))?;
    let differs = sealed.iter().zip(events).find(|(sealed, event)| sealed != event);
    match differs {
        Some((_, event)) => Err(Unreadable(format!("event `{}` is not what was sealed", event.id))),
        None => Ok(()),
    }
}

impl ReadJournal for SimJournal {
    fn read(&self, run: &RunId, from_seq: u64, limit: usize) -> Result<Vec<Event>, Error> {
        let inside = self.lock();
        let last = inside.durable.get(run).map_or(0, |head| head.last_seq);
        let mut events = inside.written.read(run, from_seq, limit)?;
        events.retain(|event| event.seq <= last);
        Ok(events)
    }

    fn head(&self, run: &RunId) -> Result<Option<RunHead>, Error> {
        Ok(self.lock().durable.get(run).cloned())
    }

    fn runs(&self, limit: usize) -> Result<Vec<RunHead>, Error> {
        let inside = self.lock();
        let all = inside.written.runs(usize::MAX)?;
        let durable = all.iter().filter_map(|head| inside.durable.get(&head.run));
        Ok(durable.take(limit).cloned().collect())
    }

    fn find_by_correlation(&self, correlation_id: &CorrelationId) -> Result<Vec<RunId>, Error> {
        let inside = self.lock();
        let mut found = inside.written.find_by_correlation(correlation_id)?;
        found.retain(|run| inside.durable.contains_key(run));
        Ok(found)
    }

    fn snapshot(&self, run: &RunId) -> Result<Option<Snapshot>, Error> {
        self.lock().written.snapshot(run)
    }

    fn follow(&self, run: &RunId, after_seq: u64, timeout: Duration) -> Result<u64, Error> {
        // Looks again and again rather than once, and never while others wait for the disk.
        let nap = Duration::from_millis(1);
        let (idle, mut left) = (MemoryJournal::new(), timeout);
        loop {
            let last = self.head(run)?.map_or(0, |head| head.last_seq);
            if last > after_seq || left.is_zero() {
                return Ok(last);
            }
            idle.follow(run, 0, nap.min(left))?;
            left = left.saturating_sub(nap);
        }
    }

    fn verify_all(&self) -> Result<Verified, Error> {
        let mut verified = Verified::default();
        for head in self.runs(usize::MAX)? {
            verified.events += self.verify(&head.run)?;
            verified.runs += 1;
        }
        Ok(verified)
    }
}

impl Journal for SimJournal {
    fn append(
        &self,
        run: &RunId,
        correlation_id: &CorrelationId,
        expected_seq: u64,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Event>, Error> {
        let (events, end) = self.write(run, correlation_id, expected_seq, drafts)?;
        self.sync(end);
        Ok(events)
    }

    fn save_snapshot(&self, run: &RunId, snapshot: &Snapshot) -> Result<(), Error> {
        self.lock().written.save_snapshot(run, snapshot)
    }

    fn drop_snapshot(&self, run: &RunId) -> Result<(), Error> {
        self.lock().written.drop_snapshot(run)
    }
}
