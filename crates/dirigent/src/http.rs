//! A small HTTP client for requests to servers that a workflow file names: tasks and webhooks.
//!
//! Promises: only servers that the [`Policy`] lets through are connected to, at the address that
//! was checked; no redirect is followed, no proxy asked and nothing sent twice; an answer is
//! bounded in size and time, and waiting for it can be stopped.
//! Not here: secrets; the caller reveals them, and an [`Error`] names nothing but the host.

mod address;
mod error;
mod policy;

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread::Builder,
    time::Duration,
};

use serde_json::Value;
use ureq::{
    Agent,
    http::{HeaderName, HeaderValue, Method, Request, Uri, header},
    unversioned::transport::DefaultConnector,
};

use crate::deadline::{Deadline, LOOK};
pub use error::Error;
pub use policy::Policy;
pub(crate) use policy::origin;
use policy::{Checked, Target};

/// The longest body that is sent.
const BODY_BYTES_MAX: usize = 64 << 20;
/// How long connecting may take, so that an abandoned attempt does not linger.
const CONNECT: Duration = Duration::from_secs(10);
/// What the library sets itself; two values for one request would contradict each other.
const OWN_HEADERS: [HeaderName; 5] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::EXPECT,
];

/// Asks servers; each request has a connection of its own.
#[derive(Clone, Debug, Default)]
pub struct Client {
    policy: Policy,
}

/// What a server answered, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case and values, in the order they came; values that are not text are left
    /// out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first value of the header `name`, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether the server says that it did what was asked.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// The methods that are offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verb {
    /// Asks for something to be done.
    #[default]
    Post,
    /// Asks for something to be there.
    Put,
    /// Asks for what is there; sends no body.
    Get,
}

impl Client {
    /// A client that keeps to `policy`.
    pub fn new(policy: Policy) -> Self {
        Self { policy }
    }

    /// Sends `body` to `url` once, and waits for the answer until `timeout` has passed or `stop`
    /// says so.
    ///
    /// # Errors
    /// If there is no answer; an answer of any status is none.
    pub fn post_json(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: &Value,
        timeout: Duration,
        stop: &dyn Fn() -> bool,
    ) -> Result<Response, Error> {
        self.send(Verb::Post, url, headers, Some(body), timeout, stop)
    }

    /// Asks for what is at `url`.
    ///
    /// # Errors
    /// As `post_json`.
    pub fn get(
        &self,
        url: &str,
        headers: &[(String, String)],
        timeout: Duration,
        stop: &dyn Fn() -> bool,
    ) -> Result<Response, Error> {
        self.send(Verb::Get, url, headers, None, timeout, stop)
    }

    /// Sends a request once, as `post_json`; a `body` goes with it as JSON.
    ///
    /// # Errors
    /// As `post_json`.
    pub fn send(
        &self,
        verb: Verb,
        url: &str,
        headers: &[(String, String)],
        body: Option<&Value>,
        timeout: Duration,
        stop: &dyn Fn() -> bool,
    ) -> Result<Response, Error> {
        let target = self.policy.target(url)?;
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = request(verb, &target.uri, headers, body)?;
        let deadline = Deadline::after(timeout);
        if stop() {
            return Err(Error::Stopped { host: target.host });
        }
        let agent = self.agent(&target, timeout);
        let answer = self.ask(agent.clone(), &target, request, timeout)?;
        let outcome = wait(&answer, deadline, timeout, &target.host, stop);
        // Breaks the connection if it is still there, so that the thread behind it ends.
        agent.shutdown();
        outcome
    }

    /// An agent for one request to `target`.
    fn agent(&self, target: &Target, timeout: Duration) -> Agent {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .max_idle_connections(0)
            .timeout_global(Some(timeout))
            .timeout_connect(Some(timeout.min(CONNECT)))
            .user_agent(concat!("dirigent/", env!("CARGO_PKG_VERSION")))
            .build();
        let resolver = Checked { policy: self.policy.clone(), target: target.clone() };
        Agent::with_parts(config, DefaultConnector::default(), resolver)
    }

    /// Sends `request` on a thread of its own, because neither resolving a name nor connecting can
    /// be interrupted. Once nobody waits any more the agent is shut down: then it sends nothing,
    /// and the thread ends by the limits of the system's resolver and of [`CONNECT`].
    fn ask(
        &self,
        agent: Agent,
        target: &Target,
        request: Request<Vec<u8>>,
        timeout: Duration,
    ) -> Result<Receiver<Result<Response, Error>>, Error> {
        let (sender, answer) = sync_channel(1);
        let bytes_max = self.policy.answer_bytes_max;
        let host = target.host.clone();
        let work = move || {
            let outcome = exchange(&agent, request, bytes_max)
                .map_err(|error| Error::of(error, &host, timeout, bytes_max));
            // Nobody may wait any more.
            let _ = sender.send(outcome);
        };
        Builder::new()
            .name("http".into())
            .spawn(work)
            .map_err(|source| Error::Connection { host: target.host.clone(), source })?;
        Ok(answer)
    }
}

/// The request for the library.
fn request(
    verb: Verb,
    uri: &Uri,
    headers: &[(String, String)],
    body: Vec<u8>,
) -> Result<Request<Vec<u8>>, Error> {
    let method = match verb {
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
        Verb::Get => Method::GET,
    };
    if body.len() > BODY_BYTES_MAX {
        return Err(Error::Invalid(format!("its body is larger than {BODY_BYTES_MAX} bytes")));
    }
    let has_body = !body.is_empty();
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri.clone();
    let map = request.headers_mut();
    if has_body {
        map.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    map.insert(header::ACCEPT, HeaderValue::from_static("application/json, */*;q=0.5"));
    for (name, value) in headers {
        let wrong = |what: &str| Error::Invalid(format!("header `{name}` {what}"));
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("is no name"))?;
        if OWN_HEADERS.contains(&key) {
            return Err(wrong("is set by the client"));
        }
        let mut value =
            HeaderValue::from_str(value).map_err(|_| wrong("has a value that cannot be sent"))?;
        value.set_sensitive(true);
        map.insert(key, value);
    }
    Ok(request)
}

/// Sends the request and takes the answer.
fn exchange(
    agent: &Agent,
    request: Request<Vec<u8>>,
    bytes_max: u64,
) -> Result<Response, ureq::Error> {
    let mut answer = if request.body().is_empty() {
        agent.run(request.map(|_| ()))?
    } else {
        agent.run(request)?
    };
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers = answer.headers().iter().filter_map(text).collect();
    let status = answer.status().as_u16();
    // The library's limit is one that must not be reached.
    let limit = bytes_max.saturating_add(1);
    let body = answer.body_mut().with_config().limit(limit).read_to_vec()?;
    Ok(Response { status, headers, body })
}

/// Waits for the answer, for the deadline, or to be stopped.
fn wait(
    answer: &Receiver<Result<Response, Error>>,
    deadline: Deadline,
    timeout: Duration,
    host: &str,
    stop: &dyn Fn() -> bool,
) -> Result<Response, Error> {
    loop {
        match answer.recv_timeout(deadline.left().min(LOOK)) {
            Ok(outcome) => return outcome,
            Err(RecvTimeoutError::Timeout) if stop() => {
                return Err(Error::Stopped { host: host.to_owned() });
            }
            Err(RecvTimeoutError::Timeout) if deadline.passed() => {
                return Err(Error::Timeout { host: host.to_owned(), after: timeout });
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let source = std::io::Error::other("the client broke");
                return Err(Error::Connection { host: host.to_owned(), source });
            }
        }
    }
}
