//! One call of a handler: on a thread of its own, so that panics and hanging stay there.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    thread::{Builder, JoinHandle},
    time::Duration,
};

use dirigent_core::Event;

use super::{Handler, HandlerError};
use crate::deadline::{Deadline, LOOK};

/// Calls `handler`, then `done` with what came of it, on a new thread.
pub(super) fn begin(
    handler: Arc<dyn Handler>,
    event: Arc<Event>,
    done: impl FnOnce(Result<(), HandlerError>) + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    Builder::new().name(format!("handler {}", handler.name())).spawn(move || {
        let outcome = catch_unwind(AssertUnwindSafe(|| handler.handle(&event)));
        done(outcome.unwrap_or_else(|panic| Err(HandlerError::Panicked(text_of(&*panic)))));
    })
}

/// Calls `handler` and waits for it at most for `limit`; none if `is_over` said so before.
pub(crate) fn call(
    handler: &Arc<dyn Handler>,
    event: &Arc<Event>,
    limit: Duration,
    is_over: &(dyn Fn() -> bool + Sync),
) -> Option<Result<(), HandlerError>> {
    let (answer, answered) = mpsc::channel();
    // Nobody listens to an answer that comes too late.
    let done = move |outcome| drop(answer.send(outcome));
    if let Err(error) = begin(Arc::clone(handler), Arc::clone(event), done) {
        return Some(Err(no_thread(&error)));
    }
    let deadline = Deadline::after(limit);
    while !deadline.passed() {
        match answered.recv_timeout(deadline.left().min(LOOK)) {
            Ok(outcome) => return Some(outcome),
            Err(_) if is_over() => return None,
            Err(_) => {}
        }
    }
    Some(Err(HandlerError::TimedOut(limit)))
}

/// The handler could not even be called.
pub(super) fn no_thread(error: &io::Error) -> HandlerError {
    HandlerError::Failed(format!("cannot start a thread: {error}"))
}

/// What a panic said.
pub(crate) fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
}
