//! What a file says of corporate actions, contracts and interest is what becomes of the money.

use dirigent::{Request, Summary, coordinator::Unobserved};

use crate::world::World;

const PRICES: &str = "date,open,high,low,close,volume
2024-01-02,100,100,100,100,1000
2024-01-03,100,100,100,100,1000
2024-01-04,50,50,50,50,1000
2024-01-05,50,50,50,50,1000
";
const ACTIONS: &str = "symbol,date,action,value
IT,2024-01-04,split,2
IT,2024-01-05,dividend,0.5
OTHER,2024-01-04,split,3
";
const BACKTEST: &str = "
workflow: {type: backtest}
strategy: {type: buy_and_hold}
benchmark: IT
";

fn world() -> World {
    let world = World::new();
    world.write("IT.csv", PRICES);
    world.write("actions.csv", ACTIONS);
    world
}

pub(crate) fn run(world: &World, settings: &str) -> (Summary, String) {
    let coordinator = world.coordinator();
    let prepared = world.prepare_text(&coordinator, &format!("{BACKTEST}{settings}")).unwrap();
    let summary = coordinator.execute(&prepared, &Request::default(), &mut Unobserved).unwrap();
    let folder = world.home().run_folder(&summary.run_id.parse().unwrap());
    (summary, std::fs::read_to_string(folder.join("flows.csv")).unwrap_or_default())
}

/// 10,000 buy 100 at 100, which become 200 at 50 and bring 0.5 each = 100; holding the benchmark
/// brings the same, so that nothing is left for alpha to explain.
#[test]
fn a_file_of_actions_acts_on_a_run_and_is_recorded() {
    let world = world();
    let settings = "
data: {path: IT.csv, symbols: [IT], adjust: none, actions: actions.csv}
portfolio: {initial_cash: 10000, sizing: {type: percent_equity, percent: 100}}
";
    let (summary, flows) = run(&world, settings);
    assert_eq!(summary.result["final_equity"], 10100.0, "{summary:?}");
    assert_eq!(summary.result["dividends"], 100.0);
    assert_eq!(summary.result["open_positions"][0]["dividends"], 100.0);
    let expected = "timestamp,symbol,what,per_unit,units,amount\n\
                    2024-01-04,IT,split,2:1,100,0\n\
                    2024-01-05,IT,dividend,0.5,200,100\n";
    assert_eq!(flows, expected);
    let folder = world.home().run_folder(&summary.run_id.parse().unwrap());
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    assert!(manifest.contains("\"actions.csv\""), "{manifest}");
    let page = std::fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.contains("Dividends"));
    let jumps = |summary: &Summary| summary.warnings.iter().any(|text| text.contains("2:1 split"));
    assert!(!jumps(&summary), "the actions explain the jump: {:?}", summary.warnings);
    let without = run(&world, "data: {path: IT.csv, symbols: [IT], adjust: none}\n").0;
    assert!(jumps(&without), "{:?}", without.warnings);
    let again = world.coordinator().verify(&summary.run_id.parse().unwrap(), &mut Unobserved);
    assert!(again.unwrap().equal);
}

/// Two contracts on 40 units at 100 cost 8,000 of 10,000; the fall to 50 takes 4,000. What is left
/// in cash, 2,000, earns 3.65 % over the two days that follow: 0.2 and, on 2,000.2, 0.20002.
#[test]
fn contracts_and_interest_come_from_the_file() {
    let world = world();
    let settings = "
data: {path: IT.csv, symbols: [IT], adjust: none}
instruments: {default: {tick: 0.25}, IT: {multiplier: 40}}
portfolio:
  initial_cash: 10000
  sizing: {type: fixed_quantity, quantity: 2}
  financing: {cash_rate: 0.0365}
";
    let (summary, flows) = run(&world, settings);
    let rows: Vec<&str> = flows.lines().skip(1).collect();
    let expected = [
        "2024-01-03,,interest,0.0365,0,1",
        "2024-01-04,,interest,0.0365,0,0.2001",
        "2024-01-05,,interest,0.0365,0,0.20012001",
    ];
    assert_eq!(rows, expected);
    assert_eq!(summary.result["final_equity"], 6_001.400_220_01);
}

#[test]
fn runs_without_flows_have_no_file_of_them() {
    let world = world();
    let (summary, flows) = run(&world, "data: {path: IT.csv, symbols: [IT], adjust: none}");
    assert_eq!(flows, "");
    assert!(summary.result.get("dividends").is_none());
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_place() {
    let world = world();
    let refuse = |settings: &str, says: &str| {
        let coordinator = world.coordinator();
        let text = format!("{BACKTEST}{settings}");
        let error = world.prepare_text(&coordinator, &text).unwrap_err();
        assert!(format!("{error:?}").contains(says), "{error:?}");
    };
    let data = |more: &str| format!("data: {{path: IT.csv, symbols: [IT]{more}}}\n");
    refuse(&data(", actions: actions.csv"), "prices as they were traded");
    refuse(&data(", adjust: none, actions: none.csv"), "does not exist");
    refuse(&format!("{}instruments: {{ITT: {{tick: 1}}}}", data("")), "did you mean `IT`?");
    refuse(&format!("{}instruments: {{IT: {{multiplier: 0}}}}", data("")), "multiplier");
    refuse(&format!("{}portfolio: {{financing: {{cash_rate: 2}}}}", data("")), "cash_rate");
    world.write(
        "IT.csv",
        &PRICES.replace("close,volume", "close,volume,adj_close").replace("1000\n", "1000,50\n"),
    );
    let coordinator = world.coordinator();
    let text = format!("{BACKTEST}{}", data(", adjust: splits, actions: actions.csv"));
    let prepared = world.prepare_text(&coordinator, &text).unwrap();
    let summary = coordinator.execute(&prepared, &Request::default(), &mut Unobserved).unwrap();
    assert!(format!("{summary:?}").contains("has removed from the prices already"), "{summary:?}");
}
