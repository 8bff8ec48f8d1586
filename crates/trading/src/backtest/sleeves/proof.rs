//! Causality of several strategies together; see `causality` for what is compared.

use dirigent_core::Timestamp;

use super::{Account, Ahead, Member, Rebalancing, Sleeve, merge, run_until};
use crate::backtest::causality::{Proof, Recorder, Unproven, compare, first_difference, prefix};
use crate::backtest::{Error, Options, Watch};
use crate::data::bars::Bars;
use crate::strategy::{Strategy, Wishes};

/// Makes the strategy of the sleeve at a place, for its bars up to a time.
pub type BuildMember<'a> =
    dyn FnMut(usize, &[Bars], Timestamp) -> Result<Box<dyn Strategy>, String> + 'a;

type Wanted = Vec<(Timestamp, Wishes)>;

/// Runs the beginnings of the data that end at `cuts`, each with the strategies that `build` makes
/// for them, and compares account and sleeves with `account`, that of all `bars`, one list for each
/// of its sleeves, in their order.
///
/// # Errors
/// The first change that is found, or why a prefix cannot be run.
pub fn prove(
    bars: &[&[Bars]],
    account: &Account,
    (options, rebalancing): (&Options, Rebalancing),
    cuts: &[Timestamp],
    build: &mut BuildMember<'_>,
    watch: &dyn Watch,
) -> Result<Proof, Unproven> {
    let times = &account.outcome.equity.time;
    let Some(&end) = times.last() else { return Ok(Proof::default()) };
    let mut run_to = |cut: Timestamp| {
        let again = Again { bars, account, options, rebalancing, watch };
        again.run(cut, build).map_err(|error| Unproven::Run { cut, error })
    };
    let (whole, wanted) = run_to(end)?;
    let mut proof = Proof::default();
    let changes = |cut, what| Err(Unproven::LooksAhead { cut, what });
    if let Err(what) = compare_all(account, &whole, end) {
        return changes(end, format!("run a second time, {what}"));
    }
    let all = || bars.iter().copied().flatten();
    for &cut in cuts {
        // Symbols without a bar yet would change the numbers of the others.
        if all().any(|bars| bars.time.first().is_none_or(|first| *first > cut)) {
            continue;
        }
        let (again, wants) = run_to(cut)?;
        for (sleeve, (wanted, wants)) in account.sleeves.iter().zip(wanted.iter().zip(&wants)) {
            let until = wanted.partition_point(|(time, _)| *time <= cut);
            if let Some(time) = first_difference(&wanted[..until], wants, |(time, _)| *time) {
                return changes(cut, format!("what `{}` wants at {time} changes", sleeve.name));
            }
        }
        match compare_all(account, &again, cut) {
            Ok(steps) => proof.steps += steps,
            Err(what) => return changes(cut, what),
        }
        proof.prefixes += 1;
    }
    Ok(proof)
}

/// What a beginning of the data is run anew with.
struct Again<'a> {
    bars: &'a [&'a [Bars]],
    account: &'a Account,
    options: &'a Options,
    rebalancing: Rebalancing,
    watch: &'a dyn Watch,
}

impl Again<'_> {
    fn run(
        &self,
        cut: Timestamp,
        build: &mut BuildMember<'_>,
    ) -> Result<(Account, Vec<Wanted>), Error> {
        let prefixes: Vec<Vec<Bars>> = self.bars.iter().map(|bars| prefix(bars, cut)).collect();
        let mut recorders = Vec::new();
        for (place, bars) in prefixes.iter().enumerate() {
            let inner = build(place, bars, cut).map_err(Error::Strategy)?;
            recorders.push(Recorder { inner, wanted: Vec::new() });
        }
        let times = &self.account.outcome.equity.time;
        let ahead = Ahead {
            sleeves: self.bars.iter().map(|bars| next_of(bars, cut)).collect(),
            account: times.get(times.partition_point(|time| *time <= cut)).copied(),
        };
        let rows = recorders.iter_mut().zip(&prefixes).zip(&self.account.sleeves);
        let members: Vec<Member<'_>> = rows
            .map(|((strategy, bars), Sleeve { name, weight, sizing, .. })| Member {
                name,
                weight: *weight,
                sizing: *sizing,
                bars,
                strategy,
            })
            .collect();
        let symbols = merge::Symbols::of(&self.account.outcome.symbols, &members)
            .map_err(|symbol| Error::Strategy(format!("`{symbol}` is no symbol of the account")))?;
        let known = self.options.until(cut, ahead.account);
        let with = (&known, self.rebalancing);
        let again = run_until(&symbols, members, with, self.watch, &ahead)?;
        Ok((again, recorders.into_iter().map(|recorder| recorder.wanted).collect()))
    }
}

/// The first time of any of these bars after `cut`.
fn next_of(bars: &[Bars], cut: Timestamp) -> Option<Timestamp> {
    let next = |bars: &Bars| {
        let place = bars.time.partition_point(|time| *time <= cut);
        bars.time.get(place).copied()
    };
    bars.iter().filter_map(next).min()
}

/// How many steps all sleeves of `again` have before `cut`, if they and the account are those of
/// `whole`.
fn compare_all(whole: &Account, again: &Account, cut: Timestamp) -> Result<usize, String> {
    compare(&whole.outcome, &again.outcome, cut)?;
    let mut steps = 0;
    for (whole, again) in whole.sleeves.iter().zip(&again.sleeves) {
        steps += compare(&whole.outcome, &again.outcome, cut)
            .map_err(|what| format!("in `{}`, {what}", whole.name))?;
    }
    Ok(steps)
}
