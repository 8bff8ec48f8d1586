//! How many containers are admitted and released per second:
//! `cargo run --release -p dirigent-workflow --example admission_speed`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement for people, by the wall clock"
)]

use std::{
    collections::BTreeMap,
    hint::black_box,
    time::{Duration, Instant},
};

use dirigent_workflow::resource::{Admission, Amount, Ledger};

const TASKS: u32 = 100_000;
const ROUNDS: u32 = 50;

fn main() {
    let container = Amount::of_container();
    let gpu = BTreeMap::from([("gpu".to_owned(), 1)]);
    let with_slot = Amount { slots: gpu, ..container.clone() };
    let other = Amount { millicores: 250, ..container.clone() };
    for (name, wishes) in [
        ("equal wishes", vec![container.clone()]),
        ("with a slot each", vec![with_slot]),
        ("two wishes in turn", vec![container, other]),
    ] {
        let best = (0..ROUNDS).map(|_| round(&wishes)).min().unwrap_or(Duration::MAX);
        let rate = f64::from(TASKS) / best.as_secs_f64() / 1e6;
        println!("{rate:.1} million admitted and released per second: {name}");
    }
}

/// Admits all tasks, then releases them.
fn round(wishes: &[Amount]) -> Duration {
    let slots = BTreeMap::from([("gpu".to_owned(), TASKS)]);
    let most = u64::from(TASKS) << 30;
    let mut ledger =
        Ledger::new(Amount { memory_bytes: most, millicores: most, disk_bytes: 0, slots });
    let wish = |id: u32| &wishes[id as usize % wishes.len()];
    let started = Instant::now();
    for id in 0..TASKS {
        assert_eq!(ledger.admit(id, black_box(wish(id))), Admission::Granted);
    }
    for id in 0..TASKS {
        assert!(ledger.release(black_box(id)));
    }
    let took = started.elapsed();
    assert_eq!(ledger.holders(), 0);
    took
}
