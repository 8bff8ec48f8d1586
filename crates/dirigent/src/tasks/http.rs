//! The task kind `http`: one request to a server, and the wait for what it was asked to do.
//!
//! Promises: a request is sent once; the server can tell a task that is tried again by its
//! `idempotency-key`; secrets are revealed at the last moment, go to the server of `url` alone, and
//! are taken out of everything that comes back.
//! Not here: which servers may be asked; see `crate::http`.

mod input;
mod wait;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use dirigent_core::{Clock as _, Sha256Hex, SystemClock, Timestamp};
use dirigent_workflow::{
    file::Environment,
    port::{InvalidInput, TaskContext, TaskError, TaskKind, TaskOutput, Watch},
    resource::breaker::{Breakers, Refused},
};
use serde_json::{Value, json};

use super::{
    codes::{failed, problem},
    secrets::Secrets,
    told::told,
};
use crate::{
    environment,
    http::{Client, Error, Response, Verb},
};
use input::Input;

/// How much of an answer is shown with an error.
const SHOWN_CHARS_MAX: usize = 500;

/// Asks servers.
pub struct Http {
    environment: Arc<Environment>,
    /// One for each server, for all runs of the process.
    breakers: Mutex<Breakers>,
}

impl fmt::Debug for Http {
    /// Without the environment, which holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

impl Http {
    /// A kind that takes `${NAME}` from `environment`.
    pub fn new(environment: Arc<Environment>) -> Self {
        Self { environment, breakers: Mutex::default() }
    }

    fn breakers(&self) -> MutexGuard<'_, Breakers> {
        self.breakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Http {
    /// With the environment of this process.
    fn default() -> Self {
        Self::new(Arc::new(environment::of_process()))
    }
}

impl TaskKind for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn check(&self, input: &Value) -> Result<(), InvalidInput> {
        Input::read(input).map(drop).map_err(problem)
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let input = Input::read(&context.input)?;
        let mut secrets = Secrets::of(&self.environment);
        let server = server(&input.url);
        let now = || SystemClock.now();
        self.breakers()
            .check(&server, now())
            .map_err(|refused| broken(&server, &refused, now()))?;
        let answer = ask(&input, context, &mut secrets);
        match &answer {
            // What the file asks for is wrong, or nobody wants an answer any more: no word about
            // the server.
            Err(TaskError::Hopeless(_) | TaskError::Stopped) => {}
            Err(TaskError::Failed(_)) => drop(self.breakers().failed(&server, now())),
            Ok(_) => self.breakers().succeeded(&server, now()),
        }
        let answer = answer.map_err(|error| secrets.clean(error))?;
        let value = json!({"status": answer.status, "body": answer.body});
        Ok(TaskOutput { value, ..TaskOutput::default() })
    }
}

/// The server in `url` as it is written, which is what its breaker is called.
fn server(url: &str) -> String {
    let behind = url.split_once("://").map_or(url, |(_, behind)| behind);
    let authority = behind.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default().to_owned()
}

fn broken(server: &str, refused: &Refused, now: Timestamp) -> TaskError {
    let wait = refused.retry_at.since(now).as_secs_f64().ceil();
    let message = format!("`{server}` keeps failing and is not asked for another {wait} s");
    let hint = "find out what is wrong with the server; the task is tried again as its retries say";
    failed("http_breaker_open", message, hint)
}

/// An answer, as it may be shown.
#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    location: Option<String>,
    /// Its body without secrets: JSON if it is, text if it is not, null if there is none.
    body: Value,
}

/// One server, asked as often as it takes.
struct Asker<'a> {
    client: Client,
    watch: &'a Watch,
    headers: Vec<(String, String)>,
    timeout: Duration,
    secrets: &'a Secrets<'a>,
}

/// Sends the request, and waits for the end of what it began.
fn ask(
    input: &Input,
    context: &TaskContext,
    secrets: &mut Secrets<'_>,
) -> Result<Answer, TaskError> {
    let url = secrets.reveal("url", &input.url)?;
    let reveal = |(name, value): (&String, &String)| {
        Ok((name.to_lowercase(), secrets.reveal(&format!("headers.{name}"), value)?))
    };
    let headers = input.headers.iter().map(reveal).collect::<Result<Vec<_>, TaskError>>()?;
    let written = input.wait.as_ref().and_then(|wait| wait.url.as_deref());
    let waits_at = written.map(|written| secrets.reveal("wait.url", written)).transpose()?;
    let asker = Asker {
        client: Client::new(input.policy()?),
        watch: &context.watch,
        headers,
        timeout: input.timeout.time("timeout")?,
        secrets,
    };
    let body = match (input.method, &input.body) {
        (Verb::Get, _) => None,
        (_, Some(body)) => Some(body.clone()),
        (_, None) => Some(told(context, &input.input)),
    };
    let place = place(input.method, &input.url);
    let mut headers = asker.headers.clone();
    if body.is_some() && headers.iter().all(|(name, _)| name != "idempotency-key") {
        headers.push(("idempotency-key".into(), key(context)));
    }
    let answer = asker.send(input.method, &url, &headers, body.as_ref(), &place)?;
    if !input.expects(answer.status) {
        return Err(unexpected(&place, &answer));
    }
    match &input.wait {
        Some(wait) => wait::wait(wait, &asker, &url, waits_at, &answer),
        None => Ok(answer),
    }
}

impl Asker<'_> {
    /// Sends one request, which messages call `place`.
    fn send(
        &self,
        verb: Verb,
        url: &str,
        headers: &[(String, String)],
        body: Option<&Value>,
        place: &str,
    ) -> Result<Answer, TaskError> {
        let stop = || self.watch.stopped();
        let response = self.client.send(verb, url, headers, body, self.timeout, &stop);
        let response = response.map_err(|error| unanswered(place, &error))?;
        Answer::of(response, self.secrets).ok_or_else(|| {
            let message = format!("{place}: the answer is no text in UTF-8");
            failed("http_answer_invalid", message, "ask for JSON or text")
        })
    }
}

impl Answer {
    /// The answer in `response`, if it is text.
    fn of(response: Response, secrets: &Secrets<'_>) -> Option<Self> {
        let location = response.header("location").map(str::to_owned);
        let text = String::from_utf8(response.body).ok()?;
        let body = match text.trim() {
            "" => Value::Null,
            trimmed => serde_json::from_str(trimmed).unwrap_or_else(|_| Value::String(text)),
        };
        Some(Self { status: response.status, location, body: secrets.redact_json(body) })
    }
}

/// The request as messages name it: as the file has it, without what may be secret.
fn place(verb: Verb, written: &str) -> String {
    let verb = match verb {
        Verb::Post => "POST",
        Verb::Put => "PUT",
        Verb::Get => "GET",
    };
    let written = written.split(['?', '#']).next().unwrap_or_default();
    // A user and a password are refused, but not before this may be shown.
    match written.rsplit_once('@') {
        Some((_, behind)) => format!("`{verb} …@{behind}`"),
        None => format!("`{verb} {written}`"),
    }
}

/// What tells the server that a request is the same again: the task of the run, in every attempt.
fn key(context: &TaskContext) -> String {
    Sha256Hex::of(format!("{}\n{}", context.run, context.task).as_bytes()).to_string()
}

/// Why there is no answer.
fn unanswered(place: &str, error: &Error) -> TaskError {
    let (code, hint) = match error {
        Error::Stopped { .. } => return TaskError::Stopped,
        Error::Invalid(_) => ("task_invalid", "correct the `with` of the task"),
        Error::Insecure { .. } | Error::Blocked { .. } => {
            ("http_not_allowed", "name the host in `allow_hosts` if that is meant")
        }
        Error::Unresolved { .. } => ("http_unreachable", "check the name and the network"),
        Error::Connection { .. } | Error::Protocol { .. } => {
            ("http_unreachable", "check the server; it may have done what was asked")
        }
        Error::Timeout { .. } => {
            ("http_timeout", "raise `timeout`; the server may have done what was asked")
        }
        Error::Tls { .. } => ("http_tls", "correct the URL or the server's certificate"),
        Error::TooLarge { .. } => ("http_answer_too_large", "raise `answer_bytes_max`"),
    };
    failed(code, format!("{place}: {error}"), hint)
}

/// The answer has a status that is not what was hoped for.
fn unexpected(place: &str, answer: &Answer) -> TaskError {
    let status = answer.status;
    let (code, hint) = match status {
        300..400 => ("http_redirect", "redirects are not followed: give the URL that is meant"),
        408 | 429 | 500..600 => ("http_unavailable", "try again later"),
        _ => ("http_refused", "correct the request, or add the status to `expect_status`"),
    };
    let said = match &answer.body {
        Value::Null => String::new(),
        Value::String(text) => format!(": {}", shown(text)),
        other => format!(": {}", shown(&other.to_string())),
    };
    failed(code, format!("{place}: the server answered {status}{said}"), hint)
}

/// The beginning of `text`, without control characters.
fn shown(text: &str) -> String {
    let clean = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut shown: String = clean.take(SHOWN_CHARS_MAX).collect();
    if text.trim().chars().count() > SHOWN_CHARS_MAX {
        shown.push_str(" …");
    }
    shown
}
