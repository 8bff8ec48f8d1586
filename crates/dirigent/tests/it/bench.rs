//! A task by itself: a hand-made context, and a kind run on a thread of its own.

use std::{
    path::Path,
    sync::Arc,
    thread::{JoinHandle, spawn},
    time::Duration,
};

use dirigent::{Coordinator, Home};
use dirigent_core::{RunId, SystemClock};
use dirigent_workflow::{
    artifact::Artifacts,
    container::Container,
    event::{Failure, Start},
    file::Environment,
    plan::{Limits, Mode, PhasePlan, Plan, TaskPlan},
    port::{TaskContext, TaskError, TaskKind, TaskOutput, Watch},
};
use serde_json::{Value, json};

pub(crate) type Outcome = Result<TaskOutput, TaskError>;

/// The environment of tests: what programs are found with, and two secrets.
pub(crate) fn environment() -> Arc<Environment> {
    let pairs = [("PATH", "/usr/bin:/bin"), ("TOKEN", "hunter2-token"), ("OTHER", "not for you")];
    Arc::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
}

/// Whether control groups can be made here, as `dirigent health` tells it.
pub(crate) fn groups_hold_memory() -> bool {
    let home = tempfile::tempdir().unwrap();
    let health = Coordinator::at(Home::at(home.path())).health();
    health.coordinators["programs"].detail.starts_with("held to memory by control groups")
}

/// Task `b`, told `with`, in a workflow whose file is in `base`. It needs `a`, which is complete.
pub(crate) fn context(base: &Path, with: Value) -> TaskContext {
    let task = |name: &str, needs: &[&str]| TaskPlan {
        name: name.into(),
        kind: "noop".into(),
        needs: needs.iter().map(ToString::to_string).collect(),
        ..TaskPlan::default()
    };
    let tasks = vec![task("a", &[]), task("c", &[]), task("b", &["a"])];
    let phase = PhasePlan { name: "p".into(), tasks, ..PhasePlan::default() };
    let start = Start {
        name: "test".into(),
        kind: "tasks".into(),
        mode: Mode::Traditional,
        schedule: String::new(),
        seed: 42,
        config_hash: String::new(),
        config_version: "1.0.0".into(),
        config: json!({}),
        base: base.display().to_string(),
        timeout_ms: None,
        plan: Plan::new(vec![phase]).unwrap(),
        limits: Limits::default(),
        version: String::new(),
    };
    TaskContext {
        run: RunId::new(&SystemClock),
        start: Arc::new(start),
        task: "b".into(),
        input: with,
        attempt: 1,
        outputs: [("a".to_owned(), json!({"rows": 7}))].into(),
        inputs: Arc::default(),
        cause: None,
        keep: Arc::new(drop),
        recorded: Default::default(),
        made: Vec::new(),
        warnings: Vec::new(),
        container: Container::new(42, "b"),
        artifacts: Artifacts::at(base.join("artifacts")),
        watch: Watch::default(),
        threads: 1,
    }
}

/// Runs `kind` with `context` on another thread; the watch stops it.
pub(crate) fn begin(
    kind: impl TaskKind + 'static,
    context: TaskContext,
) -> (Watch, JoinHandle<Outcome>) {
    let watch = context.watch.clone();
    (watch, spawn(move || kind.run(&context)))
}

/// A function that tells how long ago this was called.
pub(crate) fn stopwatch() -> impl Fn() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a test measures real time")]
    let started = std::time::Instant::now();
    move || started.elapsed()
}

/// The failure of `outcome`.
#[expect(clippy::panic, reason = "a test helper")]
pub(crate) fn failure(outcome: Outcome) -> Failure {
    match outcome {
        Err(TaskError::Failed(failure) | TaskError::Hopeless(failure)) => failure,
        other => panic!("it should have failed: {other:?}"),
    }
}
