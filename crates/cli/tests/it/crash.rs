//! Runs that are killed, stopped and cancelled, and what becomes of them.

use std::io::{BufRead, BufReader};

use dirigent_core::Seed;

use crate::world::{Answer, World, synthetic};

/// How many times a run is killed here; `bench/run_kills.py` does it hundreds of times.
const KILLS: usize = 12;

#[test]
fn jrn_02_12_a_run_that_is_killed_at_any_moment_ends_with_the_same_digest() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(20_000));
    let expected = World::new().digest(&[&file]);
    let mut dice = Seed::master(7).stream();
    let mut killed = 0;
    for round in 0..KILLS {
        let key = format!("round-{}", round / 3);
        let arguments = ["--output", "json", "run", &file, "--correlation-id", &key];
        let mut child = world.spawn(&arguments);
        // The moment is drawn, not slept for: after that many events the process is killed.
        let after = dice.next_u64() % 16;
        wait_for_events(&world, &key, after, &mut child);
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().code().is_none());
        if round % 3 == 2 {
            let summary = world.json(&["run", &file, "--correlation-id", &key]);
            assert_eq!(summary["digest"], expected.as_str(), "{key}");
        }
    }
    assert!(killed > 0, "every run had ended before it was killed");
    assert!(world.json(&["runs"]).as_array().unwrap().iter().all(|run| run["digest"] == expected));
}

/// Returns once the journal holds `count` events of the run with this key, or the run has ended.
fn wait_for_events(world: &World, key: &str, count: u64, child: &mut std::process::Child) {
    while child.try_wait().unwrap().is_none() {
        let answer = world.run(&["--output", "json", "events", key]);
        let events: Vec<serde_json::Value> =
            serde_json::from_str(&answer.stdout).unwrap_or_default();
        if events.len() as u64 >= count {
            return;
        }
    }
}

#[test]
fn dmn_16_a_terminated_run_is_interrupted_and_resumes() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(1_500_000));
    let mut child = world.spawn(&["run", &file, "--correlation-id", "x"]);
    wait_for_events(&world, "x", 6, &mut child);
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let answer = Answer::of(child.wait_with_output().unwrap());
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(answer.stderr.contains("dirigent resume run_"), "{answer:?}");
    assert_eq!(world.json(&["show", "x"])["status"], "interrupted");
    let summary = world.json(&["resume", "x"]);
    assert_eq!((&summary["status"], &summary["attempt"]), (&"completed".into(), &2.into()));
}

#[test]
fn tsk_09_30_tasks_of_a_killed_process_are_still_listed_and_begin_again() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(800_000));
    let mut child = world.spawn(&["run", &file, "--correlation-id", "x"]);
    wait_for_events(&world, "x", 6, &mut child);
    assert_eq!(world.json(&["show", "x"])["status"], "running", "its process lives");
    child.kill().unwrap();
    child.wait().unwrap();
    let left = world.json(&["show", "x"]);
    let tasks = &left["phases"][0]["tasks"];
    assert_eq!((&left["status"], &tasks["running"]), (&"interrupted".into(), &1.into()), "{left}");
    assert_eq!(world.json(&["runs"])[0]["run_id"], left["run_id"]);
    let summary = world.json(&["resume", "x"]);
    assert_eq!(summary["status"], "completed");
    let of = |kind: &str| world.json(&["events", "x", "--type", kind]);
    let orphans = of("task_orphaned");
    assert_eq!(orphans.as_array().unwrap().len(), 1, "{orphans}");
    let started = of("task_started");
    let orphan = &orphans[0]["payload"]["task"];
    let starts = started.as_array().unwrap().iter().filter(|e| e["payload"]["task"] == *orphan);
    assert_eq!(starts.count(), 2, "{started}");
}

#[test]
fn a_cancelled_run_stops_and_stays_cancelled() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(1_500_000));
    let mut child = world.spawn(&["run", &file, "--correlation-id", "x"]);
    wait_for_events(&world, "x", 6, &mut child);
    assert_eq!(world.run(&["cancel", "x"]).code, 0);
    let answer = Answer::of(child.wait_with_output().unwrap());
    assert_eq!(answer.code, 1, "{answer:?}");
    assert_eq!(world.json(&["show", "x"])["status"], "cancelled");
    assert!(world.run(&["cancel", "x"]).stdout.contains("had ended before: cancelled"));
}

#[test]
fn jrn_10_a_run_over_its_time_limit_times_out() {
    let world = World::new();
    let text =
        synthetic(3_000_000).replace("{type: backtest}", "{type: backtest, timeout_seconds: 1}");
    let answer = world.run(&["--output", "json", "run", &world.file("w.yaml", text)]);
    let summary: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((answer.code, &summary["status"]), (1, &"timeout".into()), "{answer:?}");
}

#[test]
fn two_runs_on_one_home_take_turns_and_say_so() {
    let world = World::new();
    let long = world.file("long.yaml", synthetic(800_000));
    let short = world.file("short.yaml", synthetic(1_000));
    let mut first = world.spawn(&["run", &long, "--correlation-id", "first"]);
    wait_for_events(&world, "first", 2, &mut first);
    let mut second = world.spawn(&["run", &short]);
    let mut note = String::new();
    BufReader::new(second.stderr.take().unwrap()).read_line(&mut note).unwrap();
    assert!(note.contains("in use by") && note.contains("made-up"), "{note}");
    assert!(first.wait().unwrap().success());
    assert!(second.wait().unwrap().success());
    assert_eq!(world.json(&["runs"]).as_array().unwrap().len(), 2);
}

#[test]
fn events_are_followed_to_the_end() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(50_000));
    let id = world.run(&["run", &file, "--detach"]).stdout.trim().to_owned();
    let answer = world.run(&["events", &id, "--follow"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let last = answer.stdout.lines().last().unwrap();
    assert!(last.contains("workflow_completed"), "{answer:?}");
    assert_eq!(world.json(&["show", &id])["status"], "completed");
}

/// A run `x` that was killed, its workflow file, and where a request to cancel it lies that somebody
/// left while another process had the home.
fn killed_run_with_request(world: &World) -> (String, std::path::PathBuf) {
    let file = world.file("w.yaml", synthetic(400_000));
    let mut child = world.spawn(&["run", &file, "--correlation-id", "x"]);
    wait_for_events(world, "x", 6, &mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    let id = world.json(&["show", "x"])["run_id"].as_str().unwrap().to_owned();
    let request = world.home().join("control").join(format!("{id}.cancel"));
    world.file(request.to_str().unwrap(), "a test");
    (file, request)
}

#[test]
fn a_request_to_cancel_goes_stale_when_the_run_is_asked_for_again() {
    let world = World::new();
    let (file, request) = killed_run_with_request(&world);
    let summary = world.json(&["run", &file, "--correlation-id", "x"]);
    assert_eq!(summary["status"], "completed");
    assert!(!request.exists());
}

#[test]
fn a_request_to_cancel_another_run_is_served_by_whoever_has_the_home() {
    let world = World::new();
    let (_, request) = killed_run_with_request(&world);
    world.json(&["run", &world.file("other.yaml", synthetic(1_000))]);
    assert_eq!(world.json(&["show", "x"])["status"], "cancelled");
    assert!(!request.exists());
}

/// What a guided search was told before the kill is not tried again.
#[test]
fn opt_02_a_guided_search_that_is_killed_goes_on_from_what_it_kept() {
    let search = "optimization_config: {algorithm: genetic, trials: 20000, \
                  parameters: {fast: {min: 2, max: 60}, slow: {min: 70, max: 900}}}";
    let text = format!(
        "name: search\nworkflow: {{type: optimization, {search}}}\n\
         coordinator: {{fault_tolerance: {{checkpoint_interval: 0.001}}}}\n\
         data: {{source: synthetic, symbols: [AAA], timeframe: 1d, synthetic: {{bars: 2000}}}}\n\
         strategy: {{type: sma_crossover}}\n"
    );
    let world = World::new();
    let file = world.file("search.yaml", text);
    let expected = World::new().digest(&[&file]);
    let mut child = world.spawn(&["run", &file, "--correlation-id", "x"]);
    let kept = || {
        let answer = world.run(&["--output", "json", "events", "x"]);
        let events: Vec<serde_json::Value> =
            serde_json::from_str(&answer.stdout).unwrap_or_default();
        let saved = events.iter().filter(|event| event["type"] == "checkpoint_saved");
        saved.map(|event| event["payload"]["state"]["trials"].as_array().unwrap().len()).collect()
    };
    let mut before: Vec<usize> = Vec::new();
    while before.len() < 4 && child.try_wait().unwrap().is_none() {
        before = kept();
    }
    child.kill().unwrap();
    assert!(child.wait().unwrap().code().is_none(), "it had ended before it was killed");
    before = kept();
    let summary = world.json(&["run", &file, "--correlation-id", "x"]);
    assert_eq!(summary["digest"], expected.as_str());
    let after = kept();
    assert!(after.len() > before.len(), "{before:?} {after:?}");
    assert!(after.windows(2).all(|pair| pair[0] < pair[1]), "begun anew: {before:?} {after:?}");
}
