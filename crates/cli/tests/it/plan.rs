//! Plans: what a file will do, and how long that takes.

use crate::world::{World, root};

#[test]
fn sch_22_the_duration_is_learned_from_three_runs() {
    let world = World::new();
    let (one, two) = (world.file("one.yaml", TASK), world.file("two.yaml", TASK));
    let estimate = |file: &str| world.json(&["plan", file])["estimate"].clone();
    assert_eq!(estimate(&one)["duration_ms"], 300_000, "the default");
    for _ in 0..2 {
        world.json(&["run", &one]);
    }
    assert_eq!(estimate(&one)["basis"], "default");
    assert!(world.run(&["plan", &one]).stdout.contains("not known before three runs"));
    world.json(&["run", &two]);
    assert_eq!((&estimate(&one)["basis"], &estimate(&one)["runs"]), (&"type".into(), &3.into()));
    let third = world.json(&["run", &one]);
    let found = estimate(&one);
    assert_eq!((&found["basis"], &found["runs"]), (&"name".into(), &3.into()));
    let took = |run: &serde_json::Value| run["duration_ms"].as_u64().unwrap();
    let runs = world.json(&["runs"]);
    let all = runs.as_array().unwrap().iter().filter(|run| run["name"] == third["name"]);
    let mean: u64 = all.map(took).sum::<u64>() / 3;
    let expected = mean * 6 / 5;
    // The summary counts whole milliseconds, the estimate does not.
    assert!(found["duration_ms"].as_u64().unwrap().abs_diff(expected) <= 3, "{found} {expected}");
    assert!(world.run(&["plan", &one]).stdout.contains("(3 runs)"));
}

/// A run of one task.
const TASK: &str = "workflow: {type: tasks}\ntasks:\n- {name: a, kind: noop}\n";

#[test]
fn every_mistake_of_a_graph_is_found_at_once_before_anything_runs() {
    let world = World::new();
    let text = "workflow: {type: tasks}\ntasks:\n\
                - {name: fetch, kind: comand}\n\
                - {name: clean, kind: command, needs: [fech], with: {argv: [sleep, 1], memry: 5MB}}\n\
                - {name: a/b, kind: noop, needs: [a/b]}\n\
                - {name: train, kind: command, with: {argv: sleep 1}}\n\
                - {name: tell, kind: publish, with: {event: task_failed}}\n";
    let answer = world.run(&["--output", "json", "validate", &world.file("w.yaml", text)]);
    assert_eq!(answer.code, 2, "{answer:?}");
    let found: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    let problems = found["error"]["problems"].as_array().unwrap();
    let found: Vec<(&str, u64)> = problems
        .iter()
        .map(|problem| (problem["key"].as_str().unwrap(), problem["line"].as_u64().unwrap()))
        .collect();
    let expected = [
        ("tasks.0.kind", 3),
        ("tasks.1.needs.0", 4),
        ("tasks.1.with", 4),
        ("tasks.2.name", 5),
        ("tasks.2.needs", 5),
        ("tasks.3.with", 6),
        ("tasks.4.with", 7),
    ];
    assert_eq!(found, expected);
    let hint = |at: usize| problems[at]["hint"].as_str().unwrap();
    assert!(hint(0).starts_with("did you mean `command`? this version runs"), "{}", hint(0));
    assert_eq!(hint(1), "did you mean `fetch`?");
}

#[test]
fn an_input_that_no_task_gives_is_found_before_anything_runs() {
    let world = World::new();
    let text = |strict: &str| {
        format!(
            "workflow:\n  type: multi_phase\n  strict_inputs: {strict}\n  phases:\n\
             \x20 - {{name: one, type: tasks, tasks: [{{name: rows, kind: noop}}]}}\n\
             \x20 - name: two\n    type: tasks\n    inputs: [one.row]\n\
             \x20   tasks: [{{name: b, kind: noop}}]\n"
        )
    };
    let answer = world.run(&["validate", &world.file("w.yaml", text("true"))]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.stderr.contains("phase `one` has no task `row`"), "{answer:?}");
    assert!(answer.stderr.contains("did you mean `one.rows`?"), "{answer:?}");
    let answer = world.run(&["validate", &world.file("w.yaml", text("false"))]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.stderr.contains("warning: input `one.row`"), "{answer:?}");
}

#[test]
fn a_plan_says_what_is_unusual_of_each_task() {
    let world = World::new();
    let file = root().join("workflows/tasks.yaml");
    let plan = world.run(&["plan", file.to_str().unwrap()]).stdout;
    let line = |start: &str| plan.lines().find(|line| line.starts_with(start)).unwrap();
    assert_eq!(line("limits"), "limits    4 tasks at once");
    assert_eq!(
        line("tasks  "),
        "tasks     within 5 min, tried again 3 times after 200 ms to 1 min"
    );
    assert!(line("duration").ends_with("stopped after 1 h"));
    assert_eq!(line("  score"), "  score × 8  command  after universe");
    let flaky = "  flaky      command  after universe  tried again 2 times after 200 ms to 1 min";
    assert_eq!(line("  flaky"), flaky);
    assert_eq!(line("  sentiment"), "  sentiment  command  low priority  optional  within 30 s");
    assert_eq!(line("  report"), "  report     command  after score, flaky  high priority");
}

#[test]
fn a_plan_of_phases_says_how_each_runs_why_and_what_it_gets() {
    let world = World::new();
    let file = root().join("workflows/multi-phase.yaml");
    let plan = world.run(&["plan", file.to_str().unwrap()]).stdout;
    for expected in [
        "phase 1 in_sample (backtest)\n  TRADITIONAL: one task after the other, as \
         `coordinator.phases.in_sample` says",
        "phase 2 out_of_sample (backtest)\n  TRADITIONAL: one task after the other: nothing in it \
         could run side by side",
        "PARALLEL: ready tasks side by side, as `coordinator.phases.judgement` says\n  at most 2 \
         at once\n  gets in_sample.metrics, or fails",
        "verdict  command  after before, since  takes 64 MB memory and 0.5 cores",
    ] {
        assert!(plan.contains(expected), "{expected}\n{plan}");
    }
}
