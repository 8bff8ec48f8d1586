//! The governor: measures every second and tells the engine how much to do at once.
//!
//! Promises: advice is given only when it changes; one who fails at taking it stops no other; a
//! clock that jumps moves nothing. Dropping it ends its thread.
//! Not here: the rules, which are pure; see `dirigent_workflow::resource::steering`.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{Builder, JoinHandle},
    time::Duration,
};

use dirigent_core::{Clock, Timestamp};
use dirigent_workflow::resource::{
    Advice,
    callbacks::{Callbacks, Failing},
    steering::{Load, Steering},
};

/// How often the machine is measured.
pub const EVERY: Duration = Duration::from_secs(1);
/// The longest time between two measurements that is believed: behind a longer one is a clock that
/// was set or a machine that slept, and no load.
const GAP_MAX: Duration = Duration::from_secs(10);

/// Measures the load.
pub trait Sampler: Send {
    /// The load now. What cannot be measured is `None` in it.
    fn sample(&mut self) -> Load;
}

/// A thread that measures and advises.
#[derive(Debug)]
pub struct Governor {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<Vec<Failing>>>,
}

impl Governor {
    /// Starts measuring; `told` hears each new advice.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(
        steering: Steering,
        sampler: impl Sampler + 'static,
        clock: Arc<dyn Clock>,
        told: Callbacks<Advice>,
    ) -> io::Result<Self> {
        Self::start_every(EVERY, steering, sampler, clock, told)
    }

    fn start_every(
        every: Duration,
        steering: Steering,
        sampler: impl Sampler + 'static,
        clock: Arc<dyn Clock>,
        told: Callbacks<Advice>,
    ) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let round = Round::new(steering, Box::new(sampler), clock);
        let thread = Builder::new()
            .name("governor".into())
            .spawn(move || govern(every, &stopped, round, told))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }

    /// Ends it; tells who failed at taking advice.
    pub fn stop(mut self) -> Vec<Failing> {
        self.end()
    }

    fn end(&mut self) -> Vec<Failing> {
        self.stop = None;
        self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

impl Drop for Governor {
    fn drop(&mut self) {
        drop(self.end());
    }
}

fn govern(
    every: Duration,
    stopped: &Receiver<()>,
    mut round: Round,
    mut told: Callbacks<Advice>,
) -> Vec<Failing> {
    while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        if let Some(advice) = round.next() {
            // Who failed is counted there, and told at the end.
            told.tell(&advice);
        }
    }
    told.failing()
}

/// One measurement after the other, without a thread.
struct Round {
    steering: Steering,
    sampler: Box<dyn Sampler>,
    clock: Arc<dyn Clock>,
    seen: Timestamp,
    /// Time since the start, in steps that can be believed.
    elapsed: Timestamp,
}

impl Round {
    fn new(steering: Steering, sampler: Box<dyn Sampler>, clock: Arc<dyn Clock>) -> Self {
        let seen = clock.now();
        Self { steering, sampler, clock, seen, elapsed: Timestamp::default() }
    }

    fn next(&mut self) -> Option<Advice> {
        let load = self.sampler.sample();
        let now = self.clock.now();
        let step = match now.since(self.seen) {
            Duration::ZERO => EVERY,
            step => step.min(GAP_MAX),
        };
        (self.seen, self.elapsed) = (now, self.elapsed.plus(step));
        self.steering.observe(self.elapsed, &load)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use dirigent_core::ManualClock;
    use dirigent_workflow::resource::{
        Level,
        concurrency::{Concurrency, Target, Utilization},
        steering::Memory,
    };

    use super::*;

    /// Plays loads, each a second after the other, and says when it has played all.
    struct Script {
        loads: VecDeque<Load>,
        clock: Arc<ManualClock>,
        step: Duration,
        done: Sender<Option<Advice>>,
    }

    impl Sampler for Script {
        fn sample(&mut self) -> Load {
            self.clock.advance(self.step);
            let load = self.loads.pop_front();
            if load.is_none() {
                // The test may have heard enough.
                let _ = self.done.send(None);
            }
            load.unwrap_or_default()
        }
    }

    fn load(cpu: f64, memory: u64) -> Load {
        Load {
            cpu: Some(Utilization { total: cpu, own: cpu }),
            memory: Some(Memory { used_bytes: memory, limit_bytes: 100 }),
            ..Load::default()
        }
    }

    fn steering(start: usize) -> Steering {
        Steering::new(Concurrency::new(1, 8, start, Target::default()))
    }

    /// Plays `loads` to a governor on its thread; everything it advises.
    fn advised(start: usize, step: Duration, loads: impl IntoIterator<Item = Load>) -> Vec<Advice> {
        let (told, heard) = channel();
        let clock = Arc::new(ManualClock::default());
        let loads = loads.into_iter().collect();
        let script = Script { loads, clock: Arc::clone(&clock), step, done: told.clone() };
        let callbacks = Callbacks::none().with("broken", |_: &Advice| panic!("on purpose")).with(
            "engine",
            move |advice: &Advice| {
                told.send(Some(advice.clone())).map_err(|error| error.to_string())
            },
        );
        let every = Duration::from_millis(1);
        let governor =
            Governor::start_every(every, steering(start), script, clock, callbacks).unwrap();
        let advised: Vec<Advice> = heard.iter().map_while(std::convert::identity).collect();
        let failing = governor.stop();
        let broken = failing.iter().find(|one| one.name == "broken").map_or(0, |one| one.failures);
        assert!(broken >= advised.len() as u64, "each failed for itself: {failing:?}");
        advised
    }

    #[test]
    fn calm_loads_are_no_news() {
        assert_eq!(advised(4, EVERY, vec![load(0.7, 50); 100]), []);
    }

    #[test]
    fn res_09_10_a_squeeze_lowers_the_concurrency_and_its_end_raises_it() {
        let squeeze = [vec![load(0.7, 50); 5], vec![load(0.7, 92); 3], vec![load(0.3, 20); 90]];
        let news = advised(8, EVERY, squeeze.concat());
        let found: Vec<_> = news.iter().map(|a| (a.concurrency, a.level)).collect();
        let none = |tasks| (tasks, Level::None);
        let grown = [none(4), none(5), none(6), none(7), none(8)];
        assert_eq!(found, [&[(4, Level::High)], grown.as_slice()].concat());
        assert_eq!(
            news[0].reason,
            "memory 92% of the limit: fewer containers, optional work is shed"
        );
        assert_eq!(news[2].reason, "cpu 30% is below the target of 65% to 75%");
    }

    #[test]
    fn res_12_an_idle_machine_gets_more_until_the_target() {
        let idle = advised(1, EVERY, vec![load(0.2, 10); 60]);
        let found: Vec<_> = idle.iter().map(|advice| advice.concurrency).collect();
        assert_eq!(found, [2, 3, 4, 5, 6, 7, 8]);
    }

    /// Without the bound on gaps, a clock that jumps a year ahead would end every hold-off at once,
    /// and one that is set back would hold for as long.
    #[test]
    fn a_clock_that_jumps_moves_nothing_at_once_and_holds_nothing_for_long() {
        let year = Duration::from_secs(365 * 86_400);
        let loads = || [vec![load(0.7, 85)], vec![load(0.3, 20); 5]].concat();
        assert_eq!(advised(4, year, loads()).len(), 2, "no growth within the minute");
        let stopped = advised(1, Duration::ZERO, vec![load(0.2, 10); 60]);
        assert_eq!(stopped.len(), 7, "a clock that stands still does not hold");
    }
}
