//! Runs with small tasks: what is recorded, and what happens when things go wrong.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use dirigent_core::{Clock, CorrelationId, Event, ManualClock, RunId};
use dirigent_journal::{MemoryJournal, ReadJournal};
use dirigent_workflow::{
    Plan, Run, RunStatus,
    artifact::Artifacts,
    event::{Failure, Start},
    plan::{LifecycleStep, Limits, Mode, OnFailure, PhasePlan, TaskPlan},
    port::{Recovery, TaskContext, TaskError, TaskKind, TaskOutput},
    resource::Amount,
    retry::{Backoff, Retry},
    runtime::{Execution, Handle, Host, POOL_SIZE_DEFAULT, Workers},
};
use serde_json::{Value, json};

/// Adds one to the output of the task before; fails, panics or waits as its input says.
#[derive(Default)]
struct Step {
    calls: AtomicU32,
    entered: Option<Sender<()>>,
}

impl TaskKind for Step {
    fn name(&self) -> &'static str {
        "step"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        match context.input.as_str() {
            Some("panic") => panic!("the step broke"),
            Some("fail once") if call == 1 => return Err(TaskError::Failed(failure())),
            Some("wait") if self.entered.is_some() => {
                self.entered.as_ref().unwrap().send(()).unwrap();
                while !context.watch.stopped() {
                    std::thread::yield_now();
                }
                return Err(TaskError::Stopped);
            }
            _ => {}
        }
        let sum: u64 = context.outputs.values().filter_map(Value::as_u64).sum();
        Ok(TaskOutput { value: json!(sum + 1), ..TaskOutput::default() })
    }
}

fn failure() -> Failure {
    Failure { code: "step_failed".into(), message: "the step failed".into(), hint: None }
}

/// Three tasks in a chain, the second told `input`.
fn start(mode: Mode, input: &str, timeout_ms: Option<u64>) -> Start {
    let task = |name: &str, needs: &[&str], input: &str, reaches| TaskPlan {
        name: name.into(),
        kind: "step".into(),
        needs: needs.iter().map(ToString::to_string).collect(),
        input: json!(input),
        reaches,
        ..TaskPlan::default()
    };
    let tasks = vec![
        task("a", &[], "", Some(LifecycleStep::Validation)),
        task("b", &["a"], input, None),
        task("c", &["a", "b"], "", None),
    ];
    let (name, kind) = ("p".into(), "tasks".into());
    let phase = PhasePlan { name, kind, mode, tasks, ..PhasePlan::default() };
    Start {
        name: "test".into(),
        kind: "tasks".into(),
        mode,
        schedule: String::new(),
        seed: 42,
        config_hash: String::new(),
        config_version: "1.0.0".into(),
        config: json!({}),
        base: String::new(),
        timeout_ms,
        plan: Plan::new(vec![phase]).unwrap(),
        limits: Limits::default(),
        version: String::new(),
    }
}

struct World {
    host: Host,
    journal: Arc<MemoryJournal>,
    clock: Arc<ManualClock>,
    entered: Receiver<()>,
    _folder: tempfile::TempDir,
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let journal = Arc::new(MemoryJournal::new());
    let clock = Arc::new(ManualClock::default());
    let (sender, entered) = channel();
    let step: Arc<dyn TaskKind> =
        Arc::new(Step { calls: AtomicU32::new(0), entered: Some(sender) });
    let host = Host {
        journal: Arc::clone(&journal) as _,
        artifacts: Artifacts::at(folder.path().join("artifacts")),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        kinds: Arc::new(BTreeMap::from([("step", step)])),
        workers: Workers::new(2),
        pool_size: POOL_SIZE_DEFAULT,
        budget: Amount::unlimited(),
        isolate: None,
    };
    World { host, journal, clock, entered, _folder: folder }
}

impl World {
    fn create(&self, start: Start) -> Execution {
        let id = RunId::new(&*self.clock);
        let key = CorrelationId::from(&id);
        Execution::create(self.host.clone(), id, key, start, None).unwrap()
    }

    fn events(&self, run: &Run) -> Vec<Event> {
        self.journal.read(&run.id, 1, 1_000).unwrap()
    }

    /// Runs on another thread until the waiting task has begun, then does `then`.
    fn interfere(&self, start: Start, then: impl FnOnce(&Handle)) -> Run {
        let execution = self.create(start);
        let handle = execution.handle();
        let driving = std::thread::spawn(move || execution.drive().unwrap());
        self.entered.recv().unwrap();
        then(&handle);
        driving.join().unwrap()
    }
}

fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.kind.as_str()).collect()
}

#[test]
fn wft_10_a_run_records_every_step_in_order_and_replays_to_the_same_state() {
    let world = world();
    let run = world.create(start(Mode::Traditional, "", None)).drive().unwrap();
    assert_eq!(run.status, RunStatus::Completed);
    assert_eq!(run.task("c").unwrap().output(), &json!(4));
    let events = world.events(&run);
    assert_eq!(
        kinds(&events),
        [
            "workflow_started",
            "phase_started",
            "task_started",
            "task_completed",
            "lifecycle_step",
            "task_started",
            "task_completed",
            "task_started",
            "task_completed",
            "phase_completed",
            "lifecycle_step",
            "lifecycle_step",
            "lifecycle_step",
            "workflow_completed",
        ]
    );
    assert_eq!(Run::replay(&run.id, &events).unwrap(), run);
}

#[test]
fn rep_10_the_digest_does_not_depend_on_mode_workers_or_run() {
    let digest = |mode, workers| {
        let mut world = world();
        world.host.workers = Workers::new(workers);
        world.create(start(mode, "", None)).drive().unwrap().digest.unwrap()
    };
    let expected = digest(Mode::Traditional, 1);
    for mode in [Mode::Traditional, Mode::Auto, Mode::Composable, Mode::Hybrid] {
        for workers in 1..=4 {
            assert_eq!(digest(mode, workers), expected, "{mode:?} {workers}");
        }
    }
}

#[test]
fn a_failed_run_can_be_resumed_and_repeats_only_what_failed() {
    let world = world();
    let failed = world.create(start(Mode::Traditional, "fail once", None)).drive().unwrap();
    assert_eq!(failed.status, RunStatus::Failed);
    let expected = Failure { message: "task `b`: the step failed".into(), ..failure() };
    assert_eq!(failed.failure, Some(expected));
    let run = Execution::resume(world.host.clone(), failed, None).unwrap().drive().unwrap();
    assert_eq!((run.status, run.attempt), (RunStatus::Completed, 2));
    let events = world.events(&run);
    let begun = |task: &str| {
        events.iter().filter(|e| e.kind == "task_started" && e.payload["task"] == task).count()
    };
    assert_eq!((begun("a"), begun("b"), begun("c")), (1, 2, 1));
    let cleanups = events.iter().filter(|e| e.payload["step"] == "resource_cleanup").count();
    assert_eq!(cleanups, 2, "each attempt gives its resources back");
    assert_eq!(run.lifecycle.last(), Some(&LifecycleStep::ResourceCleanup));
}

#[test]
fn a_panic_is_contained_and_fails_the_run() {
    let world = world();
    let run = world.create(start(Mode::Traditional, "panic", None)).drive().unwrap();
    let failure = run.failure.unwrap();
    assert_eq!((run.status, failure.code.as_str()), (RunStatus::Failed, "panic"));
    assert!(failure.message.contains("the step broke"), "{}", failure.message);
}

/// Tasks that need an optional task were skipped again and again, as the list of those that can
/// never start kept them; the second time broke the history, and the run could not be resumed.
#[test]
fn what_needs_an_optional_task_that_failed_is_skipped_and_the_run_ends_degraded() {
    let optional = |name: &str, needs: &[&str], input: &str| TaskPlan {
        name: name.into(),
        kind: "step".into(),
        needs: needs.iter().map(ToString::to_string).collect(),
        input: json!(input),
        on_failure: OnFailure::Degrade,
        ..TaskPlan::default()
    };
    let chain = [("a", &[][..], "panic"), ("b", &["a"], ""), ("c", &["b"], ""), ("d", &[], "")];
    let tasks = chain.map(|(name, needs, input)| optional(name, needs, input)).into();
    let phase = PhasePlan { name: "p".into(), kind: "tasks".into(), tasks, ..PhasePlan::default() };
    let mut start = start(Mode::Auto, "", None);
    start.plan = Plan::new(vec![phase]).unwrap();
    let world = world();
    let run = world.create(start).drive().unwrap();
    assert_eq!(run.status, RunStatus::Degraded);
    let reason = |task: &str| run.task(task).unwrap().reason().map(str::to_owned);
    assert_eq!(reason("b").unwrap(), "it needs `a`, which did not complete");
    assert_eq!(reason("c").unwrap(), "it needs `b`, which did not complete");
    assert_eq!((reason("d"), run.task("d").unwrap().output()), (None, &json!(1)));
    assert_eq!(Run::replay(&run.id, &world.events(&run)).unwrap(), run);
}

#[test]
fn api_02_a_cancelled_run_stops_its_work_and_ends() {
    let world = world();
    let run = world.interfere(start(Mode::Auto, "wait", None), |handle| handle.cancel("a test"));
    assert_eq!(run.status, RunStatus::Cancelled);
    assert_eq!(world.events(&run).last().unwrap().kind, "workflow_failed");
    assert!(run.failure.unwrap().message.ends_with("was cancelled by a test"));
}

#[test]
fn a_run_over_its_time_limit_ends_as_timeout() {
    let world = world();
    let run = world.interfere(start(Mode::Auto, "wait", Some(2_000)), |handle| {
        world.clock.advance(Duration::from_secs(3));
        handle.nudge();
    });
    assert_eq!(run.status, RunStatus::Timeout);
    assert!(run.failure.unwrap().message.contains("its limit of 2 s"));
}

#[test]
fn an_interrupted_run_goes_on_where_it_stood_with_the_same_digest() {
    let calm = world().create(start(Mode::Auto, "", None)).drive().unwrap();
    let world = world();
    let stopped = world.interfere(start(Mode::Auto, "wait", None), |h| h.interrupt("SIGTERM"));
    assert_eq!(stopped.status, RunStatus::Interrupted);
    // As another process would: from the journal alone, with a step that no longer waits.
    let run = Run::replay(&stopped.id, &world.events(&stopped)).unwrap();
    let mut host = world.host.clone();
    let step: Arc<dyn TaskKind> = Arc::new(Step::default());
    host.kinds = Arc::new(BTreeMap::from([("step", step)]));
    let run = Execution::resume(host, run, None).unwrap().drive().unwrap();
    assert_eq!(run.status, RunStatus::Completed);
    assert_eq!(run.digest, calm.digest);
}

#[test]
fn a_run_that_nobody_works_on_can_be_cancelled() {
    let world = world();
    let stopped = world.interfere(start(Mode::Auto, "wait", None), |h| h.interrupt("SIGTERM"));
    let run = Execution::cancel_idle(world.host.clone(), stopped, "a test").unwrap();
    assert_eq!(run.status, RunStatus::Cancelled);
}

#[test]
fn a_plan_with_an_unknown_task_kind_says_so() {
    let mut world = world();
    world.host.kinds = Arc::default();
    let error = world.create(start(Mode::Traditional, "", None)).drive().unwrap_err();
    assert_eq!(error.to_string(), "task `a` is of kind `step`, which this version does not have");
}

/// Up to `max` more tries without a pause.
fn at_once(max: u32) -> Retry {
    Retry { max, backoff: Backoff::Fixed { delay_ms: 0 }, ..Retry::STANDARD }
}

/// Keeps a state that no event holds, fails once, and tells what it began with.
struct Keeper;

impl TaskKind for Keeper {
    fn name(&self) -> &'static str {
        "keeper"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let known = context.container.restored();
        if context.attempt == 1 {
            context.checkpoint(&json!("x".repeat(100_000)));
            return Err(TaskError::Failed(failure()));
        }
        let length = known.as_ref().and_then(Value::as_str).map(str::len);
        Ok(TaskOutput { value: json!(length), ..TaskOutput::default() })
    }
}

#[test]
fn a_checkpoint_that_no_event_holds_is_kept_in_memory_and_breaks_nothing() {
    let mut world = world();
    let keeper: Arc<dyn TaskKind> = Arc::new(Keeper);
    world.host.kinds = Arc::new(BTreeMap::from([("keeper", keeper)]));
    let mut start = start(Mode::Traditional, "", None);
    let task = TaskPlan {
        name: "k".into(),
        kind: "keeper".into(),
        container: Some("p/k".into()),
        retry: at_once(1),
        ..TaskPlan::default()
    };
    let phase = PhasePlan { name: "p".into(), tasks: vec![task], ..PhasePlan::default() };
    start.plan = Plan::new(vec![phase]).unwrap();
    let run = world.create(start).drive().unwrap();
    assert_eq!(run.status, RunStatus::Completed, "{:?}", run.failure);
    assert_eq!(run.task("k").unwrap().output(), &json!(100_000));
    assert!(world.events(&run).iter().all(|event| event.kind != "checkpoint_saved"));
}

/// Fails; after its second failure it knows that more tries are in vain.
struct Hopeless(AtomicU32);

impl TaskKind for Hopeless {
    fn name(&self) -> &'static str {
        "hopeless"
    }

    fn recover(&self, failure: &Failure, failures: u32) -> Recovery {
        assert_eq!(failure.code, "step_failed");
        if failures < 2 { Recovery::AsPlanned } else { Recovery::GiveUp }
    }

    fn run(&self, _: &TaskContext) -> Result<TaskOutput, TaskError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Err(TaskError::Failed(failure()))
    }
}

#[test]
fn con_15_a_kind_decides_itself_when_its_containers_are_given_up() {
    let mut world = world();
    let hopeless = Arc::new(Hopeless(AtomicU32::new(0)));
    world.host.kinds = Arc::new(BTreeMap::from([("hopeless", Arc::clone(&hopeless) as _)]));
    let mut start = start(Mode::Traditional, "", None);
    let task = TaskPlan {
        name: "h".into(),
        kind: "hopeless".into(),
        retry: at_once(100),
        ..TaskPlan::default()
    };
    let phase = PhasePlan { name: "p".into(), tasks: vec![task], ..PhasePlan::default() };
    start.plan = Plan::new(vec![phase]).unwrap();
    let run = world.create(start).drive().unwrap();
    assert_eq!(run.status, RunStatus::Failed);
    assert_eq!(hopeless.0.load(Ordering::SeqCst), 2);
}
