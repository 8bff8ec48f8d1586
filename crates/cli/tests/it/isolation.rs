//! Tasks in processes of their own: the same results, and limits that the system holds.

use crate::world::World;

const GRAPH: &str = "
workflow: {type: tasks}
tasks:
  - {name: tell, kind: publish, isolation: WHERE, with: {event: found, payload: {n: 7}}}
  - name: heard
    kind: command
    on: found
    isolation: WHERE
    with: {argv: [sh, -c, 'read -r line; echo \"$line\" | grep -o \"\\\"seed\\\":[0-9]*\" | tr -dc 0-9']}
";

#[test]
fn a_task_delivers_the_same_in_a_process_as_on_a_thread() {
    let world = World::new();
    let digest = |place: &str| {
        let file = world.file(&format!("{place}.yaml"), GRAPH.replace("WHERE", place));
        world.digest(&[&file])
    };
    assert_eq!(digest("process"), digest("thread"));
}

/// What a program kept in a process of its own stayed there, and the next try began anew.
#[test]
fn a_state_that_is_kept_in_a_process_outlives_it() {
    let world = World::new();
    let text = "
workflow: {type: tasks}
orchestration: {retry_base_delay: 0}
tasks:
  - name: train
    kind: command
    max_retries: 1
    isolation: process
    with:
      argv:
        - sh
        - -c
        - 'read -r told; case $told in *\\\"checkpoint\\\":null*)
          echo \"{\\\"dirigent\\\": {\\\"checkpoint\\\": 3}}\"; exit 1;; *\\\"checkpoint\\\":3*) echo 4;; esac'
";
    let file = world.file("w.yaml", text);
    let answer = world.run(&["run", &file, "--correlation-id", "t"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let events = world.run(&["events", "t"]).stdout;
    assert_eq!(events.matches("checkpoint_saved").count(), 1, "{events}");
}

#[test]
fn con_04_a_process_that_takes_too_much_memory_fails_and_the_others_go_on() {
    let world = World::new();
    let text = "
workflow: {type: tasks}
orchestration: {enable_retry: false}
tasks:
  - name: big
    kind: command
    optional: true
    isolation: process
    resources: {memory_per_container: 200MB}
    with: {output: none, argv: [sh, -c, 'head -c 600000000 /dev/zero | tail -c 500000000 >/dev/null']}
  - {name: small, kind: noop, isolation: process, resources: {memory_per_container: 200MB}}
";
    let file = world.file("w.yaml", text);
    let answer = world.run(&["--output", "json", "run", &file]);
    assert_eq!(answer.code, 3, "{answer:?}");
    let summary: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(summary["phases"][0]["tasks"]["completed"], 1, "{summary}");
    let error = &summary["phases"][0]["errors"][0];
    assert_eq!((error["task"].as_str(), error["state"].as_str()), (Some("big"), Some("failed")));
    let why = error["why"].as_str().unwrap();
    assert!(why.contains("memory"), "{why}");
}

/// A variable that `pass_env` names did not reach the process, and the task failed.
#[test]
fn a_process_passes_on_the_variables_that_its_command_passes_on() {
    let world = World::new();
    let text = "
workflow: {type: tasks}
orchestration: {enable_retry: false}
tasks:
  - name: a
    kind: command
    isolation: process
    with: {pass_env: [CARGO_PKG_NAME], argv: [sh, -c, 'printf %s \"$CARGO_PKG_NAME\" | wc -c']}
";
    let file = world.file("w.yaml", text);
    let answer = world.run(&["run", &file]);
    assert_eq!(answer.code, 0, "{answer:?}");
}
