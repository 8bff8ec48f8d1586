//! Workflow files from templates: each is valid and runs as it is.

use dirigent::templates::TEMPLATES;

use crate::world::{World, root};

#[test]
fn fut_05_every_template_is_valid_and_runs_as_it_is() {
    for template in TEMPLATES {
        let world = World::new();
        let written = world.json(&["new", template.name]);
        let file = written["file"].as_str().unwrap();
        assert_eq!(file, format!("{}.yaml", template.name));
        let answer = world.run(&["validate", file]);
        assert_eq!(answer.code, 0, "{answer:?}");
        // Only what is spelled out for completeness may be without effect.
        let is_quiet = answer.stderr.is_empty() || template.name == "reproducible";
        assert!(is_quiet, "{answer:?}");
        let summary = world.json(&["run", file]);
        assert_eq!(summary["status"], "completed", "{summary}");
        assert_eq!(summary["name"], template.name);
        assert_eq!(world.json(&["verify", "last"])["equal"], true, "{}", template.name);
        if summary["type"] == "backtest" {
            assert!(summary["result"]["metrics"]["trades"].as_u64() > Some(5), "{summary}");
        }
    }
}

#[test]
fn the_search_of_the_multi_phase_template_reaches_its_judgement() {
    let world = World::new();
    world.json(&["new", "multi-phase"]);
    let summary = world.json(&["run", "multi-phase.yaml"]);
    let outputs = |phase: usize| &summary["phases"][phase]["outputs"];
    let trials: Vec<u64> =
        outputs(0)["trial"].as_array().unwrap().iter().map(|x| x.as_u64().unwrap()).collect();
    let best = outputs(0)["best_params"].clone();
    assert_eq!(best["score"], *trials.iter().max().unwrap());
    assert_eq!(trials[usize::try_from(best["trial"].as_u64().unwrap()).unwrap()], best["score"]);
    let verdict = &outputs(2)["verdict"];
    let trades = summary["result"]["simulation"]["metrics"]["trades"].as_f64();
    assert_eq!((&verdict["best"], verdict["trades"].as_f64()), (&best, trades));
}

#[test]
fn the_backtest_templates_take_prices_as_their_comments_say() {
    let data = root().join("examples/data/daily/{symbol}.csv");
    let path = format!("data.path={}", data.display());
    for (template, symbols) in [("backtest", "[IBM]"), ("rules", "[IBM, MSFT]")] {
        let world = World::new();
        let file = format!("{template}.yaml");
        world.json(&["new", template]);
        let symbols = format!("data.symbols={symbols}");
        let set = ["--set", "data.source=csv", "--set", &path, "--set", &symbols];
        let summary = world.json(&[&["run", &file], &set[..]].concat());
        assert!(summary["result"]["bars"].as_u64() > Some(3_000), "{summary}");
    }
}

#[test]
fn a_file_that_exists_is_replaced_only_on_purpose() {
    let world = World::new();
    let file = world.file("mine.yaml", "precious");
    let answer = world.run(&["new", "tasks", &file]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.stderr.contains("exists already") && answer.stderr.contains("--force"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
    assert_eq!(world.run(&["new", "tasks", &file, "--force"]).code, 0);
    assert!(std::fs::read_to_string(&file).unwrap().contains(&format!("dirigent run {file}")));
    assert!(!world.home().exists(), "a file was asked for, not a home");
}

#[test]
fn templates_are_listed_and_misspelled_ones_suggested() {
    let world = World::new();
    let listed = world.run(&["new", "--list"]);
    assert_eq!(world.run(&["new"]).stdout, listed.stdout);
    assert_eq!(listed.stdout.lines().count(), TEMPLATES.len());
    let answer = world.run(&["new", "taks"]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.stderr.contains("did you mean `tasks`?"), "{answer:?}");
    let answer = world.run(&["new", "tasks", "no/such/folder.yaml"]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.stderr.contains("cannot write `no/such/folder.yaml`"), "{answer:?}");
}
