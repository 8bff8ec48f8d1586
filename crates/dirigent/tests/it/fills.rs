//! What a file says of orders is what becomes of them.

use dirigent::{Request, Summary, coordinator::Unobserved};
use dirigent_trading::backtest::Profile;

use crate::world::World;

const BACKTEST: &str = "
workflow: {type: backtest}
data: {source: synthetic, symbols: [AAA], timeframe: 1d, synthetic: {bars: 600}}
strategy: {type: sma_crossover, params: {fast: 5, slow: 15}}
";

/// Runs with these settings; the rows of `orders.csv`, split at commas.
fn orders(world: &World, settings: &str) -> (Summary, Vec<Vec<String>>) {
    let coordinator = world.coordinator();
    let prepared = world.prepare_text(&coordinator, &format!("{BACKTEST}{settings}")).unwrap();
    let summary = coordinator.execute(&prepared, &Request::default(), &mut Unobserved).unwrap();
    let folder = world.home().run_folder(&summary.run_id.parse().unwrap());
    let text = std::fs::read_to_string(folder.join("orders.csv")).unwrap();
    let split = |line: &str| line.split(',').map(str::to_owned).collect();
    (summary, text.lines().skip(1).map(split).collect())
}

/// Kind and reason of the orders that were filled.
fn filled(rows: &[Vec<String>]) -> Vec<(&str, &str)> {
    let is_filled = |row: &&Vec<String>| row[7] == "filled";
    rows.iter().filter(is_filled).map(|row| (row[4].as_str(), row[12].as_str())).collect()
}

#[test]
fn entries_wait_and_stops_trail_as_the_file_says() {
    let world = World::new();
    let settings = "
execution: {intrabar: nearest, entry: {type: limit, offset_pct: 0.5, time_in_force: day}}
risk: {trailing_stop_pct: 3, take_profit_pct: 9}
";
    let (summary, rows) = orders(&world, settings);
    let filled = filled(&rows);
    let entries = rows.iter().filter(|row| row[3] == "buy");
    assert!(entries.clone().all(|row| row[4] == "limit"), "{rows:?}");
    assert!(entries.clone().any(|row| row[7] == "expired"), "some were not reached in their day");
    let trailed = filled.iter().filter(|(_, reason)| reason.starts_with("trailing_stop@"));
    assert!(trailed.count() > 3, "{filled:?}");
    assert!(filled.iter().any(|(kind, reason)| *kind == "limit" && reason.starts_with("limit@")));
    let again = world.coordinator().verify(&summary.run_id.parse().unwrap(), &mut Unobserved);
    assert!(again.unwrap().equal);
}

#[test]
fn the_seed_alone_draws_what_came_first_in_a_bar() {
    let world = World::new();
    let run = |seed: u32| {
        let text = BACKTEST.replace("{bars: 600}", "{bars: 600, seed: 1}");
        let text = format!(
            "{text}execution: {{intrabar: random}}\n\
             risk: {{stop_loss_pct: 0.4, take_profit_pct: 0.4}}\n\
             coordinator: {{reproducibility: {{master_seed: {seed}}}}}\n"
        );
        let coordinator = world.coordinator();
        let prepared = world.prepare_text(&coordinator, &text).unwrap();
        let request = Request::default();
        coordinator.execute(&prepared, &request, &mut Unobserved).unwrap().digest.unwrap()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn costs_follow_the_file() {
    let world = World::new();
    let settings = "
portfolio: {sizing: {type: fixed_quantity, quantity: 150}}
execution:
  commission: {type: tiered, tiers: [{from: 0, value: 0.01}, {from: 100, value: 0.004}]}
  sale_fees: {per_unit: 0.02, per_unit_max: 2}
  slippage: {type: ticks, value: 0.25}
";
    let (_, rows) = orders(&world, settings);
    let of = |side: &str| rows.iter().find(|row| row[3] == side && row[7] == "filled").unwrap();
    // 100 units at 0.01 and 50 at 0.004; a sale 2 more, as 150 times 0.02 is above that.
    assert_eq!((of("buy")[10].as_str(), of("buy")[11].as_str()), ("1.2", "37.5"));
    assert_eq!(of("sell")[10], "3.2");
}

#[test]
fn a_profile_says_what_the_file_leaves_open() {
    let world = World::new();
    let run = |execution: &str, reference: &str| {
        let limits = "stop_loss_pct: 1, trailing_stop_pct: 2, take_profit_pct: 2";
        let settings = format!("\nexecution: {{{execution}}}\nrisk: {{{limits}{reference}}}\n");
        orders(&world, &settings).1
    };
    for profile in Profile::ALL {
        let name = format!("profile: {}", profile.as_str());
        let spelled = |skip: &str| {
            let mut keys = String::new();
            let mut reference = String::new();
            for (path, value) in profile.settings() {
                match path.split_once('.').unwrap() {
                    ("execution", key) if key != skip => keys += &format!("{key}: {value}, "),
                    ("risk", key) => reference += &format!(", {key}: {value}"),
                    _ => {}
                }
            }
            (keys, reference)
        };
        let (keys, reference) = spelled("");
        assert_eq!(run(&name, ""), run(&keys, &reference), "{name}");
        assert_ne!(run(&name, ""), run("", ""), "{name}: not what is usual");
        // What the file says wins.
        let (keys, reference) = spelled("intrabar");
        let optimistic = "intrabar: optimistic, ";
        let own = run(&format!("{optimistic}{name}"), "");
        assert_eq!(own, run(&format!("{optimistic}{keys}"), &reference), "{name}");
    }
}
