//! The page about task kinds says what is true.

use dirigent::{
    config::workflow::Task,
    tasks::{command::Command, http::Http, is_permanent, noop::Noop},
};
use dirigent_workflow::port::{TaskError, TaskKind};
use serde_json::{Value, json};

use crate::{
    bench::{context, environment},
    configuration::read,
};

const PAGE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/task-kinds.md"));

/// The tasks of the examples on the page.
fn examples() -> Vec<Task> {
    let blocks = PAGE.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let tasks = |text: &str| {
        let config = read(text, &[], &[]).unwrap();
        assert!(config.warnings.to_string().is_empty(), "{}", config.warnings);
        config.workflow.tasks.clone()
    };
    blocks.flat_map(tasks).collect()
}

#[test]
fn the_commands_of_the_page_run() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str| {
        let task = examples().into_iter().find(|task| task.name == name).unwrap();
        assert_eq!(task.kind, "command");
        let context = context(folder.path(), Value::Object(task.input));
        Command::new(environment()).run(&context).unwrap()
    };
    assert_eq!(run("features").value, json!({"rows": 500}));
    let count = run("count");
    assert!(count.value["bytes"].as_u64().unwrap() > 50, "{:?}", count.value);
    assert_eq!(count.warnings, ["`sh` wrote to stderr: working on b"]);
    assert_eq!(run("lines").value, json!("1"));
}

#[test]
fn the_requests_of_the_page_are_understood() {
    let folder = tempfile::tempdir().unwrap();
    let requests: Vec<Task> = examples().into_iter().filter(|task| task.kind == "http").collect();
    assert_eq!(requests.len(), 2);
    for task in requests {
        // Stopped before anything is sent, but after everything was checked.
        let context = context(folder.path(), Value::Object(task.input));
        context.watch.stop();
        let outcome = Http::new(environment()).run(&context);
        assert_eq!(outcome, Err(TaskError::Stopped), "{}", task.name);
    }
}

#[test]
fn the_page_lists_the_codes_that_are_permanent() {
    let list = PAGE.split("would only meet again:").nth(1).unwrap();
    let (permanent, others) = list.split_once("All other").unwrap();
    let codes = |text: &str| -> Vec<String> {
        let words = text.split('`').filter(|word| word.contains('_') && !word.contains(' '));
        words.map(str::to_owned).collect()
    };
    assert!(codes(permanent).len() > 10 && codes(others).len() > 3);
    assert!(codes(permanent).iter().all(|code| is_permanent(code)));
    assert!(!codes(others).iter().any(|code| is_permanent(code)));
}

#[test]
fn noop_delivers_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let context = context(folder.path(), json!({}));
    assert_eq!(Noop.run(&context).unwrap().value, Value::Null);
    context.watch.stop();
    assert_eq!(Noop.run(&context), Err(TaskError::Stopped));
}
