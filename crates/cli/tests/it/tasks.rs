//! `dirigent tasks`: what became of each task, and of the container that it worked in.

use crate::world::World;

const GRAPH: &str = "
workflow: {type: tasks}
orchestration: {retry_base_delay: 0}
tasks:
  - name: f
    kind: command
    count: 3
    max_retries: 1
    optional: true
    timeout: 40
    priority: HIGH
    resources: {memory_per_container: 200MB, cpu_cores: 0.5}
    with: {output: none, argv: [sh, -c, 'read -r told; case $told in *f/1*) exit 4;; esac']}
  - {name: j, kind: noop, needs: [f]}
  - {name: p, kind: publish, with: {event: hi}}
  - {name: e, kind: noop, on: hi}
";

#[test]
fn con_18_19_res_03_05_tsk_02_every_task_and_its_container_can_be_seen() {
    let world = World::new();
    let file = world.file("w.yaml", GRAPH);
    assert_eq!(world.run(&["run", &file]).code, 3);
    let timeline = world.json(&["tasks", "last"]);
    let all = &timeline["tasks"];
    let told: Vec<[&str; 3]> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|task| ["task", "state", "container"].map(|key| task[key].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ["f/0", "completed", "tasks/f/0"],
            ["f/1", "failed", "tasks/f/1"],
            ["f/2", "completed", "tasks/f/2"],
            ["j", "skipped", "tasks/j"],
            ["p", "completed", "tasks/p"],
            ["e/0", "completed", "tasks/e/p/0"],
        ]
    );
    let failed = &all[1];
    let number = |key: &str| failed[key].as_u64().unwrap();
    assert_eq!(
        ["attempts", "failures", "max_retries", "timeout_ms"].map(number),
        [2, 2, 1, 40_000]
    );
    assert_eq!((&failed["priority"], &failed["kind"]), (&"HIGH".into(), &"command".into()));
    assert_eq!(failed["takes"]["memory_bytes"], 209_715_200);
    assert_eq!(failed["why"], "`sh` ended with exit code 4");
    assert!(failed["started_at"].as_str() < failed["ended_at"].as_str(), "{failed}");
    assert_eq!(all[3]["needs"], serde_json::json!(["f"]));
    // Three at once, or fewer where there are fewer cores; each took as much as the others.
    let peak = |key: &str| timeline["peak"][key].as_u64().unwrap();
    let at_once = peak("memory_bytes") / 209_715_200;
    assert!((1..=3).contains(&at_once), "{timeline}");
    assert_eq!((peak("memory_bytes"), peak("millicores")), (at_once * 209_715_200, at_once * 500));
    // What the events call a container is what is shown here.
    let events = world.run(&["events", "last"]).stdout;
    assert!(
        events.lines().any(|line| line.ends_with("container_created     tasks/e/p/0")),
        "{events}"
    );
    let about = world.run(&["events", "last", "--about", "tasks/f/1"]).stdout;
    let kinds: Vec<&str> =
        about.lines().map(|line| line.split_whitespace().nth(2).unwrap()).collect();
    assert_eq!(kinds, ["container_created", "container_restarted", "container_removed"]);
    let about = world.run(&["events", "last", "--about", "f/1", "--type", "task_failed"]).stdout;
    assert_eq!(about.lines().count(), 1, "{about}");
    let removed = events.lines().filter(|line| line.contains("container_removed"));
    assert_eq!(removed.filter(|line| line.contains("tasks/f/1")).count(), 1, "{events}");
}

#[test]
fn tasks_are_found_by_name_and_state() {
    let world = World::new();
    let file = world.file("w.yaml", GRAPH);
    world.run(&["run", &file]);
    let text = world.run(&["tasks", "last", "--task", "f", "--state", "failed"]).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("TASK  STATE"), "{text}");
    assert!(lines[1].starts_with("f/1   failed         2  "), "{text}");
    assert_eq!(lines[2], "  `sh` ended with exit code 4");
    assert_eq!(lines.len(), 4);
    let answer = world.run(&["tasks", "last", "--task", "fan"]);
    assert!(answer.stderr.contains("run `last` has no task `fan`"), "{answer:?}");
    assert_eq!(answer.code, 2);
}
