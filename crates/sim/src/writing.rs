//! Writing: a step on its way to the disk, part by part, and what can go wrong there.

use std::collections::VecDeque;

use dirigent_core::event::Draft;
use dirigent_workflow::{Fact, step::Step};

use crate::{
    faults::Fault,
    mutant::Mutant,
    shell::Shell,
    violation::{Checked, Violation, ensure},
    world::{Happening, SECOND, World},
};

/// A step on its way to the disk.
#[derive(Debug)]
pub(crate) struct Writing {
    pub(crate) parts: VecDeque<Vec<Draft>>,
    /// The position that has to be synced.
    pub(crate) upto: usize,
    /// The last position of the run that was written, with its hash.
    pub(crate) last: u64,
    pub(crate) hash: Option<String>,
    pub(crate) step: Step,
    /// Whether the run was taken up with it.
    pub(crate) takes_up: bool,
}

impl World {
    /// Writes the next part of a step, or carries the step out if all of it is durable.
    pub(crate) fn write_part(&mut self, run: usize) -> Checked {
        let subject = &self.subjects[run];
        let (id, correlation_id) = (subject.order.id.clone(), subject.order.correlation_id.clone());
        let Some(writing) = self.shell(run).and_then(|shell| shell.writing.as_mut()) else {
            return Ok(());
        };
        let Some(part) = writing.parts.pop_front() else { return self.carry_out(run) };
        let mut expected = writing.last;
        if self.write_fails(&part) {
            return Ok(());
        }
        if self.mutant == Some(Mutant::IgnoreStale) && self.dice.chance(20) {
            expected += 1;
        }
        let (last, hash, upto) = match self.journal.write(&id, &correlation_id, expected, part) {
            Ok((events, upto)) => {
                let last = events.last().map(|event| (event.seq, event.hash.as_str().to_owned()));
                let (last, hash) = last.unwrap_or_default();
                (last, Some(hash), upto)
            }
            Err(_) if self.mutant == Some(Mutant::IgnoreStale) => {
                (expected, None, self.journal.synced())
            }
            Err(error) => return Err(Violation::new("the_journal_takes_it", error.to_string())),
        };
        if let Some(writing) = self.shell(run).and_then(|shell| shell.writing.as_mut()) {
            (writing.last, writing.hash, writing.upto) = (last, hash, upto);
        }
        if self.faults.hit(Fault::CrashBeforeSync) {
            self.crash_somehow();
            return Ok(());
        }
        if self.mutant == Some(Mutant::SkipSync) {
            self.begin_sync();
            return self.write_part(run);
        }
        self.begin_sync();
        Ok(())
    }

    /// Whether the disk refuses a write, which ends the process.
    fn write_fails(&mut self, part: &[Draft]) -> bool {
        if self.faults.hit(Fault::FailedWrite) {
            self.journal.fail_write(part, self.faults.dice());
        } else if !self.faults.hit(Fault::FullDisk) {
            return false;
        }
        self.crash(false);
        true
    }

    /// Syncs what is written, unless a sync is under way.
    fn begin_sync(&mut self) {
        let upto = self.journal.written();
        let nanos = self.dice.around(self.machine.sync_nanos);
        let process = self.processes;
        let Some(here) = self.process.as_mut() else { return };
        if here.syncing {
            return;
        }
        here.syncing = true;
        let slow = self.faults.hit(Fault::SlowDisk);
        let slow = if slow { self.faults.dice().below(20 * SECOND) } else { 0 };
        self.agenda.after(nanos + slow, Happening::Synced { process, upto });
    }

    /// A sync has come to its end: whoever waited for it goes on.
    pub(crate) fn synced(&mut self, upto: usize) -> Checked {
        if self.faults.hit(Fault::FailedSync) {
            self.lose_tail();
            self.crash(false);
            return Ok(());
        }
        let events = self.journal.sync(upto);
        self.watch(&events)?;
        let Some(process) = self.process.as_mut() else { return Ok(()) };
        process.syncing = false;
        let waits =
            |shell: &Shell| shell.writing.as_ref().is_some_and(|writing| writing.upto <= upto);
        let durable: Vec<usize> =
            process.shells.iter().filter(|(_, shell)| waits(shell)).map(|(run, _)| *run).collect();
        for run in durable {
            self.acknowledge(run)?;
            if self.process.is_none() {
                return Ok(());
            }
        }
        if self.journal.written() > self.journal.synced() {
            self.begin_sync();
        }
        Ok(())
    }

    /// A run is told that its part is durable.
    fn acknowledge(&mut self, run: usize) -> Checked {
        let Some(writing) = self.shell(run).and_then(|shell| shell.writing.as_ref()) else {
            return Ok(());
        };
        let (acknowledged, is_last) =
            (writing.hash.clone().map(|hash| (writing.last, hash)), writing.parts.is_empty());
        self.subjects[run].acknowledged = acknowledged.or(self.subjects[run].acknowledged.take());
        let fault = if is_last { Fault::CrashBeforeStart } else { Fault::CrashBetweenParts };
        if self.faults.hit(fault) {
            self.crash_somehow();
            return Ok(());
        }
        self.write_part(run)
    }

    /// A writer that was thought dead goes on where it believes the run to be.
    pub(crate) fn refuse_stale(&mut self, run: usize) -> Checked {
        let subject = &mut self.subjects[run];
        let Some(expected) = subject.stale.take() else { return Ok(()) };
        let (id, correlation_id) = (&subject.order.id, &subject.order.correlation_id);
        let fact = Fact::CancelRequested { by: "a process that was thought dead".into() };
        let draft = fact.draft(self.latest, None);
        self.faults.count(Fault::StaleWriter);
        let written = self.journal.write(id, correlation_id, expected, vec![draft]);
        let is_refused = matches!(written, Err(dirigent_journal::Error::Stale { .. }));
        ensure(is_refused, "a_stale_writer_is_refused", || {
            format!(
                "`{}` was written behind event {expected} by a process that was gone",
                subject.order.id
            )
        })
    }
}
