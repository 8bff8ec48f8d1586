//! Notifications: `notifications` of a workflow file as handlers of events.
//!
//! Invariant: the address of a webhook is a secret; it appears in no name, error or record.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use dirigent_core::{Event, RunId};
use dirigent_journal::ReadJournal;
use dirigent_workflow::{
    event::CATALOGUE,
    file::{self, Environment, Problem},
};
use serde_json::Value;

use crate::{
    bus::{Handler, HandlerError},
    config::{Config, workflow::Notification},
    environment, http,
};

/// What a name of a notification's handler begins with; its number in the file follows.
const PREFIX: &str = "notifications.";
/// What stands in the journal for a secret that was written out.
const HIDDEN: &str = "***";
/// Parts of an address that are shorter say nothing, and are no secret.
const PART_CHARS_MIN: usize = 4;
/// How long a webhook has for its answer; less than a handler has, so that the reason is known.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
/// The longest error of a handler that is recorded.
const ERROR_CHARS_MAX: usize = 2_000;

/// What is to be sent.
#[derive(Clone, Copy)]
pub struct Message<'m> {
    /// Where to; a secret.
    pub url: &'m str,
    /// Hosts that may be asked although they are not public, or without https.
    pub allow_hosts: &'m [String],
    /// The same each time the same event is brought by the same notification.
    pub idempotency_key: &'m str,
    /// The event with its envelope.
    pub body: &'m Value,
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("idempotency_key", &self.idempotency_key)
            .finish_non_exhaustive()
    }
}

/// Sends JSON to addresses.
pub trait Post: Send + Sync {
    /// Sends `message` once and waits for the answer.
    ///
    /// # Errors
    /// If it did not arrive, or the answer was no success.
    fn post(&self, message: Message<'_>) -> Result<(), String>;
}

/// The way through the network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Web;

impl Post for Web {
    fn post(&self, message: Message<'_>) -> Result<(), String> {
        let allow_hosts = message.allow_hosts.to_vec();
        let client = http::Client::new(http::Policy { allow_hosts, ..http::Policy::default() });
        let key = ("idempotency-key".to_owned(), message.idempotency_key.to_owned());
        let answer = client.post_json(message.url, &[key], message.body, ANSWER_LIMIT, &|| false);
        match answer {
            Ok(answer) if answer.is_success() => Ok(()),
            Ok(answer) => Err(format!("it answered with status {}", answer.status)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// The name in the catalogue that `name`, in any of its spellings, means.
pub fn event_type(name: &str) -> Option<&'static str> {
    let means = |entry: &&dirigent_workflow::event::Entry| {
        entry.kind == name || entry.aliases.contains(&name)
    };
    CATALOGUE.iter().find(means).map(|entry| entry.kind)
}

/// What is wrong with `notifications`.
pub(crate) fn problems(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, notification) in config.workflow.notifications.iter().enumerate() {
        for (index, name) in notification.on.iter().enumerate() {
            let path = format!("notifications.{at}.on.{index}");
            if event_type(name).is_none() {
                let message = format!("there is no event `{name}`");
                let problem = Problem::error(config.place(&path), path, message);
                problems.push(problem.hint(hint(name)));
            }
        }
        if notification.webhook.is_none() {
            let path = format!("notifications.{at}");
            let message = format!("`{path}` tells nobody");
            let problem = Problem::warning(config.place(&path), path, message);
            problems.push(problem.hint("add `webhook: \"${ALERT_WEBHOOK_URL}\"`"));
        }
    }
    problems
}

fn hint(name: &str) -> String {
    let known: Vec<&str> = CATALOGUE.iter().map(|entry| entry.kind).collect();
    match file::suggest(name, known.iter().copied()) {
        Some(close) => format!("did you mean `{close}`?"),
        None => format!("there are {}", known.join(", ")),
    }
}

/// What webhooks are made of: the variables that hold their addresses, and the way there.
#[derive(Clone)]
pub(crate) struct Outside {
    pub(crate) environment: Arc<Environment>,
    pub(crate) post: Arc<dyn Post>,
}

impl Default for Outside {
    /// With the environment of this process.
    fn default() -> Self {
        Self { environment: Arc::new(environment::of_process()), post: Arc::new(Web) }
    }
}

impl Outside {
    /// The handlers of `notifications`.
    pub(crate) fn handlers(&self, notifications: &[Notification]) -> Vec<Arc<dyn Handler>> {
        let handler = |(at, notification): (usize, &Notification)| {
            notification.webhook.as_ref()?;
            Some(self.webhook(at, notification))
        };
        notifications.iter().enumerate().filter_map(handler).collect()
    }

    /// The handlers of the notifications that `run` was started with.
    pub(crate) fn handlers_of<J>(&self, journal: &J, run: &RunId) -> Vec<Arc<dyn Handler>>
    where
        J: ReadJournal + ?Sized,
    {
        self.handlers(&stored(journal, run))
    }

    fn webhook(&self, at: usize, notification: &Notification) -> Arc<dyn Handler> {
        let revealed = notification.webhook.as_ref().map(|secret| secret.reveal(&self.environment));
        let address = match revealed {
            Some(Ok(address)) if address != HIDDEN => Ok(address),
            Some(Err(error)) => Err(error.to_string()),
            Some(Ok(_)) | None => {
                Err("its address was written out in the workflow file, and such \
                                       a secret is not stored; use a variable as `${NAME}`"
                    .to_owned())
            }
        };
        Arc::new(Webhook {
            name: format!("{PREFIX}{at}"),
            kinds: notification.on.iter().filter_map(|name| event_type(name)).collect(),
            address,
            allow_hosts: notification.allow_hosts.clone(),
            post: Arc::clone(&self.post),
        })
    }
}

/// The notifications that `run` was started with, as its journal has them; none if it has no such
/// run.
pub(crate) fn stored<J>(journal: &J, run: &RunId) -> Vec<Notification>
where
    J: ReadJournal + ?Sized,
{
    let first = journal.read(run, 1, 1).ok().and_then(|events| events.into_iter().next());
    let stored = first.map(|event| event.payload["config"]["notifications"].clone());
    stored.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
}

/// Sends events as JSON to an address.
struct Webhook {
    name: String,
    kinds: BTreeSet<&'static str>,
    address: Result<String, String>,
    allow_hosts: Vec<String>,
    post: Arc<dyn Post>,
}

impl Handler for Webhook {
    fn name(&self) -> &str {
        &self.name
    }

    fn wants(&self, kind: &str) -> bool {
        self.kinds.contains(kind)
    }

    fn handle(&self, event: &Event) -> Result<(), HandlerError> {
        let failed =
            |why: String| HandlerError::Failed(format!("cannot send to the webhook: {why}"));
        let address = self.address.as_ref().map_err(|why| failed(why.clone()))?;
        let body = serde_json::to_value(event).map_err(|error| failed(error.to_string()))?;
        let message = Message {
            url: address,
            allow_hosts: &self.allow_hosts,
            idempotency_key: &format!("{}/{}", event.id, self.name),
            body: &body,
        };
        self.post.post(message).map_err(|why| failed(without(&why, address)))
    }
}

/// `text` without any part of `address` that could be a secret, and not too long.
fn without(text: &str, address: &str) -> String {
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let mut text = text.replace(address, HIDDEN);
    let mut parts: Vec<&str> = address.split(['/', '?', '&', '=', '@', '#', ':']).collect();
    parts.retain(|part| part.chars().count() >= PART_CHARS_MIN);
    // The longest first, so that no part hides a piece of another and leaves the rest.
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    for part in parts {
        text = text.replace(part, HIDDEN);
    }
    text.chars().take(ERROR_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_holds_no_part_of_the_address() {
        let address = "https://user:hunter2@hooks.example/services/T0001/s3cr3t?key=abcdef";
        let error = format!("POST {address}: no route to hooks.example for /services/T0001/s3cr3t");
        let shown = without(&error, address);
        for part in ["hunter2", "hooks", "T0001", "s3cr3t", "abcdef"] {
            assert!(!shown.contains(part), "{shown}");
        }
        assert!(shown.starts_with("POST https://***: no route to"), "{shown}");
    }
}
