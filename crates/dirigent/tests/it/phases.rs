//! Phases and workflow types as a file names them: what is refused, what is filled in, what is
//! seen while they go on.

use std::{
    collections::BTreeMap,
    sync::{Arc, Barrier},
};

use dirigent::{
    Request,
    coordinator::Unobserved,
    core::clock::Clock,
    workflow::{RunStatus, plan::LifecycleStep, port::TaskContext, resource::Amount},
};
use serde_json::{Value, json};

use crate::{
    graphs::{Does, execute},
    promises::BACKTEST,
    world::World,
};

/// What is said about a file that is refused, hints included.
fn refused(text: &str) -> String {
    let world = World::new();
    let error = world.prepare_text(&world.coordinator(), text).map(drop).unwrap_err();
    assert!(!world.home().root().exists(), "nothing was begun");
    format!("{error}\n{}", error.hint().unwrap_or_default())
}

/// Phases `one` and `two`, the first of which asks for `input`.
fn asking(input: &str) -> String {
    format!(
        "workflow:\n  type: multi_phase\n  phases:\n  \
         - {{name: one, type: tasks, inputs: [{input}], tasks: [{{name: a, kind: noop}}]}}\n  \
         - {{name: two, type: tasks, tasks: [{{name: b, kind: noop}}]}}\n"
    )
}

#[test]
fn phs_04_an_input_of_a_phase_that_has_not_completed_is_refused() {
    for (input, expected) in [
        ("two.b", "input `two.b`: phase `two` has not completed when this one begins"),
        ("one.a", "input `one.a`: phase `one` has not completed when this one begins"),
        ("three.c", "input `three.c`: no phase `three` comes before"),
    ] {
        let text = refused(&asking(input));
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn phs_06_an_input_is_a_phase_a_dot_and_a_key_and_nothing_else() {
    for input in ["a.b.c", "a", "a.", ".b"] {
        let text = refused(&asking(input));
        assert!(text.contains("is not `phase.key`"), "{input}: {text}");
        assert!(text.contains("write `phase.key`"), "{input}: {text}");
    }
}

#[test]
fn phs_07_each_phase_tells_which_ones_it_needs() {
    let world = World::new();
    let coordinator = world.coordinator();
    let text = "
workflow:
  type: multi_phase
  phases:
    - {name: one, type: tasks, tasks: [{name: a, kind: noop}, {name: b, kind: noop}]}
    - {name: two, type: tasks, inputs: [one.a], tasks: [{name: c, kind: noop}]}
    - {name: three, type: tasks, inputs: [one.a, two.c, one.b], tasks: [{name: d, kind: noop}]}
";
    let summary = execute(&world, &coordinator, text);
    let needs: Vec<&Value> = summary.phases.iter().map(|phase| &phase["needs"]).collect();
    assert_eq!(needs, [&json!([]), &json!(["one"]), &json!(["one", "two"])]);
}

#[test]
fn phs_12_a_phase_with_a_name_and_a_type_is_one_full_backtest() {
    let world = World::new();
    let coordinator = world.coordinator();
    let text = "workflow:\n  type: multi_phase\n  phases: [{name: p, type: backtest}]";
    let summary = execute(&world, &coordinator, &format!("{text}{BACKTEST}"));
    assert_eq!(summary.phases[0]["containers"]["created"], 1);
    let run = coordinator.run(&summary.run_id.parse().unwrap()).unwrap();
    let phase = &run.start.config["workflow"]["phases"][0];
    assert_eq!(
        (&phase["container_count"], &phase["container_type"], &phase["resources"]),
        (&json!(1), &json!("full_backtest"), &Value::Null)
    );
    let plan = &run.start.plan.phases()[0];
    assert!(plan.tasks.iter().all(|task| task.takes == Amount::default()));
}

#[test]
fn mod_10_an_unknown_mode_is_refused_with_those_that_there_are() {
    let text = refused(&format!("workflow: {{type: backtest, execution_mode: FAST}}{BACKTEST}"));
    assert!(text.contains("unknown `workflow.execution_mode` `FAST`"), "{text}");
    for mode in ["TRADITIONAL", "AUTO", "COMPOSABLE", "HYBRID"] {
        assert!(text.contains(mode), "{text}");
    }
    let text = refused(
        "workflow:\n  type: multi_phase\n  phases:\n  - {name: p, type: tasks, \
         execution_mode: FAST, tasks: [{name: a, kind: noop}]}\n",
    );
    assert!(text.contains("PARALLEL") && text.contains("SIGNAL_REPLAY"), "{text}");
}

#[test]
fn wft_03_a_backtest_does_its_five_steps_in_order_in_one_container() {
    let world = World::new();
    let coordinator = world.coordinator();
    let text = format!("workflow: {{type: backtest}}{BACKTEST}");
    let id = execute(&world, &coordinator, &text).run_id.parse().unwrap();
    let events = coordinator.reader().unwrap().read(&id, 1, 1_000).unwrap();
    let of = |kind: &str, key: &str| -> Vec<String> {
        let some = events.iter().filter(|event| event.kind == kind);
        some.map(|event| event.payload[key].as_str().unwrap().to_owned()).collect()
    };
    let steps =
        ["parse_config", "create_container", "load_data", "execute_strategy", "generate_report"];
    assert_eq!(of("task_started", "task"), steps);
    assert_eq!(of("task_completed", "task"), steps);
    assert_eq!(of("container_created", "container"), ["backtest/0"]);
}

#[test]
fn wft_08_each_type_is_planned_by_its_own_planner_and_others_are_refused_with_a_list() {
    let world = World::new();
    let coordinator = world.coordinator();
    let kinds = |text: &str| -> Vec<String> {
        let prepared = world.prepare_text(&coordinator, text).unwrap();
        prepared.start.plan.phases().iter().map(|phase| phase.kind.clone()).collect()
    };
    assert_eq!(kinds(&format!("workflow: {{type: backtest}}{BACKTEST}")), ["backtest"]);
    let both = "workflow:\n  type: multi_phase\n  phases:\n  - {name: a, type: backtest}\n  \
                - {name: b, type: tasks, tasks: [{name: t, kind: noop}]}";
    assert_eq!(kinds(&format!("{both}{BACKTEST}")), ["backtest", "tasks"]);
    let text = refused(&format!("workflow: {{type: backtst}}{BACKTEST}"));
    assert!(text.contains("unknown `workflow.type` `backtst`"), "{text}");
    for kind in ["backtest", "multi_phase", "tasks"] {
        assert!(text.contains(&format!("`{kind}`")), "{text}");
    }
}

#[test]
fn wft_12_a_service_that_is_given_to_the_coordinator_is_used_and_a_missing_one_is_named() {
    let text = "
workflow: {type: tasks}
tasks:
  - {name: one, kind: market_data, with: {symbol: AAA}}
  - {name: two, kind: market_data, with: {symbol: BBB}}
";
    let world = World::new();
    let mut coordinator = world.coordinator();
    let market = Arc::new(BTreeMap::from([("AAA", 10.5), ("BBB", 20.25)]));
    coordinator.register_task(Arc::new(Does("market_data", move |context: &TaskContext| {
        Ok(json!(market.get(context.input["symbol"].as_str().unwrap_or_default())))
    })));
    let summary = execute(&world, &coordinator, text);
    assert_eq!(summary.phases[0]["outputs"], json!({"one": 10.5, "two": 20.25}));
    let without = refused(text);
    assert!(without.contains("tasks of kind `market_data` cannot be run"), "{without}");
    // A run that was recorded with it cannot go on without it either.
    let id = world.coordinator().find("last").unwrap();
    let error = world.coordinator().verify(&id, &mut Unobserved).unwrap_err().to_string();
    assert!(error.contains("`market_data`"), "{error}");
}

#[test]
fn wft_13_a_component_that_nobody_registered_is_named_with_those_that_are() {
    let text = refused(
        "workflow: {type: backtest}\n\
         data: {source: synthetic, symbols: [AAA], synthetic: {bars: 50}}\nstrategy: NoSuch\n",
    );
    assert!(text.contains("unknown strategy `NoSuch`"), "{text}");
    assert!(text.contains("`buy_and_hold`") && text.contains("`sma_crossover`"), "{text}");
}

#[test]
fn api_03_evt_22_a_run_tells_its_type_phase_and_start_while_it_goes_on() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    let meeting = Arc::new(Barrier::new(2));
    let meet = Arc::clone(&meeting);
    coordinator.register_task(Arc::new(Does("meet", move |_: &TaskContext| {
        meet.wait();
        meet.wait();
        Ok(Value::Null)
    })));
    let text = "
workflow:
  type: multi_phase
  phases:
    - {name: load, type: tasks, tasks: [{name: t, kind: noop}]}
    - {name: work, type: tasks, tasks: [{name: t, kind: meet}]}
    - {name: tell, type: tasks, tasks: [{name: t, kind: noop}]}
";
    let prepared = world.prepare_text(&coordinator, text).unwrap();
    let started_at = world.clock.now();
    std::thread::scope(|scope| {
        let run = || coordinator.execute(&prepared, &Request::default(), &mut Unobserved);
        let run = scope.spawn(run);
        meeting.wait();
        let active = coordinator.active();
        assert_eq!(active.len(), 1);
        let going = coordinator.run(&active[0]).unwrap();
        assert_eq!((going.status, &*going.start.kind), (RunStatus::Running, "multi_phase"));
        let phases: Vec<(&str, bool)> =
            going.phases.iter().map(|phase| (&*phase.name, phase.completed)).collect();
        assert_eq!(phases, [("load", true), ("work", false)]);
        assert_eq!(going.started_at, started_at);
        assert!(!going.lifecycle.contains(&LifecycleStep::PhaseExecution));
        meeting.wait();
        run.join().unwrap().unwrap();
    });
    assert!(coordinator.active().is_empty());
    let ended = coordinator.run(&coordinator.find("last").unwrap()).unwrap();
    assert_eq!(ended.status, RunStatus::Completed, "also of a run that has ended");
    assert!(ended.lifecycle.contains(&LifecycleStep::PhaseExecution));
}
