//! Waiting for what a server was asked to do.

use dirigent::tasks::http::Http;
use dirigent_workflow::port::{TaskError, TaskKind};
use serde_json::{Value, json};

use super::{STOP, run};
use crate::{
    bench::{begin, context, environment, failure, stopwatch},
    server::{Reply, Server},
};

#[test]
fn a_job_is_waited_for_where_its_location_says() {
    let server = Server::start(vec![
        Reply::of(202, &["location: /jobs/7"], ""),
        Reply::json(200, "{\"state\": \"running\"}"),
        Reply::json(503, ""),
        Reply::Close,
        Reply::json(200, "{\"state\": \"done\", \"rows\": 3}"),
    ]);
    let wait = json!({
        "location": true, "every": 0.01, "until": {"pointer": "/state", "equals": "done"},
    });
    let with = json!({"wait": wait, "headers": {"x-key": "${TOKEN}"}});
    let output = run(&server, with).unwrap();
    assert_eq!(output.value, json!({"status": 200, "body": {"state": "done", "rows": 3}}));
    let asked: Vec<_> = server.asked.iter().take(5).collect();
    assert!(asked[0].line.starts_with("POST "), "{}", asked[0].line);
    for poll in &asked[1..] {
        assert_eq!(poll.line, "GET /jobs/7 HTTP/1.1");
        assert_eq!(poll.header("x-key"), Some("hunter2-token"));
        assert_eq!((poll.body.as_str(), poll.header("idempotency-key")), ("", None));
    }
}

#[test]
fn a_wait_ends_by_status_by_failure_or_by_time() {
    let check = |wait: Value, polls: Vec<Reply>| {
        let server = Server::start([vec![Reply::json(202, "")], polls].concat());
        let mut wait = wait;
        wait["url"] = json!(server.url("/state"));
        wait["every"] = json!(0.01);
        run(&server, json!({"wait": wait}))
    };
    let state = |state: &str| Reply::json(200, &json!({"state": state}).to_string());
    let sign = |value: &str| json!({"pointer": "/state", "equals": value});
    let by_status = json!({"until_status": 204});
    let output = check(by_status.clone(), vec![Reply::json(200, ""), Reply::json(204, "")]);
    assert_eq!(output.unwrap().value["status"], json!(204));
    let gone = failure(check(by_status.clone(), vec![Reply::json(410, "gone")]));
    assert_eq!(gone.code, "http_refused");
    let job = json!({"until": sign("done"), "fail_if": sign("failed")});
    let failed = failure(check(job, vec![state("running"), state("failed")]));
    assert_eq!(failed.code, "http_job_failed");
    let late = json!({"until": sign("done"), "timeout": 0.05});
    let late = failure(check(late, vec![state("running"); 100]));
    assert_eq!(late.code, "http_timeout");
    assert!(late.message.contains("did not end in time; it last answered"), "{}", late.message);
}

#[test]
fn a_job_elsewhere_is_given_no_secrets() {
    let elsewhere = Server::start(vec![Reply::json(200, "")]);
    let location = format!("location: {}", elsewhere.url("/jobs/7"));
    let server = Server::start(vec![Reply::of(202, &[&location], ""), Reply::json(202, "")]);
    let headers = json!({"authorization": "Bearer ${TOKEN}"});
    let wait = json!({"location": true, "until_status": 200});
    let refused = failure(run(&server, json!({"headers": headers, "wait": wait})));
    assert_eq!(refused.code, "http_answer_invalid");
    assert!(elsewhere.asked.try_recv().is_err());
    let folder = tempfile::tempdir().unwrap();
    let with = json!({
        "url": server.url("/"),
        "headers": headers,
        "wait": {"url": elsewhere.url("/jobs/7"), "every": 0.01, "until_status": 200},
        "allow_hosts": [server.host(), elsewhere.host()],
    });
    Http::new(environment()).run(&context(folder.path(), with)).unwrap();
    assert_eq!(elsewhere.asked.recv().unwrap().header("authorization"), None);
}

#[test]
fn a_wait_can_be_stopped_between_two_looks() {
    let server = Server::start(vec![Reply::json(202, ""), Reply::json(200, "{}")]);
    let folder = tempfile::tempdir().unwrap();
    let wait = json!({"url": server.url("/"), "every": 600, "until_status": 204});
    let with = json!({"url": server.url("/"), "allow_hosts": [server.host()], "wait": wait});
    let (watch, task) = begin(Http::new(environment()), context(folder.path(), with));
    drop(server.asked.recv().unwrap());
    let since = stopwatch();
    watch.stop();
    assert_eq!(task.join().unwrap(), Err(TaskError::Stopped));
    let took = since();
    assert!(took < STOP, "{took:?}");
}
