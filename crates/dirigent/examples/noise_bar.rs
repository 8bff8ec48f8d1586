//! How often a validation is wrong: 200 random walks, which nothing can trade, and 200 worlds whose
//! drift lasts, in which the best of twenty variants has a true Sharpe ratio of 2.
//!
//! Run it: `cargo run -p dirigent --example noise_bar -- 8 200`, for years of days and for worlds.
#![expect(clippy::print_stdout, reason = "an example tells the terminal what it found")]

#[path = "../tests/it/validation/worlds.rs"]
mod worlds;

use std::{collections::BTreeMap, error::Error, path::Path};

use dirigent::{
    Coordinator, Home, Request, Summary, coordinator::Unobserved, core::Seed, prepare::Source,
};
use serde_json::Value;
use worlds::{EDGE, SEARCH, STRATEGY, prices};

const DAYS_PER_YEAR: usize = 252;

fn main() -> Result<(), Box<dyn Error>> {
    let number = |at: usize, default: usize| {
        let text = std::env::args().nth(at);
        text.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (years, count) = (number(1, 8), number(2, 200));
    for (name, edge) in [("random walks", 0.0), ("planted edge", EDGE)] {
        let folder = tempfile::tempdir()?;
        let mut verdicts: BTreeMap<String, usize> = BTreeMap::new();
        let mut against: BTreeMap<String, usize> = BTreeMap::new();
        for world in 0..count {
            let seed = Seed::master(2024).child(&format!("{name} {years} {world}"));
            let prices = prices(years * DAYS_PER_YEAR, edge, &seed);
            std::fs::write(folder.path().join("X.csv"), prices)?;
            let result = validated(folder.path(), world)?.result;
            let verdict = result["verdict"].as_str().unwrap_or_default();
            *verdicts.entry(verdict.to_owned()).or_default() += 1;
            for reason in result["reasons"].as_array().into_iter().flatten() {
                if reason["finding"] != "supports" {
                    let check = reason["check"].as_str().unwrap_or_default();
                    *against.entry(check.to_owned()).or_default() += 1;
                }
            }
        }
        println!("{name}, {years} years, {count} worlds: {verdicts:?}; against: {against:?}");
    }
    Ok(())
}

fn validated(folder: &Path, world: usize) -> Result<Summary, Box<dyn Error>> {
    let coordinator = Coordinator::at(Home::at(folder.join("home").join(world.to_string())));
    let text = format!(
        "name: world\n{SEARCH}\ndata: {{path: 'X.csv', symbols: [X]}}\n{STRATEGY}\
         execution: {{commission: {{type: bps, value: 0.2}}}}\n"
    );
    let path = folder.join("world.yaml");
    std::fs::write(&path, text)?;
    let base = folder.to_owned();
    let source = Source { path, base, set: Vec::new(), environment: Default::default() };
    let prepared = coordinator.prepare(&source)?;
    let summary = coordinator.execute(&prepared, &Request::default(), &mut Unobserved)?;
    match &summary.result {
        Value::Object(_) => Ok(summary),
        _ => Err(format!("{:?}", summary.error).into()),
    }
}
