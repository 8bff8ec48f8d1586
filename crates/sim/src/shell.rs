//! The shell: what stands for the runtime. It appends the facts of a step, waits until they are
//! durable, and only then stops and starts tasks.
//!
//! It mirrors `dirigent_workflow::runtime`, with the disk, the clock and the threads taken out: the
//! decisions are those of the real `step`, cut into appends by the real `parts`.

use std::collections::{BTreeMap, VecDeque};

use dirigent_core::{Timestamp, event::Draft};
use dirigent_workflow::{
    Fact, Run, RunStatus,
    decide::{Capacity, next_time},
    event::parts,
    instances::TaskId,
    resource::{Advice, Level},
    run::BrokenHistory,
    step::{self, INPUTS_PER_STEP_MAX, Input, Step},
};

use crate::{
    check,
    faults::Fault,
    generate,
    mutant::Mutant,
    violation::{Checked, Violation},
    world::{Happening, SECOND, World},
    writing::Writing,
};

/// How long a run sleeps at most before it looks at the clock again.
const NAP_MAX: u64 = 3600 * SECOND;

/// A run that a process works on.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) run: Run,
    pub(crate) inbox: VecDeque<Input>,
    pub(crate) writing: Option<Writing>,
    pub(crate) advice: Option<Advice>,
    turns: bool,
    token: u64,
    /// The latest time of its steps.
    woken: Timestamp,
    /// The jobs of tasks that are worked on.
    pub(crate) going: BTreeMap<TaskId, u64>,
}

impl Shell {
    fn new(run: Run, woken: Timestamp) -> Self {
        Self {
            run,
            inbox: VecDeque::new(),
            writing: None,
            advice: None,
            turns: false,
            token: 0,
            woken,
            going: BTreeMap::new(),
        }
    }

    /// Whether something will come of it.
    pub(crate) fn is_working(&self) -> bool {
        self.writing.is_some() || self.run.status == RunStatus::Running
    }
}

fn broken(error: BrokenHistory) -> Violation {
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
    Violation::new("the_history_makes_sense", format!("{error}{}", cause.unwrap_or_default()))
}

impl World {
    pub(crate) fn shell(&mut self, run: usize) -> Option<&mut Shell> {
        self.process.as_mut()?.shells.get_mut(&run)
    }

    /// Records a new run.
    pub(crate) fn create(&mut self, run: usize) -> Checked {
        let now = self.wall();
        let order = &self.subjects[run].order;
        let drafts = order.start.drafts(now);
        let (id, correlation_id) = (order.id.clone(), order.correlation_id.clone());
        let mut memory = Run::begin(id, correlation_id, self.start_of(run), now);
        memory.seq = drafts.len() as u64;
        self.open(run, memory, VecDeque::from([drafts]), Step::default(), 0)
    }

    /// Takes up a run that nobody works on.
    pub(crate) fn take_up(&mut self, run: usize, inputs: Vec<Input>) -> Checked {
        let now = self.wall();
        let subject = &self.subjects[run];
        let events = subject.read(&self.journal)?;
        let mut memory = Run::replay(&subject.order.id, &events).map_err(broken)?;
        let seq = memory.seq;
        let capacity = self.capacity(None);
        let record = step::take_up(&mut memory, &capacity, now, inputs).map_err(broken)?;
        let parts = self.parts(run, &record, now, seq);
        self.open(run, memory, parts, Step { record, ..Step::default() }, seq)
    }

    fn open(
        &mut self,
        run: usize,
        memory: Run,
        parts: VecDeque<Vec<Draft>>,
        step: Step,
        last: u64,
    ) -> Checked {
        let now = self.wall();
        let mut shell = Shell::new(memory, now);
        shell.writing = Some(Writing { parts, upto: 0, last, hash: None, step, takes_up: true });
        if let Some(process) = &mut self.process {
            process.shells.insert(run, shell);
        }
        self.write_part(run)
    }

    fn parts(&self, run: usize, record: &[Fact], now: Timestamp, seq: u64) -> VecDeque<Vec<Draft>> {
        parts::of(record, now, &self.subjects[run].order.id, seq, self.machine.part_max).collect()
    }

    /// How much may go on at once.
    fn capacity(&mut self, advice: Option<&Advice>) -> Capacity {
        let limit = self.machine.workers;
        let advised = advice.map(|advice| u32::try_from(advice.concurrency).unwrap_or(u32::MAX));
        Capacity {
            workers: advised.map_or(limit, |advised| advised.min(limit)),
            ahead: self.ahead(),
            budget: self.machine.budget.clone(),
            level: advice.map_or(Level::None, |advice| advice.level),
        }
    }

    /// How many tasks of each kind are known to be short enough to take one place.
    fn ahead(&mut self) -> BTreeMap<String, u32> {
        let most = self.machine.ahead_max;
        let mut ahead = |kind: &&str| ((*kind).to_owned(), self.dice.small(1, most));
        generate::KINDS.iter().map(&mut ahead).filter(|(_, ahead)| *ahead > 1).collect()
    }

    /// Something reaches a run.
    pub(crate) fn deliver(&mut self, run: usize, input: Input) -> bool {
        let process = self.processes;
        let Some(shell) = self.shell(run) else { return false };
        shell.inbox.push_back(input);
        if !shell.turns && shell.writing.is_none() {
            shell.turns = true;
            self.agenda.after(1_000, Happening::Turn { process, run });
        }
        true
    }

    /// A run looks at the clock.
    pub(crate) fn wake(&mut self, run: usize, token: u64) -> Checked {
        if self.shell(run).is_some_and(|shell| shell.token == token && shell.writing.is_none()) {
            self.deliver(run, Input::Tick);
        }
        Ok(())
    }

    /// A run takes in what came, and records what follows.
    pub(crate) fn turn(&mut self, run: usize) -> Checked {
        let now = self.wall();
        let advice = self.shell(run).and_then(|shell| shell.advice.clone());
        let capacity = self.capacity(advice.as_ref());
        // A turn that was planned before the run was taken up anew is none of the new one.
        let Some(shell) = self.shell(run).filter(|shell| shell.turns && shell.writing.is_none())
        else {
            return Ok(());
        };
        shell.turns = false;
        let count = shell.inbox.len().min(INPUTS_PER_STEP_MAX);
        let inputs: Vec<Input> = shell.inbox.drain(..count).collect();
        let (seq, status) = (shell.run.seq, shell.run.status);
        let step = step::step(&mut shell.run, &capacity, now, inputs).map_err(broken)?;
        shell.woken = shell.woken.max(now);
        check::an_ended_run_stays(status, &step)?;
        if !step.start.is_empty() {
            check::running_tasks_fit(&shell.run, &capacity)?;
        }
        let (id, kinds) = (shell.run.id.clone(), step.record.iter().map(Fact::kind));
        let kinds: Vec<&str> = kinds.collect();
        let (at, starts) = (self.agenda.now(), step.start.len());
        self.trace.note(at, format_args!("{id}:{seq} {} starts {starts}", kinds.join(" ")));
        let record = self.mutated(step.record.clone());
        let parts = self.parts(run, &record, now, seq);
        let parts = self.mutated_parts(parts);
        let writing = Writing { parts, upto: 0, last: seq, hash: None, step, takes_up: false };
        if let Some(shell) = self.shell(run) {
            shell.writing = Some(writing);
        }
        self.write_part(run)
    }

    /// Planted defects in what is recorded.
    fn mutated(&mut self, mut record: Vec<Fact>) -> Vec<Fact> {
        let completed = |fact: &Fact| matches!(fact, Fact::TaskCompleted { .. });
        if self.mutant == Some(Mutant::DoubleApply)
            && let Some(at) = record.iter().position(completed)
            && self.dice.chance(200)
        {
            record.insert(at, record[at].clone());
        }
        record
    }

    fn mutated_parts(&self, mut parts: VecDeque<Vec<Draft>>) -> VecDeque<Vec<Draft>> {
        if self.mutant == Some(Mutant::LostPart) && parts.len() > 1 {
            parts.pop_back();
        }
        parts
    }

    /// All of a step is durable: stops and starts tasks.
    pub(crate) fn carry_out(&mut self, run: usize) -> Checked {
        let latest = self.latest;
        let subject = &self.subjects[run];
        let Some(shell) = self.process.as_mut().and_then(|process| process.shells.get_mut(&run))
        else {
            return Ok(());
        };
        let Some(writing) = shell.writing.take() else { return Ok(()) };
        if self.mutant != Some(Mutant::SkipSync) {
            check::the_journal_tells_what_memory_holds(
                subject,
                &shell.run,
                shell.woken.min(latest),
            )?;
            subject.check_model()?;
        }
        if writing.takes_up {
            self.refuse_stale(run)?;
            self.restart_completed(run)?;
        }
        for (task, _) in writing.step.stop {
            if let Some(job) = self.shell(run).and_then(|shell| shell.going.remove(&task)) {
                self.give_up(job);
            }
        }
        for (number, (task, attempt)) in writing.step.start.into_iter().enumerate() {
            if number > 0 && self.faults.hit(Fault::CrashWhileStarting) {
                self.crash_somehow();
                return Ok(());
            }
            self.start(run, task, attempt)?;
        }
        self.rest(run, writing.takes_up);
        Ok(())
    }

    /// Waits for what comes next.
    fn rest(&mut self, run: usize, begins: bool) {
        let (now, process) = (self.wall(), self.processes);
        let loses_timers = self.mutant == Some(Mutant::LostTimer);
        let Some(shell) = self.shell(run) else { return };
        if shell.run.status != RunStatus::Running {
            let given_up: Vec<u64> = std::mem::take(&mut shell.going).into_values().collect();
            given_up.into_iter().for_each(|job| self.give_up(job));
            return;
        }
        if begins {
            shell.inbox.push_back(Input::Tick);
        }
        if !shell.inbox.is_empty() {
            shell.turns = true;
            self.agenda.after(1_000, Happening::Turn { process, run });
            return;
        }
        shell.token += 1;
        let token = shell.token;
        let due = next_time(&shell.run).map(|due| due.since(now).as_nanos());
        let nap = due.map_or(NAP_MAX, |due| u64::try_from(due).unwrap_or(NAP_MAX).min(NAP_MAX));
        if !loses_timers {
            self.agenda.after(nap + 1_000, Happening::Wake { process, run, token });
        }
    }
}
