//! The side of a method that a study talks to.

use std::collections::BTreeSet;
use std::fmt::Debug;

use dirigent_core::Seed;
use dirigent_core::seed::Stream;

use super::point::Point;
use super::space::Space;

/// A point to try, and where the method was when it chose it.
#[derive(Clone, Debug)]
pub(super) struct Proposal {
    /// Coordinates in the unit cube as the method works with them.
    pub(super) unit: Vec<f64>,
    pub(super) point: Point,
    pub(super) fraction: f64,
}

impl Proposal {
    pub(super) fn new(space: &Space, unit: Vec<f64>) -> Self {
        let point = space.decode(&unit);
        Self { unit, point, fraction: 1.0 }
    }
}

/// A trial with its outcome; less is better, `None` is a failure.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) proposal: Proposal,
    pub(super) costs: Option<Vec<f64>>,
}

impl Told {
    /// The only cost of a search with one objective; a failure costs more than anything.
    pub(super) fn cost(&self) -> f64 {
        self.costs.as_ref().and_then(|costs| costs.first()).copied().unwrap_or(f64::INFINITY)
    }
}

/// What a proposal may depend on, beside what the method has learned.
#[derive(Debug)]
pub(super) struct At<'a> {
    pub(super) space: &'a Space,
    pub(super) seed: &'a Seed,
    pub(super) number: u64,
    /// Proposals of this generation so far.
    pub(super) open: &'a [Proposal],
    /// Points tried so far, if the space is finite.
    pub(super) seen: &'a BTreeSet<Box<[Option<u64>]>>,
}

impl At<'_> {
    /// The random numbers of this trial.
    pub(super) fn stream(&self) -> Stream {
        self.seed.child(&format!("trial {}", self.number)).stream()
    }

    /// Whether a trial of this point would tell something new.
    pub(super) fn is_new(&self, point: &Point) -> bool {
        !self.space.is_finite() || !self.seen.contains(&point.key())
    }

    /// A point, drawn evenly; a new one if a few draws find one.
    pub(super) fn random(&self, stream: &mut Stream) -> Proposal {
        const DRAWS: usize = 64;
        let mut last = Proposal::new(self.space, self.space.draw(stream));
        for _ in 1..DRAWS {
            if self.is_new(&last.point) {
                break;
            }
            last = Proposal::new(self.space, self.space.draw(stream));
        }
        last
    }
}

/// How many trials may be asked for before the method has to learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generation {
    /// Any number: the method does not learn.
    Unlimited,
    /// So many, at least one.
    Of(usize),
    /// The method has nothing left to try.
    Ended,
}

/// A method at work. Its state changes only by what it is asked, in the order of trial numbers, and
/// by what it learns, a generation at a time.
pub(super) trait Searcher: Debug + Send {
    /// The size of the generation that begins now.
    fn generation(&self) -> Generation;

    /// The next point; `None` if there is none left.
    fn propose(&mut self, at: &At<'_>) -> Option<Proposal>;

    /// Takes a whole generation, in the order of trial numbers.
    fn learn(&mut self, space: &Space, told: &[Told]);

    /// Takes trials of an earlier search.
    fn warm(&mut self, _space: &Space, _told: &[Told]) {}

    /// Whether its state follows from what it learned alone, so that proposals of the past need not
    /// be made anew to restore it.
    fn is_memoryless(&self) -> bool {
        false
    }
}
