//! Breakers: stop calling what keeps failing, and try again later.
//!
//! Promises: five failures in a row open a breaker; after its time one probe goes through; if that
//! fails, it opens for twice as long. Each key has its own.
//! Not here: what a failure is; the caller reports it.

use std::{collections::BTreeMap, time::Duration};

use dirigent_core::Timestamp;

/// How many keys are remembered. A key beyond them is let through, as without a breaker.
const KEYS_MAX: usize = 10_000;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How many failures in a row open it.
    pub failures_max: u32,
    /// How long it is open at first.
    pub open_min: Duration,
    /// How long it is open at most.
    pub open_max: Duration,
}

impl Default for Rules {
    /// Five failures; 30 seconds, doubling up to 15 minutes.
    fn default() -> Self {
        Self {
            failures_max: 5,
            open_min: Duration::from_secs(30),
            open_max: Duration::from_secs(900),
        }
    }
}

/// Where a breaker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Everything goes through.
    Closed {
        /// Failures since the last success.
        failures: u32,
    },
    /// Nothing goes through.
    Open {
        /// Until then.
        until: Timestamp,
        /// How long it is open this time.
        wait: Duration,
    },
    /// One probe went through, and its end decides.
    HalfOpen {
        /// If it has not ended by then, the next may go.
        until: Timestamp,
        /// How long it was open.
        wait: Duration,
    },
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Asked,
    Succeeded,
    Failed,
}

impl State {
    const CALM: Self = Self::Closed { failures: 0 };

    fn on(self, event: Event, now: Timestamp, rules: &Rules) -> Self {
        use {Event as E, State as S};
        let open = |wait: Duration| S::Open { until: now.plus(wait), wait };
        match (self, event) {
            (S::Closed { failures }, E::Failed) => match failures.saturating_add(1) {
                failures if failures >= rules.failures_max => open(rules.open_min),
                failures => S::Closed { failures },
            },
            (S::Closed { .. } | S::HalfOpen { .. }, E::Succeeded) => S::CALM,
            (S::HalfOpen { wait, .. }, E::Failed) => {
                open(wait.saturating_mul(2).min(rules.open_max))
            }
            (S::Open { until, wait } | S::HalfOpen { until, wait }, E::Asked) if now >= until => {
                S::HalfOpen { until: now.plus(wait), wait }
            }
            (S::Closed { .. } | S::HalfOpen { .. }, E::Asked) => self,
            // The end of work that was started before it opened says nothing new.
            (S::Open { .. }, E::Asked | E::Succeeded | E::Failed) => self,
        }
    }
}

/// Why something may not be started now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` keeps failing: its breaker is open, the next try is at {retry_at}")]
pub struct Refused {
    /// What was asked for.
    pub key: String,
    /// When it may be tried again.
    pub retry_at: Timestamp,
}

/// One breaker for each key, such as a task kind or a task kind on a node.
#[derive(Clone, Debug, Default)]
pub struct Breakers {
    rules: Rules,
    /// Those that are not calm.
    states: BTreeMap<String, State>,
}

impl Breakers {
    /// Breakers that are all closed.
    pub const fn new(rules: Rules) -> Self {
        Self { rules, states: BTreeMap::new() }
    }

    /// Asks before something is started. Whoever is let through has to report how it ended.
    ///
    /// # Errors
    /// If the key's breaker is open, or its probe is still under way.
    pub fn check(&mut self, key: &str, now: Timestamp) -> Result<(), Refused> {
        let Some(state) = self.states.get_mut(key) else { return Ok(()) };
        if let State::Open { until, .. } | State::HalfOpen { until, .. } = *state
            && now < until
        {
            return Err(Refused { key: key.to_owned(), retry_at: until });
        }
        *state = state.on(Event::Asked, now, &self.rules);
        Ok(())
    }

    /// Reports that something ended well.
    pub fn succeeded(&mut self, key: &str, now: Timestamp) {
        if let Some(state) = self.states.get_mut(key) {
            *state = state.on(Event::Succeeded, now, &self.rules);
            if *state == State::CALM {
                self.states.remove(key);
            }
        }
    }

    /// Reports that something failed; tells where the breaker is now.
    pub fn failed(&mut self, key: &str, now: Timestamp) -> State {
        let next = self.state(key).on(Event::Failed, now, &self.rules);
        if let Some(state) = self.states.get_mut(key) {
            *state = next;
        } else if self.states.len() < KEYS_MAX {
            self.states.insert(key.to_owned(), next);
        }
        next
    }

    /// Where the breaker of `key` is.
    pub fn state(&self, key: &str) -> State {
        self.states.get(key).copied().unwrap_or(State::CALM)
    }

    /// The keys whose breaker is not calm, and where it is.
    pub fn troubled(&self) -> impl Iterator<Item = (&str, State)> {
        self.states.iter().map(|(key, state)| (key.as_str(), *state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    fn open_at_zero() -> Breakers {
        let mut breakers = Breakers::default();
        for _ in 0..5 {
            assert_eq!(breakers.check("train", at(0)), Ok(()));
            breakers.failed("train", at(0));
        }
        breakers
    }

    #[test]
    fn five_failures_in_a_row_open_it_for_its_key_alone() {
        let mut breakers = open_at_zero();
        let refused = breakers.check("train", at(29)).unwrap_err();
        assert_eq!(refused.retry_at, at(30));
        assert_eq!(
            refused.to_string(),
            "`train` keeps failing: its breaker is open, the next try is at 1970-01-01T00:00:30Z"
        );
        assert_eq!(breakers.check("evaluate", at(29)), Ok(()));
    }

    #[test]
    fn a_success_in_between_starts_the_count_anew() {
        let mut breakers = Breakers::default();
        for outcome in [false, false, false, false, true, false, false, false, false] {
            match outcome {
                true => breakers.succeeded("train", at(0)),
                false => drop(breakers.failed("train", at(0))),
            }
        }
        assert_eq!(breakers.state("train"), State::Closed { failures: 4 });
        assert_eq!(breakers.check("train", at(0)), Ok(()));
    }

    #[test]
    fn one_probe_goes_through_and_its_success_closes() {
        let mut breakers = open_at_zero();
        assert_eq!(breakers.check("train", at(30)), Ok(()));
        assert!(breakers.check("train", at(31)).is_err(), "the probe is under way");
        breakers.succeeded("train", at(32));
        assert_eq!(breakers.check("train", at(32)), Ok(()));
        assert_eq!(breakers.troubled().count(), 0);
    }

    #[test]
    fn each_failed_probe_doubles_the_wait_up_to_its_limit() {
        let mut breakers = open_at_zero();
        let (mut now, mut waits) = (0, Vec::new());
        for _ in 0..7 {
            let retry = breakers.check("train", at(now)).unwrap_err().retry_at;
            waits.push(retry.since(at(now)).as_secs());
            now = retry.as_nanos() / 1_000_000_000;
            assert_eq!(breakers.check("train", retry), Ok(()));
            breakers.failed("train", retry);
        }
        assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900]);
    }

    #[test]
    fn a_probe_that_never_ends_blocks_only_for_the_wait() {
        let mut breakers = open_at_zero();
        assert_eq!(breakers.check("train", at(30)), Ok(()));
        assert!(breakers.check("train", at(59)).is_err());
        assert_eq!(breakers.check("train", at(60)), Ok(()));
    }

    #[test]
    fn late_ends_of_earlier_work_do_not_move_an_open_breaker() {
        let mut breakers = open_at_zero();
        let open = breakers.state("train");
        breakers.failed("train", at(5));
        breakers.succeeded("train", at(6));
        assert_eq!(breakers.state("train"), open);
    }

    #[test]
    fn the_number_of_keys_is_bounded() {
        let mut breakers = Breakers::default();
        for key in 0..KEYS_MAX + 10 {
            breakers.failed(&key.to_string(), at(0));
        }
        assert_eq!(breakers.troubled().count(), KEYS_MAX);
    }
}
