//! Workers: they do tasks, and tell of it once, twice, late or never.

use dirigent_workflow::{
    container,
    event::Failure,
    instances::TaskId,
    retry::ErrorClass,
    step::{Input, Outcome},
    task::TaskState,
};
use serde_json::Value;

use crate::{
    faults::Fault,
    mutant::Mutant,
    subject::Told,
    violation::{Checked, ensure},
    work::{self, Attempt},
    world::{Happening, SECOND, World},
};

/// An attempt that a worker is on.
#[derive(Debug)]
pub(crate) struct Job {
    process: u64,
    run: usize,
    task: TaskId,
    name: String,
    number: u32,
    /// How often its run had been tried again after its end.
    tries: u32,
    does: Attempt,
    /// Whether it goes on when its process ends.
    outlives: bool,
}

impl World {
    /// A task is handed to a worker.
    pub(crate) fn start(&mut self, run: usize, task: TaskId, attempt: u32) -> Checked {
        let start = self.start_of(run);
        let name = task.name(&start.plan);
        self.check_start(run, task, attempt, &name)?;
        let (plan, salt) =
            (name.rsplit_once('/').map_or(name.as_str(), |(entry, _)| entry), attempt - 1);
        let plan = start.plan.task(&name).or_else(|| start.plan.task(plan));
        let salt = if self.mutant == Some(Mutant::SeedFromAttempt) { salt } else { 0 };
        let gives_foreign = self.mutant == Some(Mutant::ForeignCheckpoint);
        let (Some(plan), Some(shell)) = (plan, self.shell(run)) else { return Ok(()) };
        let given = if gives_foreign { a_checkpoint(&shell.run) } else { None };
        let own = shell.run.record(task).and_then(|record| record.checkpoint());
        let given = own.map(|own| given.unwrap_or_else(|| own.clone()));
        let path = container::path(&shell.run, task);
        let mut does = work::attempt(&shell.run, task, plan, salt);
        check_checkpoint(given.as_ref(), &path)?;
        let job = self.executions;
        self.executions += 1;
        if let Some(shell) = self.shell(run) {
            shell.going.insert(task, job);
        }
        let told = Told { outcome: None, hangs: does.outcome.is_none() };
        self.subjects[run].told.insert((name.clone(), attempt), told);
        if does.outcome.is_some() {
            if self.faults.hit(Fault::SlowWorker) {
                does.nanos += self.faults.dice().below(120 * SECOND);
            }
            self.agenda.after(does.nanos / 2, Happening::Halfway { job });
            self.agenda.after(does.nanos, Happening::Finish { job });
        }
        let outlives = self.faults.draw(Fault::OutlivingOutcome);
        let (process, tries) = (self.processes, self.subjects[run].tries);
        let number = attempt;
        self.jobs.insert(job, Job { process, run, task, name, number, tries, does, outlives });
        Ok(())
    }

    /// What must be true of everything that is started.
    fn check_start(&mut self, run: usize, task: TaskId, attempt: u32, name: &str) -> Checked {
        let subject = &mut self.subjects[run];
        let record = subject.shadow.as_ref().and_then(|shadow| shadow.record(task));
        let state = record.map(|record| record.state);
        ensure(state != Some(TaskState::Completed), "no_completed_task_runs_again", || {
            format!("`{name}` is complete, and attempt {attempt} of it was started")
        })?;
        let is_durable = state == Some(TaskState::Running { attempt });
        ensure(is_durable, "nothing_starts_before_its_record_is_durable", || {
            format!("attempt {attempt} of `{name}` was started, and on the disk it is {state:?}")
        })?;
        ensure(
            subject.started.insert((name.to_owned(), attempt)),
            "no_attempt_starts_twice",
            || format!("attempt {attempt} of `{name}` was started before"),
        )
    }

    /// The job of `number`, if whoever does it still lives.
    fn living(&mut self, number: u64) -> Option<&Job> {
        let dead = self.jobs.get(&number)?;
        if dead.process != self.processes && !dead.outlives {
            self.jobs.remove(&number);
        }
        self.jobs.get(&number)
    }

    /// A task keeps a state.
    pub(crate) fn halfway(&mut self, number: u64) {
        let here = self.processes;
        let Some(job) = self.living(number) else { return };
        let (run, task, attempt) = (job.run, job.task, job.number);
        if let Some(state) = job.does.checkpoint.clone().filter(|_| job.process == here) {
            self.deliver(run, Input::Checkpoint { task, attempt, state });
        }
    }

    /// A task is done: it has its effect, and tells of it.
    pub(crate) fn finish(&mut self, number: u64) -> Checked {
        if self.living(number).is_none() {
            return Ok(());
        }
        let Some(job) = self.jobs.remove(&number) else { return Ok(()) };
        if let Some(content) = &job.does.effect {
            self.ledger.ask(job.run, &job.name, (job.tries, job.number), content)?;
        }
        let Some(outcome) = job.does.outcome.clone() else { return Ok(()) };
        let loses = self.faults.hit(Fault::LostOutcome);
        let (outcome, mut delay) = match loses {
            true => (lost(&job.name), 10 * SECOND),
            false => (outcome, 0),
        };
        if self.faults.hit(Fault::LateOutcome) {
            delay += self.faults.dice().below(120 * SECOND);
        }
        if self.faults.hit(Fault::DuplicatedOutcome) {
            let again = self.faults.dice().below(60 * SECOND);
            self.tell(&job, outcome.clone(), delay + again);
        }
        self.tell(&job, outcome, delay);
        Ok(())
    }

    fn tell(&mut self, job: &Job, outcome: Outcome, delay: u64) {
        let told = self.subjects[job.run].told.entry((job.name.clone(), job.number)).or_default();
        told.outcome = Some(outcome.clone());
        let Job { process, run, task, number: attempt, .. } = *job;
        self.agenda.after(delay, Happening::Arrive { process, run, task, attempt, outcome });
    }

    /// An outcome reaches whoever works on the run now, if anybody.
    pub(crate) fn arrive(
        &mut self,
        process: u64,
        run: usize,
        task: TaskId,
        mut attempt: u32,
        outcome: Outcome,
    ) {
        let is_foreign = process != self.processes;
        if is_foreign && !self.faults.draw(Fault::OutlivingOutcome) {
            return;
        }
        let takes_old = self.mutant == Some(Mutant::OldAttempt);
        let Some(shell) = self.shell(run) else { return };
        let state = shell.run.record(task).map(|record| record.state);
        if let Some(TaskState::Running { attempt: now }) = state
            && takes_old
        {
            attempt = now;
        }
        if !is_foreign {
            shell.going.remove(&task);
        } else {
            self.faults.count(Fault::OutlivingOutcome);
        }
        let name = task.name(&self.subjects[run].start.plan);
        let at = self.agenda.now();
        self.trace.note(at, format_args!("{run} is told of attempt {attempt} of {name}"));
        self.deliver(run, Input::Done { task, attempt, outcome });
    }

    /// Nobody waits for a job any more. Who hangs stops; who works may still finish and tell.
    pub(crate) fn give_up(&mut self, number: u64) {
        let hangs = self.jobs.get(&number).is_some_and(|job| job.does.outcome.is_none());
        if hangs && let Some(job) = self.jobs.remove(&number) {
            self.tell(&job, Outcome::Stopped, SECOND / 10);
        }
    }

    /// A planted defect: a process that takes a run up does again what is done.
    pub(crate) fn restart_completed(&mut self, run: usize) -> Checked {
        if self.mutant != Some(Mutant::RestartCompleted) {
            return Ok(());
        }
        let Some(shell) = self.shell(run) else { return Ok(()) };
        let plan = &shell.run.start.plan;
        let all = plan.tasks().filter_map(|(_, task)| TaskId::find(plan, &task.name));
        let is_done = |task: &TaskId| {
            shell.run.record(*task).is_some_and(|record| record.state == TaskState::Completed)
        };
        let again = all.into_iter().find(is_done);
        let attempts =
            again.and_then(|task| shell.run.record(task)).map_or(0, |record| record.attempts);
        again.map_or(Ok(()), |task| self.start(run, task, attempts + 1))
    }
}

/// What is told when a worker is missed.
fn lost(name: &str) -> Outcome {
    let message = format!("the worker of task `{name}` is gone");
    let error = Failure { code: "worker_lost".into(), message, hint: None };
    Outcome::Failed(error, ErrorClass::Transient)
}

/// Some checkpoint of a run.
fn a_checkpoint(run: &dirigent_workflow::Run) -> Option<Value> {
    let all = run.start.plan.tasks().flat_map(|(_, plan)| run.tasks_of(&plan.name));
    all.filter_map(|record| record.checkpoint().cloned()).next()
}

/// What a task begins from was kept by itself.
fn check_checkpoint(given: Option<&Value>, path: &str) -> Checked {
    let of = given.map(|state| state["container"].as_str().unwrap_or_default());
    ensure(of.is_none_or(|of| of == path), "a_checkpoint_stays_in_its_container", || {
        format!("the container `{path}` was given the checkpoint of `{}`", of.unwrap_or_default())
    })
}
