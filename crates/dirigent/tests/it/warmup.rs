//! Bars before the first day that is traded: seen, never traded.

use std::fmt::Write as _;

use dirigent::{Request, Summary, coordinator::Unobserved};
use serde_json::json;

use crate::world::World;

/// A price that rises by one a day: 101 at the close of day 1.
fn world() -> World {
    let world = World::new();
    let mut text = String::from("date,open,high,low,close,volume\n");
    for day in 1..=28 {
        let (open, close) = (100 + day, 101 + day);
        writeln!(text, "2024-01-{day:02},{open},{close},{open},{close},100").unwrap();
    }
    world.write("X.csv", &text);
    world
}

fn run(world: &World, dates: &str) -> Result<Summary, String> {
    let coordinator = world.coordinator();
    let text = format!(
        "
workflow: {{type: backtest}}
strategy: {{type: rules, entry: 'close > sma(close, 10)'}}
data: {{path: '{{symbol}}.csv', symbols: [X], {dates}}}
portfolio: {{initial_cash: 10000, sizing: {{type: fixed_quantity, quantity: 10}}}}
"
    );
    let prepared = world.prepare_text(&coordinator, &text).map_err(|error| error.to_string())?;
    Ok(coordinator.execute(&prepared, &Request::default(), &mut Unobserved).unwrap())
}

/// Bought at the open of day 16 (116) where the average is warm on day 15, of day 25 (125) where it
/// has to warm up first; held to the close of day 28 (129).
#[test]
fn averages_are_warm_on_the_first_day_that_is_traded() {
    let world = world();
    let warm = run(&world, "start_date: 2024-01-15, warmup_start: 2024-01-01").unwrap();
    assert_eq!(warm.result["final_equity"], 10_000.0 + 10.0 * (129.0 - 116.0));
    assert_eq!(warm.result["bars"], 14);
    let cold = run(&world, "start_date: 2024-01-15").unwrap();
    assert_eq!(cold.result["final_equity"], 10_000.0 + 10.0 * (129.0 - 125.0));
    assert_eq!(cold.result["bars"], warm.result["bars"]);
    let folder = world.home().run_folder(&warm.run_id.parse().unwrap());
    let equity = std::fs::read_to_string(folder.join("equity.csv")).unwrap();
    assert!(equity.lines().nth(1).unwrap().starts_with("2024-01-15"), "{equity}");
    let again = world.coordinator().verify(&warm.run_id.parse().unwrap(), &mut Unobserved);
    assert!(again.unwrap().equal);
}

#[test]
fn days_in_the_wrong_order_are_refused() {
    let world = world();
    for (dates, expected) in [
        ("warmup_start: 2024-01-01", "without `data.start_date`"),
        ("start_date: 2024-01-15, warmup_start: 2024-01-16", "is before `data.warmup_start`"),
        ("start_date: 2024-01-15, out_of_sample_start: 2024-01-02", "before `data.start_date`"),
        ("out_of_sample_start: 2024-01-20, end_date: 2024-01-19", "`data.out_of_sample_start`"),
    ] {
        let refused = run(&world, dates).unwrap_err();
        assert!(refused.contains(expected), "{dates}: {refused}");
    }
    let late = world.prepare_text(
        &world.coordinator(),
        &json!({
            "data": {"path": "{symbol}.csv", "symbols": ["X"], "start_date": "2024-01-10",
                     "warmup_start": "2024-01-02", "universe": "u.csv"},
            "workflow": {"type": "backtest"}, "strategy": {"type": "buy_and_hold"},
        })
        .to_string(),
    );
    assert!(late.unwrap_err().to_string().contains("`data.universe` are both given"));
}
