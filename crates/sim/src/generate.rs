//! Generating: the runs of a seed, with plans that use all that a plan can say.

use std::collections::BTreeMap;

use dirigent_core::{CorrelationId, RunId};
use dirigent_workflow::{
    event::Start,
    plan::{InputRef, LifecycleStep, Limits, Mode, OnFailure, PhasePlan, Plan, TaskPlan},
    priority::Priority,
    resource::Amount,
    retry::{Backoff, Retry},
};
use serde_json::{Value, json};

use crate::{
    dice::Dice,
    work::{Does, Extra, Work},
};

/// The kinds of tasks.
pub(crate) const KINDS: [&str; 3] = ["load", "compute", "send"];
/// Events of the engine whose number depends on the order of things, so that the digest does too.
const UNSTEADY: [&str; 5] =
    ["task_started", "task_retrying", "checkpoint_saved", "run_resumed", "container_restarted"];

/// A run that will be asked for.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: RunId,
    pub(crate) correlation_id: CorrelationId,
    pub(crate) start: Start,
    /// Whether its result depends on the order of things, as its plan asks for.
    pub(crate) unsteady: bool,
}

/// What a machine of a seed has.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) workers: u32,
    pub(crate) ahead_max: u32,
    pub(crate) budget: Amount,
    /// The most events in one append.
    pub(crate) part_max: usize,
    /// How long a sync takes, about.
    pub(crate) sync_nanos: u64,
}

pub(crate) fn machine(seed: u64) -> Machine {
    let mut dice = Dice::of(seed, "machine");
    let slots = BTreeMap::from([("gpu".to_owned(), dice.small(1, 3))]);
    Machine {
        workers: dice.small(1, 8),
        ahead_max: *dice.pick(&[1, 1, 2, 4]),
        budget: Amount { memory_bytes: 1000, millicores: 4000, disk_bytes: 1000, slots },
        part_max: *dice.pick(&[1, 2, 3, 8, 1024]),
        sync_nanos: *dice.pick(&[50_000, 500_000, 5_000_000]),
    }
}

/// The runs of `seed`.
pub(crate) fn orders(seed: u64) -> Vec<Order> {
    let mut dice = Dice::of(seed, "plans");
    let count = *dice.pick(&[1, 1, 2, 3]);
    (0..count).map(|number| order(seed, number, &mut dice)).collect()
}

fn order(seed: u64, number: u64, dice: &mut Dice) -> Order {
    let mode = *dice.pick(&[Mode::Traditional, Mode::Composable, Mode::Hybrid, Mode::Auto]);
    let phases = dice.between(1, 4);
    let mut unsteady = false;
    let phases: Vec<PhasePlan> =
        (0..phases).map(|place| phase(place, mode, &mut unsteady, dice)).collect();
    let plan = Plan::new(phases).expect("the generator makes only plans that hold together");
    let mut kinds = BTreeMap::new();
    for kind in KINDS {
        if dice.chance(200) {
            kinds.insert(kind.to_owned(), dice.small(1, 3));
        }
    }
    let concurrency = dice.chance(200).then(|| dice.small(1, 4));
    let timeout_ms = dice.chance(80).then(|| dice.between(20_000, 600_000));
    let padding = if dice.chance(30) { 90_000 } else { 0 };
    let start = Start {
        name: "simulated".into(),
        kind: "tasks".into(),
        mode,
        schedule: String::new(),
        seed: dice.between(0, u64::from(u32::MAX)),
        config_hash: String::new(),
        config_version: "1.0.0".into(),
        config: json!({"padding": "é".repeat(padding / 2)}),
        base: String::new(),
        timeout_ms,
        plan,
        limits: Limits { concurrency, kinds, ..Limits::default() },
        version: String::new(),
    };
    let id: RunId = format!("run_{seed}x{number}").parse().expect("digits and a letter");
    let correlation_id = CorrelationId::from(&id);
    Order { id, correlation_id, start, unsteady }
}

fn phase(place: u64, of_run: Mode, unsteady: &mut bool, dice: &mut Dice) -> PhasePlan {
    let name = format!("p{place}");
    let count = dice.between(1, 6);
    let mut tasks: Vec<TaskPlan> = Vec::new();
    for number in 0..count {
        let task = task(place, number, &tasks, dice);
        tasks.push(task);
    }
    if dice.chance(350) {
        triggered(&name, &mut tasks, unsteady, dice);
    }
    let inputs = inputs(place, dice);
    let mode = match of_run {
        Mode::Hybrid => *dice.pick(&[Mode::Parallel, Mode::Traditional, Mode::SignalReplay]),
        mode => mode,
    };
    let strict_inputs = dice.chance(20);
    let max_parallel = dice.chance(200).then(|| dice.small(1, 5));
    PhasePlan {
        name,
        kind: "tasks".into(),
        mode,
        tasks,
        inputs,
        strict_inputs,
        result: None,
        max_parallel,
    }
}

/// Earlier outputs that a phase asks for; now and then one that is not there.
fn inputs(place: u64, dice: &mut Dice) -> Vec<InputRef> {
    let count = if place == 0 { 0 } else { dice.below(3) };
    (0..count)
        .map(|_| {
            let phase = format!("p{}", dice.below(place));
            InputRef { phase, key: (*dice.pick(&["t0", "t1", "t2", "t3", "on0"])).into() }
        })
        .collect()
}

fn task(place: u64, number: u64, before: &[TaskPlan], dice: &mut Dice) -> TaskPlan {
    let name = format!("p{place}.t{number}");
    let count = match dice.below(10) {
        0..5 => None,
        5..8 => Some(dice.small(1, 8)),
        _ => Some(dice.small(1, 50)),
    };
    let mut needs: Vec<String> = Vec::new();
    for need in before.iter().rev().take(3).filter(|need| need.on.is_none()) {
        if dice.chance(350) {
            needs.push(need.name.clone());
        }
    }
    if place > 0 && dice.chance(200) {
        needs.push(format!("p{}.t0", dice.below(place)));
    }
    let on_failure = *dice.pick(&[OnFailure::Fail, OnFailure::Degrade, OnFailure::FailIfAll]);
    let retry = retry(dice);
    let (work, timeout_ms) = work(on_failure, retry.max, count.is_some(), dice);
    let reaches = (place == 0 && number < 3 && dice.chance(300)).then(|| {
        *dice.pick(&[
            LifecycleStep::Validation,
            LifecycleStep::ContainerCreation,
            LifecycleStep::InfrastructureSetup,
        ])
    });
    let container = dice.chance(400).then(|| format!("{name}/box"));
    TaskPlan {
        isolation: dirigent_workflow::plan::Isolation::Thread,
        kind: (*dice.pick(&KINDS)).into(),
        needs,
        input: input(&work),
        reaches,
        count,
        on: None,
        priority: priority(dice),
        timeout_ms,
        retry,
        on_failure,
        container,
        takes: takes(dice),
        name,
    }
}

fn input(work: &Work) -> Value {
    serde_json::to_value(work).expect("work is plain data")
}

fn priority(dice: &mut Dice) -> Priority {
    *dice.pick(&[Priority::Low, Priority::Medium, Priority::High, Priority::Critical])
}

fn retry(dice: &mut Dice) -> Retry {
    let backoff = match dice.below(2) {
        0 => Backoff::Fixed { delay_ms: dice.below(5_000) },
        _ => Backoff::Exponential { base_ms: dice.between(1, 2_000), max_ms: 20_000 },
    };
    let max = *dice.pick(&[0, 1, 2, 3, 5]);
    let jitter_percent = *dice.pick(&[0, 0, 50, 100]);
    Retry { max, backoff, jitter_percent, permanent: dice.chance(50) }
}

fn takes(dice: &mut Dice) -> Amount {
    let mut takes = Amount::default();
    if dice.chance(200) {
        // Now and then more than there is.
        takes.memory_bytes = if dice.chance(15) { 1001 } else { dice.between(1, 600) };
        takes.millicores = dice.below(2000);
    }
    if dice.chance(100) {
        takes.slots.insert("gpu".to_owned(), 1);
    }
    takes
}

/// What a task does, and how long it may take.
fn work(on_failure: OnFailure, retries: u32, many: bool, dice: &mut Dice) -> (Work, Option<u64>) {
    let ms = *dice.pick(&[1, 50, 2_000, 15_000]);
    let mut timeout_ms = dice.chance(250).then(|| ms + 500 + dice.below(20_000));
    let is_optional =
        on_failure == OnFailure::Degrade || (on_failure == OnFailure::FailIfAll && many);
    let does = match dice.below(12) {
        0 => Does::Fail(dice.small(0, retries)),
        1 => Does::Panic(dice.small(0, retries)),
        2 => {
            timeout_ms = Some(ms + 500 + dice.below(5_000));
            Does::Hang(dice.small(0, retries))
        }
        3 if is_optional => Does::Fail(retries + 1),
        4 if is_optional => Does::Hopeless,
        5 if is_optional => Does::Some(dice.small(2, 4)),
        6 if dice.chance(150) => Does::Fail(retries + 1),
        _ => Does::Deliver,
    };
    let extras = [
        (Extra::Silent, 300),
        (Extra::Effect, 400),
        (Extra::Checkpoint, 500),
        (Extra::Artifact, 100),
    ];
    let work = Work {
        does,
        ms,
        has: extras.into_iter().filter(|(_, often)| dice.chance(*often)).map(|of| of.0).collect(),
        padding: if dice.chance(20) { 20_000 } else { 0 },
        publishes: Vec::new(),
    };
    (work, timeout_ms)
}

/// Adds tasks to a phase that events start: of the tasks before them, of each other in a chain,
/// and of the engine.
fn triggered(phase: &str, tasks: &mut Vec<TaskPlan>, unsteady: &mut bool, dice: &mut Dice) {
    let event = |level: u64| format!("{phase}_news{level}");
    let publisher = dice.index(tasks.len() - 1);
    // A task of many that publishes starts that many.
    if tasks[publisher].count.is_none_or(|count| count <= 12) {
        publish(&mut tasks[publisher], &vec![event(0); dice.index(2) + 1]);
    }
    let levels = dice.between(1, 2);
    for level in 0..levels {
        let mut on = task(9, level, &[], dice);
        let next = if level + 1 < levels { vec![event(level + 1)] } else { Vec::new() };
        publish(&mut on, &next);
        tasks.push(TaskPlan { name: format!("{phase}.on{level}"), on: Some(event(level)), ..on });
    }
    let few = tasks.iter().map(|task| task.count.unwrap_or(1)).sum::<u32>() <= 20;
    if few && dice.chance(400) {
        let engine = task(9, 8, &[], dice);
        let is_unsteady = dice.chance(300);
        *unsteady |= is_unsteady;
        let on = if is_unsteady { *dice.pick(&UNSTEADY) } else { "task_completed" };
        let (name, on) = (format!("{phase}.on8"), Some(on.to_owned()));
        tasks.push(TaskPlan { name, on, ..engine });
    }
    for task in tasks.iter_mut().filter(|task| task.on.is_some()) {
        (task.count, task.reaches) = (None, None);
        task.needs.clear();
    }
}

fn publish(task: &mut TaskPlan, events: &[String]) {
    let mut work: Work = serde_json::from_value(task.input.clone()).unwrap_or_default();
    work.publishes = events.to_vec();
    task.input = input(&work);
}
