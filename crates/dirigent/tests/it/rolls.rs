//! Contracts of a file are traded as one series, and a position that goes over pays for it.

use std::fmt::Write as _;

use dirigent::{Request, Summary, coordinator::Unobserved};

use crate::world::World;

/// Two contracts, the second ten above the first; volume moves over on the fifth day, open interest
/// on the seventh.
fn world() -> World {
    let world = World::new();
    for (name, above, days) in [("XH", 0, 1..=8), ("XM", 10, 3..=12)] {
        let mut text = String::from("date,open,high,low,close,volume,open_interest\n");
        for day in days {
            let (open, is_first) = (100 + above + day, above == 0);
            let volume = if (day < 5) == is_first { 900 } else { 100 };
            let interest = if (day < 7) == is_first { 900 } else { 100 };
            let (high, low, close) = (open + 2, open - 1, open + 1);
            writeln!(text, "2024-01-{day:02},{open},{high},{low},{close},{volume},{interest}")
                .unwrap();
        }
        world.write(&format!("{name}.csv"), &text);
    }
    world
}

fn file(roll: &str) -> String {
    format!(
        "
workflow: {{type: backtest}}
strategy: {{type: buy_and_hold}}
data: {{path: '{{symbol}}.csv', symbols: [X], roll: {{X: {{contracts: [XH, XM, XU], {roll}}}}}}}
portfolio: {{initial_cash: 10000, sizing: {{type: fixed_quantity, quantity: 10}}}}
execution: {{commission: {{type: per_share, value: 0.5}}}}
"
    )
}

fn run(world: &World, roll: &str) -> (Summary, String) {
    let coordinator = world.coordinator();
    let text = file(roll).replace(", XU", "");
    let prepared = world.prepare_text(&coordinator, &text).unwrap();
    let summary = coordinator.execute(&prepared, &Request::default(), &mut Unobserved).unwrap();
    let folder = world.home().run_folder(&summary.run_id.parse().unwrap());
    (summary, std::fs::read_to_string(folder.join("flows.csv")).unwrap_or_default())
}

/// Bought at the open of day 2 (102), held to the close of day 12 (123): four days and a bit in the
/// first contract, 106 − 102, the rest in the second, 123 − 116: 11 for each of ten units, less 5 to
/// buy, and 10 to roll.
#[test]
fn a_series_of_contracts_is_traded_and_recorded() {
    let world = world();
    let (summary, flows) = run(&world, "by: volume");
    assert_eq!(summary.result["final_equity"], 10_000.0 + 110.0 - 5.0 - 10.0);
    let rolls = serde_json::json!([{
        "symbol": "X", "time": "2024-01-06T00:00:00Z", "from": "XH", "to": "XM",
        "sold": 106.0, "bought": 116.0,
    }]);
    assert_eq!(summary.result["rolls"], rolls);
    assert_eq!(
        flows,
        "timestamp,symbol,what,per_unit,units,amount\n2024-01-06,X,roll,116,10,-10\n"
    );
    let again = world.coordinator().verify(&summary.run_id.parse().unwrap(), &mut Unobserved);
    assert!(again.unwrap().equal);
    // Unadjusted, the ten points between the contracts are a gain that nobody made.
    let (jumps, _) = run(&world, "by: volume, adjust: none");
    assert_eq!(jumps.result["final_equity"], 10_000.0 + 210.0 - 5.0 - 10.0);
}

#[test]
fn the_rule_of_the_file_says_when() {
    let world = world();
    let day = |roll: &str| {
        let (summary, _) = run(&world, roll);
        summary.result["rolls"][0]["time"].as_str().unwrap()[8..10].to_owned()
    };
    assert_eq!(day("by: open_interest"), "08");
    assert_eq!(day("by: dates, dates: [2024-01-04]"), "04");
    let expiries = "expiries: [2024-01-09, 2024-04-09]";
    assert_eq!(day(&format!("by: expiry, days_before_expiry: 2, {expiries}")), "07");
    assert_eq!(day(&format!("by: expiry, {expiries}")), "04");
}

#[test]
fn rules_that_do_not_fit_are_refused_with_their_place() {
    let world = world();
    world.write("XU.csv", "date,close\n2024-04-01,1\n");
    #[track_caller]
    fn refuse(world: &World, roll: &str, says: &str) {
        let refused = world.prepare_text(&world.coordinator(), &file(roll));
        let text = refused.unwrap_err().to_string();
        assert!(text.contains(says), "{text}");
    }
    refuse(
        &world,
        "by: dates, dates: [2024-01-04]",
        "`data.roll.X.dates` has 1 days for 3 contracts",
    );
    let falling = "by: dates, dates: [2024-01-04, 2024-01-03]";
    refuse(&world, falling, "the days of `data.roll.X.dates` do not rise");
    refuse(&world, "dates: [2024-01-04]", "`data.roll.X.dates` belongs to `by: dates`");
    refuse(&world, "by: oi", "oi");
    let other = file("by: volume").replace("roll: {X:", "roll: {Y:");
    let text = world.prepare_text(&world.coordinator(), &other).unwrap_err().to_string();
    assert!(text.contains("`data.roll.Y` is none of `data.symbols`"), "{text}");
}
