//! Plays a plan without threads, disks or waiting: outcomes come from a function, time jumps to
//! when something is due.

use std::{collections::VecDeque, time::Duration};

use dirigent_core::{CorrelationId, ManualClock, RunId, Timestamp};
use dirigent_workflow::{
    Fact, Plan, Run, RunStatus,
    decide::{Capacity, next_time},
    event::{Failure, Start},
    instances::TaskId,
    plan::{Limits, Mode, PhasePlan, TaskPlan},
    resource::{Amount, Level},
    retry::ErrorClass,
    step::{Delivery, Input, Outcome, step},
};
use serde_json::Value;

/// What a task does.
pub(crate) enum Act {
    Deliver(Value),
    Publish(&'static str, Value),
    Fail(&'static str),
    FailForGood(&'static str),
    Hang,
}

pub(crate) struct Play {
    pub(crate) run: Run,
    pub(crate) now: Timestamp,
    pub(crate) capacity: Capacity,
    /// Every fact, with its time in milliseconds.
    pub(crate) facts: Vec<(i64, Fact)>,
    going: VecDeque<(TaskId, u32)>,
    /// The most tasks that were worked on at once.
    pub(crate) most: usize,
}

pub(crate) fn task(name: &str, needs: &[&str]) -> TaskPlan {
    TaskPlan {
        name: name.into(),
        kind: "play".into(),
        needs: needs.iter().map(ToString::to_string).collect(),
        ..TaskPlan::default()
    }
}

pub(crate) fn phase(name: &str, mode: Mode, tasks: Vec<TaskPlan>) -> PhasePlan {
    PhasePlan { name: name.into(), kind: "tasks".into(), mode, tasks, ..PhasePlan::default() }
}

pub(crate) fn start(phases: Vec<PhasePlan>, limits: Limits) -> Start {
    Start {
        name: "play".into(),
        kind: "tasks".into(),
        mode: Mode::Parallel,
        schedule: String::new(),
        seed: 42,
        config_hash: String::new(),
        config_version: "1.0.0".into(),
        config: Value::Null,
        base: String::new(),
        timeout_ms: None,
        plan: Plan::new(phases).unwrap(),
        limits,
        version: String::new(),
    }
}

impl Play {
    /// A run of `tasks` in one parallel phase, with room for `workers`.
    pub(crate) fn of(tasks: Vec<TaskPlan>, workers: u32) -> Self {
        Self::new(start(vec![phase("p", Mode::Parallel, tasks)], Limits::default()), workers)
    }

    pub(crate) fn new(start: Start, workers: u32) -> Self {
        let id = RunId::new(&ManualClock::default());
        let run = Run::begin(id.clone(), CorrelationId::from(&id), start, Timestamp::default());
        let capacity =
            Capacity { workers, ahead: [].into(), budget: Amount::unlimited(), level: Level::None };
        let (facts, going) = (Vec::new(), VecDeque::new());
        Self { run, now: Timestamp::default(), capacity, facts, going, most: 0 }
    }

    /// Gives `inputs` to the run.
    pub(crate) fn give(&mut self, inputs: Vec<Input>) {
        let step = step(&mut self.run, &self.capacity, self.now, inputs).unwrap();
        let at = self.now.as_nanos() / 1_000_000;
        self.facts.extend(step.record.into_iter().map(|fact| (at, fact)));
        self.going.retain(|going| !step.stop.contains(going));
        self.going.extend(step.start);
        self.most = self.most.max(self.going.len());
    }

    /// Works until the run has ended.
    pub(crate) fn played(mut self, mut act: impl FnMut(&str, u32) -> Act) -> Self {
        self.give(vec![Input::Tick]);
        for _ in 0..1_000_000 {
            if self.run.status != RunStatus::Running {
                return self;
            }
            self.once(&mut act);
        }
        panic!("the run does not end: {:?}", self.run);
    }

    /// Ends the task that was started first, or lets time pass if all hang.
    pub(crate) fn once(&mut self, act: &mut impl FnMut(&str, u32) -> Act) {
        for _ in 0..self.going.len() {
            let Some((task, attempt)) = self.going.pop_front() else { break };
            let failure = |text: &str| Failure {
                code: "played".into(),
                message: text.to_owned(),
                hint: None,
            };
            let delivered = |delivery| Outcome::Delivered(Box::new(delivery));
            let outcome = match act(&task.name(&self.run.start.plan), attempt) {
                Act::Deliver(output) => delivered(Delivery { output, ..Delivery::default() }),
                Act::Publish(event, payload) => delivered(Delivery {
                    events: vec![(event.to_owned(), payload)],
                    ..Delivery::default()
                }),
                Act::Fail(text) => Outcome::Failed(failure(text), ErrorClass::Transient),
                Act::FailForGood(text) => Outcome::Failed(failure(text), ErrorClass::Permanent),
                Act::Hang => {
                    self.going.push_back((task, attempt));
                    continue;
                }
            };
            return self.give(vec![Input::Done { task, attempt, outcome }]);
        }
        let due = next_time(&self.run).expect("something is due when all tasks hang");
        self.now = due.max(self.now.plus(Duration::from_millis(1)));
        self.give(vec![Input::Tick]);
    }

    /// The facts of one kind, as `task@milliseconds`.
    pub(crate) fn told(&self, kind: &str) -> Vec<String> {
        let wanted = self.facts.iter().filter(|(_, fact)| fact.kind() == kind);
        wanted.map(|(at, fact)| format!("{}@{at}", fact.task().unwrap_or(""))).collect()
    }

    /// Where each of `names` stands.
    pub(crate) fn states(&self, names: &[&str]) -> Vec<&'static str> {
        names.iter().map(|name| self.run.task(name).unwrap().state.as_str()).collect()
    }
}
