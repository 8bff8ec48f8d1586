//! How often the verdict is right: few worlds here, all in `examples/calibrate_verdict.rs`.

use dirigent_core::Seed;
use dirigent_research::validate::{Assess, Verdict, judge};

use crate::worlds::{World, best, trials};

/// How many of `count` worlds of `days` days are judged robust.
fn robust(world: World, days: usize, count: usize) -> usize {
    let is_robust = |index: &usize| {
        let seed = Seed::master(11).child(&format!("{world:?} {days} {index}"));
        let columns = trials(world, days, &seed);
        let best = best(&columns);
        let assess = Assess { draws: 300, ..Assess::default() };
        let evidence = assess.evidence(&columns, best, &seed).expect("columns that move");
        judge(&evidence).verdict == Verdict::Robust
    };
    (0..count).filter(is_robust).count()
}

#[test]
fn wft_07_chance_is_seldom_called_robust() {
    for world in [World::Noise, World::Walk] {
        let found = robust(world, 1260, 40);
        assert!(found <= 2, "{world:?}: {found} of 40");
    }
}

#[test]
fn wft_07_an_edge_is_mostly_called_robust() {
    for world in [World::One, World::Family, World::Trends] {
        let found = robust(world, 1260, 20);
        assert!(found >= 18, "{world:?}: {found} of 20");
    }
}
