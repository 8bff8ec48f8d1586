//! Tasks from the file to their end: as they are recorded, lost, cancelled and tried again.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::channel,
    },
    time::Duration,
};

use dirigent::{
    Coordinator, Request, Summary,
    coordinator::{Cancelled, Unobserved},
    core::{Event, RunId},
    workflow::{
        RunStatus,
        event::Failure,
        plan::TaskPlan,
        port::{TaskContext, TaskError},
        priority::Priority,
    },
};
use serde_json::{Value, json};

use crate::{
    graphs::{Does, execute, waiting},
    world::World,
};

fn broken(message: &str) -> TaskError {
    let (code, message) = ("no_market".to_owned(), message.to_owned());
    TaskError::Failed(Failure { code, message, hint: None })
}

fn events(coordinator: &Coordinator, id: &RunId) -> Vec<Event> {
    coordinator.reader().unwrap().read(id, 1, 1_000).unwrap()
}

#[test]
fn tsk_01_api_05_a_definition_becomes_a_run_of_that_many_tasks_which_is_executed_by_its_id() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    coordinator.register_task(Arc::new(Does("count", move |_: &TaskContext| {
        Ok(json!(counted.fetch_add(1, Ordering::SeqCst)))
    })));
    let text = "workflow: {type: tasks}\n\
                tasks: [{name: a, kind: count, count: 3}, {name: b, kind: count, needs: [a]}]\n";
    let prepared = world.prepare_text(&coordinator, text).unwrap();
    let request = Request::default();
    let (id, status) = coordinator.register(&prepared, &request, &mut Unobserved).unwrap();
    assert_eq!(status, RunStatus::Running);
    assert_eq!(coordinator.run(&id).unwrap().tasks().count(), 4);
    assert_eq!(calls.load(Ordering::SeqCst), 0, "nothing has begun");
    let summary = coordinator.resume(&id, None, &mut Unobserved).unwrap();
    assert_eq!((summary.run_id, summary.status), (id.to_string(), RunStatus::Completed));
    assert_eq!(calls.load(Ordering::SeqCst), 4);
    let nobody = "run_nobody".parse().unwrap();
    let unknown = coordinator.resume(&nobody, None, &mut Unobserved).unwrap_err().to_string();
    assert!(unknown.contains("run_nobody"), "{unknown}");
}

#[test]
fn tsk_02_every_field_of_a_task_is_in_its_record() {
    let world = World::new();
    let coordinator = world.coordinator();
    let text = "
workflow: {type: tasks}
tasks:
  - {name: fetch, kind: noop}
  - name: analyze
    kind: noop
    with: {symbol: AAPL}
    needs: [fetch]
    priority: HIGH
    timeout: 30
    max_retries: 2
";
    let id = execute(&world, &coordinator, text).run_id.parse().unwrap();
    let run = coordinator.run(&id).unwrap();
    let TaskPlan { name, kind, input, needs, priority, timeout_ms, retry, .. } =
        &run.start.plan.phases()[0].tasks[1];
    assert_eq!((name.as_str(), kind.as_str()), ("analyze", "noop"));
    assert_eq!((input, needs), (&json!({"symbol": "AAPL"}), &vec!["fetch".to_owned()]));
    assert_eq!((*priority, *timeout_ms, retry.max), (Priority::High, Some(30_000), 2));
}

/// A run of three tasks in a row that was shut down while the second one worked.
fn interrupted(world: &World) -> RunId {
    let mut coordinator = world.coordinator();
    let (began, begun) = channel();
    coordinator.register_task(waiting(began, false));
    let text = "workflow: {type: tasks}\ntasks:\n\
                - {name: a, kind: noop}\n\
                - {name: b, kind: wait, needs: [a]}\n\
                - {name: c, kind: noop, needs: [b]}\n";
    let prepared = world.prepare_text(&coordinator, text).unwrap();
    std::thread::scope(|scope| {
        let run = || coordinator.execute(&prepared, &Request::default(), &mut Unobserved);
        let run = scope.spawn(run);
        begun.recv().unwrap();
        coordinator.shutdown("a test");
        run.join().unwrap().unwrap().run_id.parse().unwrap()
    })
}

#[test]
fn tsk_09_a_task_that_lost_its_worker_is_orphaned_and_begins_again() {
    let world = World::new();
    let id = interrupted(&world);
    let mut other = world.coordinator();
    other.register_task(waiting(channel().0, true));
    let summary = other.resume(&id, None, &mut Unobserved).unwrap();
    assert_eq!(summary.status, RunStatus::Completed);
    let of_b: Vec<String> = events(&other, &id)
        .into_iter()
        .filter(|event| event.payload["task"] == "b")
        .map(|event| event.kind)
        .collect();
    assert_eq!(of_b, ["task_started", "task_orphaned", "task_started", "task_completed"]);
}

#[test]
fn tsk_09_what_is_left_of_a_cancelled_run_is_cancelled_for_good() {
    let world = World::new();
    let id = interrupted(&world);
    let other = world.coordinator();
    assert_eq!(other.cancel(&id, "ann").unwrap(), Cancelled::Done);
    let run = other.run(&id).unwrap();
    let states = ["a", "b", "c"].map(|task| run.task(task).unwrap().state);
    assert_eq!(states.map(|state| state.as_str()), ["completed", "cancelled", "cancelled"]);
    assert!(states.iter().all(|state| state.is_final()));
    assert_eq!(other.cancel(&id, "ann").unwrap(), Cancelled::Already(RunStatus::Cancelled));
}

#[test]
fn tsk_28_work_that_errors_leaves_a_failed_record_its_events_and_how_long_it_took() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    let clock = Arc::clone(&world.clock);
    coordinator.register_task(Arc::new(Does("work", move |context: &TaskContext| {
        clock.advance(Duration::from_secs(3));
        if context.task == "bad" { Err(broken("no prices")) } else { Ok(json!(1)) }
    })));
    let text = "workflow: {type: tasks}\norchestration: {enable_retry: false}\ntasks:\n\
                - {name: good, kind: work}\n- {name: bad, kind: work, needs: [good]}\n";
    let id = execute(&world, &coordinator, text).run_id.parse().unwrap();
    let run = coordinator.run(&id).unwrap();
    let bad = run.task("bad").unwrap();
    assert_eq!((bad.state.as_str(), bad.attempts), ("failed", 1));
    assert_eq!(bad.error().unwrap().message, "no prices");
    let events = events(&coordinator, &id);
    let time = |kind: &str, task: &str| {
        let is_it = |event: &&Event| event.kind == kind && event.payload["task"] == task;
        events.iter().find(is_it).unwrap().time
    };
    let took = |task: &str, end: &str| time(end, task).since(time("task_started", task));
    assert_eq!(took("good", "task_completed"), Duration::from_secs(3));
    assert_eq!(took("bad", "task_failed"), Duration::from_secs(3));
}

#[test]
fn evt_20_28_a_failed_run_says_why_and_the_same_key_repeats_only_what_was_not_done() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    let orders = Arc::new(Mutex::new(Vec::new()));
    let (sent, failures) = (Arc::clone(&orders), AtomicUsize::new(0));
    coordinator.register_task(Arc::new(Does("order", move |context: &TaskContext| {
        if context.task == "second" && failures.fetch_add(1, Ordering::SeqCst) == 0 {
            return Err(broken("the market is closed"));
        }
        sent.lock().unwrap().push(context.task.clone());
        Ok(Value::Null)
    })));
    let text = "workflow: {type: tasks}\norchestration: {enable_retry: false}\ntasks:\n\
                - {name: first, kind: order}\n\
                - {name: second, kind: order, needs: [first]}\n\
                - {name: third, kind: order, needs: [second]}\n";
    let prepared = world.prepare_text(&coordinator, text).unwrap();
    let correlation_id = Some("rebalance-7".parse().unwrap());
    let request = Request { correlation_id, ..Request::default() };
    let run = || coordinator.execute(&prepared, &request, &mut Unobserved).unwrap();
    let failed = run();
    assert_eq!((failed.status, failed.status.is_success()), (RunStatus::Failed, false));
    let error = failed.error.unwrap();
    assert_eq!(
        (&*error.code, &*error.message),
        ("no_market", "task `second`: the market is closed")
    );
    assert_eq!(*orders.lock().unwrap(), ["first"]);
    let again = run();
    assert_eq!((again.status, again.run_id), (RunStatus::Completed, failed.run_id));
    assert_eq!(*orders.lock().unwrap(), ["first", "second", "third"]);
    run();
    assert_eq!(orders.lock().unwrap().len(), 3);
}

#[test]
fn evt_30_of_twenty_runs_at_once_one_fails_and_the_others_have_their_own_results() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    coordinator.register_task(Arc::new(Does("own", |context: &TaskContext| {
        match context.input["number"].as_u64() {
            Some(7) => Err(broken("number 7 fails")),
            number => Ok(json!(number)),
        }
    })));
    let run = |number: u32| -> Summary {
        let text = format!(
            "workflow: {{type: tasks}}\norchestration: {{enable_retry: false}}\n\
             tasks: [{{name: own, kind: own, with: {{number: {number}}}}}]\n"
        );
        let prepared = world.prepare_named(&coordinator, &format!("{number}.yaml"), &text).unwrap();
        let correlation_id = Some(format!("flow-{number}").parse().unwrap());
        let request = Request { correlation_id, ..Request::default() };
        coordinator.execute(&prepared, &request, &mut Unobserved).unwrap()
    };
    let summaries: Vec<Summary> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..20).map(|number| scope.spawn(move || run(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (number, summary) in summaries.iter().enumerate() {
        assert_eq!(summary.correlation_id, format!("flow-{number}"));
        if number == 7 {
            assert_eq!(summary.status, RunStatus::Failed);
        } else {
            assert_eq!(summary.phases[0]["outputs"]["own"], number, "{:?}", summary.error);
        }
    }
}
