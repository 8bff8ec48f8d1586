//! `dirigent data`: files of prices, as their owner looks at them before a run.

use crate::world::{World, root};

const WRONG: &str = "date,open,high,low,close,volume\n\
                     2024-01-02,10,11,9,10,100\n\
                     2024-01-03,10,9,11,10,100\n\
                     2024-03-04,10,11,9,10,100\n";

#[test]
fn wrong_rows_are_refused_with_their_numbers() {
    let world = World::new();
    let file = world.file("wrong.csv", WRONG);
    let answer = world.run(&["data", "check", &file, "--timeframe", "1d"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(answer.stdout.contains("       3  wrong: crossed prices: column `high`"), "{answer:?}");
    assert!(answer.stdout.contains("       4  gap: "), "{answer:?}");
    assert!(answer.stdout.lines().skip(1).all(|line| line.chars().count() <= 80), "{answer:?}");
    let answer = world.run(&["--output", "json", "data", "check", &file, "--timeframe", "1d"]);
    let found: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((answer.code, &found["ok"]), (1, &false.into()));
    assert_eq!(found["files"][0]["report"]["examples"][0]["row"], 3);
    assert_eq!(found["files"][0]["symbols"][0]["gaps"]["largest"][0]["bars_missing"], 43);
}

#[test]
fn good_files_pass_and_are_drawn() {
    let world = World::new();
    let [apple, ibm] = ["AAPL", "IBM"]
        .map(|name| root().join(format!("examples/data/daily/{name}.csv")).display().to_string());
    let page = world.path().join("page.html");
    let answer =
        world.run(&["data", "check", &apple, &ibm, "--html", page.to_str().unwrap(), "--quiet"]);
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""), "{answer:?}");
    let page = std::fs::read_to_string(page).unwrap();
    assert_eq!(page.matches("<svg").count(), 2);
    assert!(page.contains("<td>150</td><td>outlying return</td>"), "{}", page.len());
    assert!(!page.contains("<script") && !page.contains("src="));
}

#[test]
fn a_file_that_cannot_be_read_is_bad_usage() {
    let world = World::new();
    let answer = world.run(&["data", "check", "nowhere.csv"]);
    assert_eq!(answer.code, 2, "{answer:?}");
    assert!(answer.stderr.contains("nowhere.csv") && answer.stderr.contains("hint:"), "{answer:?}");
    let file = world.file("wrong.csv", WRONG);
    for option in [["--timeframe", "1y"], ["--column", "close"], ["--sigmas", "0"]] {
        let answer = world.run(&[&["data", "check", &file][..], &option].concat());
        assert_eq!(answer.code, 2, "{answer:?}");
    }
}
