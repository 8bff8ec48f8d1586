//! Notifications: told once, kept when they fail, tried again for the handler that failed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use dirigent::{
    Coordinator, Error, Request,
    bus::{Handler, HandlerError},
    coordinator::Unobserved,
    core::{Event, clock::Clock},
    dead_letters::Retried,
    system::{DeadLetter, LetterStatus},
};

use crate::{
    server::{Reply, Server},
    world::{ADDRESS, Gate, LONG, World},
};

const END: &str = "[{on: [WORKFLOW_COMPLETED, workflow_failed], webhook: \"${HOOK}\"}]";

fn letters(coordinator: &Coordinator) -> Vec<DeadLetter> {
    coordinator.dead_letters().unwrap().0
}

#[test]
fn the_end_of_a_run_is_told_once_by_any_name_of_the_event() {
    let world = World::new();
    let coordinator = world.coordinator();
    let summary = world.run(&coordinator, END);
    let sent = world.post.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].0, ADDRESS);
    assert_eq!(sent[0].1["type"], "workflow_completed");
    assert_eq!(sent[0].1["run"], summary.run_id.as_str());
    assert!(sent[0].1["hash"].is_string() && sent[0].1["payload"]["digest"].is_string());
    let system = coordinator.system().unwrap();
    assert!(system.outboxes().is_empty(), "nothing is owed");
    assert_eq!(system.handler_health().succeeded, 1);
    world.run(&coordinator, "[]");
    assert_eq!(world.post.sent().len(), 1, "it is not told again");
}

#[test]
fn unknown_events_are_refused_with_a_suggestion() {
    let world = World::new();
    let answer = world
        .try_prepare(&world.coordinator(), "[{on: [workflow_complete], webhook: \"${HOOK}\"}]");
    let Err(Error::Config(problems)) = answer else { panic!("it was accepted") };
    let text = problems.to_string();
    assert!(text.contains("there is no event `workflow_complete`"), "{text}");
    assert!(text.contains("did you mean `workflow_completed`?"), "{text}");
}

#[test]
fn dlq_01_02_what_fails_is_kept_for_its_handler_and_the_address_is_nowhere() {
    let world = World::new();
    let coordinator = world.coordinator();
    world.post.refuse(
        "workflow_started",
        &format!("connection to {ADDRESS} was refused by hooks.example"),
    );
    let two = "[{on: [workflow_completed], webhook: \"${HOOK}\"}, \
                {on: [workflow_started], webhook: \"${HOOK}\"}]";
    let summary = world.run(&coordinator, two);
    let found = letters(&coordinator);
    assert_eq!(found.len(), 1);
    let letter = &found[0];
    assert_eq!(letter.event, format!("{}:1", summary.run_id));
    assert_eq!((&*letter.handler, &*letter.event_type), ("notifications.1", "workflow_started"));
    assert_eq!((letter.status, letter.attempts), (LetterStatus::Pending, 1));
    assert_eq!(letter.next_at, Some(world.clock.now().plus(Duration::from_secs(60))));
    assert!(letter.error.contains("was refused"), "{}", letter.error);
    let bytes = world.bytes();
    for secret in ["s3cr3t", "hooks.example"] {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "`{secret}` is in the home");
    }
    let stats = coordinator.dead_letters().unwrap().1;
    assert_eq!((stats.pending, stats.recovered), (1, 0));
    let outcomes = coordinator.retry_dead_letters(Some(letter.id), &mut Unobserved).unwrap();
    assert_eq!(outcomes[&letter.id], Retried::Recovered);
    let mut kinds = world.post.kinds();
    kinds.sort();
    assert_eq!(kinds, ["workflow_completed", "workflow_started", "workflow_started"]);
    let (left, stats) = coordinator.dead_letters().unwrap();
    assert!(left.is_empty());
    assert_eq!((stats.pending, stats.recovered), (0, 1));
    let gone = coordinator.retry_dead_letters(Some(letter.id), &mut Unobserved).unwrap_err();
    assert!(matches!(gone, Error::UnknownLetter { .. }));
}

#[test]
fn dlq_05_after_five_tries_it_waits_for_a_person() {
    let world = World::new();
    let coordinator = world.coordinator();
    (0..6).for_each(|_| world.post.refuse("workflow_completed", "busy"));
    world.run(&coordinator, END);
    for attempt in 2..=5 {
        let id = letters(&coordinator)[0].id;
        let outcomes = coordinator.retry_dead_letters(Some(id), &mut Unobserved).unwrap();
        assert!(matches!(&outcomes[&id], Retried::Failed(why) if why.contains("busy")));
        assert_eq!(letters(&coordinator)[0].attempts, attempt);
    }
    let letter = letters(&coordinator).remove(0);
    assert_eq!((letter.status, letter.next_at), (LetterStatus::Abandoned, None));
    let unwell: Vec<(String, u32)> = {
        let system = coordinator.system().unwrap();
        system.unwell().map(|(name, count)| (name.to_owned(), count)).collect()
    };
    assert_eq!(unwell, [("notifications.0".to_owned(), 5)]);
    coordinator.retry_dead_letters(None, &mut Unobserved).unwrap();
    assert_eq!(letters(&coordinator)[0].status, LetterStatus::Abandoned, "still");
    coordinator.retry_dead_letters(None, &mut Unobserved).unwrap();
    assert!(letters(&coordinator).is_empty(), "a person may try as often as he likes");
}

#[test]
fn dlq_06_dropped_letters_are_gone_and_counted() {
    let world = World::new();
    let coordinator = world.coordinator();
    world.post.refuse("workflow_completed", "busy");
    world.run(&coordinator, END);
    assert_eq!(coordinator.drop_dead_letters(None, "me", &mut Unobserved).unwrap(), 1);
    let (left, stats) = coordinator.dead_letters().unwrap();
    assert!(left.is_empty());
    assert_eq!((stats.pending, stats.dropped, stats.recovered), (0, 1, 0));
}

/// A process that was killed between the record of an event and telling it left the event untold
/// for ever, because nobody remembered that it was owed.
#[test]
fn dlq_04_what_a_crash_left_untold_is_told_by_the_next_process() {
    let world = World::new();
    let start = "[{on: [workflow_started], webhook: \"${HOOK}\"}]";
    let first = world.coordinator();
    // It records the run and goes, as a process that is killed just then.
    let prepared = world.prepare(&first, start);
    let (run, _) = first.register(&prepared, &Request::default(), &mut Unobserved).unwrap();
    drop(first);
    assert!(world.post.sent().is_empty());
    let next = world.coordinator();
    world.run(&next, "[]");
    let sent = world.post.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].1["run"], run.as_str());
    assert!(next.system().unwrap().outboxes().is_empty());
    // Whoever takes the run up tells only what is new.
    next.resume(&run, None, &mut Unobserved).unwrap();
    assert_eq!(world.post.sent().len(), 1);
}

#[test]
fn a_run_that_is_taken_up_after_a_crash_tells_what_it_owes() {
    let world = World::new();
    let both = "[{on: [workflow_started, workflow_completed], webhook: \"${HOOK}\"}]";
    let coordinator = world.coordinator();
    let prepared = world.prepare(&coordinator, both);
    let (run, _) = coordinator.register(&prepared, &Request::default(), &mut Unobserved).unwrap();
    coordinator.resume(&run, None, &mut Unobserved).unwrap();
    assert_eq!(world.post.kinds(), ["workflow_started", "workflow_completed"]);
}

#[test]
fn an_address_that_was_written_out_is_missed_by_other_processes_and_said_so() {
    let world = World::new();
    let coordinator = world.coordinator();
    let literal = format!("[{{on: [workflow_started], webhook: \"{ADDRESS}\"}}]");
    let prepared = world.prepare(&coordinator, &literal);
    coordinator.register(&prepared, &Request::default(), &mut Unobserved).unwrap();
    world.run(&coordinator, "[]");
    assert!(world.post.sent().is_empty());
    let error = letters(&coordinator).remove(0).error;
    assert!(error.contains("use a variable as `${NAME}`"), "{error}");
}

/// A handler of the program that panics at the first event and counts its calls.
struct Clumsy(AtomicUsize);

impl Handler for Clumsy {
    fn name(&self) -> &str {
        "clumsy"
    }

    fn wants(&self, kind: &str) -> bool {
        kind == "workflow_completed"
    }

    fn handle(&self, _event: &Event) -> Result<(), HandlerError> {
        assert!(self.0.fetch_add(1, Ordering::SeqCst) > 0, "dropped it");
        Ok(())
    }
}

#[test]
fn dlq_07_a_panic_in_a_handler_of_the_program_is_a_dead_letter_and_no_more() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    let clumsy = Arc::new(Clumsy(AtomicUsize::new(0)));
    coordinator.register_handler(Arc::clone(&clumsy) as _);
    let summary = world.run(&coordinator, END);
    assert_eq!(summary.status.as_str(), "completed");
    assert_eq!(world.post.sent().len(), 1, "the other handler had it");
    let letter = letters(&coordinator).remove(0);
    assert_eq!(letter.error, "the handler panicked: dropped it");
    // A process without the handler leaves the letter alone.
    let other = world.coordinator().retry_dead_letters(None, &mut Unobserved).unwrap();
    assert!(matches!(other[&letter.id], Retried::Untried(_)));
    assert_eq!(letters(&coordinator)[0].attempts, 1);
    coordinator.retry_dead_letters(None, &mut Unobserved).unwrap();
    assert_eq!((clumsy.0.load(Ordering::SeqCst), world.post.sent().len()), (2, 1));
    assert!(letters(&coordinator).is_empty());
    assert!(coordinator.unregister_handler("clumsy") && !coordinator.unregister_handler("clumsy"));
    world.run(&coordinator, "[]");
    assert_eq!(clumsy.0.load(Ordering::SeqCst), 2);
}

/// Each run has a bus, the handlers of the program have one, and so does a run that a process
/// left behind.
#[test]
fn dlq_11_what_fails_on_any_bus_is_kept_and_recovered() {
    let world = World::new();
    let first = world.coordinator();
    let start = "[{on: [workflow_started], webhook: \"${HOOK}\"}]";
    let prepared = world.prepare(&first, start);
    let (left, _) = first.register(&prepared, &Request::default(), &mut Unobserved).unwrap();
    drop(first);
    let mut next = world.coordinator();
    next.register_handler(Arc::new(Clumsy(AtomicUsize::new(0))));
    world.post.refuse("workflow_started", "busy");
    world.post.refuse("workflow_completed", "busy");
    let run = world.run(&next, END).run_id;
    let mut found: Vec<(String, String)> =
        letters(&next).into_iter().map(|letter| (letter.event, letter.handler)).collect();
    found.sort();
    let end = next.run(&run.parse().unwrap()).unwrap().seq;
    let mut expected = [
        (format!("{left}:1"), "notifications.0".to_owned()),
        (format!("{run}:{end}"), "clumsy".to_owned()),
        (format!("{run}:{end}"), "notifications.0".to_owned()),
    ];
    expected.sort();
    assert_eq!(found, expected);
    let outcomes = next.retry_dead_letters(None, &mut Unobserved).unwrap();
    assert!(outcomes.values().all(|outcome| *outcome == Retried::Recovered), "{outcomes:?}");
    assert_eq!((outcomes.len(), letters(&next).len()), (3, 0));
}

#[test]
fn dlq_03_what_is_due_is_tried_again_while_a_run_is_driven() {
    let world = World::new();
    let mut coordinator = world.coordinator();
    world.post.refuse("workflow_completed", "busy");
    world.run(&coordinator, END);
    world.clock.advance(Duration::from_secs(60));
    let tried = world.post.watch();
    let (gate, begun, end) = Gate::shut();
    coordinator.register_task(gate);
    let prepared = world.prepare(&coordinator, "[]");
    std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            coordinator.execute(&prepared, &Request::default(), &mut Unobserved).unwrap()
        });
        begun.recv_timeout(LONG).unwrap();
        tried.recv_timeout(LONG).unwrap();
        end.send(()).unwrap();
        run.join().unwrap();
    });
    assert!(letters(&coordinator).is_empty());
    assert_eq!(coordinator.dead_letters().unwrap().1.recovered, 1);
}

#[test]
fn a_webhook_is_asked_over_the_network_and_can_tell_a_second_try() {
    let world = World::new();
    let server = Server::start(vec![Reply::of(503, &[], "later"), Reply::json(200, "{}")]);
    let host = server.host();
    let coordinator = Coordinator::at(world.home())
        .with_environment([("HOOK".into(), format!("http://{host}/s3cr3t"))].into_iter().collect());
    let hook = format!(
        "[{{on: [workflow_completed], webhook: \"${{HOOK}}\", allow_hosts: [\"{host}\"]}}]"
    );
    let prepared = world.prepare(&coordinator, &hook);
    let run = coordinator.execute(&prepared, &Request::default(), &mut Unobserved).unwrap().run_id;
    let letter = letters(&coordinator).remove(0);
    assert_eq!(letter.error, "cannot send to the webhook: it answered with status 503");
    let outcomes = coordinator.retry_dead_letters(None, &mut Unobserved).unwrap();
    assert_eq!(outcomes[&letter.id], Retried::Recovered);
    let asked = [(); 2].map(|()| server.asked.recv_timeout(LONG).unwrap());
    for one in &asked {
        assert_eq!(one.line, "POST /s3cr3t HTTP/1.1");
        let event: Event = serde_json::from_str(&one.body).unwrap();
        assert_eq!((event.run.as_str(), &*event.kind), (&*run, "workflow_completed"));
        assert_eq!(event.hash, event.expected_hash());
        let key = format!("{}/notifications.0", event.id);
        assert_eq!(one.header("idempotency-key"), Some(&*key));
    }
}

#[test]
fn a_webhook_on_a_private_network_must_be_allowed() {
    let world = World::new();
    let server = Server::start(vec![Reply::json(200, "{}")]);
    let address = server.url("/s3cr3t");
    let coordinator = Coordinator::at(world.home())
        .with_environment([("HOOK".into(), address)].into_iter().collect());
    let prepared = world.prepare(&coordinator, END);
    coordinator.execute(&prepared, &Request::default(), &mut Unobserved).unwrap();
    let error = letters(&coordinator).remove(0).error;
    assert!(error.contains("is not allowed"), "{error}");
    assert!(server.asked.try_recv().is_err(), "nothing was sent");
}
