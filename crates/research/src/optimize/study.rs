//! Studies: asked for trials, told what came of them.
//!
//! Invariant: a generation is learned as a whole, in the order of trial numbers, so the order of
//! tells within it changes nothing.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use dirigent_core::Seed;

use super::error::Error;
use super::method::Method;
use super::point::Point;
use super::searcher::{At, Generation, Proposal, Searcher, Told};
use super::space::Space;
use super::trial::{Direction, Outcome, Trial};

/// The answer to a request for a trial.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// Try this.
    Trial(Trial),
    /// Nothing can be tried before some open trial is told.
    Wait,
    /// There is nothing left to try.
    Done,
}

/// A search in progress.
#[derive(Debug)]
pub struct Study {
    space: Arc<Space>,
    directions: Vec<Direction>,
    seed: Seed,
    searcher: Box<dyn Searcher>,
    trials: Vec<Trial>,
    /// The trials of this generation, as far as it was asked for.
    current: Range<usize>,
    proposals: Vec<Proposal>,
    /// Trials of the generation without outcome.
    open: usize,
    seen: BTreeSet<Box<[Option<u64>]>>,
    ended: bool,
}

impl Study {
    /// A search of `space` by `method`, with one direction for each objective.
    ///
    /// # Errors
    /// If the method cannot work with its settings, this space or this number of objectives.
    pub fn new(
        space: Arc<Space>,
        directions: Vec<Direction>,
        method: &Method,
        seed: Seed,
    ) -> Result<Self, Error> {
        let searcher = method.start(&space, directions.len(), &seed)?;
        Ok(Self {
            space,
            directions,
            seed,
            searcher,
            trials: Vec::new(),
            current: 0..0,
            proposals: Vec::new(),
            open: 0,
            seen: BTreeSet::new(),
            ended: false,
        })
    }

    /// Learns from the trials of an earlier search of the same space.
    ///
    /// # Errors
    /// If a trial was already asked for, or an outcome has the wrong number of values.
    pub fn warm(&mut self, known: Vec<(Point, Outcome)>) -> Result<(), Error> {
        if !self.trials.is_empty() {
            return Err(Error::WarmTooLate);
        }
        let mut told = Vec::with_capacity(known.len());
        for (number, (point, outcome)) in (0..).zip(known) {
            self.check_values(number, &outcome)?;
            self.note(&point);
            let unit = self.space.complete(self.space.encode(&point));
            let proposal = Proposal { unit, point, fraction: 1.0 };
            told.push(Told { proposal, costs: outcome.costs(&self.directions) });
        }
        self.searcher.warm(&self.space, &told);
        Ok(())
    }

    /// The next trial.
    pub fn ask(&mut self) -> Asked {
        match self.room() {
            Generation::Ended => return Asked::Done,
            Generation::Of(size) if self.current.len() >= size => return Asked::Wait,
            Generation::Of(_) | Generation::Unlimited => {}
        }
        let at = At {
            space: &self.space,
            seed: &self.seed,
            number: self.trials.len() as u64,
            open: &self.proposals,
            seen: &self.seen,
        };
        match self.searcher.propose(&at) {
            Some(proposal) => Asked::Trial(self.open_trial(proposal).clone()),
            None if self.open > 0 => Asked::Wait,
            None => {
                self.ended = true;
                Asked::Done
            }
        }
    }

    fn room(&self) -> Generation {
        if self.ended { Generation::Ended } else { self.searcher.generation() }
    }

    fn open_trial(&mut self, proposal: Proposal) -> &Trial {
        self.note(&proposal.point);
        let number = self.trials.len();
        self.trials.push(Trial {
            number: number as u64,
            point: proposal.point.clone(),
            fraction: proposal.fraction,
            outcome: None,
        });
        if self.searcher.generation() != Generation::Unlimited {
            self.proposals.push(proposal);
        }
        self.current.end = number + 1;
        self.open += 1;
        &self.trials[number]
    }

    fn note(&mut self, point: &Point) {
        if self.space.is_finite() {
            self.seen.insert(point.key());
        }
    }

    fn check_values(&self, number: u64, outcome: &Outcome) -> Result<(), Error> {
        match outcome {
            Outcome::Values(values) if values.len() != self.directions.len() => {
                Err(Error::Values { number, found: values.len(), expected: self.directions.len() })
            }
            Outcome::Values(_) | Outcome::Failed => Ok(()),
        }
    }

    /// Takes what came of a trial.
    ///
    /// # Errors
    /// If the trial was never asked for, was told before, or has the wrong number of values.
    pub fn tell(&mut self, number: u64, outcome: Outcome) -> Result<(), Error> {
        self.check_values(number, &outcome)?;
        let place = usize::try_from(number).map_err(|_| Error::NeverAsked(number))?;
        let trial = self.trials.get_mut(place).ok_or(Error::NeverAsked(number))?;
        if trial.outcome.is_some() {
            return Err(Error::ToldTwice(number));
        }
        trial.outcome = Some(outcome);
        self.open -= 1;
        if let Generation::Of(size) = self.searcher.generation()
            && self.open == 0
            && self.current.len() == size
        {
            self.learn();
        }
        Ok(())
    }

    fn learn(&mut self) {
        let trials = &self.trials[self.current.clone()];
        let told: Vec<Told> = std::mem::take(&mut self.proposals)
            .into_iter()
            .zip(trials)
            .map(|(proposal, trial)| Told {
                proposal,
                costs: trial.outcome.as_ref().and_then(|o| o.costs(&self.directions)),
            })
            .collect();
        self.searcher.learn(&self.space, &told);
        self.current = self.trials.len()..self.trials.len();
    }

    /// Takes up a search where it was left: `told` has trials by number with their points, in any
    /// order. Afterwards, `open` has the trials that were asked for but not told.
    ///
    /// # Errors
    /// If a recorded point is not the one this study proposes under its number; the space, method,
    /// seed or earlier values are then not those of the record.
    pub fn restore(&mut self, mut told: Vec<(u64, Point, Outcome)>) -> Result<(), Error> {
        told.sort_by_key(|(number, _, _)| *number);
        let end = told.last().map_or(0, |(number, _, _)| *number + 1);
        let mut told = told.into_iter().peekable();
        for number in 0..end {
            let recorded = told.next_if(|(recorded, _, _)| *recorded == number);
            self.retrace(number, recorded.as_ref().map(|(_, point, _)| point))?;
            if let Some((number, _, outcome)) = recorded {
                // Generations end by tells, so a gap is only possible in the last one.
                self.tell(number, outcome)?;
            }
        }
        match told.next() {
            Some((number, _, _)) => Err(Error::ToldTwice(number)),
            None => Ok(()),
        }
    }

    /// Asks for trial `number` again.
    fn retrace(&mut self, number: u64, recorded: Option<&Point>) -> Result<(), Error> {
        let text = |point: &Point| self.space.text(point);
        if let Some(point) = recorded
            && self.searcher.is_memoryless()
            && matches!(self.room(), Generation::Of(size) if self.current.len() < size)
        {
            let unit = self.space.complete(self.space.encode(point));
            self.open_trial(Proposal { unit, point: point.clone(), fraction: 1.0 });
            return Ok(());
        }
        let recorded_text = recorded.map_or_else(|| "open".to_owned(), text);
        match (self.ask(), recorded) {
            (Asked::Trial(trial), Some(point)) if trial.point != *point => Err(Error::Diverged {
                number,
                recorded: recorded_text,
                proposed: self.space.text(&trial.point),
            }),
            (Asked::Trial(_), _) => Ok(()),
            (Asked::Wait | Asked::Done, _) => Err(Error::Diverged {
                number,
                recorded: recorded_text,
                proposed: "nothing before earlier trials are told".to_owned(),
            }),
        }
    }

    /// Asks, evaluates and tells until `limit` trials are done or nothing is left.
    ///
    /// # Errors
    /// If an outcome has the wrong number of values.
    pub fn run(
        &mut self,
        limit: usize,
        mut evaluate: impl FnMut(&Trial) -> Outcome,
    ) -> Result<(), Error> {
        while self.trials.len() < limit {
            let Asked::Trial(trial) = self.ask() else { break };
            let outcome = evaluate(&trial);
            self.tell(trial.number, outcome)?;
        }
        Ok(())
    }

    /// What is searched.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// All trials that were asked for.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// Trials that wait for their outcome.
    pub fn open(&self) -> impl Iterator<Item = &Trial> {
        self.trials.iter().filter(|trial| trial.outcome.is_none())
    }

    /// The best trial by the first objective, of those with the whole resource; the earliest of
    /// equals.
    pub fn best(&self) -> Option<&Trial> {
        let costs = self.whole().filter_map(|(trial, costs)| Some((trial, *costs.first()?)));
        let best = costs.reduce(|best, next| if next.1 < best.1 { next } else { best });
        best.map(|(trial, _)| trial)
    }

    /// The trials that no other is better than in one objective without being worse in another.
    pub fn front(&self) -> Vec<&Trial> {
        let (trials, costs): (Vec<&Trial>, Vec<Vec<f64>>) = self.whole().unzip();
        super::pareto::front(&costs).into_iter().map(|place| trials[place]).collect()
    }

    /// Trials with the whole resource and a value, as costs.
    fn whole(&self) -> impl Iterator<Item = (&Trial, Vec<f64>)> {
        self.trials
            .iter()
            .filter(|trial| trial.fraction >= 1.0)
            .filter_map(|trial| Some((trial, trial.outcome.as_ref()?.costs(&self.directions)?)))
    }
}
