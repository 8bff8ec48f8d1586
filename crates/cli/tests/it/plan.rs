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
