//! The `dirigent` command as a library, so that its reference can be generated.
//!
//! Promises: the only crate that prints and exits. Results go to stdout, all else to stderr.
//! Not here: any work; see the `dirigent` library.

pub mod args;
mod commands;
pub mod exit;
mod follow;
mod print;
pub mod reference;
mod stop;
mod usage;

use std::{ffi::OsString, io, process::ExitCode};

use clap::{CommandFactory, Parser, error::ErrorKind};
use dirigent::{Coordinator, Home, tasks::isolate::Child};

use args::{Args, Command};
use print::{Printer, Style};

/// What every command is given.
struct Context {
    coordinator: Coordinator,
    printer: Printer,
}

/// Runs the command that `arguments` ask for.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(arguments) {
        Ok(args) => args,
        Err(error) => {
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            // Nothing can be done if the terminal is gone.
            let _ = error.print();
            return ExitCode::from(if asked { exit::DONE } else { exit::USAGE });
        }
    };
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let printer = Printer::new(&args, no_color);
    let coordinator = Coordinator::at(Home::at(&args.home)).on_broken(stop::on_broken());
    let coordinator = match std::env::current_exe() {
        Ok(program) => coordinator.with_child(Child { program, arguments: vec!["task".into()] }),
        // Tasks that want a process of their own say that there is none.
        Err(_) => coordinator,
    };
    let context = Context { coordinator, printer };
    match dispatch(&context, args.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) if is_closed_pipe(&error) => ExitCode::from(exit::DONE),
        Err(error) => ExitCode::from(report(&printer, &error)),
    }
}

fn dispatch(context: &Context, command: Command) -> anyhow::Result<u8> {
    match command {
        Command::New(options) => commands::new::new(context, &options),
        Command::Run(options) => commands::run::run(context, &options),
        Command::Task => commands::task::task(context),
        Command::Validate { source } => commands::validate::validate(context, &source),
        Command::Plan { source } => commands::plan::plan(context, &source),
        Command::Schema => commands::schema::schema(context),
        Command::Runs { limit } => commands::runs::runs(context, limit),
        Command::Show { run } => commands::show::show(context, &run),
        Command::Tasks { run, names, states } => {
            commands::tasks::tasks(context, &run, &names, &states)
        }
        Command::Events { run, follow, after, about, types } => {
            let wanted = commands::events::Wanted { about, types };
            commands::events::events(context, &run, follow, after, &wanted)
        }
        Command::Cancel { run } => commands::cancel::cancel(context, &run),
        Command::Resume { run, workers } => commands::resume::resume(context, &run, workers),
        Command::Halt { reason, resume } => {
            commands::halt::halt(context, reason.as_deref(), resume)
        }
        Command::Health => commands::health::health(context),
        Command::DeadLetters { action } => commands::dead_letters::dead_letters(context, &action),
        Command::Verify { run } => commands::verify::verify(context, &run),
        Command::Diff { before, after } => commands::diff::diff(context, &before, &after),
        Command::Report { runs, open, out } => {
            commands::report::report(context, &runs, open, out.as_deref())
        }
        Command::Compute { data, expr } => commands::compute::compute(context, &data, &expr),
        Command::Sweep(options) => commands::sweep::sweep(context, &options),
        Command::Data { action } => commands::data::data(context, &action),
        Command::Metrics { file, periods_per_year } => {
            commands::metrics::metrics(context, &file, periods_per_year)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "dirigent", &mut script);
            context.printer.result(&String::from_utf8_lossy(&script))?;
            Ok(exit::DONE)
        }
        Command::Man { out } => commands::man::man(context, out.as_deref()),
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let closed = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    };
    error.chain().any(closed)
}

/// Tells the user what failed, why, and what to do next.
fn report(printer: &Printer, error: &anyhow::Error) -> u8 {
    let known = error.downcast_ref::<dirigent::Error>();
    if let Some(dirigent::Error::Config(problems) | dirigent::Error::NotYet(problems)) = known {
        if printer.json() {
            let message = problems.iter().next().map(|problem| &problem.message);
            let error = serde_json::json!({
                "code": "config_invalid", "message": message, "problems": problems.to_json(),
            });
            // Nothing can be done if stdout is closed.
            let _ = printer.document(&serde_json::json!({ "error": error }));
        }
        printer.complain(problems.to_string().trim_end());
        return exit::USAGE;
    }
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    let (message, hint) = (causes.join(": "), hint(error));
    if printer.json() {
        let code = known.map_or("usage", dirigent::Error::code);
        let error = serde_json::json!({"code": code, "message": message, "hint": hint});
        // Nothing can be done if stdout is closed.
        let _ = printer.document(&serde_json::json!({ "error": error }));
    }
    printer.complain(&format!("{} {message}", printer.paint_err(Style::Red, "error:")));
    if let Some(hint) = hint {
        printer.complain(&format!("{} {hint}", printer.paint_err(Style::Bold, "hint:")));
    }
    match known {
        Some(error) if error.is_disk() => exit::JOURNAL_BROKEN,
        Some(dirigent::Error::Halted(_)) => exit::FAILED,
        Some(error) if error.is_of_run() => exit::FAILED,
        _ => exit::USAGE,
    }
}

fn hint(error: &anyhow::Error) -> Option<String> {
    let of_run = error.downcast_ref::<dirigent::Error>().and_then(dirigent::Error::hint);
    let of_data = || error.downcast_ref::<dirigent::compute::Error>().and_then(|e| e.hint());
    let of_check = || {
        error
            .downcast_ref::<dirigent_trading::data::Error>()
            .map(dirigent_trading::data::Error::hint)
    };
    let of_usage = || error.downcast_ref::<usage::Advised>().map(|error| error.hint().to_owned());
    of_run.or_else(of_data).or_else(of_check).or_else(of_usage).filter(|hint| !hint.is_empty())
}
