//! Weights of a portfolio and their limits, as a user meets them.

use crate::{docs::files, world::World};

/// The start of a file of an allocation over A and B, with more below `data`, and these params.
fn text(data: &str, params: &str) -> String {
    format!(
        "workflow: {{type: backtest}}\n\
         data: {{source: synthetic, symbols: [A, B.X], synthetic: {{bars: 400}}{data}}}\n\
         strategy: {{type: allocation, params: {{{params}}}}}\n"
    )
}

const SECTORS: &str = ", sectors: {A: metals, B.X: grains}";

#[test]
fn limits_that_cannot_be_kept_are_refused_with_their_place() {
    let world = World::new();
    let refuse = |data: &str, params: &str, expected: &str, place: &str| {
        let answer = world.run(&["validate", &world.file("w.yaml", text(data, params))]);
        assert_eq!(answer.code, 2, "{answer:?}");
        for expected in [expected, place] {
            assert!(answer.stderr.contains(expected), "{expected}\n{}", answer.stderr);
        }
    };
    let limit = "max_sector_weight: 0.6";
    refuse("", limit, "limits sectors, and `data.sectors` names none", "w.yaml:3:");
    refuse(", sectors: {A: metals}", limit, "`data.sectors` has no sector for `B.X`", "w.yaml:2:");
    let typo = ", sectors: {A: metals, B.Y: grains}";
    refuse(typo, "cash: 0", "`data.sectors.B.Y` is none of `data.symbols`", "mean `B.X`?");
    refuse(", sectors: {A: ' '}", "cash: 0", "`A` has no sector", "w.yaml:2:");
    refuse(SECTORS, "max_sector_weight: 1.5", "cannot be `1.5`", "w.yaml:3:");
    refuse(SECTORS, "max_turnover: 0", "cannot be `0`", "from 0.001 to 1");
    refuse(SECTORS, "fraction: 2", "cannot be `2`", "from 0.01 to 1");
    refuse(SECTORS, "method: kely", "cannot be `\"kely\"`", "`kelly`");
    let search = "workflow: {type: optimization, optimization_config: \
                  {parameters: {max_sector_weight: [0.5, 0.6]}}}";
    let searched = text("", "").replace("workflow: {type: backtest}", search);
    let answer = world.run(&["validate", &world.file("search.yaml", searched)]);
    assert!(answer.stderr.contains("`data.sectors` names none"), "{answer:?}");
}

#[test]
fn limits_that_leave_money_in_cash_are_told() {
    let world = World::new();
    let warned = |data: &str, params: &str| {
        let answer = world.run(&["validate", &world.file("w.yaml", text(data, params))]);
        assert_eq!(answer.code, 0, "{answer:?}");
        answer.stderr
    };
    let cash = "let at most 80.0 % be invested";
    assert!(warned("", "max_weight: 0.4").contains(cash));
    let found = warned(SECTORS, "max_sector_weight: 0.4");
    assert!(found.contains(cash) && found.contains("w.yaml:3:"), "{found}");
    assert_eq!(warned(SECTORS, "max_weight: 0.5, max_sector_weight: 0.5"), "");
    assert_eq!(warned("", "max_weight: 0.4, method: kelly"), "", "it holds cash by itself");
    let found = warned("", "covariance: sample, lookback: 2");
    assert!(found.contains("of 2 symbols from 2 returns is singular"), "{found}");
    assert_eq!(warned("", "covariance: sample, lookback: 2, method: equal"), "");
}

#[test]
fn a_limit_of_weights_shows_in_what_is_invested() {
    let world = World::new();
    let exposure = |params: &str| {
        let text = text(SECTORS, &format!("lookback: 20, method: equal, {params}"));
        let summary = world.json(&["run", &world.file("w.yaml", text)]);
        summary["result"]["open_positions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|position| position["value"].as_f64().unwrap())
            .sum::<f64>()
            / summary["result"]["final_equity"].as_f64().unwrap()
    };
    assert!(exposure("max_weight: 1") > 0.95);
    let half = exposure("max_sector_weight: 0.25");
    assert!((0.4..0.6).contains(&half), "{half}");
}

#[test]
fn the_file_of_the_page_about_weights_runs() {
    let world = World::new();
    let files = files("docs/concepts/allocation.md");
    assert_eq!(files.len(), 1, "{files:?}");
    world.file(&files[0].0, &files[0].1);
    let run = world.json(&["run", "weights.yaml", "--prove-causal"]);
    assert_eq!(run["result"]["causality"]["prefixes"], 20, "{run}");
    assert_eq!(world.json(&["verify", "last"])["equal"], true);
}
