//! Requests: the task kind `http` and the client under it, against a real server on loopback.

mod wait;

use std::{
    io::{Read, Write},
    net::TcpListener,
    time::Duration,
};

use dirigent::{
    http::{Client, Error, Policy},
    tasks::{http::Http, is_permanent},
};
use dirigent_workflow::port::{TaskError, TaskKind};
use serde_json::{Value, json};

use crate::{
    bench::{Outcome, begin, context, environment, failure, stopwatch},
    server::{Reply, Server},
};

/// What a stopped task may take to end.
const STOP: Duration = Duration::from_secs(1);

/// Runs the kind with `with`, to which the server's URL and its permission are added.
fn run(server: &Server, mut with: Value) -> Outcome {
    with["allow_hosts"] = json!([server.host()]);
    if with.get("url").is_none() {
        with["url"] = json!(server.url("/jobs?token=written-out"));
    }
    let folder = tempfile::tempdir().unwrap();
    Http::new(environment()).run(&context(folder.path(), with))
}

#[test]
fn a_post_tells_the_server_what_a_command_is_told() {
    let server = Server::start(vec![Reply::json(201, "{\"id\": 7}")]);
    let folder = tempfile::tempdir().unwrap();
    let with =
        json!({"url": server.url("/a?b=c"), "allow_hosts": [server.host()], "input": {"x": 1}});
    let context = context(folder.path(), with);
    let output = Http::new(environment()).run(&context).unwrap();
    assert_eq!(output.value, json!({"status": 201, "body": {"id": 7}}));
    let asked = server.asked.recv().unwrap();
    assert_eq!(asked.line, "POST /a?b=c HTTP/1.1");
    assert_eq!(asked.header("host"), Some(server.host().as_str()));
    assert_eq!(asked.header("content-type"), Some("application/json"));
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
    assert_eq!(serde_json::from_str::<Value>(&asked.body).unwrap(), told);
    let key = asked.header("idempotency-key").unwrap();
    assert_eq!(key.len(), 64, "{key}");
}

#[test]
fn the_same_task_of_a_run_has_the_same_idempotency_key() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(vec![Reply::json(200, ""); 3]);
    let with = json!({"url": server.url("/"), "allow_hosts": [server.host()]});
    let first = context(folder.path(), with.clone());
    let mut other = first.clone();
    other.task = "a".into();
    let keys: Vec<String> = [&first, &first, &other]
        .map(|context| {
            assert_eq!(Http::new(environment()).run(context).unwrap().value["body"], Value::Null);
            server.asked.recv().unwrap().header("idempotency-key").unwrap().to_owned()
        })
        .into();
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2]);
}

#[test]
fn methods_and_bodies_are_as_written() {
    let check = |with: Value, line: &str, body: &str| {
        let server = Server::start(vec![Reply::json(200, "plain text")]);
        let output = run(&server, with).unwrap();
        assert_eq!(output.value["body"], json!("plain text"));
        let asked = server.asked.recv().unwrap();
        assert_eq!((asked.line.as_str(), asked.body.as_str()), (line, body));
    };
    let target = |verb: &str| format!("{verb} /jobs?token=written-out HTTP/1.1");
    check(json!({"method": "GET"}), &target("GET"), "");
    check(json!({"method": "PUT", "body": {"a": 1}}), &target("PUT"), "{\"a\":1}");
    check(json!({"body": null}), &target("POST"), "null");
}

#[test]
fn the_status_decides_what_another_try_is_worth() {
    let check = |status: u16, code: &str, permanent: bool| {
        let reply = Reply::of(status, &["location: /elsewhere"], "a reason");
        let server = Server::start(vec![reply]);
        let failure = failure(run(&server, json!({})));
        assert_eq!(failure.code, code, "{status}");
        assert_eq!(is_permanent(&failure.code), permanent, "{status}");
        let expected = format!("`POST {}`: the server answered {status}", server.url("/jobs"));
        assert!(failure.message.starts_with(&expected), "{}", failure.message);
        assert!(failure.message.ends_with("a reason"), "{}", failure.message);
        assert!(!failure.message.contains("written-out"), "{}", failure.message);
        drop(server.asked.recv().unwrap());
        assert!(server.asked.try_recv().is_err(), "{status}: it was sent once");
    };
    check(301, "http_redirect", true);
    check(307, "http_redirect", true);
    check(400, "http_refused", true);
    check(404, "http_refused", true);
    check(408, "http_unavailable", false);
    check(429, "http_unavailable", false);
    check(500, "http_unavailable", false);
    check(503, "http_unavailable", false);
}

#[test]
fn res_20_a_server_that_keeps_failing_is_left_alone_for_a_while() {
    let server = Server::start((0..5).map(|_| Reply::of(503, &[], "busy")).collect());
    let other = Server::start(vec![Reply::json(200, "{}")]);
    let kind = Http::new(environment());
    let folder = tempfile::tempdir().unwrap();
    let ask = |server: &Server| {
        let with = json!({"url": server.url("/jobs"), "allow_hosts": [server.host()]});
        kind.run(&context(folder.path(), with))
    };
    for _ in 0..5 {
        assert_eq!(failure(ask(&server)).code, "http_unavailable");
    }
    let refused = failure(ask(&server));
    assert_eq!(refused.code, "http_breaker_open");
    assert!(!is_permanent(&refused.code) && refused.message.contains(&server.host()));
    assert_eq!(server.asked.try_iter().count(), 5, "the sixth request was not sent");
    assert_eq!(ask(&other).unwrap().value["status"], 200, "another server is not held up");
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Server::start(vec![Reply::json(200, "{}")]);
    let location = format!("location: {}", elsewhere.url("/"));
    let server = Server::start(vec![Reply::of(302, &[&location], "")]);
    let folder = tempfile::tempdir().unwrap();
    let hosts = json!([server.host(), elsewhere.host()]);
    let with = json!({"method": "GET", "url": server.url("/"), "allow_hosts": hosts});
    let failure = failure(Http::new(environment()).run(&context(folder.path(), with)));
    assert_eq!(failure.code, "http_redirect");
    assert!(elsewhere.asked.try_recv().is_err());
}

#[test]
fn expected_statuses_replace_the_usual_ones() {
    let with = || json!({"expect_status": [404, 302]});
    let found = run(&Server::start(vec![Reply::json(404, "[]")]), with()).unwrap();
    assert_eq!(found.value, json!({"status": 404, "body": []}));
    let refused = failure(run(&Server::start(vec![Reply::json(200, "[]")]), with()));
    assert_eq!(refused.code, "http_refused");
}

#[test]
fn a_host_must_be_public_and_secure_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let check = |url: &str, hosts: Value, code: &str, expected: &str| {
        let with = json!({"url": url, "allow_hosts": hosts, "timeout": 5});
        let failure = failure(Http::new(environment()).run(&context(folder.path(), with)));
        assert_eq!(failure.code, code, "{url}: {}", failure.message);
        assert!(failure.message.contains(expected), "{url}: {}", failure.message);
        assert!(is_permanent(&failure.code), "{url}");
    };
    let none = || json!([]);
    let blocked = "http_not_allowed";
    check("http://127.0.0.1:1/", none(), blocked, "`127.0.0.1:1` is not allowed without https");
    check("https://127.0.0.1:1/", none(), blocked, "127.0.0.1 is this machine");
    check("https://localhost:1/", none(), blocked, "is this machine");
    check("https://2130706433/", none(), blocked, "127.0.0.1 is this machine");
    check("https://0x7f.1/", none(), blocked, "127.0.0.1 is this machine");
    check("https://[::1]:1/", none(), blocked, "::1 is this machine");
    check("https://[::ffff:10.0.0.1]/", none(), blocked, "is private");
    check("https://169.254.169.254/latest", none(), blocked, "is link-local");
    check("https://127.0.0.1:1/", json!(["127.0.0.1:2"]), blocked, "this machine");
    check("http://127.0.0.1:1/", json!(["localhost"]), blocked, "without https");
    check("http://0.0.0.0:1/", json!(["0.0.0.0:1"]), blocked, "is unspecified");
    check("http://[::]:1/", json!(["::"]), blocked, "is unspecified");
    let invalid = "task_invalid";
    check("https://user:hunter2@example.com/", none(), invalid, "holds a user or a password");
    check("https://example.com@127.0.0.1/", none(), invalid, "holds a user or a password");
    check("ftp://example.com/", none(), invalid, "must begin with");
    check("/path", none(), invalid, "must begin with");
    check("https://", none(), invalid, "its URL is none");
    check("https://a b/", none(), invalid, "its URL is none");
    check("https://example.com:99999/", none(), invalid, "a port that is none");
    check("https://example.com:/", none(), invalid, "a port that is none");
}

#[test]
fn a_host_that_is_named_is_asked_wherever_it_is() {
    for name in ["127.0.0.1", "LOCALHOST"] {
        let server = Server::start(vec![Reply::json(200, "1")]);
        let url = format!("http://{}:{}/", name.to_lowercase(), server.port);
        let folder = tempfile::tempdir().unwrap();
        let with = json!({"url": url, "allow_hosts": [name]});
        let output = Http::new(environment()).run(&context(folder.path(), with)).unwrap();
        assert_eq!(output.value, json!({"status": 200, "body": 1}));
    }
}

#[test]
fn a_secret_reaches_the_server_and_comes_back_nowhere() {
    let check = |status: u16| {
        let body = "{\"hunter2-token\": [\"Bearer hunter2-token\"]}";
        let server = Server::start(vec![Reply::json(status, body)]);
        let url = format!("{}${{TOKEN}}", server.url("/hook/"));
        let headers = json!({"Authorization": "Bearer ${TOKEN}"});
        let outcome = run(&server, json!({"url": url, "headers": headers}));
        let asked = server.asked.recv().unwrap();
        assert_eq!(asked.line, "POST /hook/hunter2-token HTTP/1.1");
        assert_eq!(asked.header("authorization"), Some("Bearer hunter2-token"));
        outcome
    };
    let output = check(200).unwrap();
    assert_eq!(output.value["body"], json!({"***": ["Bearer ***"]}));
    let failed = failure(check(400));
    assert!(failed.message.contains("/hook/${TOKEN}`: the server answered 400: {\"***\""));
    assert!(!failed.message.contains("hunter2"), "{}", failed.message);
}

#[test]
fn no_error_shows_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let check = |with: Value, expected: &str| {
        let failure = failure(Http::new(environment()).run(&context(folder.path(), with)));
        assert!(failure.message.contains(expected), "{}", failure.message);
        assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
    };
    check(json!({"url": "https://127.0.0.1/${TOKEN}"}), "is not allowed");
    check(json!({"url": "${TOKEN}"}), "cannot be sent");
    check(json!({"url": "https://${TOKEN}.localhost/"}), "***.localhost");
    check(json!({"url": "https://u:${TOKEN}@example.com/"}), "a user or a password");
    let header = |value: &str| json!({"url": "https://127.0.0.1/", "headers": {"x-key": value}});
    check(header("${TOKEN}\n"), "header `x-key` has a value that cannot be sent");
    check(header("${TOKENS}"), "`headers.x-key` cannot be used");
}

#[test]
fn an_answer_may_not_be_larger_than_allowed() {
    let with = || json!({"answer_bytes_max": 10});
    let exactly = run(&Server::start(vec![Reply::json(200, "1234567890")]), with()).unwrap();
    assert_eq!(exactly.value["body"], json!(1_234_567_890));
    for reply in [Reply::json(200, "12345678901"), Reply::Endless] {
        let failure = failure(run(&Server::start(vec![reply]), with()));
        assert_eq!(failure.code, "http_answer_too_large");
        assert!(is_permanent(&failure.code));
    }
    let header = format!("x: {}", "y".repeat(1 << 20));
    let server = Server::start(vec![Reply::of(200, &[&header], "")]);
    assert_eq!(failure(run(&server, json!({}))).code, "http_answer_too_large");
}

#[test]
fn a_broken_connection_is_told_and_nothing_is_sent_again() {
    let check = |reply: Reply, code: &str| {
        let server = Server::start(vec![reply, Reply::json(200, "1")]);
        let failure = failure(run(&server, json!({"timeout": 0.3})));
        assert_eq!(failure.code, code, "{}", failure.message);
        assert!(!is_permanent(&failure.code));
        drop(server.asked.recv().unwrap());
        assert!(server.asked.try_recv().is_err(), "it was sent once");
    };
    check(Reply::Close, "http_unreachable");
    check(Reply::Bytes("no HTTP at all\r\n\r\n".into()), "http_unreachable");
    check(
        Reply::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".into()),
        "http_unreachable",
    );
    check(Reply::Silence, "http_timeout");
    check(Reply::Half, "http_timeout");
    let binary = Server::start(vec![Reply::Bytes("HTTP/1.1 200 OK\r\n\r\n".into())]);
    assert_eq!(run(&binary, json!({})).unwrap().value["body"], Value::Null);
}

#[test]
fn a_server_without_tls_is_told_nothing_over_https() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 4096];
        let bytes = stream.read(&mut hello).unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        hello[..bytes].to_vec()
    });
    let folder = tempfile::tempdir().unwrap();
    let with = json!({"url": format!("https://{host}/secret-path"), "allow_hosts": [host]});
    let failure = failure(Http::new(environment()).run(&context(folder.path(), with)));
    assert_eq!(failure.code, "http_tls", "{}", failure.message);
    assert!(is_permanent(&failure.code));
    let heard = heard.join().unwrap();
    assert_eq!(heard[..2], [0x16, 0x03], "a client's hello in TLS");
    let heard = String::from_utf8_lossy(&heard).into_owned();
    assert!(!heard.contains("secret-path") && !heard.contains("POST"), "{heard}");
}

#[test]
fn a_stopped_task_leaves_a_slow_server_at_once() {
    for reply in [Reply::Silence, Reply::Half] {
        let server = Server::start(vec![reply]);
        let folder = tempfile::tempdir().unwrap();
        let with = json!({"url": server.url("/"), "allow_hosts": [server.host()], "timeout": 600});
        let (watch, task) = begin(Http::new(environment()), context(folder.path(), with));
        drop(server.asked.recv().unwrap());
        let since = stopwatch();
        watch.stop();
        assert_eq!(task.join().unwrap(), Err(TaskError::Stopped));
        server.gone.recv().unwrap();
        let took = since();
        assert!(took < STOP, "{took:?}");
    }
}

#[test]
fn the_client_answers_webhooks_the_same_way() {
    let server = Server::start(vec![Reply::json(200, "ok"), Reply::Silence]);
    let policy = Policy { allow_hosts: vec![server.host()], ..Policy::default() };
    let client = Client::new(policy);
    let post = |stop: &dyn Fn() -> bool| {
        let minute = Duration::from_secs(60);
        client.post_json(&server.url("/hook"), &[], &json!({"text": "done"}), minute, stop)
    };
    let response = post(&|| false).unwrap();
    assert!(response.is_success());
    assert_eq!(
        (response.body.as_slice(), response.header("content-type")),
        (&b"ok"[..], Some("application/json"))
    );
    assert_eq!(server.asked.recv().unwrap().body, "{\"text\":\"done\"}");
    let stopped = post(&|| server.asked.try_recv().is_ok()).unwrap_err();
    assert!(matches!(stopped, Error::Stopped { .. }), "{stopped}");
    let strict = Client::default();
    let minute = Duration::from_secs(60);
    let blocked = strict.get("https://10.0.0.1/", &[], minute, &|| false).unwrap_err();
    assert!(matches!(blocked, Error::Blocked { .. }) && blocked.is_permanent(), "{blocked}");
}
