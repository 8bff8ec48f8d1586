//! `dirigent plan`: what a workflow file becomes.

use std::{
    fmt::{self, Write as _},
    time::Duration,
};

use dirigent::{
    prepare::Prepared,
    workflow::{
        Plan,
        plan::{OnFailure, PhasePlan, TaskPlan},
        priority::Priority,
        resource::{
            Amount,
            estimate::{Basis, Estimate},
        },
        retry::{Backoff, Retry},
    },
};
use serde_json::{Value, json};

use super::{run::source, show};
use crate::{Context, args::Source, exit, print::Style};

/// Tasks of a phase that are listed.
const TASKS_SHOWN_MAX: usize = 100;

pub(crate) fn plan(context: &Context, options: &Source) -> anyhow::Result<u8> {
    let prepared = context.coordinator.prepare(&source(options)?)?;
    let (printer, start) = (&context.printer, &prepared.start);
    let estimate = context.coordinator.estimate(&start.kind, &start.name);
    if let Err(error) = &estimate {
        printer.note(&format!("no estimate of the duration: {error}"));
    }
    if printer.json() {
        printer.document(&document(&prepared, estimate.ok()))?;
        return Ok(exit::DONE);
    }
    let mut text = String::new();
    head(context, &mut text, &prepared, estimate.ok())?;
    let usual = Usual::of(&start.plan);
    let phases = start.plan.phases().iter().zip(&prepared.schedules);
    for (number, (phase, schedule)) in phases.enumerate() {
        phase_text(context, &mut text, number + 1, phase, schedule, &usual)?;
    }
    printer.result(&text)?;
    Ok(exit::DONE)
}

/// What is true of all of it.
fn head(
    context: &Context,
    text: &mut String,
    prepared: &Prepared,
    estimate: Option<Estimate>,
) -> fmt::Result {
    let start = &prepared.start;
    let name = context.printer.paint(Style::Bold, &start.name);
    writeln!(text, "{name} ({})", start.kind)?;
    writeln!(text, "mode      {}", start.mode.as_str())?;
    writeln!(text, "seed      {}", start.seed)?;
    let limits = limits(prepared);
    if !limits.is_empty() {
        writeln!(text, "limits    {}", limits.join(", "))?;
    }
    let usual = Usual::of(&start.plan).words();
    if !usual.is_empty() {
        writeln!(text, "tasks     {}", usual.join(", "))?;
    }
    let usual = estimate.map_or_else(String::new, |estimate| words(&estimate) + "; ");
    let stopped =
        start.timeout_ms.map_or("never stopped".into(), |ms| format!("stopped after {}", time(ms)));
    writeln!(text, "duration  {usual}{stopped}")
}

/// The time limit and the retries that most tasks have. Only tasks with a container of their own
/// count: others are neither stopped nor tried again by themselves.
#[derive(Debug, Default, PartialEq)]
struct Usual {
    timeout_ms: Option<u64>,
    retry: Option<Retry>,
}

impl Usual {
    fn of(plan: &Plan) -> Self {
        let own = || plan.tasks().map(|(_, task)| task).filter(|task| task.container.is_some());
        let timeout_ms = most(own().map(|task| task.timeout_ms)).flatten();
        Self { timeout_ms, retry: most(own().map(|task| task.retry)) }
    }

    fn words(&self) -> Vec<String> {
        let limit = self.timeout_ms.map(|ms| format!("within {}", time(ms)));
        limit.into_iter().chain(self.retry.map(retries)).collect()
    }
}

/// The value that occurs most often, the first of several.
fn most<T: Copy + PartialEq>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: Vec<(T, usize)> = Vec::new();
    for value in values {
        match counts.iter_mut().find(|(known, _)| *known == value) {
            Some((_, count)) => *count += 1,
            None => counts.push((value, 1)),
        }
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(value, _)| value)
}

/// A span of time without the parts that are nothing.
fn time(ms: u64) -> String {
    let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    let parts = [(hours, "h"), (minutes, "min"), (seconds, "s"), (ms % 1_000, "ms")];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let text: Vec<String> = parts.map(|(count, unit)| format!("{count} {unit}")).collect();
    if text.is_empty() { "0 s".to_owned() } else { text.join(" ") }
}

/// How much of it goes on at once, where that is not as much as there are workers.
fn limits(prepared: &Prepared) -> Vec<String> {
    let limits = &prepared.start.limits;
    let all = limits.concurrency.map(|most| format!("{most} tasks at once"));
    let kinds = limits.kinds.iter().map(|(kind, most)| format!("{most} of kind {kind}"));
    let budget = amount(&limits.budget);
    all.into_iter().chain(kinds).chain(budget).collect()
}

/// The parts of `amount` that are not nothing.
fn amount(amount: &Amount) -> Vec<String> {
    let memory = (amount.memory_bytes > 0).then(|| format!("{} memory", size(amount.memory_bytes)));
    let cores =
        (amount.millicores > 0).then(|| format!("{} cores", thousandths(amount.millicores)));
    let disk = (amount.disk_bytes > 0).then(|| format!("{} disk", size(amount.disk_bytes)));
    let slots = amount.slots.iter().map(|(name, count)| format!("{count} {name}"));
    [memory, cores, disk].into_iter().flatten().chain(slots).collect()
}

/// Bytes in the unit that a file would use.
fn size(bytes: u64) -> String {
    match bytes >> 20 {
        0 => format!("{bytes} B"),
        mb @ 1..1024 => format!("{mb} MB"),
        _ => format!("{} GB", thousandths(bytes / ((1 << 30) / 1000))),
    }
}

/// `count` thousandths as a decimal number.
fn thousandths(count: u64) -> String {
    let text = format!("{}.{:03}", count / 1000, count % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// How long it will take, and how that is known.
fn words(estimate: &Estimate) -> String {
    let time = show::duration(u64::try_from(estimate.duration.as_millis()).unwrap_or(u64::MAX));
    match estimate.basis {
        Basis::Name(runs) => format!("usually takes {time} ({runs} runs)"),
        Basis::Kind(runs) => {
            format!("runs of this type usually take {time} ({runs} runs, not enough of this name)")
        }
        Basis::Default => "not known before three runs have completed".to_owned(),
    }
}

/// How long a run will take, if earlier runs tell.
pub(crate) fn learned(estimate: &Estimate) -> Option<Duration> {
    (estimate.basis != Basis::Default).then_some(estimate.duration)
}

fn phase_text(
    context: &Context,
    text: &mut String,
    number: usize,
    phase: &PhasePlan,
    schedule: &str,
    usual: &Usual,
) -> fmt::Result {
    let (printer, plan) = (&context.printer, phase);
    let dim = |text: &str| printer.paint(Style::Dim, text);
    let (name, mode) = (printer.paint(Style::Bold, &plan.name), plan.mode.as_str());
    write!(
        text,
        "\nphase {number} {name} ({})\n  {}\n",
        plan.kind,
        dim(&format!("{mode}: {schedule}"))
    )?;
    if let Some(most) = plan.max_parallel {
        writeln!(text, "  {}", dim(&format!("at most {most} at once")))?;
    }
    for input in &plan.inputs {
        let or = if plan.strict_inputs { "or fails" } else { "or null" };
        let input = String::from(input.clone());
        writeln!(text, "  {}", dim(&format!("gets {input}, {or}")))?;
    }
    let shown = || plan.tasks.iter().take(TASKS_SHOWN_MAX);
    let longest = shown().map(|task| label(plan, task).chars().count()).max().unwrap_or(0);
    let kind = shown().map(|task| task.kind.chars().count()).max().unwrap_or(0);
    for task in shown() {
        let name = format!("{:<longest$}", label(plan, task));
        let line = format!("  {name}  {:<kind$}{}", task.kind, dim(&details(plan, task, usual)));
        writeln!(text, "{}", line.trim_end())?;
    }
    match plan.tasks.len().saturating_sub(TASKS_SHOWN_MAX) {
        0 => Ok(()),
        more => writeln!(text, "  … and {more} more; all with `--output json`"),
    }
}

/// The name of `task` within its phase, with how many there are of it.
fn label(phase: &PhasePlan, task: &TaskPlan) -> String {
    let name = phase.local_name(&task.name);
    match task.count {
        Some(count) => format!("{name} × {count}"),
        None => name.to_owned(),
    }
}

/// What decides when a task runs and what becomes of it, where that is not as usual.
fn details(phase: &PhasePlan, task: &TaskPlan, usual: &Usual) -> String {
    let mut parts = Vec::new();
    if !task.needs.is_empty() {
        let needs = task.needs.iter().map(|need| phase.local_name(need));
        parts.push(format!("after {}", needs.collect::<Vec<_>>().join(", ")));
    }
    parts.extend(task.on.iter().map(|event| format!("on {event}")));
    if task.priority != Priority::default() {
        parts.push(format!("{:?} priority", task.priority).to_lowercase());
    }
    if task.on_failure != OnFailure::Fail {
        parts.push("optional".to_owned());
    }
    if task.container.is_some() {
        let limit = task.timeout_ms.filter(|_| task.timeout_ms != usual.timeout_ms);
        parts.extend(limit.map(|ms| format!("within {}", time(ms))));
        parts.extend(Some(task.retry).filter(|retry| Some(*retry) != usual.retry).map(retries));
    }
    parts.extend(
        Some(amount(&task.takes))
            .filter(|t| !t.is_empty())
            .map(|t| "takes ".to_owned() + &t.join(" and ")),
    );
    parts.iter().map(|part| format!("  {part}")).collect()
}

/// What is done about failures.
fn retries(retry: Retry) -> String {
    let Retry { max, backoff, permanent, .. } = retry;
    let pause = match backoff {
        Backoff::Exponential { base_ms, max_ms } if max > 1 => {
            format!("after {} to {}", time(base_ms), time(max_ms))
        }
        Backoff::Exponential { base_ms, .. } => format!("after {}", time(base_ms)),
        Backoff::Fixed { delay_ms } => format!("after {}", time(delay_ms)),
    };
    let always = if permanent { ", whatever the error" } else { "" };
    match max {
        0 => "never tried again".to_owned(),
        1 => format!("tried again once {pause}{always}"),
        max => format!("tried again {max} times {pause}{always}"),
    }
}

fn document(prepared: &Prepared, estimate: Option<Estimate>) -> Value {
    let start = &prepared.start;
    let estimate = estimate.map(|estimate| {
        let (basis, runs) = match estimate.basis {
            Basis::Default => ("default", 0),
            Basis::Kind(runs) => ("type", runs),
            Basis::Name(runs) => ("name", runs),
        };
        let duration = u64::try_from(estimate.duration.as_millis()).unwrap_or(u64::MAX);
        json!({"duration_ms": duration, "basis": basis, "runs": runs})
    });
    json!({
        "name": start.name,
        "type": start.kind,
        "mode": start.mode,
        "schedule": start.schedule,
        "seed": start.seed,
        "timeout_ms": start.timeout_ms,
        "limits": start.limits,
        "estimate": estimate,
        "phases": start.plan,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_a_file_would_write_them() {
        let text = |bytes| size(bytes);
        assert_eq!([text(1), text(512 << 20), text(3 << 29)], ["1 B", "512 MB", "1.5 GB"]);
        assert_eq!([thousandths(100), thousandths(2_000)], ["0.1", "2"]);
    }

    #[test]
    fn times_leave_out_what_is_nothing() {
        let texts = [0, 200, 1_500, 300_000, 3_600_000].map(time);
        assert_eq!(texts, ["0 s", "200 ms", "1 s 500 ms", "5 min", "1 h"]);
    }

    #[test]
    fn retries_are_said_in_words() {
        assert_eq!(retries(Retry::NEVER), "never tried again");
        assert_eq!(retries(Retry::STANDARD), "tried again 3 times after 1 s to 1 min");
        let once = Retry { max: 1, permanent: true, ..Retry::STANDARD };
        assert_eq!(retries(once), "tried again once after 1 s, whatever the error");
    }

    #[test]
    fn the_most_frequent_is_usual() {
        assert_eq!(most([1, 2, 2, 3, 3].into_iter()), Some(2));
        assert_eq!(most(std::iter::empty::<u8>()), None);
    }
}
