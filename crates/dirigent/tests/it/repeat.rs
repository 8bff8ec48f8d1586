//! The same again: from what was recorded, in any order, and from memory alone never.

use std::sync::Arc;

use dirigent::{
    Error, Home, Request,
    coordinator::Unobserved,
    core::{Event, RunId},
    workflow::port::TaskContext,
};
use serde_json::{Value, json};

use crate::{
    graphs::{Does, execute},
    promises::BACKTEST,
    world::{LONG, World},
};

#[test]
fn jrn_09_the_recorded_configuration_alone_gives_the_same_digest() {
    let world = World::new();
    let text = format!("workflow: {{type: backtest}}{BACKTEST}");
    let first = execute(&world, &world.coordinator(), &text);
    // The file says something else by now, and what was written is not looked at again.
    world.prepare_text(&world.coordinator(), "workflow: {type: tasks}\n").unwrap_err();
    let other = world.coordinator();
    let id = first.run_id.parse().unwrap();
    let verdict = other.verify(&id, &mut Unobserved).unwrap();
    assert!(verdict.equal, "{verdict:?}");
    let config = &other.run(&id).unwrap().start.config;
    let value = |path: &str| config.pointer(path).unwrap().clone();
    assert_eq!(value("/strategy/type"), "buy_and_hold");
    assert_eq!(value("/data/synthetic/bars"), 50);
    // What the file left out is written out.
    assert_eq!(value("/coordinator/reproducibility/master_seed"), 42);
    assert_eq!(value("/execution/fill"), "next_open");
}

/// Waits until `task` of `run` has completed, as the journal tells it.
fn wait_for(home: &Home, run: &RunId, task: &str) {
    let journal = home.reader().unwrap();
    let mut seen = 0;
    loop {
        let events = journal.read(run, seen + 1, 1_000).unwrap();
        let is_it = |event: &Event| event.kind == "task_completed" && event.payload["task"] == task;
        if events.iter().any(is_it) {
            return;
        }
        seen = events.last().map_or(seen, |event| event.seq);
        journal.follow(run, seen, LONG).unwrap();
    }
}

#[test]
fn rep_03_06_results_are_in_the_order_of_their_containers_whoever_ends_first() {
    let run = |deterministic: bool| {
        let world = World::new();
        let mut coordinator = world.coordinator();
        let home = world.home();
        coordinator.register_task(Arc::new(Does("backwards", move |context: &TaskContext| {
            match &*context.task {
                "t/0" => wait_for(&home, &context.run, "t/1"),
                "t/1" => wait_for(&home, &context.run, "t/2"),
                _ => {}
            }
            Ok(json!(context.container.path()))
        })));
        let text = format!(
            "workflow: {{type: tasks, execution_mode: AUTO}}\n\
             coordinator: {{reproducibility: {{deterministic_order: {deterministic}}}}}\n\
             tasks: [{{name: t, kind: backwards, count: 3}}]\n"
        );
        let summary = execute(&world, &coordinator, &text);
        let id = summary.run_id.parse().unwrap();
        let events = coordinator.reader().unwrap().read(&id, 1, 1_000).unwrap();
        let ended = events.iter().filter(|event| event.kind == "task_completed");
        let ended: Vec<&Value> = ended.map(|event| &event.payload["task"]).collect();
        assert_eq!(ended, ["t/2", "t/1", "t/0"]);
        (summary.phases[0]["outputs"]["t"].clone(), summary.digest)
    };
    let first = run(true);
    assert_eq!(first.0, json!(["tasks/t/0", "tasks/t/1", "tasks/t/2"]));
    assert_eq!(run(true), first);
    assert_eq!(run(false), first, "order is never given up");
}

#[test]
fn rep_04_the_state_of_a_backtest_is_a_file_of_three_keys() {
    let world = World::new();
    let coordinator = world.coordinator();
    let summary = execute(&world, &coordinator, &format!("workflow: {{type: backtest}}{BACKTEST}"));
    let file =
        summary.artifacts.iter().find(|file| file["name"] == "reproducibility.json").unwrap();
    let text = std::fs::read_to_string(file["path"].as_str().unwrap()).unwrap();
    let events = coordinator.reader().unwrap();
    let events = events.read(&summary.run_id.parse().unwrap(), 1, 1_000).unwrap();
    let made = events.iter().find(|event| event.kind == "container_created").unwrap();
    let (path, seed) = (made.payload["container"].as_str().unwrap(), &made.payload["seed"]);
    let expected =
        json!({"master_seed": 42, "container_seeds": {path: seed}, "execution_order": [path]});
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    assert!(text.starts_with("{\n  \"") && text.ends_with("\n}\n"), "{text}");
}

#[test]
fn evt_26_a_result_is_kept_in_the_journal_and_not_in_memory() {
    let world = World::new();
    let coordinator = world.coordinator();
    let text = "workflow: {type: tasks}\ntasks: [{name: a, kind: noop}]\n";
    let prepared = world.prepare_text(&coordinator, text).unwrap();
    let correlation_id = Some("morning-3".parse().unwrap());
    let request = Request { correlation_id, ..Request::default() };
    let run = || coordinator.execute(&prepared, &request, &mut Unobserved).unwrap();
    let (first, second) = (run(), run());
    assert_eq!((&first.run_id, first.finished_at), (&second.run_id, second.finished_at));
    assert!(coordinator.active().is_empty());
    std::fs::remove_file(world.home().journal_path()).unwrap();
    let gone = coordinator.run(&first.run_id.parse().unwrap()).unwrap_err();
    assert!(matches!(gone, Error::NoRuns { .. }), "{gone}");
}

/// Prices of 60 days around 100, which go up and down as `wave` says.
fn prices(wave: fn(i32) -> i32) -> String {
    let line = |day: i32| {
        let close = 100 + wave(day);
        format!(
            "2024-{:02}-{:02},{close},{},{},{close},1000\n",
            day / 28 + 1,
            day % 28 + 1,
            close + 1,
            close - 1
        )
    };
    let lines: String = (0..60).map(line).collect();
    format!("date,open,high,low,close,volume\n{lines}")
}

#[test]
fn wft_02_a_backtest_over_a_file_trades_pays_and_changes_with_the_data() {
    let world = World::new();
    let coordinator = world.coordinator();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("AAA.csv");
    let run = |wave: fn(i32) -> i32| {
        std::fs::write(&path, prices(wave)).unwrap();
        let text = format!(
            "workflow: {{type: backtest}}\n\
             data: {{path: '{}', symbols: [AAA]}}\n\
             strategy: {{type: sma_crossover, params: {{fast: 2, slow: 5}}}}\n\
             execution: {{commission: {{type: bps, value: 10}}}}\n",
            path.display()
        );
        execute(&world, &coordinator, &text)
    };
    let (one, two) = (run(|day| (day % 12 - 6).abs() * 3), run(|day| (day % 20 - 10).abs() * 2));
    for summary in [&one, &two] {
        let metric = |key: &str| summary.result["metrics"][key].as_f64().unwrap();
        assert!(metric("trades") >= 2.0 && metric("fees") > 0.0, "{}", summary.result);
        for name in ["trades.csv", "equity.csv"] {
            let file = summary.artifacts.iter().find(|file| file["name"] == name).unwrap();
            let lines = std::fs::read_to_string(file["path"].as_str().unwrap()).unwrap();
            assert!(lines.lines().count() > 2, "{name}: {lines}");
        }
    }
    assert_ne!(one.result["final_equity"], two.result["final_equity"]);
    assert_ne!(one.result["metrics"], two.result["metrics"]);
    assert_eq!(run(|day| (day % 12 - 6).abs() * 3).digest, one.digest);
}
