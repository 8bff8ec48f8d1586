//! What the engine promises of containers: restarts, removal, checkpoints.

use dirigent_workflow::{
    Fact, RunStatus,
    plan::{Limits, Mode, OnFailure, TaskPlan},
    resource::Amount,
    retry::{Backoff, Retry},
    step::{Input, Outcome},
};
use serde_json::{Value, json};

use crate::play::{Act, Play, phase, start, task};

fn trials(count: u32, retry: Retry) -> Vec<TaskPlan> {
    vec![TaskPlan {
        count: Some(count),
        container: Some("p".into()),
        on_failure: OnFailure::FailIfAll,
        retry,
        ..task("trial", &[])
    }]
}

const THREE_RESTARTS: Retry =
    Retry { max: 3, backoff: Backoff::Fixed { delay_ms: 0 }, ..Retry::STANDARD };

#[test]
fn con_12_a_failing_container_is_restarted_three_times_then_removed_and_the_rest_goes_on() {
    let play = Play::of(trials(10, THREE_RESTARTS), 4).played(|name, _| match name {
        "trial/7" => Act::Fail("broken"),
        _ => Act::Deliver(json!(1)),
    });
    let of = |kind: &str| -> Vec<&Fact> {
        play.facts.iter().map(|(_, fact)| fact).filter(|fact| fact.kind() == kind).collect()
    };
    let failures = |fact: &&Fact| match fact {
        Fact::ContainerRestarted { container, failures }
        | Fact::ContainerRemoved { container, failures } => (container.clone(), *failures),
        other => panic!("{other:?}"),
    };
    let restarted: Vec<_> = of("container_restarted").iter().map(failures).collect();
    assert_eq!(restarted, [1, 2, 3].map(|n| ("p/7".to_owned(), n)));
    let removed: Vec<_> = of("container_removed").iter().map(failures).collect();
    assert_eq!(removed, [("p/7".to_owned(), 4)]);
    assert_eq!(play.run.status, RunStatus::Degraded);
    let outputs: Vec<&Value> = play.run.tasks_of("trial").iter().map(|t| t.output()).collect();
    assert_eq!(outputs.iter().filter(|output| ***output == json!(1)).count(), 9);
}

#[test]
fn con_16_without_restarts_the_first_failure_removes() {
    let play = Play::of(trials(2, Retry::NEVER), 1).played(|name, _| match name {
        "trial/0" => Act::Fail("broken"),
        _ => Act::Deliver(json!(1)),
    });
    assert!(play.told("container_restarted").is_empty());
    assert_eq!(play.told("container_removed").len(), 1);
}

#[test]
fn phs_19_a_phase_whose_containers_all_fail_fails_the_run() {
    let phases = vec![
        phase("one", Mode::Parallel, trials(3, Retry::NEVER)),
        phase("two", Mode::Parallel, vec![task("after", &[])]),
    ];
    let play = Play::new(start(phases, Limits::default()), 2).played(|_, _| Act::Fail("broken"));
    assert_eq!(play.run.status, RunStatus::Failed);
    assert_eq!(play.states(&["after"]), ["cancelled"]);
    assert_eq!(play.run.phases.len(), 1, "the second phase has not begun");
}

#[test]
fn con_13_a_restarted_container_begins_from_its_checkpoint() {
    let mut play = Play::of(trials(1, THREE_RESTARTS), 1);
    play.give(vec![Input::Tick]);
    let task = play.run.running().next().unwrap();
    play.give(vec![Input::Checkpoint { task, attempt: 1, state: json!({"step": 60}) }]);
    play.give(vec![Input::Done {
        task,
        attempt: 1,
        outcome: Outcome::Failed(
            dirigent_workflow::event::Failure { code: "x".into(), message: "x".into(), hint: None },
            dirigent_workflow::retry::ErrorClass::Transient,
        ),
    }]);
    let record = play.run.task("trial/0").unwrap();
    assert_eq!((record.attempts, record.checkpoint()), (2, Some(&json!({"step": 60}))));
}

#[test]
fn con_09_a_container_is_made_before_its_task_starts_and_frees_what_it_took_when_that_fails() {
    let mut tasks = trials(2, Retry::NEVER);
    tasks[0].takes = Amount { memory_bytes: 500, ..Amount::default() };
    let mut play = Play::of(tasks, 4);
    play.capacity.budget = Amount { memory_bytes: 500, ..Amount::unlimited() };
    let play = play.played(|name, _| match name {
        "trial/0" => Act::Fail("cannot be set up"),
        _ => Act::Deliver(json!(1)),
    });
    let told = |(_, fact): &(i64, Fact)| match fact {
        Fact::ContainerCreated { container, .. } => Some(format!("{container} made")),
        Fact::TaskStarted { task, .. } => Some(format!("{task} started")),
        Fact::ContainerRemoved { container, .. } => Some(format!("{container} removed")),
        Fact::TaskCompleted { task, .. } => Some(format!("{task} completed")),
        _ => None,
    };
    let order: Vec<String> = play.facts.iter().filter_map(told).collect();
    assert_eq!(
        order,
        [
            "p/0 made",
            "trial/0 started",
            "p/0 removed",
            "p/1 made",
            "trial/1 started",
            "trial/1 completed"
        ]
    );
}
