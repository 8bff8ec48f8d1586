//! Commands: real programs under the task kind `command`.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process,
    time::Duration,
};

use dirigent::tasks::{command::Command, is_permanent};
use dirigent_workflow::port::{TaskError, TaskKind};
use serde_json::{Value, json};

use crate::bench::{Outcome, begin, context, environment, failure, groups_hold_memory, stopwatch};

/// What a stopped task may take to end.
const STOP: Duration = Duration::from_secs(1);
/// Far less than the programs of these tests would sleep.
const AT_ONCE: Duration = Duration::from_secs(30);

fn run(with: Value) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    Command::new(environment()).run(&context(folder.path(), with))
}

fn sh(script: &str) -> Value {
    json!(["sh", "-c", script])
}

/// A pipe in the file system: what is read from it ends when the last writer is gone.
fn fifo(folder: &Path) -> PathBuf {
    let path = folder.join("fifo");
    assert!(process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

#[test]
fn a_program_reads_one_line_of_json_and_writes_one() {
    let script = "echo working; read -r line; echo \"{\\\"told\\\": $line}\"; echo";
    let folder = tempfile::tempdir().unwrap();
    let context = context(folder.path(), json!({"argv": sh(script), "input": {"x": 1}}));
    let output = Command::new(environment()).run(&context).unwrap();
    let told = json!({
        "run": context.run.as_str(),
        "task": "b",
        "attempt": 1,
        "seed": context.container.seed().as_u32(),
        "input": {"x": 1},
        "needs": {"a": {"rows": 7}},
        "inputs": {},
        "event": null,
        "checkpoint": null,
    });
    assert_eq!(output.value, json!({"told": told}));
    assert!(output.warnings.is_empty());
}

#[test]
fn jrn_05_a_program_keeps_a_state_and_its_next_try_finds_it() {
    let folder = tempfile::tempdir().unwrap();
    let (sent, kept) = std::sync::mpsc::channel();
    let say = |line: &str| format!("echo '{line}'; ");
    let script = say(r#"{"dirigent": {"checkpoint": [1, "hunter2-token"]}}"#)
        + &say(r#"{"dirigent": {"checkpoint": {"epoch": 3}}}"#)
        + "exit 1";
    let mut context =
        context(folder.path(), json!({"argv": sh(&script), "env": {"SECRET": "${TOKEN}"}}));
    context.keep = std::sync::Arc::new(move |state| sent.send(state).unwrap());
    let kind = Command::new(environment());
    assert_eq!(failure(kind.run(&context)).code, "command_failed");
    let states: Vec<Value> = kept.try_iter().collect();
    assert_eq!(states, [json!([1, "***"]), json!({"epoch": 3})]);
    // A program that says nothing else has said nothing, and what is odd is told.
    let odd = say(r#"{"dirigent": {"checkpont": 4}}"#);
    context.input = json!({"argv": sh(&format!("{odd} cat"))});
    let output = kind.run(&context).unwrap();
    assert_eq!(output.value["checkpoint"], json!({"epoch": 3}));
    assert!(output.warnings[0].contains("unknown variant `checkpont`"), "{:?}", output.warnings);
}

#[test]
fn stdin_can_be_given_and_ends() {
    let output = run(json!({"argv": ["cat"], "stdin": {"a": [1, "ü"]}})).unwrap();
    assert_eq!(output.value, json!({"a": [1, "ü"]}));
}

#[test]
fn stdout_is_read_as_the_file_says() {
    let check = |output: &str, script: &str, expected: Value| {
        let outcome = run(json!({"argv": sh(script), "output": output})).unwrap();
        assert_eq!(outcome.value, expected, "{output}: {script}");
    };
    check("text", "printf 'two\\nlines\\n\\n'", json!("two\nlines"));
    check("text", ":", json!(""));
    check("none", "echo no json; head -c 10000000 /dev/zero", Value::Null);
    check("json", "echo 1; echo '[2]'; echo", json!([2]));
}

#[test]
fn what_is_no_json_is_an_error() {
    let check = |script: &str, expected: &str| {
        let failure = failure(run(json!({"argv": sh(script)})));
        assert_eq!(failure.code, "command_output_invalid", "{script}");
        assert!(failure.message.contains(expected), "{script}: {}", failure.message);
        assert!(is_permanent(&failure.code));
    };
    check("echo '{\"a\": 1}'; echo done", "did not end stdout with a line of JSON");
    check("echo lost >&2", "wrote nothing to stdout; stderr: lost");
    check("printf '\\377\\n'", "no UTF-8");
}

#[test]
fn an_exit_code_decides_and_stderr_explains() {
    let with = json!({"argv": sh("echo a reason >&2; exit 3")});
    let failed = failure(run(with));
    assert_eq!(failed.code, "command_failed");
    assert_eq!(failed.message, "`sh` ended with exit code 3: a reason");
    assert!(!is_permanent(&failed.code));
    let with = json!({"argv": sh("echo note >&2; echo 1; exit 3"), "success_codes": [0, 3]});
    let output = run(with).unwrap();
    assert_eq!(
        (output.value, output.warnings),
        (json!(1), vec!["`sh` wrote to stderr: note".into()])
    );
    assert_eq!(
        failure(run(json!({"argv": ["true"], "success_codes": [1]}))).code,
        "command_failed"
    );
}

#[test]
fn no_shell_reads_the_arguments() {
    let text = "$(touch pwned) `id` ; exit 7 ' \" * $HOME \\";
    let output = run(json!({"argv": ["printf", "%s", text], "output": "text"})).unwrap();
    assert_eq!(output.value, json!(text));
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data"), "x").unwrap();
    let kind = Command::new(environment());
    for name in ["no-such-program", "./missing", "./data", "/"] {
        let failure = failure(kind.run(&context(folder.path(), json!({"argv": [name]}))));
        assert_eq!(failure.code, "command_not_found", "{name}");
        assert!(failure.message.contains(name) && is_permanent(&failure.code));
    }
    let failure = failure(kind.run(&context(folder.path(), json!({"argv": ["ls"], "cwd": "x"}))));
    assert_eq!(failure.code, "task_invalid");
    assert!(failure.message.contains("`cwd`"), "{}", failure.message);
}

#[test]
fn arguments_that_no_system_takes_are_a_mistake_of_the_file() {
    let failure = failure(run(json!({"argv": ["true", "x".repeat(1 << 24)]})));
    assert_eq!(failure.code, "task_invalid");
    assert!(failure.message.len() < 200, "{}", failure.message);
}

#[test]
fn the_environment_is_made_from_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let with = json!({"argv": ["env"], "env": {"MODE": "fast"}, "output": "text"});
    let context = context(folder.path(), with);
    let output = Command::new(environment()).run(&context).unwrap();
    let text = output.value.as_str().unwrap();
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("{name} in {text}")).to_owned()
    };
    let mut names: Vec<&str> =
        text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    // Where `/bin/sh` is bash, it sets these for every program.
    names.retain(|name| !["_", "SHLVL"].contains(name));
    names.sort_unstable();
    let expected = [
        "DIRIGENT_RUN",
        "DIRIGENT_SEED",
        "DIRIGENT_TASK",
        "HOME",
        "LANG",
        "MODE",
        "PATH",
        "PWD",
        "TMPDIR",
    ];
    assert_eq!(names, expected);
    assert_eq!((value("MODE"), value("LANG")), ("fast".into(), "C.UTF-8".into()));
    assert_eq!(
        (value("DIRIGENT_RUN"), value("DIRIGENT_TASK")),
        (context.run.to_string(), "b".into())
    );
    assert_eq!(value("DIRIGENT_SEED"), context.container.seed().as_u32().to_string());
    assert_eq!(Path::new(&value("PWD")), folder.path().canonicalize().unwrap());
    assert!(!Path::new(&value("HOME")).exists(), "the folder of the attempt is gone");
}

#[test]
fn a_secret_reaches_the_program_and_comes_back_nowhere() {
    let script = "test \"$KEY\" = 'Bearer hunter2-token' && test \"$OTHER\" = 'not for you' || exit 9
        echo \"key $KEY, $OTHER\" >&2; printf '{\"%s\": [\"%s\"]}\\n' \"$KEY\" \"$OTHER\"; exit $CODE";
    let check = |code: &str| {
        let env = json!({"KEY": "Bearer ${TOKEN}", "CODE": code});
        run(json!({"argv": sh(script), "env": env, "pass_env": ["OTHER"]}))
    };
    let output = check("0").unwrap();
    assert_eq!(output.value, json!({"Bearer ***": ["***"]}));
    assert_eq!(output.warnings, ["`sh` wrote to stderr: key Bearer ***, ***"]);
    let failed = failure(check("1"));
    assert_eq!(failed.message, "`sh` ended with exit code 1: key Bearer ***, ***");
    assert!(!format!("{:?}", Command::new(environment())).contains("hunter2"));
    let lost = json!({"argv": ["no-such-program"], "env": {"PATH": "/${TOKEN}/bin"}});
    let lost = failure(run(lost));
    assert_eq!(lost.message, "there is no program `no-such-program` in `/***/bin` that may be run");
    let unset = failure(run(json!({"argv": ["true"], "pass_env": ["NOT_SET"]})));
    assert_eq!(unset.code, "secret_unset");
    assert!(is_permanent(&unset.code));
}

#[test]
fn too_much_output_is_an_error_and_ends_the_program() {
    let with = json!({"argv": ["cat", "/dev/zero"], "output_bytes_max": "1MB"});
    let failure = failure(run(with));
    assert_eq!(failure.code, "command_output_too_large");
    assert!(failure.message.contains("more than 1048576 bytes"), "{}", failure.message);
    let exactly = json!({"argv": ["printf", "12345"], "output": "text", "output_bytes_max": 5});
    assert_eq!(run(exactly).unwrap().value, json!("12345"));
}

#[test]
fn endless_stderr_is_read_and_its_end_is_kept() {
    let script = "head -c 3000000 /dev/zero | tr '\\0' x >&2; echo the end >&2; exit 1";
    let failure = failure(run(json!({"argv": sh(script)})));
    assert!(failure.message.ends_with("xxx\u{a}the end") || failure.message.ends_with("xthe end"));
    assert!(failure.message.chars().count() < 2_200);
}

#[test]
fn limits_act_and_are_told_apart() {
    let limits = json!({
        "argv": sh("echo \"$(ulimit -v) $(ulimit -n) $(ulimit -t) $(ulimit -c)\""),
        "output": "text", "memory": "512MB", "open_files": 32, "cpu_seconds": 5,
    });
    // Address space stands in for memory only where no control group can hold it.
    let address_space = if groups_hold_memory() { "unlimited" } else { "524288" };
    assert_eq!(run(limits).unwrap().value, json!(format!("{address_space} 32 5 0")));
    let cpu = failure(run(json!({"argv": sh("while :; do :; done"), "cpu_seconds": 1})));
    assert_eq!(cpu.code, "command_cpu");
    assert!(is_permanent(&cpu.code));
    let memory =
        json!({"argv": ["dd", "if=/dev/zero", "of=/dev/null", "bs=200M"], "memory": "64MB"});
    let memory = failure(run(memory));
    assert_eq!(memory.code, "command_memory", "{}", memory.message);
    let killed = failure(run(json!({"argv": sh("kill -9 $$")})));
    assert_eq!(killed.code, "command_killed");
    assert!(killed.message.contains("signal 9") && !is_permanent(&killed.code));
}

/// A program that ignores the request to end, and so does what it started.
const STUBBORN: &str =
    "trap '' TERM; (exec 9>fifo; echo child >&9; sleep 60; sleep 60) & sleep 60; wait";

#[test]
fn a_stopped_program_is_killed_with_everything_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = fifo(folder.path());
    let context = context(folder.path(), json!({"argv": sh(STUBBORN)}));
    let (watch, task) = begin(Command::new(environment()), context);
    let mut reader = BufReader::new(File::open(fifo).unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert_eq!(line, "child\n");
    let since = stopwatch();
    watch.stop();
    reader.read_to_string(&mut line).unwrap();
    assert_eq!(task.join().unwrap(), Err(TaskError::Stopped));
    let took = since();
    assert!(took < STOP, "{took:?}");
}

#[test]
fn a_program_may_use_its_last_moment() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = fifo(folder.path());
    let script =
        "exec 9>fifo; trap 'echo saved >&9; exit' TERM; echo up >&9; while :; do sleep 0.01; done";
    let context = context(folder.path(), json!({"argv": sh(script)}));
    let (watch, task) = begin(Command::new(environment()), context);
    let mut reader = BufReader::new(File::open(fifo).unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    watch.stop();
    reader.read_to_string(&mut line).unwrap();
    assert_eq!(line, "up\nsaved\n");
    assert_eq!(task.join().unwrap(), Err(TaskError::Stopped));
}

#[test]
fn what_a_program_leaves_behind_is_killed_when_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = fifo(folder.path());
    let script = "(exec 9>fifo; echo child >&9; exec sleep 60) & read -r _ <gate; echo 1";
    assert!(
        process::Command::new("mkfifo").arg(folder.path().join("gate")).status().unwrap().success()
    );
    let context = context(folder.path(), json!({"argv": sh(script)}));
    let (_, task) = begin(Command::new(environment()), context);
    let mut reader = BufReader::new(File::open(fifo).unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    drop(File::options().write(true).open(folder.path().join("gate")).unwrap());
    let since = stopwatch();
    reader.read_to_string(&mut line).unwrap();
    assert!(since() < AT_ONCE, "it was killed and did not end by itself");
    assert_eq!(task.join().unwrap().unwrap().value, json!(1));
}

/// Such a process is out of reach, but the task does not wait for it.
#[test]
fn a_process_that_left_the_group_does_not_hold_the_task_up() {
    let script =
        "setsid sh -c ': >up; exec sleep 5' & until [ -e up ]; do sleep 0.01; done; echo 1";
    let since = stopwatch();
    assert_eq!(run(json!({"argv": sh(script)})).unwrap().value, json!(1));
    assert!(since() < Duration::from_secs(4), "it waited for the other process");
}

/// Nothing leaves a control group. Where there is none, such a process goes on, as it always did.
#[test]
fn a_process_that_left_the_process_group_is_ended_by_the_control_group() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = fifo(folder.path());
    let script = "setsid sh -c 'exec 9>fifo; echo up >&9; exec sleep 10' & read -r _ <gate; echo 1";
    assert!(
        process::Command::new("mkfifo").arg(folder.path().join("gate")).status().unwrap().success()
    );
    let context = context(folder.path(), json!({"argv": sh(script), "memory": "64MB"}));
    let (_, task) = begin(Command::new(environment()), context);
    let mut reader = BufReader::new(File::open(fifo).unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    drop(File::options().write(true).open(folder.path().join("gate")).unwrap());
    let since = stopwatch();
    reader.read_to_string(&mut line).unwrap();
    assert_eq!(since() < Duration::from_secs(8), groups_hold_memory());
    assert_eq!(task.join().unwrap().unwrap().value, json!(1));
}

/// The process that is killed is this test again, told by a variable where the pipe is.
#[test]
fn a_program_does_not_outlive_a_killed_dirigent() {
    const FOLDER: &str = "DIRIGENT_TEST_FOLDER";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let context = context(Path::new(&folder), json!({"argv": sh(STUBBORN)}));
        let _ = Command::new(environment()).run(&context);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let fifo = fifo(folder.path());
    let mut dirigent = process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "command::a_program_does_not_outlive_a_killed_dirigent"])
        .env(FOLDER, folder.path())
        .env("TMPDIR", folder.path()) // a killed process cannot clear its temporary files
        .stdout(process::Stdio::null())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(File::open(fifo).unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert_eq!(line, "child\n");
    let since = stopwatch();
    dirigent.kill().unwrap();
    let status = dirigent.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    assert_eq!(reader.read_to_string(&mut line).unwrap(), 0, "all writers are gone");
    assert!(since() < AT_ONCE, "they were killed and did not end by themselves");
}

#[test]
fn a_stopped_task_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let context = context(folder.path(), json!({"argv": ["touch", "made"], "output": "none"}));
    context.watch.stop();
    assert_eq!(Command::new(environment()).run(&context), Err(TaskError::Stopped));
    assert!(!folder.path().join("made").exists());
}
