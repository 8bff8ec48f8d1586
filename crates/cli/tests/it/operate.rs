//! Operating a home: halt, health and dead letters, as an operator meets them.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::Stdio,
    sync::mpsc::{Receiver, channel},
};

use crate::world::{Answer, World, synthetic};

/// Long enough that a run of it can be met while it works.
const LONG_BARS: usize = 1_500_000;

#[test]
fn a_halted_home_refuses_work_until_it_is_lifted() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(1_000));
    world.json(&["run", &file]);
    let answer = world.run(&["halt", "--reason", "prices look wrong"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    for arguments in [&["run", &file][..], &["resume", "last"], &["verify", "last"]] {
        let answer = world.run(arguments);
        assert_eq!(answer.code, 1, "{answer:?}");
        assert!(answer.stderr.contains("halted by `dirigent halt` of"), "{answer:?}");
        assert!(answer.stderr.contains("prices look wrong"), "{answer:?}");
        assert!(answer.stderr.contains("hint: nothing runs until `dirigent halt --resume`"));
    }
    let answer = world.run(&["--output", "json", "run", &file]);
    assert!(answer.stdout.contains("\"code\": \"halted\""), "{answer:?}");
    let again = world.json(&["halt"]);
    assert_eq!(again["halt"]["reason"], "prices look wrong");
    assert_eq!(world.json(&["runs"]).as_array().unwrap().len(), 1);
    assert_eq!(world.json(&["halt", "--resume"])["status"], "lifted");
    world.json(&["run", &file]);
    assert!(world.run(&["halt", "--resume"]).stdout.contains("not halted"));
    let events = world.json(&["events", "run_system"]);
    let kinds: Vec<&str> =
        events.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["halted", "halt_lifted"], "who stopped and who went on is on the record");
    let halts = world.run(&["events", "run_system", "--type", "EMERGENCY_STOP"]);
    assert_eq!(halts.stdout.lines().count(), 1, "{halts:?}");
    assert_eq!(world.run(&["halt", "--resume", "--reason", "x"]).code, 2);
}

#[test]
fn a_halt_reaches_the_process_that_works() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(LONG_BARS));
    let mut child = world.spawn(&["run", &file, "--correlation-id", "x"]);
    while !world.run(&["events", "x"]).stdout.contains("task_started") {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was halted");
    }
    let answer = world.run(&["halt", "--reason", "smoke"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let answer = Answer::of(child.wait_with_output().unwrap());
    assert_eq!(answer.code, 1, "{answer:?}");
    assert_eq!(world.json(&["show", "x"])["status"], "interrupted");
    assert_eq!(world.run(&["resume", "x"]).code, 1);
    world.json(&["halt", "--resume"]);
    assert_eq!(world.json(&["resume", "x"])["status"], "completed");
}

#[test]
fn health_is_a_document_and_an_exit_code() {
    let world = World::new();
    let health = world.json(&["health"]);
    assert_eq!(health["status"], "healthy");
    assert!(!world.home().exists(), "looking made a folder");
    world.json(&["halt"]);
    let answer = world.run(&["health"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(answer.stdout.contains("  halt: halted by"), "{answer:?}");
    assert!(answer.stdout.contains("hint: find out why"), "{answer:?}");
    world.json(&["halt", "--resume"]);
    assert_eq!(world.run(&["health"]).code, 0);
}

/// A server that answers each request with the next of `statuses`, or with status 0 keeps silent
/// until the client goes; tells the bodies it got.
fn server(statuses: &'static [u16]) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (hear, heard) = channel();
    std::thread::spawn(move || {
        for status in statuses {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim().to_ascii_lowercase();
                if let Some(bytes) = line.strip_prefix("content-length:") {
                    length = bytes.trim().parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            hear.send(String::from_utf8(body).unwrap()).unwrap();
            if *status == 0 {
                let _ = stream.read(&mut [0]);
                continue;
            }
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (port, heard)
}

#[test]
fn a_notification_that_fails_is_a_dead_letter_until_it_is_retried() {
    let world = World::new();
    let (port, heard) = server(&[500, 200]);
    let hook = format!(
        "{}notifications: [{{on: [WorkflowCompleted], webhook: \"${{HOOK}}\", \
         allow_hosts: [\"127.0.0.1:{port}\"]}}]\n",
        synthetic(1_000)
    );
    let file = world.file("w.yaml", hook);
    let url = format!("http://127.0.0.1:{port}/s3cr3t");
    let run = |arguments: &[&str]| {
        let mut command = world.command(arguments);
        Answer::of(command.env("HOOK", &url).output().unwrap())
    };
    let answer = run(&["run", &file]);
    assert_eq!(answer.code, 0, "a notification does not fail the run: {answer:?}");
    let list = world.json(&["dead-letters", "list"]);
    assert_eq!(list["stats"]["pending"], 1);
    assert_eq!(list["dead_letters"][0]["id"], "letter_1");
    let shown = world.run(&["dead-letters", "show", "1"]);
    assert!(shown.stdout.contains("status 500") && shown.stdout.contains("digest"), "{shown:?}");
    assert!(!shown.stdout.contains("s3cr3t"), "{shown:?}");
    assert!(world.run(&["health"]).stdout.contains("dead_letters: 1 pending"));
    let answer = world.run(&["dead-letters", "retry", "--all"]);
    assert_eq!(answer.code, 1, "without the variable: {answer:?}");
    assert!(answer.stdout.contains("letter_1 failed") && answer.stdout.contains("HOOK"));
    let answer = run(&["dead-letters", "retry", "letter_1"]);
    assert_eq!((answer.code, &*answer.stdout), (0, "letter_1 recovered\n"), "{answer:?}");
    assert_eq!(heard.try_iter().count(), 2);
    assert_eq!(world.json(&["dead-letters", "list"])["stats"]["recovered"], 1);
    assert_eq!(world.run(&["dead-letters", "show", "1"]).code, 2);
    assert_eq!(world.run(&["dead-letters", "drop"]).code, 2, "one, or all, must be said");
    assert_eq!(world.json(&["dead-letters", "drop", "--all"])["dropped"], 0);
}

/// A process that was killed while the server had the notification and had not answered: nobody
/// can know whether it arrived, so the next process brings it again, and no other.
#[test]
fn a_notification_that_was_under_way_at_a_kill_is_brought_again() {
    let world = World::new();
    let (port, heard) = server(&[200, 0, 200]);
    let text = |on: &str| {
        format!(
            "{}notifications: [{{on: [{on}], webhook: \"${{HOOK}}\", \
             allow_hosts: [\"127.0.0.1:{port}\"]}}]\n",
            synthetic(1_000)
        )
    };
    let url = format!("http://127.0.0.1:{port}/hook");
    let told = world.file("told.yaml", text("workflow_started, workflow_completed"));
    let quiet = world.file("quiet.yaml", synthetic(1_000));
    let mut command = world.command(&["run", &told]);
    let mut child = command.env("HOOK", &url).stdout(Stdio::null()).spawn().unwrap();
    assert!(heard.recv().unwrap().contains("workflow_started"));
    let under_way = heard.recv().unwrap();
    assert!(under_way.contains("workflow_completed"));
    child.kill().unwrap();
    child.wait().unwrap();
    let answer = Answer::of(world.command(&["run", &quiet]).env("HOOK", &url).output().unwrap());
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(heard.recv().unwrap(), under_way, "the same event");
    assert_eq!(world.json(&["dead-letters", "list"])["stats"]["pending"], 0);
}
