//! What the engine promises of tasks, phases and containers, played without waiting.

use std::collections::BTreeMap;

use dirigent_workflow::{
    RunStatus,
    plan::{Limits, Mode, OnFailure, PhasePlan, TaskPlan},
    priority::Priority,
    resource::{Advice, Amount, Level},
    retry::{Backoff, Retry},
    step::{Input, Outcome},
};
use serde_json::{Value, json};

use crate::play::{Act, Play, phase, start, task};

fn null(_: &str, _: u32) -> Act {
    Act::Deliver(Value::Null)
}

#[test]
fn tsk_03_a_task_starts_only_after_all_it_needs() {
    let tasks = vec![task("c", &["a", "b"]), task("a", &[]), task("b", &["a"])];
    let play = Play::of(tasks, 4).played(null);
    let order: Vec<String> = play.told("task_started");
    assert_eq!(order, ["a@0", "b@0", "c@0"]);
}

#[test]
fn tsk_07_no_more_tasks_run_at_once_than_there_is_room_for() {
    let many = TaskPlan { count: Some(20), ..task("many", &[]) };
    let limits = Limits { concurrency: Some(5), ..Limits::default() };
    let start = start(vec![phase("p", Mode::Parallel, vec![many])], limits);
    let play = Play::new(start, 16).played(null);
    assert_eq!((play.run.status, play.most), (RunStatus::Completed, 5));
}

#[test]
fn phs_15_kinds_and_phases_have_limits_of_their_own() {
    let of =
        |kind: &str, count| TaskPlan { kind: kind.into(), count: Some(count), ..task(kind, &[]) };
    let limits = Limits { kinds: BTreeMap::from([("slow".into(), 2)]), ..Limits::default() };
    let tasks = vec![of("slow", 10), of("fast", 10)];
    let mut play = Play::new(start(vec![phase("p", Mode::Parallel, tasks)], limits), 8);
    play.give(vec![Input::Tick]);
    let running = |play: &Play, entry: &str| {
        play.run.tasks_of(entry).iter().filter(|task| task.state.as_str() == "running").count()
    };
    assert_eq!((running(&play, "slow"), running(&play, "fast")), (2, 6));
    let few =
        PhasePlan { max_parallel: Some(3), ..phase("p", Mode::Parallel, vec![of("fast", 10)]) };
    assert_eq!(Play::new(start(vec![few], Limits::default()), 8).played(null).most, 3);
}

#[test]
fn tsk_13_ready_tasks_start_by_priority_and_old_ones_are_not_starved() {
    let of = |name: &str, priority| TaskPlan { priority, ..task(name, &[]) };
    let tasks = vec![
        of("low", Priority::Low),
        of("medium", Priority::Medium),
        of("critical", Priority::Critical),
        of("high", Priority::High),
    ];
    let play = Play::of(tasks, 1).played(null);
    assert_eq!(play.told("task_started"), ["critical@0", "high@0", "medium@0", "low@0"]);
    // A task of low priority waits; two minutes later critical ones come one after the other.
    let gate = TaskPlan { timeout_ms: Some(120_000), ..of("gate", Priority::Critical) };
    let gate = TaskPlan { on_failure: OnFailure::Degrade, ..gate };
    let gate = TaskPlan { count: Some(1), ..gate };
    let after = TaskPlan { on: Some("task_timeout".into()), ..of("after", Priority::Critical) };
    let other = TaskPlan { count: Some(2), ..of("other", Priority::Low) };
    let tasks = vec![gate, other, after];
    let play = Play::of(tasks, 1).played(|name, _| match name {
        "gate/0" => Act::Hang,
        _ => Act::Deliver(Value::Null),
    });
    assert_eq!(
        play.told("task_started"),
        ["gate/0@0", "other/0@120000", "other/1@120000", "after/0@120000"]
    );
}

#[test]
fn tsk_15_16_17_a_failing_task_is_tried_again_after_growing_pauses_and_keeps_its_error() {
    let flaky = TaskPlan { retry: Retry::STANDARD, ..task("flaky", &[]) };
    let play = Play::of(vec![flaky.clone()], 1).played(|_, _| Act::Fail("no luck"));
    assert_eq!(
        play.told("task_started"),
        ["flaky@0", "flaky@1000", "flaky@3000", "flaky@7000"],
        "once, and three more times after 1, 2 and 4 s"
    );
    let record = play.run.task("flaky").unwrap();
    assert_eq!((record.attempts, record.error().unwrap().message.as_str()), (4, "no luck"));
    assert_eq!((play.run.status, play.states(&["flaky"])), (RunStatus::Failed, vec!["failed"]));
    let once = |retry| {
        let plan = TaskPlan { retry, ..task("flaky", &[]) };
        Play::of(vec![plan], 1).played(|_, _| Act::Fail("no luck")).told("task_started").len()
    };
    assert_eq!(once(Retry::NEVER), 1);
    let hopeless = Play::of(vec![flaky.clone()], 1).played(|_, _| Act::FailForGood("never"));
    assert_eq!(hopeless.told("task_started").len(), 1, "a permanent error is not tried again");
    let recovers = Play::of(vec![flaky], 1).played(|_, attempt| match attempt {
        1..3 => Act::Fail("not yet"),
        _ => Act::Deliver(json!(7)),
    });
    assert_eq!(recovers.run.status, RunStatus::Completed);
    assert_eq!(recovers.run.task("flaky").unwrap().output(), &json!(7));
}

#[test]
fn tsk_10_a_task_that_takes_too_long_is_stopped_retried_and_ends_as_timeout() {
    let retry = Retry { max: 1, backoff: Backoff::Fixed { delay_ms: 500 }, ..Retry::STANDARD };
    let slow = TaskPlan { timeout_ms: Some(1_000), retry, ..task("slow", &[]) };
    let play = Play::of(vec![slow], 1).played(|_, _| Act::Hang);
    assert_eq!(play.told("task_started"), ["slow@0", "slow@1500"]);
    assert_eq!(play.told("task_timeout"), ["slow@2500"]);
    assert_eq!(play.states(&["slow"]), ["timeout"]);
    assert_eq!(play.run.failure.unwrap().code, "task_timeout");
}

#[test]
fn tsk_11_a_workflow_that_takes_too_long_cancels_what_is_left() {
    let mut start = start(
        vec![phase("p", Mode::Parallel, vec![task("long", &[]), task("after", &["long"])])],
        Limits::default(),
    );
    start.timeout_ms = Some(2_000);
    let play = Play::new(start, 2).played(|_, _| Act::Hang);
    assert_eq!((play.run.status, play.now.as_nanos()), (RunStatus::Timeout, 2_000_000_000));
    assert_eq!(play.states(&["long", "after"]), ["cancelled", "cancelled"]);
}

#[test]
fn tsk_20_an_optional_failure_skips_what_needs_it_and_degrades_the_run() {
    let economist = TaskPlan { on_failure: OnFailure::Degrade, ..task("economist", &[]) };
    let tasks =
        vec![economist, task("macro", &["economist"]), task("deep", &["macro"]), task("rest", &[])];
    let play = Play::of(tasks, 2).played(|name, _| match name {
        "economist" => Act::Fail("no data"),
        _ => Act::Deliver(Value::Null),
    });
    assert_eq!(play.run.status, RunStatus::Degraded);
    assert_eq!(
        play.states(&["economist", "macro", "deep", "rest"]),
        ["failed", "skipped", "skipped", "completed"]
    );
    let reason = play.run.task("macro").unwrap().reason().unwrap().to_owned();
    assert_eq!(reason, "it needs `economist`, which did not complete");
}

#[test]
fn many_tasks_that_need_a_lost_one_are_skipped_once_each() {
    // A fan-out of 10,000 behind a lost task once asked for the same tasks to be skipped again.
    let lost = TaskPlan { on_failure: OnFailure::Degrade, ..task("lost", &[]) };
    let fan = TaskPlan { count: Some(10_000), ..task("fan", &["lost"]) };
    let play = Play::of(vec![lost, fan, task("join", &["fan"])], 2).played(|name, _| match name {
        "lost" => Act::Fail("gone"),
        _ => Act::Deliver(Value::Null),
    });
    assert_eq!(play.run.status, RunStatus::Degraded);
    assert!(play.run.tasks_of("fan").iter().all(|task| task.state.as_str() == "skipped"));
}

#[test]
fn tsk_21_a_long_task_holds_up_nobody_who_does_not_need_it() {
    let long = TaskPlan { timeout_ms: Some(60_000), ..task("long", &[]) };
    let tasks = vec![long, task("a", &[]), task("b", &["a"]), task("c", &["b"])];
    let play = Play::of(tasks, 2).played(|name, _| match name {
        "long" => Act::Hang,
        _ => Act::Deliver(Value::Null),
    });
    assert_eq!(play.told("task_started"), ["long@0", "a@0", "b@0", "c@0"]);
}

#[test]
fn mod_01_traditional_runs_one_task_after_the_other_in_the_order_of_the_plan() {
    let tasks = vec![
        TaskPlan { priority: Priority::Low, count: Some(3), ..task("first", &[]) },
        TaskPlan { priority: Priority::Critical, ..task("second", &[]) },
    ];
    let start = start(vec![phase("p", Mode::Traditional, tasks)], Limits::default());
    let play = Play::new(start, 8).played(null);
    assert_eq!(play.most, 1);
    assert_eq!(play.told("task_started"), ["first/0@0", "first/1@0", "first/2@0", "second@0"]);
}

#[test]
fn mod_09_the_schedule_changes_and_the_digest_does_not() {
    let digest = |mode, workers| {
        let fan = TaskPlan { count: Some(50), ..task("fan", &["a"]) };
        let on = TaskPlan { on: Some("found".into()), ..task("on", &[]) };
        let tasks = vec![task("a", &[]), fan, task("join", &["fan"]), on];
        let start = start(vec![phase("p", mode, tasks)], Limits::default());
        let play = Play::new(start, workers).played(|name, _| match name {
            "fan/3" | "fan/40" => Act::Publish("found", json!({"by": name})),
            name => Act::Deliver(json!(name.split('/').next())),
        });
        play.run.digest.unwrap()
    };
    let expected = digest(Mode::Traditional, 1);
    for mode in [Mode::Auto, Mode::Composable, Mode::Hybrid, Mode::Parallel] {
        for workers in [1, 2, 16] {
            assert_eq!(digest(mode, workers), expected, "{mode:?} {workers}");
        }
    }
}

#[test]
fn phs_02_03_05_a_phase_gets_named_outputs_of_earlier_ones() {
    let first = PhasePlan {
        result: Some("best".into()),
        ..phase("search", Mode::Parallel, vec![task("best", &[])])
    };
    let mut second = phase("check", Mode::Parallel, vec![task("use", &[])]);
    second.inputs = ["search.params", "search.best", "search.typo"]
        .iter()
        .map(|input| input.parse().unwrap())
        .collect();
    let play = |strict_inputs| {
        let second = PhasePlan { strict_inputs, ..second.clone() };
        Play::new(start(vec![first.clone(), second], Limits::default()), 1)
            .played(|_, _| Act::Deliver(json!({"params": [3, 5]})))
    };
    let run = play(false).run;
    assert_eq!(
        Value::Object(run.phases[1].inputs.clone()),
        json!({
            "search.params": [3, 5], "search.best": {"params": [3, 5]}, "search.typo": null,
        })
    );
    let warnings: Vec<&str> = run.warnings().collect();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("`search.typo`"), "{warnings:?}");
    let strict = play(true).run;
    assert_eq!(strict.status, RunStatus::Failed);
    assert_eq!(strict.failure.unwrap().code, "input_missing");
}

#[test]
fn phs_01_phases_run_one_after_the_other() {
    let many = |name: &str| TaskPlan { count: Some(5), ..task(name, &[]) };
    let phases = vec![
        phase("one", Mode::Parallel, vec![many("a")]),
        phase("two", Mode::Parallel, vec![many("b")]),
    ];
    let play = Play::new(start(phases, Limits::default()), 8).played(null);
    let kinds: Vec<&str> = play.facts.iter().map(|(_, fact)| fact.kind()).collect();
    let place = |kind, nth: usize| {
        kinds.iter().enumerate().filter(|(_, k)| **k == kind).map(|(at, _)| at).nth(nth).unwrap()
    };
    assert!(place("phase_completed", 0) < place("phase_started", 1), "{kinds:?}");
}

#[test]
fn an_outcome_that_comes_twice_or_late_changes_nothing() {
    let mut play = Play::of(vec![TaskPlan { count: Some(2), ..task("a", &[]) }], 1);
    play.give(vec![Input::Tick]);
    let task = play.run.running().next().unwrap();
    let done = |attempt| Input::Done { task, attempt, outcome: Outcome::Delivered(Box::default()) };
    let before = play.run.clone();
    play.give(vec![done(2)]);
    assert_eq!(play.run, before, "the outcome of an attempt that is not the present one");
    play.give(vec![done(1), done(1)]);
    play.give(vec![done(1)]);
    assert_eq!(play.told("task_completed"), ["a/0@0"]);
}

#[test]
fn evt_triggers_start_a_task_for_each_event_and_not_for_what_they_do_themselves() {
    let on = |event: &str, name: &str| TaskPlan { on: Some(event.into()), ..task(name, &[]) };
    let fan = TaskPlan { count: Some(3), ..task("order", &[]) };
    let tasks = vec![fan, on("filled", "book"), on("task_completed", "audit")];
    let play = Play::of(tasks, 2).played(|name, _| match name {
        name if name.starts_with("order") => Act::Publish("filled", json!({"of": name})),
        _ => Act::Deliver(Value::Null),
    });
    assert_eq!(play.run.status, RunStatus::Completed);
    let causes: Vec<&Value> =
        play.run.tasks_of("book").iter().map(|task| &task.cause().unwrap().payload["of"]).collect();
    assert_eq!(causes, [&json!("order/0"), &json!("order/1"), &json!("order/2")]);
    assert_eq!(play.run.tasks_of("audit").len(), 6, "three orders and three bookings");
}

#[test]
fn a_circle_of_events_ends() {
    let on = |event: &str, name: &str| TaskPlan { on: Some(event.into()), ..task(name, &[]) };
    let tasks = vec![task("begin", &[]), on("ping", "a"), on("pong", "b")];
    let play = Play::of(tasks, 1).played(|name, _| match name {
        name if name.starts_with('a') => Act::Publish("pong", Value::Null),
        _ => Act::Publish("ping", Value::Null),
    });
    assert_eq!(play.run.failure.unwrap().code, "too_many_triggered");
}

#[test]
fn res_07_what_does_not_fit_waits_and_res_04_what_never_fits_fails() {
    let takes = |memory_bytes| Amount { memory_bytes, ..Amount::default() };
    let big = TaskPlan { count: Some(100), takes: takes(512), ..task("big", &[]) };
    let mut play = Play::of(vec![big], 64);
    play.capacity.budget = Amount { memory_bytes: 1_600, ..Amount::unlimited() };
    let play = play.played(null);
    assert_eq!((play.run.status, play.most), (RunStatus::Completed, 3));
    let mut play = Play::of(vec![TaskPlan { takes: takes(2_000), ..task("huge", &[]) }], 1);
    play.capacity.budget = Amount { memory_bytes: 1_600, ..Amount::unlimited() };
    let failure = play.played(null).run.failure.unwrap();
    assert!(failure.message.contains("Insufficient memory available"), "{}", failure.message);
}

#[test]
fn a_large_task_is_not_overtaken_for_ever_by_small_ones() {
    let of = |name: &str, count, cores| TaskPlan {
        count: Some(count),
        takes: Amount { millicores: cores, ..Amount::default() },
        ..task(name, &[])
    };
    let tasks = vec![of("small", 4, 1_000), of("large", 1, 4_000), of("more", 50, 1_000)];
    let mut play = Play::of(tasks, 64);
    play.capacity.budget = Amount { millicores: 4_000, ..Amount::unlimited() };
    let play = play.played(null);
    let order = play.told("task_started");
    let place = |name: &str| order.iter().position(|started| started.starts_with(name)).unwrap();
    assert!(place("large") < place("more"), "{order:?}");
}

#[test]
fn res_11_under_memory_pressure_optional_work_is_left_out_first() {
    let optional = TaskPlan {
        priority: Priority::Low,
        on_failure: OnFailure::Degrade,
        ..task("cleanup", &["trade"])
    };
    let mut play = Play::of(vec![task("trade", &[]), optional], 1);
    play.give(vec![Input::Tick]);
    let advice = Advice { concurrency: 1, level: Level::High, reason: "memory 91%".into() };
    play.capacity.level = Level::High;
    play.give(vec![Input::Advice(advice)]);
    let play = play.played(null);
    assert_eq!(play.run.status, RunStatus::Degraded);
    assert_eq!(play.states(&["trade", "cleanup"]), ["completed", "skipped"]);
}
