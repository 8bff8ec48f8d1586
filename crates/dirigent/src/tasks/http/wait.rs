//! Waiting for what a server was asked to do: it is asked again and again how far it is.

use dirigent_workflow::port::TaskError;

use super::{Answer, Asker, input::Wait, place, shown, unexpected};
use crate::{
    deadline::{Deadline, pause},
    http::{Verb, origin},
    tasks::codes::{failed, invalid, is_permanent},
};

/// Asks until the end that `wait` describes: `at` its URL, or where the `first` answer says.
pub(super) fn wait(
    wait: &Wait,
    asker: &Asker<'_>,
    asked: &str,
    at: Option<String>,
    first: &Answer,
) -> Result<Answer, TaskError> {
    let (url, place) = match (at, &wait.url) {
        (Some(url), Some(written)) => (url, place(Verb::Get, written)),
        _ => located(asked, first)?,
    };
    // Secrets in headers are meant for the server that was asked, not for any that it names.
    let is_same = origin(asked).ok() == origin(&url).ok();
    let headers = if is_same { asker.headers.as_slice() } else { &[] };
    let every = wait.every.time("wait.every")?;
    let deadline = Deadline::after(wait.timeout.time("wait.timeout")?);
    loop {
        if !pause(every.min(deadline.left()), &|| asker.watch.stopped()) {
            return Err(TaskError::Stopped);
        }
        let last = asker.send(Verb::Get, &url, headers, None, &place);
        let last = match judge(wait, &place, last) {
            Verdict::Ended(outcome) => return outcome,
            Verdict::Goes(on) => on,
        };
        if deadline.passed() {
            let message = format!("{place}: it did not end in time; {last}");
            return Err(failed("http_timeout", message, "raise `wait.timeout`, or see the server"));
        }
    }
}

/// What an answer says about the work.
enum Verdict {
    /// It ended, well or not.
    Ended(Result<Answer, TaskError>),
    /// It goes on, or there is no telling; with what was heard.
    Goes(String),
}

fn judge(wait: &Wait, place: &str, last: Result<Answer, TaskError>) -> Verdict {
    let answer = match last {
        Ok(answer) => answer,
        Err(TaskError::Failed(failure)) if !is_permanent(&failure.code) => {
            return Verdict::Goes(failure.message);
        }
        Err(error) => return Verdict::Ended(Err(error)),
    };
    if wait.fail_if.as_ref().is_some_and(|sign| sign.shows_in(&answer.body)) {
        let message = format!("{place}: it failed: {}", shown(&answer.body.to_string()));
        return Verdict::Ended(Err(failed("http_job_failed", message, "see the server")));
    }
    let is_status = wait.until_status.is_none_or(|status| status == answer.status);
    let is_shown = wait.until.as_ref().is_none_or(|sign| sign.shows_in(&answer.body));
    if is_status && is_shown {
        return Verdict::Ended(Ok(answer));
    }
    if (200..300).contains(&answer.status) {
        return Verdict::Goes(format!("it last answered {}", shown(&answer.body.to_string())));
    }
    match unexpected(place, &answer) {
        TaskError::Failed(failure) if !is_permanent(&failure.code) => {
            Verdict::Goes(failure.message)
        }
        error => Verdict::Ended(Err(error)),
    }
}

/// Where the answer to the request at `asked` says to look, and how messages call that.
fn located(asked: &str, first: &Answer) -> Result<(String, String), TaskError> {
    let wrong = |what: &str| {
        let hint = "give the place as `wait.url`";
        failed("http_answer_invalid", format!("the answer {what}"), hint)
    };
    let location = first.location.as_deref().ok_or_else(|| wrong("names no `location`"))?;
    let home = origin(asked).map_err(|error| invalid(error.to_string()))?;
    let url = if location.starts_with('/') && !location.starts_with("//") {
        format!("{home}{location}")
    } else {
        location.to_owned()
    };
    match origin(&url) {
        Ok(origin) if origin == home => Ok((url.clone(), place(Verb::Get, &url))),
        Ok(_) => Err(wrong("names a `location` on another server, which is not followed")),
        Err(_) => Err(wrong("names a `location` that is no whole URL and no path")),
    }
}
