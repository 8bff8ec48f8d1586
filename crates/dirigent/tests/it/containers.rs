//! Containers from their making to their end: limits, checkpoints, restarts, and nothing left.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    process::Command,
    sync::{
        Arc, Barrier, Mutex, Weak,
        mpsc::{Sender, channel},
    },
    time::Duration,
};

use dirigent::{
    Coordinator, Request,
    coordinator::{Observer, Unobserved},
    core::RunId,
    workflow::{
        RunStatus,
        container::Container,
        event::Failure,
        plan::LifecycleStep,
        port::{Recovery, TaskContext, TaskError, TaskKind, TaskOutput, Watch},
        runtime::Handle,
    },
};
use serde_json::{Value, json};

use crate::{
    bench::stopwatch,
    graphs::{Does, execute},
    world::World,
};

fn failed(code: &str) -> TaskError {
    let (code, message) = (code.to_owned(), "on purpose".to_owned());
    TaskError::Failed(Failure { code, message, hint: None })
}

/// The containers that start together, of ten that each take what `takes` says.
fn first_started(takes: &str, resources: &str) -> String {
    let world = World::new();
    let coordinator = world.coordinator();
    let text = format!(
        "workflow:\n  type: multi_phase\n  phases:\n  \
         - {{name: p, type: tasks, container_count: 10, execution_mode: PARALLEL,\n     \
         resources: {takes}, tasks: [{{name: t, kind: noop}}]}}\n\
         orchestration: {{max_concurrent_tasks: 8}}\n\
         coordinator: {{resources: {resources}}}\n"
    );
    let prepared = world.prepare_text(&coordinator, &text).unwrap();
    let request = Request { workers: Some(8), ..Request::default() };
    let summary = coordinator.execute(&prepared, &request, &mut Unobserved).unwrap();
    assert_eq!(summary.status, RunStatus::Completed, "{:?}", summary.error);
    let journal = coordinator.reader().unwrap();
    let events = journal.read(&summary.run_id.parse().unwrap(), 1, 1_000).unwrap();
    let first = events.iter().find(|event| event.kind == "task_started").unwrap();
    first.payload["task"].as_str().unwrap().to_owned()
}

#[test]
fn con_11_the_memory_and_cores_of_containers_limit_how_many_work_at_once() {
    assert_eq!(first_started("{memory_per_container: 1MB}", "{max_memory_gb: 0.125}"), "p.t/0-7");
    assert_eq!(first_started("{memory_per_container: 64MB}", "{max_memory_gb: 0.125}"), "p.t/0-1");
    assert_eq!(first_started("{cpu_per_container: 0.6}", "{max_cpu_cores: 1}"), "p.t/0");
    assert_eq!(first_started("{slots: {gpu: 1}}", "{slots: {gpu: 3}}"), "p.t/0-2");
}

#[test]
fn con_11_jrn_05_a_container_has_a_seed_a_checkpoint_a_restart_and_figures() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    let state = json!({"step": 60, "weights": [0.1, -1e-300, null], "name": "Zürich"});
    let kept = state.clone();
    coordinator.register_task(Arc::new(Does("work", move |context: &TaskContext| {
        let restored = context.container.restored();
        if context.attempt == 1 && context.task.ends_with("/1") {
            assert_eq!(restored, None);
            context.checkpoint(&kept);
            return Err(failed("broken"));
        }
        let (path, seed) = (context.container.path(), context.container.seed().as_u32());
        Ok(json!({"path": path, "seed": seed, "restored": restored}))
    })));
    let text = "
workflow:
  type: multi_phase
  phases: [{name: p, type: tasks, container_count: 2, tasks: [{name: t, kind: work}]}]
";
    let summary = execute(&world, &coordinator, text);
    assert_eq!(summary.status, RunStatus::Completed, "{:?}", summary.error);
    let outputs = summary.phases[0]["outputs"]["t"].as_array().unwrap();
    assert_eq!((&outputs[0]["restored"], &outputs[1]["restored"]), (&Value::Null, &state));
    for output in outputs {
        let path = output["path"].as_str().unwrap();
        assert_eq!(output["seed"], Container::new(42, path).seed().as_u32(), "{path}");
    }
    let figures = json!({"created": 2, "restarted": 1, "failed": 0});
    assert_eq!(summary.phases[0]["containers"], figures);
}

/// Fails, and when it begins again finds that it cannot read its checkpoint.
struct Unreadable;

impl TaskKind for Unreadable {
    fn name(&self) -> &'static str {
        "unreadable"
    }

    fn recover(&self, failure: &Failure, _failures: u32) -> Recovery {
        if failure.code == "restore_failed" { Recovery::GiveUp } else { Recovery::AsPlanned }
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        if !context.task.ends_with("/3") {
            return Ok(TaskOutput { value: json!(1), ..TaskOutput::default() });
        }
        if context.container.restored().is_some() {
            return Err(failed("restore_failed"));
        }
        context.checkpoint(&json!("torn"));
        Err(failed("broken"))
    }
}

#[test]
fn con_14_a_container_that_cannot_begin_again_is_removed_and_the_others_go_on() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    coordinator.register_task(Arc::new(Unreadable));
    let text = "
workflow:
  type: multi_phase
  phases: [{name: p, type: tasks, container_count: 5, tasks: [{name: t, kind: unreadable}]}]
";
    let summary = execute(&world, &coordinator, text);
    assert_eq!(summary.status, RunStatus::Degraded, "{:?}", summary.error);
    assert_eq!(summary.phases[0]["outputs"]["t"], json!([1, 1, 1, null, 1]));
    let journal = coordinator.reader().unwrap();
    let events = journal.read(&summary.run_id.parse().unwrap(), 1, 1_000).unwrap();
    let removed: Vec<&Value> = events
        .iter()
        .filter(|event| event.kind == "container_removed")
        .map(|event| &event.payload)
        .collect();
    assert_eq!(removed, [&json!({"container": "p/t/3", "failures": 2})]);
}

/// Passes on how to steer the run.
struct Steer(Sender<(RunId, Handle)>);

impl Observer for Steer {
    fn started(&mut self, run: &RunId, handle: Handle, _watch: Watch) {
        self.0.send((run.clone(), handle)).unwrap();
    }
}

/// What the containers of tasks hold; and whether somebody still holds it.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<Vec<Weak<u32>>>>);

impl Held {
    /// A kind whose tasks hold something, and then deliver, fail, or work until they are stopped.
    fn kind(&self, began: Sender<()>) -> Arc<dyn TaskKind> {
        let held = self.clone();
        Arc::new(Does("hold", move |context: &TaskContext| {
            let value = Arc::new(7);
            held.0.lock().unwrap().push(Arc::downgrade(&value));
            context.container.hold(value);
            match context.input["then"].as_str() {
                Some("fail") => return Err(failed("broken")),
                Some("wait") => {
                    began.send(()).unwrap();
                    while !context.watch.stopped() {
                        std::thread::yield_now();
                    }
                    return Err(TaskError::Stopped);
                }
                _ => {}
            }
            Ok(json!(1))
        }))
    }

    /// How many were held, and how many still are.
    fn count(&self) -> (usize, usize) {
        let all = self.0.lock().unwrap();
        (all.len(), all.iter().filter(|value| value.upgrade().is_some()).count())
    }
}

fn holding(then: &str) -> String {
    format!(
        "workflow: {{type: tasks, timeout_seconds: 60}}\n\
         orchestration: {{enable_retry: false}}\n\
         coordinator: {{resources: {{slots: {{desk: 1}}}}}}\n\
         tasks: [{{name: t, kind: hold, with: {{then: {then}}}, resources: {{slots: {{desk: 1}}}}}}]\n"
    )
}

/// Runs a task that holds something and works until `stop` ends the run.
fn stopped(world: &World, coordinator: &Coordinator, stop: impl FnOnce(&Handle)) -> RunStatus {
    let (steer, steered) = channel();
    let prepared = world.prepare_text(coordinator, &holding("wait")).unwrap();
    std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            coordinator.execute(&prepared, &Request::default(), &mut Steer(steer)).unwrap()
        });
        let (_, handle) = steered.recv().unwrap();
        stop(&handle);
        run.join().unwrap().status
    })
}

#[test]
fn wft_15_nothing_is_held_after_success_failure_timeout_and_cancellation() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    let (held, (began, begun)) = (Held::default(), channel());
    coordinator.register_task(held.kind(began));
    let mut ends = vec![
        execute(&world, &coordinator, &holding("deliver")).status,
        execute(&world, &coordinator, &holding("fail")).status,
    ];
    ends.push(stopped(&world, &coordinator, |handle| {
        begun.recv().unwrap();
        world.clock.advance(Duration::from_secs(61));
        handle.nudge();
    }));
    ends.push(stopped(&world, &coordinator, |handle| {
        begun.recv().unwrap();
        handle.cancel("ann");
    }));
    use RunStatus as S;
    assert_eq!(ends, [S::Completed, S::Failed, S::Timeout, S::Cancelled]);
    assert_eq!(held.count(), (4, 0));
    assert!(coordinator.active().is_empty() && !world.home().is_in_use());
    let desk = execute(&world, &coordinator, &holding("deliver"));
    assert_eq!(desk.status, RunStatus::Completed, "the one desk is free");
}

#[test]
fn con_19_containers_are_listed_while_a_run_goes_on_and_gone_after_it() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    let (held, (began, begun)) = (Held::default(), channel());
    coordinator.register_task(held.kind(began));
    let text =
        holding("wait").replace("kind: hold", "kind: hold, count: 3").replace("desk: 1", "desk: 3");
    let text = text.replace("resources: {slots: {desk: 3}}}]", "resources: {slots: {desk: 1}}}]");
    let prepared = world.prepare_text(&coordinator, &text).unwrap();
    let (steer, steered) = channel();
    let run = std::thread::scope(|scope| {
        let run =
            scope.spawn(|| coordinator.execute(&prepared, &Request::default(), &mut Steer(steer)));
        let (id, handle) = steered.recv().unwrap();
        (0..3).for_each(|_| begun.recv().unwrap());
        let events = coordinator.reader().unwrap().read(&id, 1, 1_000).unwrap();
        let made = events.iter().filter(|event| event.kind == "container_created");
        let made: Vec<&Value> = made.map(|event| &event.payload["container"]).collect();
        assert_eq!(made, ["tasks/t/0-2"]);
        assert_eq!((coordinator.run(&id).unwrap().containers.created, held.count()), (3, (3, 3)));
        handle.cancel("ann");
        run.join().unwrap().unwrap();
        coordinator.run(&id).unwrap()
    });
    assert_eq!(run.lifecycle.last(), Some(&LifecycleStep::ResourceCleanup));
    assert_eq!((run.running().count(), held.count()), (0, (3, 0)));
}

#[test]
fn wft_16_a_shutdown_leaves_neither_the_lock_nor_a_program() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let script = format!("exec 9>{}; echo up >&9; exec sleep 600", fifo.display());
    let text = format!(
        "workflow: {{type: tasks}}\n\
         tasks: [{{name: t, kind: command, timeout: 1000, with: {{argv: [sh, -c, '{script}']}}}}]\n"
    );
    let coordinator = world.coordinator();
    let prepared = world.prepare_text(&coordinator, &text).unwrap();
    let since = std::thread::scope(|scope| {
        let run = || coordinator.execute(&prepared, &Request::default(), &mut Unobserved);
        let run = scope.spawn(run);
        let mut program = BufReader::new(File::open(&fifo).unwrap());
        let mut line = String::new();
        program.read_line(&mut line).unwrap();
        assert!(world.home().is_in_use());
        let since = stopwatch();
        coordinator.shutdown("a test");
        assert_eq!(run.join().unwrap().unwrap().status, RunStatus::Interrupted);
        // Whoever writes to it has gone when it ends.
        program.read_to_string(&mut line).unwrap();
        assert_eq!(line, "up\n");
        since
    });
    assert!(since() < Duration::from_secs(60), "{:?}", since());
    drop(coordinator);
    assert!(!world.home().is_in_use());
}

#[test]
fn jrn_01_a_state_is_kept_after_each_phase_and_of_a_container_every_300_seconds() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    let (clock, meeting) = (Arc::clone(&world.clock), Arc::new(Barrier::new(2)));
    let meet = Arc::clone(&meeting);
    coordinator.register_task(Arc::new(Does("work", move |context: &TaskContext| {
        meet.wait();
        meet.wait();
        for (step, seconds) in [0, 299, 1, 150, 150].into_iter().enumerate() {
            clock.advance(Duration::from_secs(seconds));
            context.checkpoint(&json!({"step": step}));
        }
        Ok(json!(1))
    })));
    let text = "
workflow:
  type: multi_phase
  phases:
    - {name: one, type: tasks, tasks: [{name: t, kind: noop}]}
    - {name: two, type: tasks, tasks: [{name: t, kind: work, timeout: 5000}]}
";
    let prepared = world.prepare_text(&coordinator, text).unwrap();
    let kinds = |kind: &str| {
        let journal = coordinator.reader().unwrap();
        let id = coordinator.find("last").unwrap();
        let events = journal.read(&id, 1, 1_000).unwrap();
        let some = events.into_iter().filter(|event| event.kind == kind);
        some.map(|event| event.payload).collect::<Vec<Value>>()
    };
    let summary = std::thread::scope(|scope| {
        let run = || coordinator.execute(&prepared, &Request::default(), &mut Unobserved);
        let run = scope.spawn(run);
        meeting.wait();
        assert_eq!(kinds("phase_completed"), [json!({"phase": "one"})], "while two goes on");
        meeting.wait();
        run.join().unwrap().unwrap()
    });
    assert_eq!(summary.status, RunStatus::Completed, "{:?}", summary.error);
    let kept: Vec<Value> =
        kinds("checkpoint_saved").iter().map(|saved| saved["state"]["step"].clone()).collect();
    assert_eq!(kept, [0, 2, 4]);
}
