//! `dirigent cancel`: stop a run for good.

use std::time::Duration;

use dirigent::coordinator::Cancelled;

use crate::{Context, exit};

/// How long the process that works on the run is given to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

pub(crate) fn cancel(context: &Context, name: &str) -> anyhow::Result<u8> {
    let id = context.coordinator.find(name)?;
    let before = context.coordinator.run(&id)?.seq;
    let by = format!("`dirigent cancel` (pid {})", std::process::id());
    let outcome = context.coordinator.cancel(&id, &by)?;
    if outcome == Cancelled::Requested {
        // The answer is an event; which one it was, the status below tells.
        context.coordinator.reader()?.follow(&id, before, ANSWER_WITHIN)?;
    }
    let status = context.coordinator.run(&id)?.status;
    if context.printer.json() {
        context.printer.document(&serde_json::json!({"run_id": id, "status": status}))?;
        return Ok(exit::DONE);
    }
    let text = match outcome {
        Cancelled::Already(status) => format!("{id} had ended before: {}", status.as_str()),
        Cancelled::Requested if !status.is_terminal() => {
            format!("{id}: asked its process to stop; `dirigent show {id}` tells when it has")
        }
        Cancelled::Done | Cancelled::Requested => format!("{id} {}", status.as_str()),
    };
    context.printer.result(&text)?;
    Ok(exit::DONE)
}
