//! What the simulator found (`crates/sim`), as small as it gets.

use std::time::Duration;

use dirigent_core::{Timestamp, hash::Sha256Hex};
use dirigent_journal::limits::PAYLOAD_BYTES_MAX;
use dirigent_workflow::{
    Fact, RunStatus,
    artifact::ArtifactRef,
    container,
    event::parts,
    instances::TaskId,
    plan::{Limits, Mode, OnFailure, TaskPlan},
    priority::Priority,
    resource::Level,
    retry::Retry,
    step::{self, Delivery, Input, Outcome},
};
use serde_json::{Value, json};

use crate::play::{Act, Play, phase, start, task};

/// An optional task failed and waited for its next try when the machine got short of memory.
/// Leaving it out was a move that the table of states did not hold: the run broke.
#[test]
fn a_task_that_waits_for_its_next_try_can_be_left_out() {
    let (priority, on_failure, retry) = (Priority::Low, OnFailure::Degrade, Retry::STANDARD);
    let mut play = Play::of(vec![TaskPlan { priority, on_failure, retry, ..task("a", &[]) }], 1);
    play.give(vec![Input::Tick]);
    play.once(&mut |_, _| Act::Fail("the first time"));
    play.capacity.level = Level::High;
    play.now = play.now.plus(Duration::from_secs(60));
    play.give(vec![Input::Tick]);
    assert_eq!((play.states(&["a"]), play.run.status), (vec!["skipped"], RunStatus::Degraded));
}

/// A phase repeats in its first record what earlier phases gave it. Fifty outputs of some thousand
/// bytes each were more than a record holds, and the run could not go on.
#[test]
fn a_phase_with_large_inputs_can_begin() {
    let many = TaskPlan { count: Some(50), ..task("p.many", &[]) };
    let mut second = phase("q", Mode::Parallel, vec![task("q.t", &[])]);
    second.inputs = vec!["p.many".parse().unwrap()];
    let phases = vec![phase("p", Mode::Parallel, vec![many]), second];
    let play = Play::new(start(phases, Limits::default()), 50)
        .played(|_, _| Act::Deliver(json!("x".repeat(5_000))));
    assert_eq!(play.run.status, RunStatus::Completed);
    let bytes = |fact: &Fact| fact.draft(Timestamp::default(), None).payload.to_string().len();
    let largest = play.facts.iter().map(|(_, fact)| bytes(fact)).max();
    assert!(largest <= Some(PAYLOAD_BYTES_MAX), "{largest:?}");
}

/// An event and the completion of the task that published it stood in different appends. A crash
/// between them left the event alone; the task was done again, and the event came twice.
#[test]
fn an_event_is_recorded_in_one_piece_with_the_completion_of_its_task() {
    let published = |index| Fact::EventPublished {
        event: "e".into(),
        task: "a".into(),
        index,
        payload: Value::Null,
    };
    let completed = |task: &str| Fact::TaskCompleted {
        task: task.into(),
        attempt: 1,
        output: Value::Null,
        artifacts: Vec::new(),
        warnings: Vec::new(),
    };
    let facts = [completed("b"), published(0), published(1), completed("a"), completed("c")];
    let run = "run_a".parse().unwrap();
    let parts: Vec<usize> =
        parts::of(&facts, Timestamp::default(), &run, 1, 2).map(|part| part.len()).collect();
    assert_eq!(parts, [1, 3, 1]);
}

/// The path of a container, and its seed with it, held the number of the task that published the
/// event: which of them came first decided what the ones behind it computed.
#[test]
fn seeds_do_not_depend_on_the_order_of_events() {
    let on = |name: &str, event: &str| TaskPlan { on: Some(event.into()), ..task(name, &[]) };
    let y = TaskPlan { container: Some("y".into()), ..on("y", "second") };
    let tasks = vec![task("a", &[]), task("b", &[]), on("x", "first"), y];
    let play = Play::of(tasks, 9).played(|name, _| match name {
        "a" | "b" => Act::Publish("first", Value::Null),
        "x/0" | "x/1" => Act::Publish("second", Value::Null),
        _ => Act::Deliver(Value::Null),
    });
    let path = |name| container::path(&play.run, TaskId::find(&play.run.start.plan, name).unwrap());
    assert_eq!(["y/0", "y/1"].map(path), ["y/x(a/0)/0", "y/x(b/0)/0"]);
}

/// What tasks that events started found came to the next phase in the order of the events.
#[test]
fn inputs_do_not_depend_on_the_order_of_events() {
    let inputs = |first: &'static str| {
        let on = TaskPlan { on: Some("e".into()), ..task("p.x", &[]) };
        let mut second = phase("q", Mode::Parallel, vec![task("q.t", &[])]);
        second.inputs = vec!["p.x".parse().unwrap()];
        let mut tasks = vec![task("p.a", &[]), task("p.b", &[])];
        tasks.sort_by_key(|task| task.name != first);
        tasks.push(on);
        let phases = vec![phase("p", Mode::Parallel, tasks), second];
        let mut found = Vec::new();
        let play = Play::new(start(phases, Limits::default()), 9).played(|name, _| match name {
            "p.a" | "p.b" => {
                found.push(json!(name));
                Act::Publish("e", Value::Null)
            }
            "q.t" => Act::Deliver(Value::Null),
            _ => Act::Deliver(found.remove(0)),
        });
        play.run.phases[1].inputs["p.x"].clone()
    };
    assert_eq!(inputs("p.a"), json!(["p.a", "p.b"]));
    assert_eq!(inputs("p.b"), json!(["p.a", "p.b"]));
}

/// Takes the run up as another process does.
fn take_up(play: &mut Play) {
    step::take_up(&mut play.run, &play.capacity, play.now, Vec::new()).unwrap();
    play.give(vec![Input::Tick]);
}

/// An optional task failed, its phase went on to its end, and in the next phase the run was
/// cancelled. Taken up again, it waited for ever for the task in the phase that was over.
#[test]
fn a_run_that_is_tried_again_does_not_wait_for_a_phase_that_is_over() {
    let optional = TaskPlan { on_failure: OnFailure::Degrade, ..task("p.a", &[]) };
    let phases = vec![
        phase("p", Mode::Parallel, vec![optional]),
        phase("q", Mode::Parallel, vec![task("q.b", &["p.a"]), task("q.c", &[])]),
    ];
    let mut play = Play::new(start(phases, Limits::default()), 9);
    play.give(vec![Input::Tick]);
    play.once(&mut |_, _| Act::Fail("for good"));
    play.give(vec![Input::Cancel { by: "somebody".into() }]);
    take_up(&mut play);
    assert_eq!(play.run.status, RunStatus::Running);
    let play = play.played(|_, _| Act::Deliver(Value::Null));
    assert_eq!(play.run.status, RunStatus::Degraded);
}

/// That something optional of those that events started had failed was forgotten with the process.
#[test]
fn a_run_that_is_taken_up_remembers_that_something_optional_failed() {
    let on_failure = OnFailure::Degrade;
    let x = TaskPlan { on: Some("e".into()), on_failure, ..task("x", &[]) };
    let mut play = Play::of(vec![task("a", &[]), task("b", &["a"]), x], 9);
    play.give(vec![Input::Tick]);
    play.once(&mut |_, _| Act::Publish("e", Value::Null));
    let mut act = |name: &str, _| match name {
        "b" => Act::Hang,
        _ => Act::Fail("for good"),
    };
    play.once(&mut act);
    take_up(&mut play);
    let play = play.played(|_, _| Act::Deliver(Value::Null));
    assert_eq!(play.run.status, RunStatus::Degraded);
}

/// Whether all of the tasks that an event starts failed was asked when the first had, so a run
/// failed or went on as the events came.
#[test]
fn whether_all_triggered_tasks_failed_is_asked_when_no_more_can_come() {
    let on_failure = OnFailure::FailIfAll;
    let x = TaskPlan { on: Some("e".into()), on_failure, ..task("x", &[]) };
    let play = |fails: &'static [&'static str]| {
        let tasks = vec![task("a", &[]), task("b", &["a"]), x.clone()];
        let mut play = Play::of(tasks, 9);
        play.give(vec![Input::Tick]);
        play.once(&mut |_, _| Act::Publish("e", Value::Null));
        play.once(&mut |name, _| if name == "b" { Act::Hang } else { Act::Fail("for good") });
        play.played(|name, _| match name {
            "b" => Act::Publish("e", Value::Null),
            name if fails.contains(&name) => Act::Fail("for good"),
            _ => Act::Deliver(Value::Null),
        })
    };
    assert_eq!(play(&[]).run.status, RunStatus::Degraded);
    assert_eq!(play(&["x/1"]).run.status, RunStatus::Failed);
}

/// Files of one name were told apart in the digest by the order in which their tasks came.
#[test]
fn files_of_one_name_have_one_digest_in_every_order_of_events() {
    let digest = |first: &'static str| {
        let x = TaskPlan { on: Some("e".into()), ..task("x", &[]) };
        let mut tasks = vec![task("a", &[]), task("b", &[]), x];
        tasks.sort_by_key(|task| (task.on.is_some(), task.name != first));
        let start = start(vec![phase("p", Mode::Parallel, tasks)], Limits::default());
        let mut run = Play::new(start, 9).run;
        let capacity = Play::of(vec![task("a", &[])], 9).capacity;
        let mut going =
            step::step(&mut run, &capacity, Timestamp::default(), Vec::new()).unwrap().start;
        while let Some((task, attempt)) = going.pop() {
            let name = task.name(&run.start.plan);
            let of = run.record(task).and_then(|record| record.cause()).map(|c| c.source.clone());
            let file = |of: String| ArtifactRef {
                name: "found.txt".into(),
                sha256: Sha256Hex::of(of.as_bytes()),
                bytes: 1,
                in_digest: true,
            };
            let events =
                if of.is_none() { vec![("e".to_owned(), json!(name))] } else { Vec::new() };
            let artifacts = of.map(file).into_iter().collect();
            let delivery = Delivery { artifacts, events, ..Delivery::default() };
            let outcome = Outcome::Delivered(Box::new(delivery));
            let done = vec![Input::Done { task, attempt, outcome }];
            let next = step::step(&mut run, &capacity, Timestamp::default(), done).unwrap();
            going.extend(next.start);
        }
        run.digest.unwrap()
    };
    assert_eq!(digest("a"), digest("b"));
}

/// Tasks of one entry that start together share a record, which was not known as their own: what
/// starts on `task_started` was started by itself, and how often depended on the workers.
#[test]
fn tasks_that_start_together_are_no_event_for_themselves() {
    let started = |workers| {
        let on = TaskPlan { on: Some("task_started".into()), ..task("x", &[]) };
        let play = Play::of(vec![task("a", &[]), task("b", &[]), on], workers)
            .played(|_, _| Act::Deliver(Value::Null));
        play.run.tasks_of("x").len()
    };
    assert_eq!((started(1), started(9)), (2, 2));
}

/// Instances that started together were one event for others, and each its own if they did not.
#[test]
fn each_start_of_an_instance_is_an_event() {
    let started = |workers| {
        let on = TaskPlan { on: Some("task_started".into()), ..task("x", &[]) };
        let play = Play::of(vec![TaskPlan { count: Some(4), ..task("fan", &[]) }, on], workers)
            .played(|_, _| Act::Deliver(Value::Null));
        play.run.tasks_of("x").len()
    };
    assert_eq!((started(1), started(9)), (4, 4));
}

/// Somebody cancelled a run just when its process was told to stop: the request was taken, and
/// forgotten.
#[test]
fn a_run_that_is_interrupted_and_cancelled_at_once_is_cancelled() {
    let mut play = Play::of(vec![task("a", &[])], 1);
    play.give(vec![Input::Tick]);
    let by = "a test".to_owned();
    play.give(vec![Input::Interrupt { by: by.clone() }, Input::Cancel { by }]);
    assert_eq!(play.run.status, RunStatus::Cancelled);
}

/// A task that an event of the engine starts made such an event itself, and with it the next task,
/// without end, if the event was that its container was made or begun again.
#[test]
fn what_a_task_does_about_an_event_starts_no_further_one() {
    let tasks_for = |event: &str| {
        let retry = Retry { max: 1, ..Retry::NEVER };
        let (container, on) = (Some("x/box".into()), Some(event.to_owned()));
        let x = TaskPlan { on, container, retry, ..task("x", &[]) };
        let a = TaskPlan { container: Some("a/box".into()), retry, ..task("a", &[]) };
        let mut play = Play::of(vec![a, x], 2);
        play.give(vec![Input::Tick]);
        let mut act = |_: &str, attempt| match attempt {
            1 => Act::Fail("the first time"),
            _ => Act::Deliver(Value::Null),
        };
        for _ in 0..200 {
            if play.run.status == RunStatus::Running {
                play.once(&mut act);
            }
        }
        play.run.tasks_of("x").len()
    };
    assert_eq!(tasks_for("container_restarted"), 1);
    assert_eq!(tasks_for("container_created"), 1);
}

/// Two of them that were started together were not recognized as their own.
#[test]
fn tasks_that_are_started_together_start_no_further_one_of_their_own() {
    let x = TaskPlan { on: Some("task_started".into()), ..task("x", &[]) };
    let mut play = Play::of(vec![TaskPlan { count: Some(2), ..task("a", &[]) }, x], 1);
    play.give(vec![Input::Tick]);
    play.once(&mut |_, _| Act::Deliver(Value::Null));
    play.capacity.workers = 4;
    let play = play.played(|_, _| Act::Deliver(Value::Null));
    assert_eq!(play.run.tasks_of("x").len(), 2);
}

/// All that started on containers had one source, and with it one path and one seed.
#[test]
fn what_starts_on_containers_has_a_seed_of_its_own() {
    let fan = TaskPlan { count: Some(2), container: Some("fan".into()), ..task("fan", &[]) };
    let on = Some("container_created".into());
    let x = TaskPlan { on, ..task("x", &[]) };
    let x = TaskPlan { container: Some("x".into()), ..x };
    let play = Play::of(vec![fan, x], 9).played(|_, _| Act::Deliver(Value::Null));
    let path = |name| container::path(&play.run, TaskId::find(&play.run.start.plan, name).unwrap());
    assert_eq!(["x/0", "x/1"].map(path), ["x/fan/0", "x/fan/1"]);
    assert_eq!(play.run.tasks_of("x").len(), 2, "their own containers are no event for them");
}
