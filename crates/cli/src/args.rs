//! Arguments: what can be typed, and the help that explains it.

mod data;
mod sweep;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use dirigent::{
    system::{self, LetterId},
    workflow::{
        event::{CATALOGUE, Entry},
        task::TaskState,
    },
};

pub use data::{DataAction, DataCheck};
pub use sweep::Sweep;

/// Conducts the work of a quant team: one YAML file becomes a run that is durable, reproducible
/// to the bit, and observable.
#[derive(Debug, Parser)]
#[command(
    name = "dirigent",
    version,
    max_term_width = 100,
    after_help = "Start here:\n  \
        dirigent new backtest                    write a workflow file, with comments\n  \
        dirigent run backtest.yaml               run it\n  \
        dirigent runs                            list what has run\n  \
        dirigent show last                       look at the last run\n\n\
        Exit codes: 0 done · 1 the run failed, timed out, was cancelled or interrupted · \
        2 bad usage or configuration, nothing was run · 3 completed, but something optional failed · 74 the journal could not be written"
)]
pub struct Args {
    /// Folder that holds the journal, artifacts and reports
    #[arg(long, global = true, env = "DIRIGENT_HOME", default_value = dirigent::home::DEFAULT)]
    pub home: PathBuf,
    /// What is printed on stdout: text for people, or exactly one JSON document
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    pub output: Output,
    /// Colors: on a terminal only, always, or never (NO_COLOR is respected)
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Print results only: no progress, no notes
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// Form of the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// When to use colors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A workflow file and what overrides it.
#[derive(Clone, Debug, clap::Args)]
pub struct Source {
    /// The workflow file
    pub file: PathBuf,
    /// Set a value of the file, by its path: `--set strategy.params.fast=5`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// How tasks are scheduled; never changes the numbers
    #[arg(long, value_parser = ["TRADITIONAL", "AUTO", "COMPOSABLE", "HYBRID"], ignore_case = true)]
    pub mode: Option<String>,
    /// Master seed of all randomness
    #[arg(long)]
    pub seed: Option<u64>,
}

/// Options of `run`.
#[derive(Clone, Debug, clap::Args)]
pub struct Run {
    /// The workflow file
    #[command(flatten)]
    pub source: Source,
    /// How many tasks may run at once [default: the number of cores, or the file's
    /// `orchestration.max_concurrent_tasks` if that is more]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub workers: Option<u16>,
    /// Your key of this run: the same key again continues or returns the same run
    #[arg(long, value_name = "ID")]
    pub correlation_id: Option<String>,
    /// Start in the background and return at once
    #[arg(long)]
    pub detach: bool,
    /// Run N beginnings of the data anew, to show that no decision knew what came later
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "20",
        value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub prove_causal: Option<u16>,
    /// Print every setting with its value and where it comes from, and do not run
    #[arg(long)]
    pub explain_config: bool,
}

/// Options of `new`.
#[derive(Clone, Debug, clap::Args)]
pub struct New {
    /// The template; all are listed when it is left out
    pub template: Option<String>,
    /// Where to write it [default: the template's name with `.yaml`]
    pub file: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long)]
    pub force: bool,
    /// List the templates
    #[arg(long)]
    pub list: bool,
}

/// The name in the catalogue of events that `text`, or another spelling of it, means.
fn event_type(text: &str) -> Result<String, String> {
    let means = |entry: &&Entry| entry.kind == text || entry.aliases.contains(&text);
    let all = CATALOGUE.iter().chain(system::event::CATALOGUE);
    let found = all.clone().find(means).map(|entry| entry.kind.to_owned());
    found.ok_or_else(|| {
        let known: Vec<&str> = all.map(|entry| entry.kind).collect();
        format!("there is no such event; there are {}", known.join(", "))
    })
}

/// One dead letter, or all.
#[derive(Clone, Copy, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct Chosen {
    /// A dead letter's id, as `letter_7` or `7`
    pub id: Option<LetterId>,
    /// All of them
    #[arg(long)]
    pub all: bool,
}

/// What to do with dead letters.
#[derive(Clone, Debug, Subcommand)]
pub enum DeadLetters {
    /// List them, the oldest first
    List,
    /// Show one with the event it is about
    Show {
        /// A dead letter's id, as `letter_7` or `7`
        id: LetterId,
    },
    /// Bring them to their handlers now, abandoned ones too
    #[command(after_help = "Exit codes: 0 all were delivered · 1 some were not")]
    Retry {
        /// Which
        #[command(flatten)]
        chosen: Chosen,
    },
    /// Give them up for good
    Drop {
        /// Which
        #[command(flatten)]
        chosen: Chosen,
    },
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a workflow file to begin with, from a template
    #[command(after_help = "Examples:\n  dirigent new                         \
        list the templates\n  dirigent new tasks nightly.yaml      \
        write one; `dirigent run nightly.yaml` runs it as it is")]
    New(New),
    /// Run a workflow file to the end
    #[command(after_help = "Example:\n  dirigent run workflows/sma-cross.yaml \
        --set strategy.params.fast=5 --output json")]
    Run(Run),
    /// Do the one task that stdin tells of, in a process of its own
    #[command(hide = true)]
    Task,
    /// Check a workflow file and report every problem with its place
    Validate {
        /// The workflow file
        #[command(flatten)]
        source: Source,
    },
    /// Show the phases and tasks that a workflow file becomes
    Plan {
        /// The workflow file
        #[command(flatten)]
        source: Source,
    },
    /// Print the JSON Schema of workflow files, for editors
    Schema,
    /// List runs, newest first
    Runs {
        /// How many at most
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Show one run: status, results, files
    Show {
        /// A run id, the start of one, a correlation id, or `last`
        run: String,
    },
    /// What became of each task of a run: state, tries, times, container
    #[command(after_help = "Examples:\n  dirigent tasks last --state failed\n  \
        dirigent tasks last --task search.fan --output json   seeds, limits, needs and all else")]
    Tasks {
        /// A run id, the start of one, a correlation id, or `last`
        run: String,
        /// Only this task, such as `fan/7`, or all of an entry, such as `fan`; may be repeated
        #[arg(long = "task", value_name = "NAME")]
        names: Vec<String>,
        /// Only tasks in this state; may be repeated
        #[arg(long = "state", value_name = "STATE", value_parser = TaskState::NAMES)]
        states: Vec<String>,
    },
    /// Print the events of a run
    Events {
        /// A run id, the start of one, a correlation id, `last`, or `run_system` for
        /// the events of the home itself: halts, dead letters, services
        run: String,
        /// Keep printing until the run has ended
        #[arg(long, short)]
        follow: bool,
        /// Begin after this event number
        #[arg(long, default_value_t = 0)]
        after: u64,
        /// Only events about this task or container, such as `fan/7` or `search/fan/7`, or about
        /// all of them, such as `fan`; may be repeated
        #[arg(long, value_name = "NAME")]
        about: Vec<String>,
        /// Only events of this type, such as `task_completed`; may be repeated
        #[arg(long = "type", value_name = "TYPE", value_parser = event_type)]
        types: Vec<String>,
    },
    /// Stop a run for good
    Cancel {
        /// A run id, the start of one, a correlation id, or `last`
        run: String,
    },
    /// Continue a run that was interrupted, crashed, failed or was cancelled
    Resume {
        /// A run id, the start of one, a correlation id, or `last`
        run: String,
        /// How many tasks may run at once [default: the number of cores, or the file's
        /// `orchestration.max_concurrent_tasks` if that is more]
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=4096))]
        workers: Option<u16>,
    },
    /// Stop all work in the home, or let it begin again
    #[command(
        after_help = "What runs is interrupted and can be resumed; `run` and `resume` refuse \
        until `dirigent halt --resume`, also after a restart. A request that cannot be read \
        counts as a halt.\n\nExamples:\n  \
        dirigent halt --reason 'prices look wrong'\n  \
        dirigent halt --resume"
    )]
    Halt {
        /// Why, for those who find the home halted
        #[arg(long, value_name = "TEXT", conflicts_with = "resume")]
        reason: Option<String>,
        /// Let work begin again
        #[arg(long)]
        resume: bool,
    },
    /// How the home does: journal, disk, halt, dead letters, services
    #[command(after_help = "Exit codes: 0 healthy, or degraded with the issues printed · \
        1 unhealthy or halted\n\nWith `--output json`: overall_health (0 to 1), status (healthy \
        from 0.9, degraded from 0.7, else unhealthy), coordinators (each part), issues, \
        handler_health.")]
    Health,
    /// Events that a notification could not bring, and what to do with them
    #[command(after_help = "A notification that fails is kept as a dead letter and tried again \
        for the same handler only: after 60 s, then twice as long each time, while a run is \
        driven. After 5 tries it is abandoned and waits for you.\n\nExamples:\n  \
        dirigent dead-letters list           what waits, and why\n  \
        dirigent dead-letters retry --all    try everything now\n  \
        dirigent dead-letters drop 7         give `letter_7` up")]
    DeadLetters {
        /// What to do with them
        #[command(subcommand)]
        action: DeadLetters,
    },
    /// Run a completed run again and compare the digests
    Verify {
        /// A run id, the start of one, a correlation id, or `last`
        run: String,
    },
    /// What differs between two runs: configuration, data, results
    Diff {
        /// The run to compare from
        before: String,
        /// The run to compare to
        after: String,
    },
    /// Print the path of a run's HTML report, or compare several runs on one page
    #[command(
        after_help = "One run: the report that it made when it ended. Several, up to eight: a \
        page with their metrics side by side and the best of each marked, equity rebased to 100 and \
        drawdowns over each other, the settings and files that differ, the correlation of their daily \
        returns, and monthly returns. The page opens offline; it is made anew each time, from what the \
        runs recorded.\n\nExamples:\n  dirigent report\n  dirigent report last --open\n  \
        dirigent run my.yaml --set strategy.params.fast=10 --correlation-id fast\n  \
        dirigent run my.yaml --set strategy.params.fast=30 --correlation-id slow\n  \
        dirigent report fast slow --out fast-or-slow.html"
    )]
    Report {
        /// Run ids, starts of them, correlation ids, or `last`
        #[arg(value_name = "RUN", default_value = "last")]
        runs: Vec<String>,
        /// Open it in the browser
        #[arg(long)]
        open: bool,
        /// Where the page goes that compares several runs; in the home if not given
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Evaluate an expression of the rules language over a data file, as CSV
    #[command(after_help = "Example:\n  dirigent compute --data examples/data/daily/IBM.csv \
        --expr 'rsi(close, 14)'")]
    Compute {
        /// A CSV, Parquet or Arrow file with a time column
        #[arg(long, value_name = "FILE")]
        data: PathBuf,
        /// The expression; may be repeated
        #[arg(long, value_name = "EXPR", required = true)]
        expr: Vec<String>,
    },
    /// Try many values of the parameters of a strategy by rules, each only measured
    #[command(after_help = "The data, costs and limits are those of the file, which trades one \
        symbol. Nothing is recorded: run what you choose.\n\nExamples:\n  \
        dirigent sweep workflows/sma-cross.yaml --over fast=2..50 --over slow=10..200:5\n  \
        dirigent sweep my.yaml --over threshold=0.01..0.05:0.01 --by calmar --csv all.csv")]
    Sweep(Sweep),
    /// Look at data files before a run does
    Data {
        /// What to do with them
        #[command(subcommand)]
        action: DataAction,
    },
    /// Print all performance metrics of an equity curve as JSON
    #[command(after_help = "The file needs a time column and a column `equity` (values) or `ret` \
        (returns per period), and may have `benchmark` or `bench` in the same form.")]
    Metrics {
        /// A CSV file
        file: PathBuf,
        /// Periods per year; guessed from the times when left out
        #[arg(long, value_name = "N")]
        periods_per_year: Option<f64>,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, or write one page per command into a folder
    Man {
        /// Write `dirigent.1`, `dirigent-run.1`, … into this folder
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
}
