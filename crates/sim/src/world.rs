//! The world: what there is, and the loop that lets it happen.
//!
//! One agenda, one virtual clock, one seed. A process comes and goes; the disk, the outside and the
//! watchers that check everything stay.

use std::{collections::BTreeMap, sync::Arc};

use dirigent_core::{Event, Timestamp};
use dirigent_workflow::{
    instances::TaskId,
    step::{Input, Outcome},
};

use crate::{
    agenda::Agenda,
    dice::Dice,
    faults::{Fault, Faults},
    generate::{self, Machine, Order},
    journal::{Loss, SimJournal},
    ledger::Ledger,
    mutant::Mutant,
    shell::Shell,
    subject::Subject,
    trace::Trace,
    violation::{Checked, Violation, ensure},
    workers::Job,
};

pub(crate) const SECOND: u64 = 1_000_000_000;
/// When the simulated wall clock begins: 2024-01-01.
const BEGIN_NANOS: i64 = 1_704_067_200_000_000_000;
/// How often somebody looks for runs that nobody works on.
const KEEPER: u64 = 5 * SECOND;
/// What may happen after the faults have ended, before every run has.
const HAPPENINGS_MAX: u64 = 60_000;
/// How often the keeper finds all runs ended before the world does: late outcomes may still come.
const LINGER: u32 = 24;

/// What is planned.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A run takes in what came.
    Turn { process: u64, run: usize },
    /// A run looks at the clock.
    Wake { process: u64, run: usize, token: u64 },
    /// A sync has come to its end.
    Synced { process: u64, upto: usize },
    /// A task that is worked on has got halfway.
    Halfway { job: u64 },
    /// A task that is worked on is done.
    Finish { job: u64 },
    /// An outcome reaches whoever works on the run.
    Arrive { process: u64, run: usize, task: TaskId, attempt: u32, outcome: Outcome },
    /// Something may go wrong.
    Chaos,
    /// Somebody looks after the runs.
    Keeper,
    /// A new process begins.
    Restart,
    /// What was halted may go on.
    LiftHalt,
    /// Nothing goes wrong from here on.
    FaultsEnd,
}

/// A process that works.
#[derive(Debug, Default)]
pub(crate) struct Process {
    pub(crate) shells: BTreeMap<usize, Shell>,
    pub(crate) syncing: bool,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) agenda: Agenda<Happening>,
    pub(crate) dice: Dice,
    pub(crate) faults: Faults,
    pub(crate) trace: Trace,
    pub(crate) mutant: Option<Mutant>,
    pub(crate) machine: Machine,
    pub(crate) journal: SimJournal,
    pub(crate) subjects: Vec<Subject>,
    pub(crate) ledger: Ledger,
    pub(crate) process: Option<Process>,
    /// Which process it is, counted from 1.
    pub(crate) processes: u64,
    pub(crate) jobs: BTreeMap<u64, Job>,
    pub(crate) executions: u64,
    pub(crate) halted: bool,
    pub(crate) faults_over: bool,
    /// How far the wall clock is off.
    pub(crate) clock_off: i64,
    /// The latest time that the wall clock ever showed.
    pub(crate) latest: Timestamp,
    happened: u64,
    lingered: u32,
}

impl World {
    /// The world of `seed`.
    pub(crate) fn new(seed: u64, faults: Faults, mutant: Option<Mutant>, print: bool) -> Self {
        let subjects = generate::orders(seed).into_iter().map(Subject::new).collect();
        let mut world = Self {
            seed,
            agenda: Agenda::new(),
            dice: Dice::of(seed, "world"),
            faults,
            trace: Trace::new(print),
            mutant,
            machine: generate::machine(seed),
            journal: SimJournal::new(),
            subjects,
            ledger: Ledger::default(),
            process: None,
            processes: 0,
            jobs: BTreeMap::new(),
            executions: 0,
            halted: false,
            faults_over: false,
            clock_off: 0,
            latest: Timestamp::from_nanos(BEGIN_NANOS),
            happened: 0,
            lingered: 0,
        };
        let faults_last = world.dice.between(20, 400) * SECOND;
        world.agenda.after(0, Happening::Restart);
        world.agenda.after(KEEPER, Happening::Keeper);
        world.agenda.after(SECOND, Happening::Chaos);
        world.agenda.after(faults_last, Happening::FaultsEnd);
        world
    }

    /// Puts the plans at the head of the trace.
    pub(crate) fn describe(&mut self) {
        for subject in &self.subjects {
            let Order { id, start, .. } = &subject.order;
            let entries = start.plan.tasks().map(|(phase, task)| {
                let plan = serde_json::to_string(task).unwrap_or_default();
                format!("\n  {:?} {:?} {plan}", phase.mode, phase.max_parallel)
            });
            let entries: String = entries.collect();
            let (timeout, limits) = (start.timeout_ms, &start.limits);
            self.trace.note(0, format_args!("{id}: limit {timeout:?} ms, {limits:?}{entries}"));
        }
    }

    /// What the wall clock shows.
    pub(crate) fn wall(&mut self) -> Timestamp {
        let passed = i64::try_from(self.agenda.now()).unwrap_or(i64::MAX);
        let now = Timestamp::from_nanos(BEGIN_NANOS + passed + self.clock_off);
        self.latest = self.latest.max(now);
        now
    }

    /// Lets everything happen until all runs have ended.
    pub(crate) fn run(&mut self) -> Checked {
        while self.lingered < LINGER {
            let Some(happening) = self.agenda.next() else { break };
            self.happened += u64::from(self.faults_over);
            ensure(self.happened < HAPPENINGS_MAX, "every_run_ends", || self.who_is_left())?;
            self.wall();
            self.happen(happening)?;
        }
        Ok(())
    }

    fn who_is_left(&self) -> String {
        let left = self.subjects.iter().filter(|subject| !subject.has_ended());
        let left: Vec<String> = left.map(Subject::describe).collect();
        format!("long after the last fault these have not: {}", left.join("; "))
    }

    fn happen(&mut self, happening: Happening) -> Checked {
        match happening {
            Happening::Turn { process, run } if process == self.processes => self.turn(run),
            Happening::Wake { process, run, token } if process == self.processes => {
                self.wake(run, token)
            }
            Happening::Synced { process, upto } if process == self.processes => self.synced(upto),
            Happening::Turn { .. } | Happening::Wake { .. } | Happening::Synced { .. } => Ok(()),
            Happening::Halfway { job } => {
                self.halfway(job);
                Ok(())
            }
            Happening::Finish { job } => self.finish(job),
            Happening::Arrive { process, run, task, attempt, outcome } => {
                self.arrive(process, run, task, attempt, outcome);
                Ok(())
            }
            Happening::Chaos => {
                self.chaos();
                Ok(())
            }
            Happening::Keeper => self.keep(),
            Happening::Restart => self.restart(),
            Happening::LiftHalt => {
                self.halted = false;
                Ok(())
            }
            Happening::FaultsEnd => {
                self.end_faults();
                Ok(())
            }
        }
    }

    /// What became durable reaches those who watch.
    pub(crate) fn watch(&mut self, events: &[Event]) -> Checked {
        let latest = self.latest;
        for events in events.chunk_by(|one, next| one.run == next.run) {
            let of = self.subjects.iter_mut().find(|of| of.order.id == events[0].run);
            let Some(subject) = of else {
                let message = format!("an event of `{}`, which nobody asked for", events[0].run);
                return Err(Violation::new("no_two_runs_mix", message));
            };
            subject.watch(events, latest)?;
        }
        Ok(())
    }

    /// Looks after runs that nobody works on: those that do not exist yet, that lost their
    /// process, that were interrupted, and now and then one that ended badly.
    fn keep(&mut self) -> Checked {
        self.agenda.after(KEEPER, Happening::Keeper);
        let all_ended = self.subjects.iter().all(Subject::has_ended);
        self.lingered = if all_ended { self.lingered + 1 } else { 0 };
        for run in 0..self.subjects.len() {
            let Some(process) = &self.process else { break };
            if self.halted {
                break;
            }
            let subject = &self.subjects[run];
            let is_idle = process.shells.get(&run).is_none_or(|shell| !shell.is_working());
            match subject.shadow.as_ref().map(|shadow| shadow.status) {
                _ if !is_idle => {}
                None => self.create(run)?,
                Some(status) if !status.is_terminal() => {
                    let is_interrupted = status == dirigent_workflow::RunStatus::Interrupted;
                    if is_interrupted && self.faults.hit(Fault::CancelIdle) {
                        self.take_up(run, vec![Input::Cancel { by: "somebody".into() }])?;
                    } else {
                        self.take_up(run, Vec::new())?;
                    }
                }
                Some(status) if !status.is_success() && subject.tries_left > 0 => {
                    self.subjects[run].tries_left -= 1;
                    if self.faults.hit(Fault::ResumeAfterEnd) {
                        self.take_up(run, Vec::new())?;
                    }
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// A process ends without a word: its memory, its timers and its workers go with it.
    pub(crate) fn crash(&mut self, loses_power: bool) {
        let Some(process) = self.process.take() else { return };
        self.processes += 1;
        for (run, shell) in &process.shells {
            if let Some(acknowledged) = self.subjects[*run].acknowledged.clone() {
                let is_stale = shell.is_working() && self.faults.draw(Fault::StaleWriter);
                self.subjects[*run].stale = is_stale.then_some(acknowledged.0);
            }
        }
        if loses_power {
            self.lose_tail();
        }
        let now = self.agenda.now();
        self.trace.note(now, format_args!("the process ends (power cut: {loses_power})"));
        let pause = self.dice.around(5 * SECOND);
        self.agenda.after(pause, Happening::Restart);
    }

    /// What was not synced may be lost, and its last record torn.
    pub(crate) fn lose_tail(&mut self) {
        let lose = self.faults.draw(Fault::LostTail);
        let tear = self.faults.draw(Fault::TornRecord);
        let (lost, is_torn) = self.journal.lose_power(Loss { lose, tear }, self.faults.dice());
        if lost > usize::from(is_torn) {
            self.faults.count(Fault::LostTail);
        }
        if is_torn {
            self.faults.count(Fault::TornRecord);
        }
    }

    /// A new process begins: reads the journal, checks it, and takes the runs up.
    fn restart(&mut self) -> Checked {
        if self.process.is_some() {
            return Ok(());
        }
        let keeps_torn = self.mutant == Some(Mutant::KeepTorn);
        let cut = self
            .journal
            .recover(keeps_torn)
            .map_err(|found| Violation::new("the_journal_recovers", found.0))?;
        self.check_recovered()?;
        let now = self.agenda.now();
        self.trace.note(now, format_args!("process {} begins, {cut} bytes cut", self.processes));
        self.process = Some(Process::default());
        if self.faults.hit(Fault::CrashInRecovery) {
            self.crash_somehow();
            return Ok(());
        }
        for run in 0..self.subjects.len() {
            let status = self.subjects[run].shadow.as_ref().map(|shadow| shadow.status);
            match status {
                _ if self.halted => {}
                None => self.create(run)?,
                Some(dirigent_workflow::RunStatus::Running) => self.take_up(run, Vec::new())?,
                Some(_) => {}
            }
            if self.process.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// A crash of either kind.
    pub(crate) fn crash_somehow(&mut self) {
        let loses_power = self.dice.chance(500);
        self.crash(loses_power);
    }

    /// What the watchers find in the journal after a crash.
    fn check_recovered(&mut self) -> Checked {
        use dirigent_journal::ReadJournal;
        let whole = self.journal.verify_all();
        whole.map_err(|error| Violation::new("the_chain_is_whole", error.to_string()))?;
        for run in 0..self.subjects.len() {
            let subject = &self.subjects[run];
            let events = subject.read(&self.journal)?;
            subject.check_survived(&events)?;
            let known = usize::try_from(subject.known()).unwrap_or(usize::MAX);
            self.watch(&events[known.min(events.len())..])?;
            self.subjects[run].check_replay(&events)?;
        }
        Ok(())
    }

    /// The start of a run, shared with what is made of it.
    pub(crate) fn start_of(&self, run: usize) -> Arc<dirigent_workflow::event::Start> {
        Arc::clone(&self.subjects[run].start)
    }
}
