//! Promises about modes, phases and tasks, each as a user would check it.

use std::sync::{
    Arc, Barrier, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use dirigent::{
    Request,
    bus::{Handler, HandlerError},
    coordinator::Unobserved,
    core::Event,
    workflow::{Fact, RunStatus, plan::Mode, port::TaskContext},
};
use serde_json::{Value, json};

use crate::{
    graphs::{Does, execute},
    world::World,
};

pub(crate) const BACKTEST: &str = "
data: {source: synthetic, symbols: [AAA], timeframe: 1d, synthetic: {bars: 50}}
strategy: {type: buy_and_hold}
";

#[test]
fn mod_02_03_without_a_mode_a_backtest_is_traditional_and_auto_says_why() {
    let world = World::new();
    let coordinator = world.coordinator();
    let start = |text: &str| world.prepare_text(&coordinator, text).unwrap().start;
    let plain = start(&format!("workflow: {{type: backtest}}{BACKTEST}"));
    assert_eq!(plain.mode, Mode::Traditional);
    let auto = |rest: &str| {
        let start = start(rest);
        assert_eq!(start.mode, Mode::Auto);
        (start.plan.phases()[0].mode, start.schedule)
    };
    let (mode, why) =
        auto(&format!("workflow: {{type: backtest, execution_mode: AUTO}}{BACKTEST}"));
    assert_eq!(mode, Mode::Traditional);
    assert!(why.contains("nothing in it could run side by side"), "{why}");
    let (mode, why) =
        auto("workflow: {type: tasks}\ntasks: [{name: a, kind: noop, count: 1000}]\n");
    assert_eq!(mode, Mode::Parallel);
    assert!(why.contains("1000"), "{why}");
}

#[test]
fn mod_05_phs_15_16_each_phase_of_a_hybrid_run_has_its_own_mode_and_limits() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (inside, highest) = (Arc::clone(&now), Arc::clone(&most));
    coordinator.register_task(Arc::new(Does("gauge", move |_: &TaskContext| {
        highest.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::yield_now();
        inside.fetch_sub(1, Ordering::SeqCst);
        Ok(Value::Null)
    })));
    let text = "
workflow:
  type: multi_phase
  execution_mode: HYBRID
  phases:
    - {name: a, type: tasks, execution_mode: PARALLEL, tasks: [{name: t, kind: gauge, count: 60}]}
    - {name: b, type: tasks, execution_mode: TRADITIONAL, tasks: [{name: t, kind: noop, count: 5}]}
coordinator: {phases: {a: {max_containers: 3}}}
";
    let prepared = world.prepare_text(&coordinator, text).unwrap();
    let request = Request { workers: Some(16), ..Request::default() };
    let summary = coordinator.execute(&prepared, &request, &mut Unobserved).unwrap();
    assert_eq!(
        (&summary.phases[0]["mode"], &summary.phases[1]["mode"]),
        (&json!("PARALLEL"), &json!("TRADITIONAL"))
    );
    let most = most.load(Ordering::SeqCst);
    assert!((1..=3).contains(&most), "phs_15: {most} at once");
}

#[test]
fn tsk_06_mod_06_con_10_independent_tasks_run_at_the_same_time() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    let meeting = Arc::new(Barrier::new(3));
    coordinator.register_task(Arc::new(Does("meet", move |_: &TaskContext| {
        meeting.wait();
        Ok(json!(1))
    })));
    coordinator.register_task(Arc::new(Does("all", |context: &TaskContext| {
        Ok(context.outputs["t"].clone())
    })));
    let text = "workflow: {type: tasks}\n\
                tasks: [{name: t, kind: meet, count: 3}, {name: all, kind: all, needs: [t]}]\n";
    let summary = execute(&world, &coordinator, text);
    assert_eq!(summary.status, RunStatus::Completed);
    assert_eq!(summary.phases[0]["outputs"]["all"], json!([1, 1, 1]), "all are waited for");
}

#[test]
fn tsk_18_19_results_are_counted_by_phase_and_a_task_reads_what_it_needs() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    coordinator.register_task(Arc::new(Does("sum", |context: &TaskContext| {
        let all = context.outputs.values().filter_map(Value::as_u64).sum::<u64>();
        Ok(json!(all + context.input["add"].as_u64().unwrap_or(0)))
    })));
    let text = "
workflow: {type: tasks}
tasks:
  - {name: a, kind: sum, with: {add: 1}}
  - {name: b, kind: sum, with: {add: 10}, needs: [a]}
  - {name: c, kind: sum, with: {add: 100}, needs: [a, b]}
";
    let summary = execute(&world, &coordinator, text);
    assert_eq!(summary.phases[0]["outputs"], json!({"a": 1, "b": 11, "c": 112}));
    assert_eq!(summary.phases[0]["tasks"], json!({"total": 3, "completed": 3}));
    assert_eq!(summary.result, json!({"tasks": {"total": 3, "completed": 3}}));
}

/// Writes down the events that it is told of.
struct Diary(Arc<Mutex<Vec<(String, Value)>>>);

impl Handler for Diary {
    fn name(&self) -> &str {
        "diary"
    }

    fn wants(&self, kind: &str) -> bool {
        kind.starts_with("phase_")
    }

    fn handle(&self, event: &Event) -> Result<(), HandlerError> {
        self.0.lock().unwrap().push((event.kind.clone(), event.payload["phase"].clone()));
        Ok(())
    }
}

#[test]
fn phs_17_phase_transitions_are_told_in_order() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    let told = Arc::new(Mutex::new(Vec::new()));
    coordinator.register_handler(Arc::new(Diary(Arc::clone(&told))));
    let text = "
workflow:
  type: multi_phase
  phases:
    - {name: a, type: tasks, tasks: [{name: t, kind: noop}]}
    - {name: b, type: tasks, tasks: [{name: t, kind: noop}]}
";
    execute(&world, &coordinator, text);
    let told = told.lock().unwrap();
    let told: Vec<String> =
        told.iter().map(|(kind, phase)| format!("{kind} {}", phase.as_str().unwrap())).collect();
    let expected = ["phase_started a", "phase_completed a", "phase_started b", "phase_completed b"];
    assert_eq!(told, expected);
}

#[test]
fn evt_17_every_event_of_a_run_carries_its_correlation_id_and_its_cause() {
    let world = World::new();
    let coordinator = world.coordinator();
    let text = "workflow: {type: tasks}\ntasks: [{name: a, kind: noop}]\n";
    let prepared = world.prepare_text(&coordinator, text).unwrap();
    let correlation_id = Some("morning-3".parse().unwrap());
    let request = Request { correlation_id, ..Request::default() };
    let summary = coordinator.execute(&prepared, &request, &mut Unobserved).unwrap();
    let journal = coordinator.reader().unwrap();
    let events = journal.read(&summary.run_id.parse().unwrap(), 1, 1_000).unwrap();
    assert!(events.iter().all(|event| event.correlation_id.as_str() == "morning-3"));
    assert!(events.iter().skip(1).all(|event| event.causation_id.is_some()));
    let facts: Vec<Fact> = events.iter().map(|event| Fact::read(event).unwrap()).collect();
    assert!(matches!(facts.last(), Some(Fact::WorkflowCompleted { degraded: false, .. })));
}

#[test]
fn wft_01_14_every_type_answers_in_the_same_form() {
    let world = World::new();
    let coordinator = world.coordinator();
    let keys = |text: &str| -> Vec<String> {
        let summary = serde_json::to_value(execute(&world, &coordinator, text)).unwrap();
        assert!(summary["digest"].is_string() && summary["result"].is_object(), "{summary}");
        summary.as_object().unwrap().keys().cloned().collect()
    };
    let backtest = keys(&format!("workflow: {{type: backtest}}{BACKTEST}"));
    assert_eq!(keys("workflow: {type: tasks}\ntasks: [{name: a, kind: noop}]\n"), backtest);
    let phases = "workflow:\n  type: multi_phase\n  phases: [{name: p, type: backtest}]";
    assert_eq!(keys(&format!("{phases}{BACKTEST}")), backtest);
}

#[test]
fn con_02_03_a_container_sees_nothing_of_another() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    coordinator.register_task(Arc::new(Does("mark", |context: &TaskContext| {
        // A container that was used before must not remember it.
        let known = context.container.held::<String>().map(|held| held.to_string());
        context.container.hold(Arc::new(context.task.clone()));
        Ok(json!(known))
    })));
    let text = "
workflow: {type: tasks}
tasks: [{name: t, kind: mark, count: 200}]
coordinator: {resources: {container_pool_size: 2}}
";
    let summary = execute(&world, &coordinator, text);
    assert_eq!(summary.phases[0]["outputs"], json!({}), "all of them found nothing");
    assert_eq!(summary.phases[0]["tasks"]["completed"], 200);
}

#[test]
fn a_phase_that_cannot_be_replayed_from_signals_says_so() {
    let world = World::new();
    let coordinator = world.coordinator();
    for asked in ["execution_mode: SIGNAL_REPLAY", "method: signal_replay"] {
        let text = format!(
            "workflow:\n  type: multi_phase\n  \
             phases: [{{name: p, type: tasks, {asked}, tasks: [{{name: t, kind: noop}}]}}]\n"
        );
        let error = world.prepare_text(&coordinator, &text).unwrap_err().to_string();
        assert!(error.contains("are not replayed from signals"), "{error}");
    }
}
