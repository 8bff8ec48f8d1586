//! The emergency halt: nothing begins, what runs is interrupted, until somebody lifts it.

use dirigent::{
    Coordinator, Error, Request,
    coordinator::Unobserved,
    core::{RunId, SystemClock},
    halt::{Halted, Lifted},
    workflow::RunStatus,
};

use crate::world::{Gate, LONG, World};

#[track_caller]
fn refused(world: &World, coordinator: &Coordinator) -> String {
    let prepared = world.prepare(coordinator, "[]");
    match coordinator.execute(&prepared, &Request::default(), &mut Unobserved) {
        Err(error @ Error::Halted(_)) => error.to_string(),
        other => panic!("it was not refused: {other:?}"),
    }
}

#[test]
fn res_21_nothing_begins_while_halted_also_in_another_process() {
    let world = World::new();
    let coordinator = world.coordinator();
    let id = world.run(&coordinator, "[]").run_id.parse().unwrap();
    let outcome = coordinator.halt("ann", "prices look wrong").unwrap();
    assert!(matches!(outcome, Halted::Done(_)), "{outcome:?}");
    let other = world.coordinator();
    let text = refused(&world, &other);
    assert_eq!(text, "the home is halted by ann since 2024-03-01T00:00:00Z: prices look wrong");
    assert!(matches!(other.resume(&id, None, &mut Unobserved), Err(Error::Halted(_))));
    assert!(matches!(other.verify(&id, &mut Unobserved), Err(Error::Halted(_))));
    let prepared = world.prepare(&other, "[]");
    let registered = other.register(&prepared, &Request::default(), &mut Unobserved);
    assert!(matches!(registered, Err(Error::Halted(_))));
    let again = coordinator.halt("bob", "me too").unwrap();
    assert!(matches!(again, Halted::Already(halt) if halt.by == "ann"));
    assert_eq!(coordinator.runs(10).unwrap().len(), 1, "one can look");
    assert!(matches!(other.lift("ann").unwrap(), Lifted::Done(halt) if halt.by == "ann"));
    assert_eq!(other.lift("ann").unwrap(), Lifted::NotHalted);
    world.run(&coordinator, "[]");
}

#[test]
fn a_home_that_was_never_used_can_be_halted() {
    let world = World::new();
    let coordinator = world.coordinator();
    coordinator.halt("ann", "not yet").unwrap();
    refused(&world, &coordinator);
    assert!(coordinator.runs(10).unwrap().is_empty(), "the system log is no run");
    assert!(matches!(coordinator.find("last"), Err(Error::NoRuns { .. })));
    assert!(matches!(coordinator.find("run_s"), Err(Error::UnknownRun { .. })));
}

#[test]
fn a_key_called_like_the_system_log_is_a_key_like_any_other() {
    let world = World::new();
    let coordinator = world.coordinator();
    coordinator.halt("ann", "x").unwrap();
    coordinator.lift("ann").unwrap();
    let prepared = world.prepare(&coordinator, "[]");
    let correlation_id = Some("system".parse().unwrap());
    let request = Request { correlation_id, workers: None };
    let first = coordinator.execute(&prepared, &request, &mut Unobserved).unwrap();
    let again = coordinator.execute(&prepared, &request, &mut Unobserved).unwrap();
    assert_eq!(first.run_id, again.run_id);
}

#[test]
fn a_request_counts_before_anybody_has_recorded_it_and_when_it_cannot_be_read() {
    #[track_caller]
    fn check(request: &str, expected: &str) {
        let world = World::new();
        let coordinator = world.coordinator();
        let control = world.home().root().join("control");
        std::fs::create_dir_all(&control).unwrap();
        std::fs::write(control.join("halt"), request).unwrap();
        let halt = coordinator.halted().unwrap().unwrap();
        assert!(halt.reason.contains(expected), "{}", halt.reason);
        assert!(refused(&world, &coordinator).contains(expected));
        assert!(!control.join("halt").exists(), "it is on the record instead");
        refused(&world, &coordinator);
        coordinator.lift("ann").unwrap();
        world.run(&coordinator, "[]");
    }
    check("", "EOF while parsing");
    check("{\"by\": \"ann\"", "control/halt");
    check("{\"by\": \"ann\", \"reason\": \"smoke\", \"at\": \"2024-03-01T00:00:00Z\"}", "smoke");
}

#[test]
fn a_run_of_another_process_is_interrupted_and_resumes_after_the_halt() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    let (gate, begun, end) = Gate::shut();
    coordinator.register_task(gate);
    let prepared = world.prepare(&coordinator, "[]");
    let summary = std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            coordinator.execute(&prepared, &Request::default(), &mut Unobserved).unwrap()
        });
        begun.recv_timeout(LONG).unwrap();
        let outcome = world.coordinator().halt("ann", "smoke").unwrap();
        assert!(matches!(outcome, Halted::Done(_)), "{outcome:?}");
        run.join().unwrap()
    });
    drop(end);
    assert_eq!(summary.status, RunStatus::Interrupted);
    let id = summary.run_id.parse().unwrap();
    // The gate is gone in this process.
    let next = world.coordinator();
    assert!(matches!(next.resume(&id, None, &mut Unobserved), Err(Error::Halted(_))));
    next.lift("ann").unwrap();
    let summary = next.resume(&id, None, &mut Unobserved).unwrap();
    assert_eq!(summary.status, RunStatus::Completed);
}

#[test]
fn lifting_one_halt_does_not_lift_a_later_one() {
    let world = World::new();
    let coordinator = world.coordinator();
    let Halted::Done(first) = coordinator.halt("ann", "one").unwrap() else { panic!("not done") };
    coordinator.lift("ann").unwrap();
    coordinator.halt("bob", "two").unwrap();
    // A request to lift the first that was left behind.
    let control = world.home().root().join("control");
    let stale = format!("{{\"by\": \"ann\", \"halt\": {}}}", first.seq);
    std::fs::write(control.join("lift"), stale).unwrap();
    assert!(refused(&world, &coordinator).contains("two"));
}

/// It failed the run that had just completed.
#[test]
fn a_request_about_a_run_that_cannot_be_read_fails_no_other() {
    let world = World::new();
    let (coordinator, other) = (world.coordinator(), RunId::new(&SystemClock));
    world.home().request_cancel(&other, "somebody").unwrap();
    assert_eq!(world.run(&coordinator, "[]").status, RunStatus::Completed);
}
