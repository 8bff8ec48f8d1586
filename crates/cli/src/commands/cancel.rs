//! `dirigent cancel`: stop a run for good.

use std::time::Duration;

use dirigent::coordinator::Cancelled;

use crate::{Context, exit};

/// How often the process that works on the run is looked at for an answer.
const LOOKS: usize = 50;
/// How long one look lasts at most.
const LOOK: Duration = Duration::from_millis(100);

pub(crate) fn cancel(context: &Context, name: &str) -> anyhow::Result<u8> {
    let id = context.coordinator.find(name)?;
    let by = format!("`dirigent cancel` (pid {})", std::process::id());
    let outcome = context.coordinator.cancel(&id, &by)?;
    if outcome == Cancelled::Requested {
        let journal = context.coordinator.reader()?;
        for _ in 0..LOOKS {
            let run = context.coordinator.run(&id)?;
            if run.status.is_terminal() {
                break;
            }
            journal.follow(&id, run.seq, LOOK)?;
        }
    }
    let status = context.coordinator.run(&id)?.status;
    if context.printer.json() {
        context.printer.document(&serde_json::json!({"run_id": id, "status": status}))?;
        return Ok(exit::DONE);
    }
    let text = match outcome {
        Cancelled::Already(status) => format!("{id} had ended before: {}", status.as_str()),
        Cancelled::Requested if !status.is_terminal() => {
            format!("{id} will be cancelled as soon as the process that has this home gets to it")
        }
        Cancelled::Done | Cancelled::Requested => format!("{id} {}", status.as_str()),
    };
    context.printer.result(&text)?;
    Ok(exit::DONE)
}
