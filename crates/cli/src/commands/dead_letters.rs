//! `dirigent dead-letters`: what handlers did not take, tried again or given up.

use std::fmt::Write as _;

use dirigent::{
    coordinator::Unobserved,
    dead_letters::Retried,
    system::{DeadLetter, LetterId, LetterStatus},
};

use crate::{
    Context,
    args::{Chosen, DeadLetters},
    exit,
    print::Style,
};

pub(crate) fn dead_letters(context: &Context, action: &DeadLetters) -> anyhow::Result<u8> {
    match action {
        DeadLetters::List => list(context),
        DeadLetters::Show { id } => show(context, *id),
        DeadLetters::Retry { chosen } => retry(context, chosen),
        DeadLetters::Drop { chosen } => give_up(context, chosen),
    }
}

fn list(context: &Context) -> anyhow::Result<u8> {
    let printer = &context.printer;
    let (letters, stats) = context.coordinator.dead_letters()?;
    if printer.json() {
        let document = serde_json::json!({"stats": stats, "dead_letters": letters});
        printer.document(&document)?;
        return Ok(exit::DONE);
    }
    if letters.is_empty() {
        printer.note(&format!("no dead letters; {} were recovered", stats.recovered));
        return Ok(exit::DONE);
    }
    let mut text = String::new();
    let header = format!(
        "{:<10}  {:<9}  {:>5}  {:<20}  {:<18}  {:<16}  ERROR",
        "ID", "STATUS", "TRIES", "NEXT TRY", "EVENT", "HANDLER"
    );
    writeln!(text, "{}", printer.paint(Style::Dim, &header))?;
    for letter in &letters {
        let word = format!("{:<9}", letter.status.as_str());
        let word = printer.paint(style(letter), &word);
        let next = letter.next_at.map_or_else(|| "-".to_owned(), |at| second(&at.to_string()));
        writeln!(
            text,
            "{:<10}  {word}  {:>5}  {next:<20}  {:<18}  {:<16}  {}",
            letter.id.to_string(),
            letter.attempts,
            letter.event_type,
            letter.handler,
            letter.error
        )?;
    }
    printer.result(&text)?;
    Ok(exit::DONE)
}

fn style(letter: &DeadLetter) -> Style {
    match letter.status {
        LetterStatus::Pending => Style::Yellow,
        LetterStatus::Abandoned => Style::Red,
    }
}

/// `2024-03-01T09:30:00Z` of a time with any decimals.
fn second(time: &str) -> String {
    format!("{}Z", time.chars().take(19).collect::<String>())
}

fn show(context: &Context, id: LetterId) -> anyhow::Result<u8> {
    let printer = &context.printer;
    let (letter, event) = context.coordinator.dead_letter(id)?;
    if printer.json() {
        let mut document = serde_json::to_value(&letter)?;
        document["envelope"] = serde_json::to_value(&event)?;
        printer.document(&document)?;
        return Ok(exit::DONE);
    }
    let mut text = String::new();
    writeln!(text, "{}  {}", letter.id, printer.paint(style(&letter), letter.status.as_str()))?;
    writeln!(text, "  event    {} ({})", letter.event, letter.event_type)?;
    writeln!(text, "  handler  {}", letter.handler)?;
    writeln!(text, "  error    {}", letter.error)?;
    writeln!(text, "  tries    {}, first at {}", letter.attempts, letter.failed_at)?;
    match letter.next_at {
        Some(at) => writeln!(text, "  next     {at}, while a run is driven")?,
        None => writeln!(text, "  next     `dirigent dead-letters retry {id}`")?,
    }
    match event {
        Some(event) => writeln!(text, "  payload  {}", event.payload)?,
        None => writeln!(text, "  payload  the event cannot be read")?,
    }
    printer.result(&text)?;
    Ok(exit::DONE)
}

fn retry(context: &Context, chosen: &Chosen) -> anyhow::Result<u8> {
    let printer = &context.printer;
    let outcomes = context.coordinator.retry_dead_letters(chosen.id, &mut Unobserved)?;
    let mut rows = Vec::new();
    let mut text = String::new();
    for (id, outcome) in &outcomes {
        let (word, why) = match outcome {
            Retried::Recovered => ("recovered", None),
            Retried::Failed(why) => ("failed", Some(why)),
            Retried::Untried(why) => ("untried", Some(why)),
        };
        rows.push(serde_json::json!({"id": id, "outcome": word, "why": why}));
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        writeln!(text, "{id} {word}{why}")?;
    }
    if printer.json() {
        printer.document(&rows)?;
    } else if rows.is_empty() {
        printer.note("no dead letters");
    } else {
        printer.result(&text)?;
    }
    let all = outcomes.values().all(|outcome| *outcome == Retried::Recovered);
    Ok(if all { exit::DONE } else { exit::FAILED })
}

fn give_up(context: &Context, chosen: &Chosen) -> anyhow::Result<u8> {
    let by = format!("`dirigent dead-letters drop` (pid {})", std::process::id());
    let count = context.coordinator.drop_dead_letters(chosen.id, &by, &mut Unobserved)?;
    if context.printer.json() {
        context.printer.document(&serde_json::json!({"dropped": count}))?;
    } else {
        context.printer.result(&format!("{count} dropped"))?;
    }
    Ok(exit::DONE)
}
