//! What the home promises: idempotency, comparison, and clear words when it is damaged.

use crate::world::{World, root, synthetic};

#[test]
fn evt_27_the_same_correlation_id_returns_the_stored_result() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(1_000));
    let first = world.json(&["run", &file, "--correlation-id", "once"]);
    let again = world.json(&["run", &file, "--correlation-id", "once"]);
    assert_eq!(first["run_id"], again["run_id"]);
    assert_eq!(first["finished_at"], again["finished_at"]);
    assert_eq!(world.json(&["runs"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_correlation_id_of_another_configuration_is_refused() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(1_000));
    world.json(&["run", &file, "--correlation-id", "once"]);
    let set = "strategy.params.fast=7";
    let answer = world.run(&["run", &file, "--correlation-id", "once", "--set", set]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.stderr.contains("belongs to run `run_"), "{answer:?}");
}

#[test]
fn diff_names_what_changed() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(1_000));
    world.json(&["run", &file, "--correlation-id", "a"]);
    world.json(&["run", &file, "--correlation-id", "b", "--set", "strategy.params.fast=7"]);
    let answer = world.run(&["diff", "a", "b"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(answer.stdout.contains("strategy.params.fast"), "{answer:?}");
    assert_eq!(world.run(&["diff", "a", "a"]).stdout, "no difference\n");
}

#[test]
fn changed_data_is_noticed() {
    let world = World::new();
    let data = std::fs::read_to_string(root().join("examples/data/daily/FB.csv")).unwrap();
    world.file("FB.csv", &data);
    let file = world.file(
        "w.yaml",
        "workflow: {type: backtest}\ndata: {path: FB.csv, symbols: [FB]}\n\
         strategy: {type: buy_and_hold}\n",
    );
    world.json(&["run", &file]);
    let shorter: Vec<&str> = data.lines().take(100).collect();
    world.file("FB.csv", shorter.join("\n"));
    let answer = world.run(&["verify", "last"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(answer.stdout.contains("load_data"), "{answer:?}");
}

#[test]
fn a_damaged_journal_is_refused_with_its_place() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(1_000));
    world.json(&["run", &file]);
    let path = world.home().join("dirigent.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[..100].fill(0);
    bytes[middle..middle + 64].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let answer = world.run(&["run", &file]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.stderr.contains("dirigent.db"), "{answer:?}");
    assert!(answer.stderr.contains("hint:"), "{answer:?}");
}

#[test]
fn an_empty_home_says_how_to_begin() {
    let world = World::new();
    for command in ["show", "events", "verify", "cancel", "resume"] {
        let answer = world.run(&[command, "last"]);
        assert_eq!(answer.code, 2, "{answer:?}");
        assert!(answer.stderr.contains("dirigent run FILE"), "{answer:?}");
    }
    assert!(!world.home().exists(), "looking made a folder");
}

#[test]
fn a_known_correlation_id_is_known_in_the_background_too() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(1_000));
    world.json(&["run", &file, "--correlation-id", "once"]);
    let other = ["--set", "strategy.params.fast=7"];
    let again = ["run", &file, "--correlation-id", "once", "--detach"];
    assert_eq!(world.run(&[&again[..], &other].concat()).code, 2);
    assert_eq!(world.json(&again)["status"], "completed");
}

#[test]
fn files_that_were_lost_or_changed_are_not_passed_off_as_the_result() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(1_000));
    let summary = world.json(&["run", &file, "--correlation-id", "once"]);
    let folder = world.home().join("runs").join(summary["run_id"].as_str().unwrap());
    std::fs::remove_dir_all(&folder).unwrap();
    world.json(&["run", &file, "--correlation-id", "once"]);
    assert!(folder.join("trades.csv").is_file(), "the files appear again");
    std::fs::remove_dir_all(world.home().join("artifacts")).unwrap();
    let answer = world.run(&["run", &file, "--correlation-id", "once"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(answer.stderr.contains("`trades.csv` of run `run_"), "{answer:?}");
}

#[test]
fn jrn_08_a_changed_record_is_not_believed() {
    let world = World::new();
    let file = world.file("w.yaml", synthetic(1_000));
    world.json(&["run", &file]);
    let path = world.home().join("dirigent.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let key = b"\"final_equity\":";
    let places: Vec<usize> = (0..bytes.len() - key.len())
        .filter(|at| bytes[*at..].starts_with(key))
        .map(|at| at + key.len())
        .collect();
    assert!(!places.is_empty());
    places.into_iter().for_each(|at| bytes[at] = if bytes[at] == b'9' { b'1' } else { b'9' });
    std::fs::write(&path, bytes).unwrap();
    for command in ["show", "verify", "resume"] {
        let answer = world.run(&[command, "last"]);
        assert_eq!(answer.code, 2, "{command}: {answer:?}");
        assert!(answer.stderr.contains("damaged"), "{command}: {answer:?}");
    }
}

#[test]
fn a_portfolio_of_many_symbols_ends_and_resumes() {
    let world = World::new();
    let symbols: Vec<String> = (0..600).map(|i| format!("SYMBOL{i}")).collect();
    let text = synthetic(60).replace("AAA, BBB", &symbols.join(", "));
    let file = world.file("w.yaml", text);
    let summary = world.json(&["run", &file, "--correlation-id", "many"]);
    assert_eq!(summary["result"]["symbols"].as_array().unwrap().len(), 600);
    assert_eq!(world.json(&["verify", "many"])["equal"], true);
}
