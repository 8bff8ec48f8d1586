//! Workflows of tasks and phases, from the file to the summary, also several in one process.

use std::sync::{
    Arc, Barrier,
    atomic::{AtomicU32, Ordering},
    mpsc::{Sender, channel},
};

use dirigent::{
    Coordinator, Request, Summary,
    coordinator::Unobserved,
    workflow::{
        RunStatus,
        port::{TaskContext, TaskError, TaskKind, TaskOutput},
    },
};
use serde_json::{Value, json};

use crate::world::World;

/// Delivers what a closure makes of its context.
pub(crate) struct Does<F>(pub(crate) &'static str, pub(crate) F);

impl<F> TaskKind for Does<F>
where
    F: Fn(&TaskContext) -> Result<Value, TaskError> + Send + Sync,
{
    fn name(&self) -> &'static str {
        self.0
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        Ok(TaskOutput { value: self.1(context)?, ..TaskOutput::default() })
    }
}

pub(crate) fn execute(world: &World, coordinator: &Coordinator, text: &str) -> Summary {
    let prepared = world.prepare_text(coordinator, text).unwrap();
    coordinator.execute(&prepared, &Request::default(), &mut Unobserved).unwrap()
}

#[test]
fn wft_18_workflows_of_one_process_run_side_by_side_and_do_not_mix() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    let meeting = Arc::new(Barrier::new(3));
    coordinator.register_task(Arc::new(Does("meet", move |context: &TaskContext| {
        // All three have to be at work at the same time.
        meeting.wait();
        Ok(context.input.clone())
    })));
    let prepared: Vec<_> = (0..3)
        .map(|number| {
            let text = format!(
                "workflow: {{type: tasks}}\n\
                 tasks: [{{name: meet, kind: meet, with: {{number: {number}}}}}]\n"
            );
            world.prepare_text(&coordinator, &text).unwrap()
        })
        .collect();
    let run = |prepared| coordinator.execute(prepared, &Request::default(), &mut Unobserved);
    let summaries: Vec<Summary> = std::thread::scope(|scope| {
        let threads: Vec<_> = prepared.iter().map(|one| scope.spawn(|| run(one))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
    });
    for (number, summary) in summaries.iter().enumerate() {
        assert_eq!(summary.status, RunStatus::Completed, "{:?}", summary.error);
        assert_eq!(summary.phases[0]["outputs"]["meet"], json!({"number": number}));
    }
    assert!(coordinator.active().is_empty());
}

#[test]
fn x_18_the_same_correlation_id_joins_the_run_that_is_under_way() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    let (began, begun) = channel();
    let (go, gate) = channel::<()>();
    let (calls, gate) = (Arc::new(AtomicU32::new(0)), std::sync::Mutex::new(gate));
    let counted = Arc::clone(&calls);
    coordinator.register_task(Arc::new(Does("once", move |_: &TaskContext| {
        counted.fetch_add(1, Ordering::SeqCst);
        began.send(()).unwrap();
        gate.lock().unwrap().recv().unwrap();
        Ok(Value::Null)
    })));
    let text = "workflow: {type: tasks}\ntasks: [{name: once, kind: once}]\n";
    let prepared = world.prepare_text(&coordinator, text).unwrap();
    let correlation_id = Some("order-7".parse().unwrap());
    let request = Request { correlation_id, ..Request::default() };
    let run = || coordinator.execute(&prepared, &request, &mut Unobserved).unwrap();
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(run);
        begun.recv().unwrap();
        let second = scope.spawn(run);
        go.send(()).unwrap();
        (first.join().unwrap(), second.join().unwrap())
    });
    assert_eq!((first.run_id, first.status), (second.run_id, second.status));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

/// A task kind that says when it began and works until it is stopped, unless it is `free`.
pub(crate) fn waiting(began: Sender<()>, free: bool) -> Arc<dyn TaskKind> {
    Arc::new(Does("wait", move |context: &TaskContext| {
        if free {
            return Ok(json!(1));
        }
        let _ = began.send(());
        while !context.watch.stopped() {
            std::thread::yield_now();
        }
        Err(TaskError::Stopped)
    }))
}

#[test]
fn api_01_04_dmn_15_a_shutdown_leaves_runs_that_another_process_completes() {
    let text = "workflow: {type: tasks}\n\
                tasks: [{name: a, kind: noop, count: 20}, {name: b, kind: wait, needs: [a]}]\n";
    let calm = {
        let world = World::new();
        let mut coordinator = world.coordinator();
        coordinator.register_task(waiting(channel().0, true));
        execute(&world, &coordinator, text).digest
    };
    let world = World::new();
    let mut coordinator = world.coordinator();
    let (began, begun) = channel();
    coordinator.register_task(waiting(began, false));
    let prepared = world.prepare_text(&coordinator, text).unwrap();
    let stopped = std::thread::scope(|scope| {
        let run = || coordinator.execute(&prepared, &Request::default(), &mut Unobserved);
        let run = scope.spawn(run);
        begun.recv().unwrap();
        assert_eq!(coordinator.active().len(), 1);
        coordinator.shutdown("a test");
        run.join().unwrap().unwrap()
    });
    assert_eq!(stopped.status, RunStatus::Interrupted);
    let id = stopped.run_id.parse().unwrap();
    let events = coordinator.reader().unwrap().read(&id, 1, 1_000).unwrap();
    let last = events.last().unwrap();
    assert_eq!((&*last.kind, &last.payload["by"]), ("run_interrupted", &json!("a test")));
    assert!(coordinator.active().is_empty());
    drop(coordinator);
    let mut other = world.coordinator();
    other.register_task(waiting(channel().0, true));
    let resumed = other.resume(&id, None, &mut Unobserved).unwrap();
    assert_eq!((resumed.status, resumed.digest), (RunStatus::Completed, calm));
    assert_eq!(resumed.phases[0]["tasks"]["total"], 21);
}

#[test]
fn jrn_03_04_a_run_that_cannot_go_on_leaves_an_emergency_checkpoint_and_can_be_resumed() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    let (began, begun) = channel();
    coordinator.register_task(waiting(began, false));
    let text = "workflow: {type: tasks}\n\
                tasks: [{name: a, kind: noop}, {name: b, kind: wait, needs: [a]}]\n";
    let prepared = world.prepare_text(&coordinator, text).unwrap();
    let stopped = std::thread::scope(|scope| {
        let run = || coordinator.execute(&prepared, &Request::default(), &mut Unobserved);
        let run = scope.spawn(run);
        begun.recv().unwrap();
        coordinator.shutdown("a test");
        run.join().unwrap().unwrap()
    });
    drop(coordinator);
    let id = stopped.run_id.parse().unwrap();
    // Another process does not have the kind of the second task.
    let error = world.coordinator().resume(&id, None, &mut Unobserved).unwrap_err();
    let path = world.home().root().join(format!("checkpoints/{id}_emergency.json"));
    let left: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let reason = left["reason"].as_str().unwrap();
    assert!(reason.starts_with(&format!("System failure in workflow {id}: ")), "{reason}");
    assert!(reason.ends_with(&error.to_string()), "{reason}\n{error}");
    assert_eq!(left["summary"]["phases"][0]["tasks"]["completed"], 1);
    assert!(!world.home().is_in_use(), "it stopped in order");
    let mut third = world.coordinator();
    third.register_task(waiting(channel().0, true));
    let resumed = third.resume(&id, None, &mut Unobserved).unwrap();
    assert_eq!(resumed.status, RunStatus::Completed);
}

const PHASES: &str = "
workflow:
  type: multi_phase
  execution_mode: MODE
  phases:
    - name: search
      type: tasks
      tasks:
        - {name: trial, kind: draw, count: 30}
        - {name: best, kind: most, needs: [trial]}
    - name: test
      type: backtest
      inputs: [search.best]
      config: {data: {synthetic: {bars: 60}}}
    - name: report
      type: tasks
      inputs: [search.best, test.final_equity, test.load_data]
      tasks: [{name: tell, kind: inputs}]
data: {source: synthetic, symbols: [AAA], timeframe: 1d, synthetic: {bars: 50}}
strategy: {type: buy_and_hold}
coordinator:
  phases: {search: {execution_mode: PARALLEL, max_containers: 3}}
";

fn with_draws(coordinator: &mut Coordinator) {
    coordinator.register_task(Arc::new(Does("draw", |context: &TaskContext| {
        Ok(json!(context.container.seed().as_u32()))
    })));
    coordinator.register_task(Arc::new(Does("most", |context: &TaskContext| {
        let all = context.outputs["trial"].as_array().unwrap();
        Ok(json!(all.iter().filter_map(Value::as_u64).max()))
    })));
    coordinator.register_task(Arc::new(Does("inputs", |context: &TaskContext| {
        Ok(json!(*context.inputs))
    })));
}

#[test]
fn wft_09_phases_of_different_types_pass_outputs_on_in_every_mode() {
    let run = |mode: &str, workers| {
        let world = World::new();
        let mut coordinator = world.coordinator();
        with_draws(&mut coordinator);
        let text = PHASES.replace("MODE", mode);
        let prepared = world.prepare_text(&coordinator, &text).unwrap();
        let request = Request { workers: Some(workers), ..Request::default() };
        coordinator.execute(&prepared, &request, &mut Unobserved).unwrap()
    };
    let summary = run("TRADITIONAL", 1);
    assert_eq!(summary.status, RunStatus::Completed, "{:?}", summary.error);
    assert!(summary.warnings.is_empty(), "{:?}", summary.warnings);
    let told = &summary.phases[2]["outputs"]["tell"];
    let best = &summary.phases[0]["outputs"]["best"];
    assert_eq!(&told["search.best"], best);
    assert_eq!(told["test.final_equity"], summary.result["test"]["final_equity"]);
    assert_eq!(summary.result["test"]["bars"], 60, "the phase's own setting wins");
    assert_eq!(summary.phases[0]["mode"], "PARALLEL", "the overlay wins");
    assert_eq!(summary.phases[2]["needs"], json!(["search", "test"]));
    for mode in ["AUTO", "COMPOSABLE", "HYBRID"] {
        for workers in [1, 4] {
            assert_eq!(run(mode, workers).digest, summary.digest, "{mode} {workers}");
        }
    }
}

#[test]
fn con_01_res_28_each_trial_has_a_container_and_a_seed_of_its_own() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    with_draws(&mut coordinator);
    let text = "workflow: {type: tasks}\ntasks: [{name: trial, kind: draw, count: 1000}]\n";
    let summary = execute(&world, &coordinator, text);
    let seeds = summary.phases[0]["outputs"]["trial"].as_array().unwrap();
    let mut different: Vec<u64> = seeds.iter().filter_map(Value::as_u64).collect();
    different.sort_unstable();
    different.dedup();
    assert_eq!((summary.status, different.len()), (RunStatus::Completed, 1000));
    assert_eq!(summary.phases[0]["containers"]["created"], 1000);
}

#[test]
fn tsk_04_mistakes_in_a_graph_are_told_before_anything_runs() {
    let world = World::new();
    let coordinator = world.coordinator();
    let refused = |tasks: &str| {
        let text = format!("workflow: {{type: tasks}}\ntasks:\n{tasks}\n");
        world.prepare_text(&coordinator, &text).unwrap_err().to_string()
    };
    for (tasks, expected) in [
        ("- {name: a, kind: noop, needs: [b]}", "there is no task `b`"),
        ("- {name: a, kind: nop}", "tasks of kind `nop` cannot be run"),
        ("- {name: a, kind: command, with: {argw: [ls]}}", "unknown field `argw`"),
        (
            "- {name: a, kind: noop, needs: [b]}\n- {name: b, kind: noop, needs: [a]}",
            "tasks need each other: `a` → `b` → `a`",
        ),
        ("- {name: a, kind: noop, on: workflow_failed}", "no task can start on `workflow_failed`"),
        ("- {name: a/b, kind: noop}", "contains `/`"),
    ] {
        let text = refused(tasks);
        assert!(text.contains(expected), "{tasks}\n{text}");
    }
}

#[test]
fn con_17_a_phase_of_many_backtests_gives_each_its_own_history_and_sums_them_up() {
    let text = "
workflow:
  type: multi_phase
  phases: [{name: paths, type: backtest, container_count: 40, execution_mode: PARALLEL}]
data: {source: synthetic, symbols: [AAA], timeframe: 1d, synthetic: {bars: 60}}
strategy: {type: buy_and_hold}
";
    let run = |workers| {
        let world = World::new();
        let coordinator = world.coordinator();
        let prepared = world.prepare_text(&coordinator, text).unwrap();
        let request = Request { workers: Some(workers), ..Request::default() };
        coordinator.execute(&prepared, &request, &mut Unobserved).unwrap()
    };
    let summary = run(1);
    assert_eq!(summary.status, RunStatus::Completed, "{:?}", summary.error);
    assert!(summary.warnings.is_empty(), "{:?}", summary.warnings);
    assert_eq!((&summary.result["trials"], &summary.result["completed"]), (&json!(40), &json!(40)));
    let figures = &summary.result["distribution"]["final_equity"];
    let of = |key: &str| figures[key].as_f64().unwrap();
    assert!(of("min") < of("p05") && of("median") < of("p95") && of("p95") < of("max"));
    assert!(of("std") > 0.0);
    assert_eq!(summary.phases[0]["containers"]["created"], 41);
    assert_eq!(run(4).digest, summary.digest);
}

#[test]
fn con_12_phs_13_fault_tolerance_of_the_file_decides_how_often_a_container_begins_again() {
    let run = |tolerance: &str| {
        let world = World::new();
        let mut coordinator = world.coordinator();
        let tries = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&tries);
        coordinator.register_task(Arc::new(Does("moody", move |context: &TaskContext| {
            if context.task.ends_with("/3") {
                counted.fetch_add(1, Ordering::SeqCst);
                panic!("container 3 breaks");
            }
            Ok(json!(1))
        })));
        let text = format!(
            "workflow:\n  type: multi_phase\n  \
             phases: [{{name: p, type: tasks, container_count: 10, tasks: [{{name: t, kind: moody}}]}}]\n\
             coordinator: {{fault_tolerance: {tolerance}}}\n"
        );
        let summary = execute(&world, &coordinator, &text);
        assert_eq!(summary.status, RunStatus::Degraded, "{:?}", summary.error);
        let phase = &summary.phases[0];
        assert_eq!(
            (&phase["tasks"]["completed"], &phase["tasks"]["failed"]),
            (&json!(9), &json!(1))
        );
        assert_eq!(phase["containers"]["failed"], 1);
        let outputs = phase["outputs"]["t"].as_array().unwrap().iter();
        assert_eq!(outputs.filter(|output| **output == json!(1)).count(), 9);
        let error = &phase["errors"][0];
        assert_eq!(
            (&error["task"], phase["errors"].as_array().unwrap().len()),
            (&json!("p.t/3"), 1)
        );
        assert!(error["why"].as_str().unwrap().contains("container 3 breaks"), "{error}");
        tries.load(Ordering::SeqCst)
    };
    assert_eq!(run("{}"), 4, "three restarts, removed on the fourth failure");
    assert_eq!(run("{max_container_failures: 1}"), 2);
    assert_eq!(run("{auto_restart: false}"), 1);
}

#[test]
fn x_18_requests_of_one_correlation_id_that_come_at_once_make_one_run() {
    let world = World::new();
    let coordinator = world.coordinator();
    let text = "workflow: {type: tasks}\ntasks: [{name: once, kind: noop}]\n";
    let prepared = world.prepare_text(&coordinator, text).unwrap();
    let correlation_id = Some("order-7".parse().unwrap());
    let request = Request { correlation_id, ..Request::default() };
    let meeting = Barrier::new(8);
    let run = || {
        meeting.wait();
        coordinator.execute(&prepared, &request, &mut Unobserved).map(|summary| summary.run_id)
    };
    let ids = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
        let ids = threads.into_iter().map(|thread| thread.join().unwrap());
        ids.collect::<Result<std::collections::BTreeSet<_>, _>>().unwrap()
    });
    assert_eq!((ids.len(), coordinator.runs(100).unwrap().len()), (1, 1));
}

#[test]
fn no_task_waits_for_an_event_that_comes_before_or_after_its_phase() {
    let world = World::new();
    let coordinator = world.coordinator();
    for event in ["workflow_started", "PHASE_COMPLETED", "stage_completed", "WORKFLOW_FAILED"] {
        let text =
            format!("workflow: {{type: tasks}}\ntasks: [{{name: a, kind: noop, on: {event}}}]\n");
        let prepared = world.prepare_text(&coordinator, &text);
        let error = prepared.map(drop).unwrap_err().to_string();
        assert!(error.contains("no task can start on"), "{event}: {error}");
    }
}
