//! `dirigent verify`: does a completed run come out the same again?

use crate::{Context, exit, follow::Follower, print::Style};

pub(crate) fn verify(context: &Context, name: &str) -> anyhow::Result<u8> {
    let id = context.coordinator.find(name)?;
    let mut follower = Follower::new(context.printer);
    let verdict = context.coordinator.verify(&id, &mut follower)?;
    drop(follower);
    let printer = &context.printer;
    if printer.json() {
        printer.document(&verdict)?;
    } else if verdict.equal {
        let word = printer.paint(Style::Green, "equal");
        printer.result(&format!("{word}  {id}\ndigest {}", verdict.expected))?;
    } else {
        let word = printer.paint(Style::Red, "different");
        let found = verdict.found.as_deref().unwrap_or("none: the second run did not complete");
        let lines = verdict.differences.join("\n  ");
        printer.result(&format!(
            "{word}  {id}\nrecorded {}\nfound    {found}\n  {lines}",
            verdict.expected
        ))?;
    }
    Ok(if verdict.equal { exit::DONE } else { exit::FAILED })
}
