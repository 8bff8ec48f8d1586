//! Ballots: the stances of all members on one symbol, and the signals that a vote makes of them.

use std::ops::Range;

use super::{Stance, Vote};
use crate::signal::Signal;

/// A change of a member's stance, or of the regime, at the close of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    bar: u32,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The regime is known to be this, or not known.
    Regime(Option<u8>),
    /// A member holds something else.
    Stance(u16, Stance),
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
    events: Vec<Event>,
}

impl Ballot {
    /// The stances on a symbol of `bars` bars, in any order, and what the regime is known to be at the
    /// close of each bar, if it is looked at.
    ///
    /// # Panics
    /// If there are more than 65,535 members or 4 billion bars.
    pub fn new(bars: usize, changes: &[Change], regimes: Option<&[Option<u8>]>) -> Self {
        let number = |bar: usize| u32::try_from(bar).expect("fewer than 4 billion bars");
        let stance = |change: &Change| {
            let member = u16::try_from(change.member).expect("fewer than 65,536 members");
            Event { bar: number(change.bar), what: What::Stance(member, change.stance) }
        };
        let mut events: Vec<Event> = changes.iter().map(stance).collect();
        let mut before = None;
        for (bar, regime) in regimes.unwrap_or_default().iter().enumerate() {
            if *regime != before {
                events.push(Event { bar: number(bar), what: What::Regime(*regime) });
                before = *regime;
            }
        }
        events.sort_unstable();
        Self { bars, events }
    }

    /// The signals of `vote` at every bar: to enter the side that it favors, as long as it does, and
    /// to leave any other.
    pub fn signals(&self, vote: &Vote) -> Vec<Signal> {
        let mut signals = Vec::new();
        Tally::new(vote).write(self, &mut signals);
        signals
    }

    /// The same into `signals`, for callers with many votes.
    pub(crate) fn write(&self, vote: &Vote, signals: &mut Vec<Signal>) {
        Tally::new(vote).write(self, signals);
    }
}

/// A count under way.
struct Tally<'a> {
    vote: &'a Vote,
    stances: Vec<Stance>,
    weights: &'a [i64],
    long: i64,
    short: i64,
}

impl<'a> Tally<'a> {
    fn new(vote: &'a Vote) -> Self {
        let stances = vec![Stance::Flat; vote.members()];
        Self { vote, stances, weights: vote.weights(None).parts(), long: 0, short: 0 }
    }

    fn write(mut self, ballot: &Ballot, signals: &mut Vec<Signal>) {
        signals.clear();
        signals.resize(ballot.bars, Signal::NONE);
        let (mut from, mut held) = (0, 0);
        let mut events = ballot.events.iter().peekable();
        while let Some(first) = events.peek() {
            let bar = first.bar;
            while let Some(event) = events.next_if(|event| event.bar == bar) {
                self.take(event.what);
            }
            let now = self.vote.outcome(self.long, self.short);
            let bar = bar as usize;
            if now != held && bar < ballot.bars {
                stretch(signals, from..bar, held);
                (from, held) = (bar, now);
            }
        }
        stretch(signals, from..ballot.bars, held);
    }

    fn take(&mut self, what: What) {
        match what {
            What::Stance(member, stance) => {
                let member = usize::from(member);
                let before = std::mem::replace(&mut self.stances[member], stance);
                let weight = self.weights[member];
                self.count(before, -weight);
                self.count(stance, weight);
            }
            What::Regime(regime) => {
                self.weights = self.vote.weights(regime).parts();
                (self.long, self.short) = (0, 0);
                for member in 0..self.stances.len() {
                    self.count(self.stances[member], self.weights[member]);
                }
            }
        }
    }

    fn count(&mut self, stance: Stance, weight: i64) {
        match stance {
            Stance::Long => self.long += weight,
            Stance::Short => self.short += weight,
            Stance::Flat => {}
        }
    }
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
