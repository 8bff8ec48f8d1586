//! Tasks in processes of their own: the same results, and limits that the system holds.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::Command,
};

use crate::world::{Answer, World};

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
    let answer = world.run(&["--output", "json", "run", &file, "--correlation-id", "c"]);
    assert_eq!(answer.code, 3, "{answer:?}");
    let summary: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(summary["phases"][0]["tasks"]["completed"], 1, "{summary}");
    let error = &summary["phases"][0]["errors"][0];
    assert_eq!((error["task"].as_str(), error["state"].as_str()), (Some("big"), Some("failed")));
    let why = error["why"].as_str().unwrap();
    if memory_groups(&world).is_some() {
        let told = "`big` was killed as it did not fit into its 209715200 bytes of memory \
                    (at its peak it used ";
        assert!(why.starts_with(told), "{why}");
        let events = world.run(&["events", "c"]).stdout;
        assert!(events.contains("big: command_memory: "), "{events}");
    } else {
        assert!(why.contains("memory exhausted"), "{why}");
    }
}

/// Where groups that hold memory are made, as `dirigent health` tells it.
fn memory_groups(world: &World) -> Option<PathBuf> {
    let health = world.json(&["health"]);
    let told = health["coordinators"]["programs"]["detail"].as_str().unwrap();
    let memory = told.split("; ").next().unwrap();
    assert!(
        memory.starts_with("held to memory by control groups of version ")
            || memory.starts_with("held to memory by the address space of each process alone ("),
        "{told}"
    );
    Some(memory.split_once("below `")?.1.trim_end_matches('`').into())
}

/// The groups in `folder` that the process `pid` made.
fn groups_of(folder: &Path, pid: u32) -> Vec<PathBuf> {
    let named = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name == format!("dirigent-{pid}") || name.starts_with(&format!("dirigent-{pid}-"))
    };
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(named).collect()
}

/// How many processes are in `group` and in those below it.
fn processes(group: &Path) -> usize {
    let own = std::fs::read_to_string(group.join("cgroup.procs")).unwrap().lines().count();
    let entries = std::fs::read_dir(group).unwrap().map(|entry| entry.unwrap().path());
    own + entries.filter(|path| path.is_dir()).map(|below| processes(&below)).sum::<usize>()
}

/// Java, Go and Node reserve far more than they use, and failed with a limit that fits their use.
#[test]
fn memory_that_is_only_reserved_counts_where_no_control_group_can_be_made() {
    let world = World::new();
    let text = "
workflow: {type: tasks}
orchestration: {enable_retry: false}
tasks:
  - name: reserve
    kind: command
    with: {memory: 64MB, output: none, argv: [dd, if=/dev/null, of=/dev/null, bs=200M]}
";
    let file = world.file("w.yaml", text);
    let child = world.spawn(&["--output", "json", "run", &file]);
    let pid = child.id();
    let answer = Answer::of(child.wait_with_output().unwrap());
    let Some(folder) = memory_groups(&world) else {
        assert!(answer.stdout.contains("did not fit into its 67108864 bytes"), "{answer:?}");
        return;
    };
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(groups_of(&folder, pid), Vec::<PathBuf>::new(), "its groups are gone");
}

/// A process of version 1 that was killed left those that waited for it, and the task hung.
#[test]
fn a_program_of_which_a_part_was_killed_for_its_memory_does_not_go_on() {
    let world = World::new();
    let text = "
workflow: {type: tasks}
orchestration: {enable_retry: false}
tasks:
  - name: part
    kind: command
    with:
      memory: 64MB
      output: none
      argv: [sh, -c, 'dd if=/dev/zero of=/dev/null bs=200M count=1 || case $? in 137) sleep 1000;; *) exit 1;; esac']
";
    let file = world.file("w.yaml", text);
    let answer = world.run(&["--output", "json", "run", &file]);
    assert!(answer.stdout.contains("did not fit into its 67108864 bytes of memory"), "{answer:?}");
}

/// What the program is held to is read while it runs, and what a killed process left is gone after
/// the next one.
#[test]
fn a_program_is_held_to_what_its_task_takes_and_nothing_of_it_stays() {
    let world = World::new();
    let fifo = world.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let text = "
workflow: {type: tasks}
tasks:
  - name: held
    kind: command
    isolation: process
    resources: {memory_per_container: 96MB, cpu_per_container: 0.5, disk_per_container: 3MB}
    with: {argv: [sh, -c, 'exec 9>fifo; ulimit -f >&9; ulimit -v >&9; exec sleep 1000']}
";
    let file = world.file("w.yaml", text);
    let mut child = world.spawn(&["run", &file]);
    let mut lines = BufReader::new(File::open(&fifo).unwrap());
    let mut limits = String::new();
    lines.read_line(&mut limits).unwrap();
    lines.read_line(&mut limits).unwrap();
    let folder = memory_groups(&world);
    // The shell counts files in blocks of 512 bytes, and address space in KiB.
    let address_space = if folder.is_some() { "unlimited" } else { "98304" };
    assert_eq!(limits, format!("6144\n{address_space}\n"));
    let groups = folder.map(|folder| groups_of(&folder, child.id())).unwrap_or_default();
    for group in groups.iter().filter(|group| group.to_string_lossy().ends_with("-1")) {
        let [one, two] = ["memory.limit_in_bytes", "memory.max"].map(|name| group.join(name));
        let limit = std::fs::read_to_string(one).or_else(|_| std::fs::read_to_string(two));
        assert_eq!(limit.unwrap(), "100663296\n");
        assert_eq!(processes(group), 3, "the task's process, its program, the program's watcher");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // It ends when the program, which holds it open, was killed.
    lines.read_line(&mut limits).unwrap();
    let next = world.file("next.yaml", "{workflow: {type: tasks}, tasks: [{name: a, kind: command, with: {output: none, argv: ['true']}}]}");
    // The system takes a moment to let go of a group whose last process has ended.
    for _ in 0..100 {
        assert_eq!(world.run(&["run", &next]).code, 0);
        if !groups.iter().any(|group| group.exists()) {
            return;
        }
    }
    panic!("left behind: {groups:?}");
}

/// The disk that a task took was not held to anything.
#[test]
fn a_file_that_grows_beyond_what_its_task_takes_ends_the_program() {
    let world = World::new();
    let text = "
workflow: {type: tasks}
orchestration: {enable_retry: false}
tasks:
  - name: write
    kind: command
    isolation: process
    resources: {disk_per_container: 1MB}
    with: {output: none, argv: [dd, if=/dev/zero, of=big, bs=1024, count=COUNT]}
";
    let run = |count: &str| {
        let file = world.file("w.yaml", text.replace("COUNT", count));
        world.run(&["--output", "json", "run", &file])
    };
    assert_eq!(run("1024").code, 0, "it fits");
    let answer = run("1025");
    let told = "`dd` wrote a file of more than the 1048576 bytes that one may have";
    assert!(answer.stdout.contains(told), "{answer:?}");
    assert_eq!(std::fs::metadata(world.path().join("big")).unwrap().len(), 1 << 20);
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
