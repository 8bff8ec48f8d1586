//! The money of the sleeves: who begins with how much, and what moves between them.
//!
//! Promises: parts add up to the whole and transfers to zero, to the last digit. What a sleeve has
//! to give and has not free is promised: it trades with that much less, and pays as cash comes in,
//! until the next rebalancing counts anew.

use dirigent_core::Timestamp;

use super::Transfer;
use crate::backtest::check::require;
use crate::backtest::engine::Engine;
use crate::backtest::{Equity, Error, Options};
use crate::order::FillReason;
use crate::price::{Money, Quantity, Rate, SCALE};
use crate::risk::{Limits, Stop};

/// One sleeve under way.
pub(super) struct Purse<'a> {
    pub(super) engine: Engine<'a>,
    weight: Quantity,
    /// The next of its own times.
    at: usize,
    /// Whether that time is now.
    is_due: bool,
    /// What it has to get, or negative, to give.
    lacks: Money,
    pub(super) account: Equity,
    pub(super) moved: Vec<(usize, Money)>,
    /// At how many times of the account it held something.
    pub(super) exposed: usize,
}

impl<'a> Purse<'a> {
    pub(super) fn new(engine: Engine<'a>, weight: Quantity) -> Self {
        Self {
            engine,
            weight,
            at: 0,
            is_due: false,
            lacks: Money::ZERO,
            account: Equity::default(),
            moved: Vec::new(),
            exposed: 0,
        }
    }

    pub(super) fn equity(&self) -> Money {
        self.engine.ledger.equity()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.engine.stopped.is_some()
    }

    /// The bar that closes now, or the last that did.
    pub(super) fn bar(&self) -> usize {
        if self.is_due { self.at } else { self.at.saturating_sub(1) }
    }

    /// Goes to the close of now, if it has a bar then.
    pub(super) fn reach_close(&mut self, now: Timestamp) {
        self.is_due = self.engine.timeline.times().get(self.at) == Some(&now);
        if self.is_due {
            self.engine.reach_close(self.at);
            self.engine.watch_limits(self.at);
        } else {
            self.engine.timeline.wait_until(now);
        }
    }

    /// Decides, if it has a bar now.
    pub(super) fn leave_close(&mut self) {
        if self.is_due {
            self.engine.leave_close(self.at);
            self.at += 1;
        }
    }

    pub(super) fn stop(&mut self, stop: Stop) {
        self.lacks = Money::ZERO;
        self.engine.promised = Money::ZERO;
        self.engine.stop(stop, FillReason::DrawdownLimit);
    }

    /// Keeps what it has after one more time of the account.
    pub(super) fn record(&mut self) {
        self.account.mark(self.engine.ledger.cash(), self.equity());
        self.exposed += usize::from(!self.engine.ledger.is_flat());
    }

    /// Says what it shall have.
    fn aim(&mut self, target: Money) {
        self.lacks = target - self.equity();
        self.engine.promised = (-self.lacks).max(Money::ZERO);
    }

    /// How much of what it has to give is free.
    fn can_give(&self) -> Money {
        let cash = self.engine.at_hand().min(self.engine.ledger.cash());
        self.engine.promised.min(cash).max(Money::ZERO)
    }

    fn receive(&mut self, t: usize, amount: Money) {
        self.engine.ledger.transfer(amount);
        // What earns interest from now on, also where no bar ends now.
        self.engine.world.balance += amount;
        self.lacks -= amount;
        self.engine.promised = (-self.lacks).max(Money::ZERO);
        self.moved.push((t, amount));
    }
}

/// Refuses weights whose sum cannot be held.
pub(super) fn check(weights: &[Quantity]) -> Result<(), Error> {
    let sum = weights.iter().try_fold(Quantity::ZERO, |sum, weight| sum.checked_add(*weight));
    require(sum.is_some(), "weight", "too large", "such that all together are below 9.2 billion")
}

/// `whole` in parts by weight; the last has what rounding leaves.
fn split(whole: Money, weights: &[Quantity]) -> Vec<Money> {
    let sum = weights.iter().fold(Quantity::ZERO, |sum, weight| sum + *weight);
    let mut left = whole;
    let mut parts: Vec<Money> = weights
        .iter()
        .map(|weight| {
            let part = whole.scaled(weight.raw(), sum.raw());
            left -= part;
            part
        })
        .collect();
    if let Some(last) = parts.last_mut() {
        *last += left;
    }
    parts
}

/// The options of each sleeve: its part of the cash and of the volume it may trade.
pub(super) fn parts(weights: &[Quantity], options: &Options) -> Vec<Options> {
    let cash = split(options.initial_cash, weights);
    let whole = Money::from_raw(options.participation.map_or(0, |rate| rate.raw()).into());
    let volumes = split(whole, weights);
    let part = |(cash, volume): (Money, Money)| Options {
        initial_cash: cash,
        participation: options
            .participation
            .map(|all| i64::try_from(volume.raw()).map_or(all, Rate::from_raw)),
        limits: Limits { max_drawdown: None, ..options.limits },
        ..options.clone()
    };
    cash.into_iter().zip(volumes).map(part).collect()
}

/// Counts what each sleeve has to give or to get, if one is further than `drift` from its part.
/// Who stopped has no part any more; what it owes is paid by the others.
pub(super) fn promise(purses: &mut [Purse<'_>], drift: Rate) {
    let total: Money = purses.iter().map(Purse::equity).sum();
    let weight = |purse: &Purse<'_>| match purse.is_stopped() {
        true => Quantity::ZERO,
        false => purse.weight,
    };
    let weights: Vec<Quantity> = purses.iter().map(weight).collect();
    if !total.is_positive() || weights.iter().all(|weight| weight.is_zero()) {
        return;
    }
    let mut targets = split(total, &weights);
    settle_rest(&mut targets, &weights);
    let band = drift.of(total);
    let is_near = |(purse, target): (&Purse<'_>, &Money)| (purse.equity() - *target).abs() <= band;
    let is_balanced = purses.iter().zip(&targets).all(is_near);
    for (purse, target) in purses.iter_mut().zip(targets) {
        let target = if is_balanced { purse.equity() } else { target };
        purse.aim(target);
    }
}

/// Gives what rounding left to the last that has a part, not to one that stopped.
fn settle_rest(targets: &mut [Money], weights: &[Quantity]) {
    let heir = weights.iter().rposition(|weight| !weight.is_zero());
    let last = targets.len().checked_sub(1);
    if let (Some(heir), Some(last)) = (heir, last)
        && heir != last
    {
        let rest = targets[last];
        targets[last] = Money::ZERO;
        targets[heir] += rest;
    }
}

/// Moves what is free to those who lack it, in proportion to what they lack.
pub(super) fn pay(
    purses: &mut [Purse<'_>],
    t: usize,
    now: Timestamp,
    transfers: &mut Vec<Transfer>,
) {
    let given: Money = purses.iter().map(Purse::can_give).sum();
    if !given.is_positive() {
        return;
    }
    let amounts = shares(given, &purses.iter().map(|purse| purse.lacks).collect::<Vec<_>>());
    for (sleeve, (purse, amount)) in purses.iter_mut().zip(amounts).enumerate() {
        let amount = amount - purse.can_give();
        if !amount.is_zero() {
            purse.receive(t, amount);
            transfers.push(Transfer { time: now, sleeve, amount });
        }
    }
}

/// `given` among those who lack something, in proportion, no one more than it lacks.
fn shares(given: Money, lacks: &[Money]) -> Vec<Money> {
    let wanted: Money = lacks.iter().map(|lack| (*lack).max(Money::ZERO)).sum();
    // A proportion with nine places, as only its product with the amount has to fit.
    let part = |lack: Money| {
        let raw = lack.raw() * i128::from(SCALE) / wanted.raw();
        Rate::from_raw(i64::try_from(raw).unwrap_or(SCALE)).of(given).min(lack)
    };
    let mut shares: Vec<Money> = lacks
        .iter()
        .map(|lack| if lack.is_positive() { part(*lack) } else { Money::ZERO })
        .collect();
    // Rounding is set right by those who lack some more, or have some to give back.
    let mut left = given - shares.iter().copied().sum();
    for (share, lack) in shares.iter_mut().zip(lacks).filter(|(_, lack)| lack.is_positive()) {
        let more = left.min(*lack - *share).max(-*share);
        *share += more;
        left -= more;
    }
    shares
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_add_up(whole in 0_i128..1 << 90, weights in prop::collection::vec(1_i64..1 << 50, 1..9)) {
            let weights: Vec<Quantity> = weights.into_iter().map(Quantity::from_raw).collect();
            let parts = split(Money::from_raw(whole), &weights);
            prop_assert_eq!(parts.iter().copied().sum::<Money>(), Money::from_raw(whole));
        }

        #[test]
        fn what_is_given_arrives_and_no_one_gets_more_than_it_lacks(
            lacks in prop::collection::vec(-(1_i128 << 80)..1 << 80, 1..9), share in 0_i64..=SCALE,
        ) {
            let lacks: Vec<Money> = lacks.into_iter().map(Money::from_raw).collect();
            let wanted: Money = lacks.iter().map(|lack| (*lack).max(Money::ZERO)).sum();
            prop_assume!(wanted.is_positive());
            let given = Rate::from_raw(share).of(wanted);
            let shares = shares(given, &lacks);
            prop_assert_eq!(shares.iter().copied().sum::<Money>(), given);
            for (share, lack) in shares.iter().zip(&lacks) {
                prop_assert!(!share.is_negative() && *share <= (*lack).max(Money::ZERO));
            }
        }
    }
}
