//! What Dirigent sees of this machine, what work may use of it, and what it would advise an engine
//! over the next seconds: `cargo run -p dirigent --example machine -- 10`.
#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::{
    path::Path,
    sync::{
        Arc,
        mpsc::{channel, sync_channel},
    },
    time::Duration,
};

use dirigent::{
    core::SystemClock,
    governor::Governor,
    machine::{Configured, Disk, Machine, Probe},
    workflow::resource::{
        Advice,
        callbacks::Callbacks,
        concurrency::{Concurrency, Target},
        steering::Steering,
    },
};

fn main() -> std::io::Result<()> {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1);
    let home = Path::new(dirigent::home::DEFAULT);
    let machine = Machine::detect();
    println!("visible: {machine:?}");
    println!("budget: {}", machine.budget(Configured::default(), Disk::of(home)));

    let mut probe = Probe::new().with_home(home);
    probe.measure();
    let (told, advice) = channel();
    let steering =
        Steering::new(Concurrency::new(1, machine.workers(), machine.workers(), Target::default()));
    let callbacks = Callbacks::none().with("example", move |advice: &Advice| {
        told.send(advice.clone()).map_err(|error| error.to_string())
    });
    let governor = Governor::start(steering, Probe::new(), Arc::new(SystemClock), callbacks)?;
    let (_keep, never) = sync_channel::<()>(0);
    for _ in 0..seconds {
        assert!(never.recv_timeout(Duration::from_secs(1)).is_err(), "nobody sends");
        println!("now: {:?}", probe.measure());
        advice.try_iter().for_each(|advice| println!("advice: {advice:?}"));
    }
    drop(governor);
    Ok(())
}
