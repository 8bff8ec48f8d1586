//! Full calibration of the verdict: 200 worlds of each kind and length.
#![expect(clippy::print_stdout, reason = "an example tells the terminal what it found")]

#[path = "../tests/it/worlds.rs"]
mod worlds;

use std::collections::BTreeMap;

use dirigent_core::Seed;
use dirigent_research::validate::{Assess, Finding, Verdict, judge};
use worlds::{World, best, trials};

const COUNT: usize = 200;

fn main() {
    let kinds = [World::Noise, World::Walk, World::One, World::Family, World::Trends];
    println!(
        "{:8} {:>6} {:>7} {:>8} {:>12}  reasons",
        "world", "days", "robust", "fragile", "likely luck"
    );
    for world in kinds {
        for days in [756, 1260, 2520] {
            row(world, days);
        }
    }
}

fn row(world: World, days: usize) {
    let mut verdicts: BTreeMap<Verdict, usize> = BTreeMap::new();
    let mut against: BTreeMap<&str, usize> = BTreeMap::new();
    for index in 0..COUNT {
        let seed = Seed::master(2024).child(&format!("{world:?} {days} {index}"));
        let columns = trials(world, days, &seed);
        let evidence = Assess::default().evidence(&columns, best(&columns), &seed);
        let found = judge(&evidence.expect("columns that move"));
        *verdicts.entry(found.verdict).or_default() += 1;
        for reason in found.reasons.iter().filter(|reason| reason.finding != Finding::Supports) {
            *against.entry(reason.check).or_default() += 1;
        }
    }
    let share =
        |verdict| 100.0 * verdicts.get(&verdict).copied().unwrap_or(0) as f64 / COUNT as f64;
    let shares = [Verdict::Robust, Verdict::Fragile, Verdict::LikelyLuck].map(share);
    println!(
        "{:8} {days:>6} {:>6.1}% {:>7.1}% {:>11.1}%  {against:?}",
        format!("{world:?}"),
        shares[0],
        shares[1],
        shares[2]
    );
}
