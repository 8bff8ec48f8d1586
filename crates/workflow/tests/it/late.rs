//! Attempts that outlive their end, and what a task leaves behind.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, Weak,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use dirigent_core::{Clock, CorrelationId, Event, ManualClock, RunId};
use dirigent_journal::MemoryJournal;
use dirigent_workflow::{
    Run, RunStatus,
    artifact::Artifacts,
    event::{Failure, Start},
    plan::{Limits, Mode, OnFailure, TaskPlan},
    port::{TaskContext, TaskError, TaskKind, TaskOutput},
    resource::Amount,
    retry::{Backoff, Retry},
    runtime::{Error, Execution, Host, POOL_SIZE_DEFAULT, Workers},
};
use serde_json::json;

use crate::play::{phase, start, task};

type Act = dyn Fn(&TaskContext) -> Result<TaskOutput, TaskError> + Send + Sync;

/// Does what a closure does.
struct Does(Box<Act>);

impl TaskKind for Does {
    fn name(&self) -> &'static str {
        "play"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        (self.0)(context)
    }
}

pub(crate) fn kind(
    act: impl Fn(&TaskContext) -> Result<TaskOutput, TaskError> + Send + Sync + 'static,
) -> Arc<dyn TaskKind> {
    Arc::new(Does(Box::new(act)))
}

pub(crate) struct World {
    host: Host,
    clock: Arc<ManualClock>,
    _folder: tempfile::TempDir,
}

pub(crate) fn world(kind: Arc<dyn TaskKind>, workers: usize) -> World {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    let host = Host {
        journal: Arc::new(MemoryJournal::new()),
        artifacts: Artifacts::at(folder.path().join("artifacts")),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        kinds: Arc::new(BTreeMap::from([("play", kind)])),
        workers: Workers::new(workers),
        pool_size: POOL_SIZE_DEFAULT,
        budget: Amount::unlimited(),
        isolate: None,
    };
    World { host, clock, _folder: folder }
}

impl World {
    fn create(&self, start: Start, observer: Option<Sender<Event>>) -> Execution {
        let id = RunId::new(&*self.clock);
        let key = CorrelationId::from(&id);
        Execution::create(self.host.clone(), id, key, start, observer).unwrap()
    }

    pub(crate) fn run(&self, mode: Mode, tasks: Vec<TaskPlan>) -> Result<Run, Error> {
        self.create(start(vec![phase("p", mode, tasks)], Limits::default()), None).drive()
    }
}

fn gate() -> (Sender<()>, Mutex<Receiver<()>>) {
    let (open, gate) = channel();
    (open, Mutex::new(gate))
}

fn pass(gate: &Mutex<Receiver<()>>) {
    gate.lock().unwrap().recv().unwrap();
}

/// The outcome of an attempt that had been stopped took the entry of the attempt after it: its
/// container was emptied under its hands, and it could not be stopped any more.
#[test]
fn the_late_end_of_a_stopped_attempt_does_not_touch_the_next_one() {
    let (began, begun) = channel();
    let (open_first, first) = gate();
    let (open_second, second) = gate();
    let (open_other, other) = gate();
    let kind = kind(move |context| {
        if context.task == "other" {
            pass(&other);
            return Ok(TaskOutput::default());
        }
        if context.attempt == 2 {
            context.container.hold(Arc::new(7_u32));
        }
        began.send(()).unwrap();
        pass(if context.attempt == 1 { &first } else { &second });
        let held = context.container.held::<u32>();
        Ok(TaskOutput { value: json!(held.as_deref()), ..TaskOutput::default() })
    });
    let world = world(Arc::clone(&kind), 2);
    let late = TaskPlan {
        container: Some("c".into()),
        timeout_ms: Some(1_000),
        retry: Retry { max: 1, backoff: Backoff::Fixed { delay_ms: 0 }, ..Retry::NEVER },
        ..task("late", &[])
    };
    let tasks = vec![late, task("other", &[])];
    let (observer, events) = channel();
    let start = start(vec![phase("p", Mode::Parallel, tasks)], Limits::default());
    let execution = world.create(start, Some(observer));
    let handle = execution.handle();
    let driving = std::thread::spawn(move || execution.drive().unwrap());
    begun.recv().unwrap();
    world.clock.advance(Duration::from_secs(2));
    handle.nudge();
    begun.recv().unwrap();
    let jobs = Arc::strong_count(&kind);
    open_first.send(()).unwrap();
    while Arc::strong_count(&kind) == jobs {
        std::thread::yield_now();
    }
    // The outcome is on its way; that of the other task comes behind it.
    open_other.send(()).unwrap();
    assert!(events.iter().any(|event| event.kind == "task_completed"));
    open_second.send(()).unwrap();
    let run = driving.join().unwrap();
    assert_eq!(run.task("late").unwrap().output(), &json!(7));
}

/// A large output of a task that an event started was called after the number of the task, which
/// is the order in which events came.
#[test]
fn large_outputs_of_triggered_tasks_have_one_digest() {
    let digest = |first: &'static str| {
        let mut tasks = vec![task("a", &[]), task("b", &[])];
        tasks.sort_by_key(|task| task.name != first);
        tasks.push(TaskPlan { on: Some("e".into()), ..task("x", &[]) });
        let kind = kind(|context| {
            let Some(cause) = &context.cause else {
                let events = vec![("e".to_owned(), json!(context.task))];
                return Ok(TaskOutput { events, ..TaskOutput::default() });
            };
            let value = json!(cause.payload.to_string().repeat(20_000));
            Ok(TaskOutput { value, ..TaskOutput::default() })
        });
        world(kind, 1).run(Mode::Traditional, tasks).unwrap().digest.unwrap()
    };
    assert_eq!(digest("a"), digest("b"));
}

/// An event that no record can hold broke the run: it could neither go on nor end.
#[test]
fn a_task_that_publishes_more_than_a_record_holds_fails() {
    for (name, payload) in [
        ("large", json!("x".repeat(70_000))),
        ("escaped", json!("\u{1}".repeat(20_000))),
        ("deep", (0..200).fold(json!(1), |inner, _| json!([inner]))),
    ] {
        let kind = kind(move |_| {
            let events = vec![("e".to_owned(), payload.clone())];
            Ok(TaskOutput { events, ..TaskOutput::default() })
        });
        let run = world(kind, 1).run(Mode::Parallel, vec![task("a", &[])]).unwrap();
        assert_eq!(run.status, RunStatus::Failed, "{name}");
        assert_eq!(run.failure.unwrap().code, "record_too_large", "{name}");
    }
}

/// What a task held in its container stayed there when the task had failed for good, until the run
/// ended.
#[test]
fn res_06_a_container_is_given_back_when_its_task_has_failed_for_good() {
    let held: Mutex<Weak<u32>> = Mutex::default();
    let kind = kind(move |context| {
        if context.task == "last" {
            let left = held.lock().unwrap().upgrade();
            return Ok(TaskOutput { value: json!(left.as_deref()), ..TaskOutput::default() });
        }
        let value = Arc::new(7_u32);
        *held.lock().unwrap() = Arc::downgrade(&value);
        context.container.hold(value);
        let (code, message) = ("played".into(), "broken".into());
        Err(TaskError::Hopeless(Failure { code, message, hint: None }))
    });
    let (container, on_failure) = (Some("c".into()), OnFailure::Degrade);
    let bad = TaskPlan { container, on_failure, ..task("bad", &[]) };
    let run = world(kind, 1).run(Mode::Traditional, vec![bad, task("last", &[])]).unwrap();
    assert_eq!(run.status, RunStatus::Degraded);
    assert_eq!(run.task("last").unwrap().output(), &json!(null));
}
