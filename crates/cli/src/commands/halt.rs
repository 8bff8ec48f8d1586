//! `dirigent halt`: stop all work, or let it begin again.

use dirigent::halt::{Halted, Lifted};

use crate::{Context, exit};

/// What is recorded when no reason was given.
const NO_REASON: &str = "no reason given";

pub(crate) fn halt(context: &Context, reason: Option<&str>, resume: bool) -> anyhow::Result<u8> {
    let by = format!("`dirigent halt` of {} (pid {})", user(), std::process::id());
    let (status, text) = if resume { lift(context, &by)? } else { stop(context, &by, reason)? };
    if context.printer.json() {
        let halt = context.coordinator.halted()?;
        context.printer.document(&serde_json::json!({"status": status, "halt": halt}))?;
    } else {
        context.printer.result(&text)?;
    }
    Ok(exit::DONE)
}

fn stop(
    context: &Context,
    by: &str,
    reason: Option<&str>,
) -> anyhow::Result<(&'static str, String)> {
    Ok(match context.coordinator.halt(by, reason.unwrap_or(NO_REASON))? {
        Halted::Done(_) => (
            "halted",
            "halted: nothing runs and nothing will until `dirigent halt --resume`".to_owned(),
        ),
        Halted::Already(halt) => (
            "halted",
            format!("was halted before, by {} since {}: {}", halt.by, halt.since, halt.reason),
        ),
        Halted::Requested => (
            "requested",
            "no work will begin, but it is not on the record yet: whoever has this home has not \
             answered, or cannot write; `dirigent health` shows more"
                .to_owned(),
        ),
    })
}

fn lift(context: &Context, by: &str) -> anyhow::Result<(&'static str, String)> {
    Ok(match context.coordinator.lift(by)? {
        Lifted::Done(halt) => (
            "lifted",
            format!(
                "work may begin again; it was halted since {}: {}\nhint: `dirigent runs` lists \
                 what was interrupted, `dirigent resume RUN` goes on with it",
                halt.since, halt.reason
            ),
        ),
        Lifted::NotHalted => ("lifted", "it was not halted".to_owned()),
        Lifted::Requested => (
            "requested",
            "the process that has this home has not answered yet; it is still halted".to_owned(),
        ),
    })
}

/// The person who asks, as the system calls him.
fn user() -> String {
    let named = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(std::env::var_os);
    named.map_or_else(|| "somebody".to_owned(), |name| name.to_string_lossy().into_owned())
}
