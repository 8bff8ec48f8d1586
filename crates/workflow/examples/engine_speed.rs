//! What the engine itself costs: tasks per second and time per hop, with tasks that do nothing.
//!
//! `engine_speed FOLDER [ROUNDS]`: fan-out of 10,000 tasks and fan-in, a chain of 1,000, 1,000
//! containers, and a day of 30 tasks that wait 50 ms each, 200 ms on the longest path. Each ROUNDS
//! times in a durable journal in FOLDER and in one in memory. Prints one JSON line per case: median
//! and best of the rounds, and for the chain the time from the start of a task to that of the next.

use std::{
    collections::BTreeMap,
    error::Error,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use dirigent_core::{CorrelationId, RunId, SystemClock};
use dirigent_journal::{Journal, MemoryJournal, SqliteJournal, sqlite::Options};
use dirigent_workflow::{
    Plan, RunStatus,
    artifact::Artifacts,
    event::Start,
    plan::{Limits, Mode, PhasePlan, TaskPlan},
    port::{TaskContext, TaskError, TaskKind, TaskOutput},
    resource::Amount,
    runtime::{Execution, Host, POOL_SIZE_DEFAULT, Workers},
};
use serde_json::{Value, json};

type Failure = Box<dyn Error + Send + Sync>;

const FAN: u32 = 10_000;
const CHAIN: usize = 1_000;
const CONTAINERS: u32 = 1_000;

/// The stages of the day: a task needs two of the stage before, those of the last stage need all.
const STAGES: [usize; 4] = [6, 10, 10, 4];
const NAP: Duration = Duration::from_millis(50);
/// Threads for the day, whose tasks only wait.
const WAITERS: usize = 16;

/// Its name, its tasks, and how many they are.
type Case = (&'static str, fn() -> Vec<TaskPlan>, f64);

/// Does nothing, and tells, notes its start or waits if its input says so.
#[derive(Default)]
struct Noop {
    starts: Mutex<Vec<Instant>>,
}

impl Noop {
    fn note_start(&self) {
        self.starts.lock().unwrap_or_else(PoisonError::into_inner).push(now());
    }

    /// The time from each noted start to the next, in order of length.
    fn hops(&self) -> Vec<Duration> {
        let starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hops: Vec<Duration> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        hops.sort();
        hops
    }
}

impl TaskKind for Noop {
    fn name(&self) -> &'static str {
        "noop"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let value = match context.input.as_str() {
            Some("tell") => {
                json!({"task": context.task, "seed": context.container.seed().as_u32()})
            }
            Some("note") => {
                self.note_start();
                Value::Null
            }
            Some("nap") => {
                nap();
                Value::Null
            }
            _ => Value::Null,
        };
        Ok(TaskOutput { value, ..TaskOutput::default() })
    }
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: engine_speed FOLDER [ROUNDS]")?);
    let rounds = match arguments.next() {
        Some(text) => text.to_string_lossy().parse()?,
        None => 5,
    };
    let cases: [Case; 6] = [
        ("fan_out_in", || fan(""), f64::from(FAN)),
        ("fan_out_in_with_outputs", || fan("tell"), f64::from(FAN)),
        ("fan_out_in_distinct_tasks", distinct, f64::from(FAN)),
        ("chain", chain, 1_000.0),
        ("containers", || vec![many("trial", CONTAINERS, "")], f64::from(CONTAINERS)),
        ("day", day, 30.0),
    ];
    for case in cases {
        for durable in [true, false] {
            writeln!(io::stdout(), "{}", measure(&folder, case, rounds, durable)?)?;
        }
    }
    Ok(())
}

fn measure(
    folder: &Path,
    (name, plan, count): Case,
    rounds: usize,
    durable: bool,
) -> Result<Value, Failure> {
    let (mut took, mut hops) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let (whole, between) = run(folder, &format!("{name}-{round}"), plan(), durable)?;
        took.push(whole);
        hops.extend(between);
    }
    took.sort();
    hops.sort();
    let (median, best) = (took[took.len() / 2], took[0]);
    let hop = |percent: usize| hops.get(hops.len() * percent / 100).map(milliseconds);
    Ok(json!({
        "case": name,
        "journal": if durable { "sqlite, synced" } else { "memory" },
        "median_ms": milliseconds(&median),
        "best_ms": milliseconds(&best),
        "tasks_per_second": (count / median.as_secs_f64()).round(),
        "us_per_task": median.as_secs_f64() / count * 1e6,
        "hop_p50_ms": hop(50),
        "hop_p99_ms": hop(99),
    }))
}

fn milliseconds(duration: &Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn task(name: &str) -> TaskPlan {
    TaskPlan { name: name.into(), kind: "noop".into(), ..TaskPlan::default() }
}

fn many(name: &str, count: u32, input: &str) -> TaskPlan {
    TaskPlan {
        count: Some(count),
        container: Some(format!("speed/{name}")),
        input: json!(input),
        ..task(name)
    }
}

fn fan(input: &str) -> Vec<TaskPlan> {
    let join = TaskPlan { needs: vec!["fan".into()], ..task("join") };
    vec![many("fan", FAN, input), join]
}

fn distinct() -> Vec<TaskPlan> {
    let mut tasks: Vec<TaskPlan> = (0..FAN).map(|number| task(&format!("t{number}"))).collect();
    let needs = tasks.iter().map(|task| task.name.clone()).collect();
    tasks.push(TaskPlan { needs, ..task("join") });
    tasks
}

fn chain() -> Vec<TaskPlan> {
    let needs = |number: usize| number.checked_sub(1).map(|before| format!("t{before}"));
    let one = |number: usize| TaskPlan {
        needs: needs(number).into_iter().collect(),
        input: json!("note"),
        ..task(&format!("t{number}"))
    };
    (0..CHAIN).map(one).collect()
}

fn day() -> Vec<TaskPlan> {
    let needs = |stage: usize, number: usize| -> Vec<String> {
        let Some(before) = stage.checked_sub(1) else { return Vec::new() };
        let size = STAGES[before];
        let mut numbers: Vec<usize> = match stage {
            3 => (0..size).collect(),
            _ => vec![number % size, (number + 1) % size],
        };
        numbers.sort_unstable();
        numbers.into_iter().map(|other| format!("s{before}t{other}")).collect()
    };
    let one = |stage: usize, number: usize| TaskPlan {
        needs: needs(stage, number),
        input: json!("nap"),
        ..task(&format!("s{stage}t{number}"))
    };
    let stages = STAGES.iter().enumerate();
    stages.flat_map(|(stage, size)| (0..*size).map(move |number| one(stage, number))).collect()
}

fn run(
    folder: &Path,
    name: &str,
    tasks: Vec<TaskPlan>,
    durable: bool,
) -> Result<(Duration, Vec<Duration>), Failure> {
    let home = folder.join(format!("engine-speed-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&home)?;
    let journal: Arc<dyn Journal> = if durable {
        Arc::new(SqliteJournal::open(&home.join("dirigent.db"), Options::new("engine_speed"))?)
    } else {
        Arc::new(MemoryJournal::new())
    };
    let noop = Arc::new(Noop::default());
    let kind: Arc<dyn TaskKind> = noop.clone();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let naps = tasks.iter().any(|task| task.input == "nap");
    let host = Host {
        journal: Arc::clone(&journal),
        artifacts: Artifacts::at(home.join("artifacts")),
        clock: Arc::new(SystemClock),
        kinds: Arc::new(BTreeMap::from([("noop", kind)])),
        workers: Workers::new(if naps { WAITERS } else { cores }),
        pool_size: POOL_SIZE_DEFAULT,
        budget: Amount::unlimited(),
        isolate: None,
    };
    let phase = PhasePlan {
        name: "speed".into(),
        kind: "tasks".into(),
        mode: Mode::Parallel,
        tasks,
        ..PhasePlan::default()
    };
    let start = Start {
        name: name.into(),
        kind: "tasks".into(),
        mode: Mode::Parallel,
        schedule: String::new(),
        seed: 42,
        config_hash: String::new(),
        config_version: String::new(),
        config: Value::Null,
        base: String::new(),
        timeout_ms: None,
        plan: Plan::new(vec![phase])?,
        limits: Limits::default(),
        version: String::new(),
    };
    let id = RunId::new(&SystemClock);
    let begun = now();
    let run =
        Execution::create(host, id.clone(), CorrelationId::from(&id), start, None)?.drive()?;
    let took = begun.elapsed();
    if run.status != RunStatus::Completed {
        return Err(format!("{name} ended {:?}: {:?}", run.status, run.failure).into());
    }
    let last = journal.head(&id)?.map(|head| head.last_seq);
    if last != Some(run.seq) {
        return Err(format!("{name}: the journal ends at {last:?}, the run at {}", run.seq).into());
    }
    drop(journal);
    std::fs::remove_dir_all(&home)?;
    Ok((took, noop.hops()))
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "stands for work that takes a known time")]
fn nap() {
    std::thread::sleep(NAP);
}
