//! Ballots: the stances of all members on one symbol, and the signals that a vote makes of them.

use std::{collections::BTreeMap, ops::Range};

use super::{Stance, Vote};
use crate::signal::Signal;

/// What a change adds to the members that are long and to those that are short: -1, 0 or 1.
#[derive(Clone, Copy, Debug)]
struct Turn {
    member: u16,
    long: i8,
    short: i8,
}

/// All changes at the close of one bar.
#[derive(Clone, Debug)]
struct Step {
    bar: usize,
    /// Where its turns end; they begin where those of the step before end.
    end: usize,
    /// What changes with the regime, if it does.
    regime: Option<Box<Regime>>,
}

/// A regime from here on.
#[derive(Clone, Debug)]
struct Regime {
    is: Option<u8>,
    /// The members that hold something by then.
    standing: Vec<Turn>,
}

/// A change of the stance of one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The bar at whose close it changes.
    pub bar: usize,
    /// The place of the member.
    pub member: usize,
    /// What it wants to hold from then on.
    pub stance: Stance,
}

/// What is known of one symbol.
#[derive(Clone, Debug)]
pub struct Ballot {
    bars: usize,
    turns: Vec<Turn>,
    steps: Vec<Step>,
}

impl Ballot {
    /// The stances on a symbol of `bars` bars, in any order, and what the regime is known to be at the
    /// close of each bar, if it is looked at.
    ///
    /// # Panics
    /// If there are more than 65,535 members.
    pub fn new(bars: usize, changes: &[Change], regimes: Option<&[Option<u8>]>) -> Self {
        let mut by_bar: BTreeMap<usize, (Vec<Change>, Option<Option<u8>>)> = BTreeMap::new();
        for change in changes.iter().filter(|change| change.bar < bars) {
            by_bar.entry(change.bar).or_default().0.push(*change);
        }
        let mut before = None;
        for (bar, regime) in regimes.unwrap_or_default().iter().enumerate().take(bars) {
            if *regime != before {
                by_bar.entry(bar).or_default().1 = Some(*regime);
                before = *regime;
            }
        }
        let mut ballot = Self { bars, turns: Vec::new(), steps: Vec::new() };
        let mut stances: BTreeMap<usize, Stance> = BTreeMap::new();
        for (bar, (mut changes, regime)) in by_bar {
            changes.sort_unstable();
            for Change { member, stance, .. } in changes {
                let before = stances.insert(member, stance).unwrap_or_default();
                ballot.turns.push(turn(member, before, stance));
            }
            let regime = regime.map(|is| Box::new(Regime { is, standing: standing(&stances) }));
            ballot.steps.push(Step { bar, end: ballot.turns.len(), regime });
        }
        ballot
    }

    /// The signals of `vote` at every bar: to enter the side that it favors, as long as it does, and
    /// to leave any other.
    pub fn signals(&self, vote: &Vote) -> Vec<Signal> {
        let mut signals = Vec::new();
        self.write(vote, &mut signals);
        signals
    }

    /// The parts of the weight for long and for short, at every bar.
    pub fn sides(&self, vote: &Vote) -> Vec<[i64; 2]> {
        let mut weights = vote.weights(None).parts();
        let (mut now, mut first, mut sides) = ([0, 0], 0, Vec::with_capacity(self.bars));
        for step in &self.steps {
            sides.resize(step.bar, now);
            let (long, short) = count(weights, &self.turns[first..step.end]);
            (now, first) = ([now[0] + long, now[1] + short], step.end);
            if let Some(regime) = &step.regime {
                weights = vote.weights(regime.is).parts();
                now = count(weights, &regime.standing).into();
            }
        }
        sides.resize(self.bars, now);
        sides
    }

    /// The same into `signals`, for callers with many votes.
    pub(crate) fn write(&self, vote: &Vote, signals: &mut Vec<Signal>) {
        signals.clear();
        signals.resize(self.bars, Signal::NONE);
        let mut weights = vote.weights(None).parts();
        let (mut long, mut short) = (0_i64, 0_i64);
        let (mut from, mut held, mut first) = (0, 0, 0);
        for step in &self.steps {
            let (turned, other) = count(weights, &self.turns[first..step.end]);
            (long, short, first) = (long + turned, short + other, step.end);
            if let Some(regime) = &step.regime {
                weights = vote.weights(regime.is).parts();
                (long, short) = count(weights, &regime.standing);
            }
            let now = vote.outcome(long, short);
            if now != held {
                stretch(signals, from..step.bar, held);
                (from, held) = (step.bar, now);
            }
        }
        stretch(signals, from..self.bars, held);
    }
}

/// What each member holds.
fn standing(stances: &BTreeMap<usize, Stance>) -> Vec<Turn> {
    let held = stances.iter().filter(|(_, stance)| **stance != Stance::Flat);
    held.map(|(member, stance)| turn(*member, Stance::Flat, *stance)).collect()
}

fn turn(member: usize, before: Stance, after: Stance) -> Turn {
    let change = |side: Stance| i8::from(after == side) - i8::from(before == side);
    Turn {
        member: u16::try_from(member).expect("fewer than 65,536 members"),
        long: change(Stance::Long),
        short: change(Stance::Short),
    }
}

/// The parts that `turns` add for long and for short.
fn count(weights: &[i64], turns: &[Turn]) -> (i64, i64) {
    let add = |(long, short): (i64, i64), turn: &Turn| {
        let weight = weights[usize::from(turn.member)];
        (long + weight * i64::from(turn.long), short + weight * i64::from(turn.short))
    };
    turns.iter().fold((0, 0), add)
}

/// The signals of a stretch of bars in which one thing is favored.
fn stretch(signals: &mut [Signal], bars: Range<usize>, held: i8) {
    let (enter, leave) = match held {
        1 => (Signal::LONG_ENTRY, Signal::SHORT_EXIT),
        -1 => (Signal::SHORT_ENTRY, Signal::LONG_EXIT),
        _ => (Signal::NONE, Signal::LONG_EXIT.with(Signal::SHORT_EXIT)),
    };
    signals[bars].fill(enter.with(leave));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ensemble::{PARTS, Weights};

    fn shown(signals: &[Signal]) -> String {
        let letter = |signal: &Signal| match () {
            () if signal.has(Signal::LONG_ENTRY) => 'L',
            () if signal.has(Signal::SHORT_ENTRY) => 'S',
            () if signal.has(Signal::LONG_EXIT) && signal.has(Signal::SHORT_EXIT) => 'x',
            () => '?',
        };
        signals.iter().map(letter).collect()
    }

    fn change(bar: usize, member: usize, sign: i8) -> Change {
        Change { bar, member, stance: Stance::of_sign(sign).unwrap() }
    }

    #[test]
    fn the_vote_turns_with_those_who_have_the_weight() {
        let changes = [
            change(1, 0, 1),
            change(3, 1, 1),
            change(5, 2, -1),
            change(6, 0, 0),
            change(7, 1, -1),
            change(8, 1, 0),
        ];
        let ballot = Ballot::new(10, &changes, None);
        let vote = |weights: &[f64], agreement| {
            let weights = Weights::new(weights).unwrap();
            shown(&ballot.signals(&Vote::new(weights, agreement).unwrap()))
        };
        assert_eq!(vote(&[1.0, 1.0, 1.0], 0.6), "xxxLLLxSxx");
        assert_eq!(vote(&[1.0, 0.0, 0.0], 0.5), "xLLLLLxxxx");
        assert_eq!(vote(&[0.0, 0.0, 1.0], 1.0), "xxxxxSSSSS");
    }

    #[test]
    fn regimes_change_whose_word_counts() {
        let changes = [change(0, 0, 1), change(0, 1, -1)];
        let regimes = [None, Some(0), Some(0), Some(1), Some(1), None];
        let ballot = Ballot::new(6, &changes, Some(&regimes));
        let weights = |w: [f64; 2]| Weights::new(&w).unwrap();
        let vote = Vote::new(weights([1.0, 1.0]), 0.5).unwrap();
        let vote = vote.by_regime(vec![weights([1.0, 0.0]), weights([0.0, 1.0])]).unwrap();
        assert_eq!(shown(&ballot.signals(&vote)), "xLLSSx");
        assert_eq!(vote.weights(Some(1)).parts(), [0, PARTS]);
    }
}
