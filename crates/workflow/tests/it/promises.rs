//! Promises about what goes on at once, and about what comes too late.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use dirigent_core::Timestamp;
use dirigent_workflow::{
    Fact, RunStatus,
    event::Failure,
    instances::TaskId,
    plan::{Limits, Mode, TaskPlan},
    port::{TaskError, TaskOutput},
    resource::{
        Amount, Level,
        concurrency::{Concurrency, Target},
        steering::{Load, Memory, Steering},
    },
    retry::{Backoff, Retry},
    step::{Delivery, Input, Outcome},
};
use serde_json::{Value, json};

use crate::{
    late::{kind, world},
    play::{Act, Play, phase, start, task},
};

#[test]
fn mod_04_what_one_composable_phase_frees_the_next_one_uses() {
    let takes = Amount { memory_bytes: 500, ..Amount::default() };
    let names = ["search", "analyze", "combine", "validate"];
    let of = |name: &str| TaskPlan { count: Some(4), takes: takes.clone(), ..task(name, &[]) };
    let phases = names.map(|name| {
        let task = format!("{name}.trial");
        phase(name, Mode::Composable, vec![of(&task)])
    });
    let mut play = Play::new(start(phases.into(), Limits::default()), 16);
    play.capacity.budget = Amount { memory_bytes: 1_000, ..Amount::unlimited() };
    let play = play.played(|_, _| Act::Deliver(Value::Null));
    assert_eq!((play.run.status, play.most), (RunStatus::Completed, 2));
    let started = play.told("task_started");
    for name in names {
        // Both places at once, as nothing of the phase before holds one any more.
        let first = started.iter().find(|task| task.starts_with(name)).unwrap();
        assert_eq!(*first, format!("{name}.trial/0-1@0"), "{started:?}");
    }
}

#[test]
fn evt_33_after_a_run_has_failed_a_late_event_starts_nothing() {
    let on = TaskPlan { on: Some("signal".into()), ..task("rebalance", &[]) };
    let mut start =
        start(vec![phase("p", Mode::Parallel, vec![task("analyst", &[]), on])], Limits::default());
    start.timeout_ms = Some(1_000);
    let signal = |play: &mut Play| {
        let task = TaskId::find(&play.run.start.plan, "analyst").unwrap();
        let events = vec![("signal".to_owned(), json!({"buy": "AAA"}))];
        let delivery = Delivery { events, ..Delivery::default() };
        let outcome = Outcome::Delivered(Box::new(delivery));
        play.give(vec![Input::Done { task, attempt: 1, outcome }]);
        play.run.tasks_of("rebalance").len()
    };
    let mut timely = Play::new(start.clone(), 2);
    timely.give(vec![Input::Tick]);
    assert_eq!(signal(&mut timely), 1);
    let mut late = Play::new(start, 2);
    late.give(vec![Input::Tick]);
    late.now = late.now.plus(Duration::from_secs(2));
    late.give(vec![Input::Tick]);
    assert_eq!(late.told("workflow_failed").len(), 1);
    let (run, facts) = (late.run.clone(), late.facts.len());
    assert_eq!(signal(&mut late), 0);
    assert_eq!((late.run, late.facts.len()), (run, facts));
}

#[test]
fn res_14_dmn_18_a_breach_of_a_threshold_is_recorded_with_its_figures_and_so_is_its_end() {
    let mut steering = Steering::new(Concurrency::new(1, 8, 8, Target::default()));
    let mut play = Play::of(vec![TaskPlan { count: Some(4), ..task("trial", &[]) }], 1);
    for (second, percent) in [(0, 50), (10, 96), (20, 50)] {
        play.now = Timestamp::from_nanos(second * 1_000_000_000);
        let memory = Some(Memory { used_bytes: percent, limit_bytes: 100 });
        if let Some(advice) = steering.observe(play.now, &Load { memory, ..Load::default() }) {
            play.give(vec![Input::Advice(advice)]);
        }
    }
    let alert = |(at, fact): &(i64, Fact)| match fact {
        Fact::CapacityChanged { concurrency, level, reason } => {
            Some((*at, *concurrency, *level, reason.clone()))
        }
        _ => None,
    };
    let alerts: Vec<_> = play.facts.iter().filter_map(alert).collect();
    assert_eq!(
        alerts,
        [
            (10_000, 0, Level::Critical, "memory 96% of the limit: nothing starts".to_owned()),
            (
                20_000,
                4,
                Level::None,
                "memory 50% of the limit: as much as the processors bear".to_owned()
            ),
        ]
    );
}

#[test]
fn res_26_five_hundred_tasks_that_wait_need_no_five_hundred_threads() {
    let threads: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let seen = Arc::clone(&threads);
    let kind = kind(move |context| {
        let thread = format!("{:?}", std::thread::current().id());
        seen.lock().unwrap().insert(thread);
        if context.task != "gate" && context.attempt == 1 {
            let (code, message) = ("played".to_owned(), "not yet".to_owned());
            return Err(TaskError::Failed(Failure { code, message, hint: None }));
        }
        Ok(TaskOutput { value: json!(context.attempt), ..TaskOutput::default() })
    });
    // They wait for the gate, then for a place, then for their second try.
    let retry = Retry { max: 1, backoff: Backoff::Fixed { delay_ms: 0 }, ..Retry::NEVER };
    let wait = TaskPlan { count: Some(500), retry, ..task("wait", &["gate"]) };
    let run = world(kind, 4).run(Mode::Parallel, vec![task("gate", &[]), wait]).unwrap();
    assert_eq!(run.status, RunStatus::Completed);
    assert!(run.tasks_of("wait").iter().all(|task| *task.output() == json!(2)));
    let count = threads.lock().unwrap().len();
    assert!((1..=4).contains(&count), "{count} threads");
}

/// Breaks when it is let go.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the connection was closed twice");
    }
}

#[test]
fn phs_14_what_breaks_when_a_container_is_emptied_does_not_break_the_run() {
    let kind = kind(|context| {
        if context.task == "bad" {
            context.container.hold(Arc::new(Bomb));
        }
        Ok(TaskOutput { value: json!(1), ..TaskOutput::default() })
    });
    for container in [None, Some("c".to_owned())] {
        let bad = TaskPlan { container, ..task("bad", &[]) };
        let run = world(Arc::clone(&kind), 1);
        let run = run.run(Mode::Traditional, vec![bad, task("good", &["bad"])]).unwrap();
        assert_eq!((run.status, run.warnings().count()), (RunStatus::Completed, 0));
    }
}
