//! `dirigent-sim`: runs seeds, few or many, and says what was found.
//!
//! Exit codes: 0 nothing was found, 1 a check failed or a kind of fault never took effect.

use std::{
    io::{self, Write},
    ops::Range,
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use dirigent_core::{Clock, SystemClock};
use dirigent_sim::{Mutant, Sum, execute, try_seed};

/// From how many seeds on every kind of fault must have taken effect.
const SEEDS_FOR_ALL_FAULTS: u64 = 300;

/// Drives the engine through faults under a virtual clock.
#[derive(Debug, Parser)]
struct Arguments {
    /// One seed.
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// Seeds from A to B, without B.
    #[arg(long, value_name = "A..B", value_parser = range)]
    seeds: Option<Range<u64>>,
    /// Goes on until so many hours have passed for those inside.
    #[arg(long)]
    hours: Option<f64>,
    /// Goes on until so many tasks were started.
    #[arg(long)]
    tasks: Option<u64>,
    /// Shows everything that happens.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// Runs each seed twice and compares the traces.
    #[arg(long)]
    twice: bool,
    /// Plants a defect, which the checks must find.
    #[arg(long)]
    mutant: Option<Mutant>,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let bounds = text.split_once("..").and_then(|(a, b)| Some(a.parse().ok()?..b.parse().ok()?));
    bounds
        .filter(|range| !range.is_empty())
        .ok_or_else(|| format!("`{text}` is no range such as 0..100"))
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments, &mut io::stdout()) {
        Ok(true) => ExitCode::SUCCESS,
        // A reader that went away asked for nothing more.
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

fn run(arguments: &Arguments, out: &mut impl Write) -> io::Result<bool> {
    let began = SystemClock.now();
    let first = arguments.seed.unwrap_or(1);
    let is_open = arguments.hours.is_some() || arguments.tasks.is_some();
    let last = if is_open { u64::MAX } else { first + 1 };
    let seeds = arguments.seeds.clone().unwrap_or(first..last);
    if arguments.trace {
        execute(first, arguments.mutant, true);
    }
    let mut sum = Sum::default();
    for seed in seeds {
        match try_seed(seed, arguments.mutant, arguments.twice) {
            Ok(report) => sum.add(&report),
            Err(found) => {
                writeln!(out, "{found}")?;
                writeln!(
                    out,
                    "see it again: cargo run -p dirigent-sim --release -- --seed {seed} --trace"
                )?;
                return Ok(false);
            }
        }
        let done = arguments.hours.is_some_and(|hours| sum.hours >= hours)
            || arguments.tasks.is_some_and(|tasks| sum.executions >= tasks);
        if done {
            break;
        }
    }
    tell(&sum, SystemClock.now().since(began), out)
}

#[expect(clippy::cast_precision_loss, reason = "a rate is shown without decimals")]
fn tell(sum: &Sum, took: Duration, out: &mut impl Write) -> io::Result<bool> {
    let Sum { seeds, executions, runs, processes, hours, events, compared, .. } = sum;
    let seconds = took.as_secs_f64();
    let rate = *executions as f64 / seconds;
    writeln!(
        out,
        "{executions} task executions, {rate:.0}/s, over {seeds} seeds in {seconds:.1} s"
    )?;
    writeln!(
        out,
        "{runs} runs, {processes} processes lost, {events} events, {hours:.1} simulated hours"
    )?;
    writeln!(out, "{compared} runs ended as their calm execution; of the others more was asked")?;
    let (again, refused) = sum.effects;
    writeln!(
        out,
        "{again} effects asked for again and taken once, {refused} of old attempts refused"
    )?;
    for (fault, count) in &sum.faults {
        writeln!(out, "{:>9} {fault:?}", count)?;
    }
    let idle = if *seeds >= SEEDS_FOR_ALL_FAULTS { sum.idle_faults() } else { Vec::new() };
    if !idle.is_empty() {
        writeln!(out, "error: these faults never took effect: {idle:?}")?;
    }
    Ok(idle.is_empty())
}
