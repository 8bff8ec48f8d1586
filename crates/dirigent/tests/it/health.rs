//! Health: what is well, what is not, and that the words follow the numbers.

use dirigent::{
    Request,
    coordinator::Unobserved,
    health::{Health, Status},
};

use crate::world::World;

const END: &str = "[{on: [workflow_completed], webhook: \"${HOOK}\"}]";

#[track_caller]
fn status(health: &Health, part: &str) -> Status {
    health.coordinators[part].status
}

#[test]
fn dmn_06_a_home_that_works_is_healthy_and_the_document_has_these_keys() {
    let world = World::new();
    let coordinator = world.coordinator();
    for _ in 0..2 {
        let health = coordinator.health();
        assert!(health.issues.is_empty(), "{:?}", health.issues);
        assert!((health.overall_health - 1.0).abs() < 1e-12);
        assert_eq!(health.status, Status::Healthy);
        let document = serde_json::to_value(&health).unwrap();
        let keys: Vec<&String> = document.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["overall_health", "status", "coordinators", "issues", "handler_health"]);
        assert_eq!(document["handler_health"]["success_rate"], 1.0);
        world.run(&coordinator, END);
    }
}

#[test]
fn looking_at_a_home_that_was_never_used_makes_none() {
    let world = World::new();
    assert_eq!(world.coordinator().health().status, Status::Healthy);
    assert!(!world.home().root().exists());
}

#[test]
fn dead_letters_lower_the_score_and_name_the_way_out() {
    let world = World::new();
    let coordinator = world.coordinator();
    world.post.refuse("workflow_completed", "busy");
    (0..3).for_each(|_| drop(world.run(&coordinator, END)));
    let health = coordinator.health();
    assert_eq!(status(&health, "dead_letters"), Status::Degraded);
    assert_eq!(health.issues, ["dead_letters: 1 pending"]);
    assert!(health.overall_health < 1.0);
    let recovery = health.coordinators["dead_letters"].recovery.as_ref().unwrap();
    assert!(recovery.contains("dirigent dead-letters retry"), "{recovery}");
    let rate = health.handler_health.deliveries.success_rate;
    assert!((rate - 2.0 / 3.0).abs() < 1e-12, "{rate}");
    coordinator.retry_dead_letters(None, &mut Unobserved).unwrap();
    assert!(coordinator.health().issues.is_empty());
}

#[test]
fn dlq_09_a_handler_that_fails_five_times_in_a_row_is_degraded() {
    let world = World::new();
    let coordinator = world.coordinator();
    for round in 1..=5 {
        world.post.refuse("workflow_completed", "busy");
        world.run(&coordinator, END);
        let expected = if round < 5 { Status::Healthy } else { Status::Degraded };
        assert_eq!(status(&coordinator.health(), "handlers"), expected, "round {round}");
    }
    world.run(&coordinator, END);
    assert_eq!(status(&coordinator.health(), "handlers"), Status::Healthy, "one success");
}

#[test]
fn a_halt_is_an_issue() {
    let world = World::new();
    let coordinator = world.coordinator();
    coordinator.halt("ann", "smoke").unwrap();
    let health = coordinator.health();
    assert!(health.is_halted());
    assert!(health.issues[0].starts_with("halt: halted by ann since"), "{:?}", health.issues);
    coordinator.lift("ann").unwrap();
    assert!(!coordinator.health().is_halted());
}

#[test]
fn a_journal_that_cannot_be_believed_is_unhealthy() {
    let world = World::new();
    let coordinator = world.coordinator();
    world.run(&coordinator, "[]");
    let path = world.home().journal_path();
    let mut bytes = std::fs::read(&path).unwrap();
    let key = b"\"final_equity\":";
    let places: Vec<usize> =
        (0..bytes.len() - key.len()).filter(|at| bytes[*at..].starts_with(key)).collect();
    assert!(!places.is_empty());
    places.into_iter().for_each(|at| bytes[at + key.len()] ^= 1);
    std::fs::write(&path, bytes).unwrap();
    let health = coordinator.health();
    assert_eq!((health.status, status(&health, "journal")), (Status::Unhealthy, Status::Unhealthy));
}

#[test]
fn dmn_13_a_store_that_cannot_be_written_is_unhealthy() {
    let world = World::new();
    let coordinator = world.coordinator();
    std::fs::create_dir_all(world.home().root()).unwrap();
    std::fs::write(world.home().root().join("artifacts"), "no folder").unwrap();
    let health = coordinator.health();
    assert_eq!(health.status, Status::Unhealthy);
    assert!(health.issues[0].starts_with("artifacts: cannot write"), "{:?}", health.issues);
}

#[test]
fn dmn_14_a_start_that_fails_closes_what_it_had_opened() {
    let world = World::new();
    let coordinator = world.coordinator();
    let artifacts = world.home().root().join("artifacts");
    std::fs::create_dir_all(world.home().root()).unwrap();
    std::fs::write(&artifacts, "no folder").unwrap();
    let prepared = world.prepare(&coordinator, "[]");
    let request = Request::default();
    let error = coordinator.execute(&prepared, &request, &mut Unobserved).unwrap_err();
    assert!(error.to_string().contains("cannot write"), "{error}");
    // The journal was open by then.
    assert!(world.home().journal_path().is_file() && !world.home().is_in_use());
    assert!(coordinator.active().is_empty() && coordinator.runs(9).unwrap().is_empty());
    assert_eq!(coordinator.health().status, Status::Unhealthy);
    std::fs::remove_file(artifacts).unwrap();
    assert_eq!(world.coordinator().health().status, Status::Healthy);
    assert!(world.run(&world.coordinator(), "[]").status.is_success());
}
