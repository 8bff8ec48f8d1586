//! What a file says of currencies, margins, futures, swaps and new names is what becomes of money.

use crate::{world::World, world_events::run};

const PRICES: &str = "date,open,high,low,close,volume
2024-01-02,100,100,100,100,1000
2024-01-03,100,100,100,100,1000
2024-01-04,50,50,50,50,1000
2024-01-05,40,40,40,40,1000
";
/// Yen for a dollar; the second day has none.
const YEN: &str = "date,open,high,low,close
2023-12-29,100,100,100,100
2024-01-03,125,160,125,160
2024-01-05,200,200,200,200
";

fn world() -> World {
    let world = World::new();
    world.write("IT.csv", PRICES);
    world.write("usdjpy.csv", YEN);
    world
}

const DATA: &str = "data: {path: IT.csv, symbols: [IT], adjust: none}\n";

/// 1,000 units at 100 yen are 100,000 yen, at 125 yen a dollar 800 dollars; at the end they are
/// worth 40,000 yen at 200, 200 dollars.
#[test]
fn prices_in_yen_count_at_the_rate_of_their_moment() {
    let world = world();
    let settings = "
data: {path: IT.csv, symbols: [IT], adjust: none, fx: {JPY: {path: usdjpy.csv, inverted: true}}}
instruments: {IT: {currency: JPY}}
portfolio: {initial_cash: 1000, sizing: {type: fixed_quantity, quantity: 1000}}
";
    let (summary, _) = run(&world, settings);
    assert_eq!(summary.result["final_equity"], 400.0, "{summary:?}");
    assert_eq!(summary.result["currency"], "USD");
    let folder = world.home().run_folder(&summary.run_id.parse().unwrap());
    let equity = std::fs::read_to_string(folder.join("equity.csv")).unwrap();
    let rows: Vec<&str> = equity.lines().skip(1).collect();
    // Day two ends at 160: 100,000 yen are 625. Day three has no rate of its own: 50,000 are 312.5.
    let expected = ["1000,1000", "200,825", "200,512.5", "200,400"];
    for (row, expected) in rows.iter().zip(expected) {
        assert!(row.contains(expected), "{equity}");
    }
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    assert!(manifest.contains("usdjpy.csv"), "{manifest}");
}

/// 200 units at 100 on 10,000; at 50 all of it is gone: ruin.
#[test]
fn an_account_on_margin_can_lose_more_than_half_on_half() {
    let world = world();
    let settings = |percent: u32| {
        format!(
            "{DATA}portfolio: {{initial_cash: 10000, account: {{type: margin}}, \
             sizing: {{type: percent_equity, percent: {percent}}}}}\n"
        )
    };
    let (summary, _) = run(&world, &settings(200));
    assert_eq!(summary.result["final_equity"], 0.0, "{summary:?}");
    assert!(format!("{:?}", summary.warnings).contains("ruined"), "{summary:?}");
    // 150 units: 15,000, owed 5,000. At 50 equity is 2,500, at least a quarter of 7,500; at 40 it
    // is 1,000, less than a quarter of 6,000: the call comes with the last close.
    let (summary, _) = run(&world, &settings(150));
    assert_eq!(summary.result["final_equity"], 1000.0, "{summary:?}");
    assert!(format!("{:?}", summary.warnings).contains("margin calls: 1"), "{summary:?}");
}

/// The future ends on the third day at 50: what is held is settled there, the fourth day is flat.
#[test]
fn futures_tie_up_margin_and_end_at_their_expiry() {
    let world = world();
    world.write("IT.csv", PRICES.rsplit_once("2024-01-05").unwrap().0);
    let settings = "
data: {path: IT.csv, symbols: [IT], adjust: none}
instruments:
  IT: {type: future, multiplier: 10, initial_margin: 400, maintenance_margin: 300, expiry: 2024-01-04}
portfolio:
  initial_cash: 2000
  account: {type: futures}
  sizing: {type: fixed_quantity, quantity: 3}
";
    let (summary, flows) = run(&world, settings);
    // Three fall by 50 × 10 each: 1,500 of 2,000 are gone.
    assert_eq!(summary.result["final_equity"], 500.0, "{summary:?}");
    assert!(flows.contains("2024-01-04,IT,delisting,50,-3,1500"), "{flows}");
    assert!(summary.result["open_positions"].as_array().unwrap().is_empty());
}

#[test]
fn swaps_pay_funding_from_the_file_of_actions() {
    let world = world();
    world.write("actions.csv", "symbol,date,action,value\nIT,2024-01-03T08:00:00Z,funding,0.001\n");
    let settings = "
data: {path: IT.csv, symbols: [IT], adjust: none, actions: actions.csv}
instruments: {IT: {type: perpetual}}
portfolio: {initial_cash: 10000, sizing: {type: fixed_quantity, quantity: 10}}
";
    let (summary, flows) = run(&world, settings);
    assert!(flows.contains("2024-01-04,IT,funding,0.001,10,-0.5"), "{flows}");
    assert_eq!(summary.result["final_equity"], 9399.5);
}

/// Bought as OLD, held as IT: one position over the change of the name, and what the old name paid.
#[test]
fn a_new_name_is_the_same_position() {
    let world = world();
    world.write("OLD.csv", &PRICES.replace("40", "45"));
    let actions = "symbol,date,action,value\nOLD,2024-01-05,rename,IT\nOLD,2024-01-04,dividend,1\n";
    world.write("actions.csv", actions);
    let settings = "
data: {path: \"{symbol}.csv\", symbols: [OLD, IT], adjust: none, actions: actions.csv}
portfolio: {initial_cash: 10000, sizing: {type: fixed_quantity, quantity: 10}}
";
    let (summary, flows) = run(&world, settings);
    assert_eq!(summary.result["symbols"], serde_json::json!(["IT"]), "{summary:?}");
    assert_eq!(summary.result["bars"], 4);
    assert!(flows.contains("2024-01-04,IT,dividend,1,10,10"), "{flows}");
    assert_eq!(summary.result["final_equity"], 9410.0, "40 is the last price of IT");
}

#[test]
fn what_an_account_cannot_be_is_refused_with_its_place() {
    let world = world();
    let refuse = |settings: &str, says: &str| {
        let text = format!("workflow: {{type: backtest}}\n{settings}");
        let error = world.prepare_text(&world.coordinator(), &text).unwrap_err();
        assert!(format!("{error:?}").contains(says), "{error:?}");
    };
    let it = |terms: &str| format!("{DATA}instruments: {{IT: {{{terms}}}}}\n");
    refuse(&it("currency: EUR"), "whose worth in USD is not given");
    refuse(&it("currency: euro"), "is no currency such as `EUR`");
    refuse(&it("initial_margin: 100"), "needs an account with margins");
    refuse(&it("expiry: 2024-01-01"), "is for futures");
    let futures = |terms: &str| it(terms) + "portfolio: {account: {type: futures}}\n";
    refuse(&futures("initial_margin: 100, maintenance_margin: 200"), "more than the 100");
    refuse(&futures("initial_margin: 100, initial_margin_pct: 20"), "beside an amount per unit");
    let portfolio = |what: &str| format!("{DATA}portfolio: {{{what}}}\n");
    refuse(&portfolio("sizing: {type: percent_equity, percent: 150}"), "margin account above 100");
    refuse(&portfolio("currency: E"), "is no currency");
    refuse(&portfolio("account: {type: gold}"), "gold");
    let less = "account: {type: margin, initial_margin_pct: 20, maintenance_margin_pct: 30}";
    refuse(&portfolio(less), "more than the 20");
    let fx = "data: {path: IT.csv, symbols: [IT], fx: {USD: usdjpy.csv}}\n";
    refuse(fx, "is the currency of the account");
}
