//! What trials found, block by block and together.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{judge::Sharpes, rows::Rows, warm};
use crate::{
    config::search::Objective,
    tasks::backtest::sweep::{Ranked, keep},
};

/// How many of the best are told.
pub(super) const TOP: usize = 20;

/// What a block found of one strategy.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Found {
    /// The place of the strategy among those that are searched.
    #[serde(default)]
    pub(super) member: usize,
    /// How many trials it made.
    pub(super) trials: usize,
    /// How many of them make no strategy.
    pub(super) refused: usize,
    /// What is wrong with the first of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first_refusal: Option<String>,
    /// The best, the best first.
    pub(super) best: Vec<Ranked>,
    /// Of several objectives, the trials that no other is better than in one without being worse in
    /// another, in the order of their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) front: Vec<Ranked>,
    /// The Sharpe ratios of all.
    pub(super) sharpes: Sharpes,
    pub(super) periods_per_year: f64,
}

/// A trial and what came of it; the inner error says why it makes no strategy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tried {
    pub(super) params: Map<String, Value>,
    /// The part of the data it was made on, from the first bar.
    #[serde(default = "whole", skip_serializing_if = "is_whole")]
    pub(super) fraction: f64,
    pub(super) came: Result<Ranked, String>,
}

impl Tried {
    /// A trial on all of the data.
    pub(super) fn new(params: Map<String, Value>, came: Result<Ranked, String>) -> Self {
        Self { params, fraction: whole(), came }
    }
}

fn whole() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape of `skip_serializing_if`")]
fn is_whole(fraction: &f64) -> bool {
    *fraction >= 1.0
}

/// What a block found, and its rows of the table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Block {
    pub(super) found: Vec<Found>,
    pub(super) rows: Rows,
    /// The table that it was told of first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) warm: Option<warm::Told>,
}

impl Found {
    pub(super) fn of(member: usize, periods_per_year: f64) -> Self {
        Self { member, periods_per_year, ..Self::default() }
    }

    /// Adds a trial. What is tried on ever more of the data counts as one for what luck would show,
    /// the first time, with its Sharpe ratio as much smaller as chance would make it on all.
    pub(super) fn add(&mut self, tried: &Tried, is_new: bool, objectives: &[Objective]) {
        self.trials += 1;
        match &tried.came {
            Ok(ranked) => {
                let sharpe = ranked.sharpe.filter(|_| is_new);
                let scale = tried.fraction.sqrt();
                sharpe.into_iter().for_each(|sharpe| self.sharpes.add(sharpe * scale));
                if is_whole(&tried.fraction) && self.may_keep(ranked, objectives) {
                    let ranked = ranked.clone().by(&objectives[0]);
                    if objectives.len() > 1 {
                        advance(&mut self.front, ranked.clone(), objectives);
                    }
                    keep(&mut self.best, ranked, TOP);
                }
            }
            Err(why) => {
                self.refused += 1;
                self.first_refusal.get_or_insert_with(|| why.clone());
            }
        }
    }

    /// Whether a trial may be among the best so far; most are not, and are not worth a copy.
    fn may_keep(&self, ranked: &Ranked, objectives: &[Objective]) -> bool {
        let value = |ranked: &Ranked| objectives[0].of(ranked).unwrap_or(f64::NEG_INFINITY);
        let is_worse = |last: &Ranked| value(ranked) <= value(last);
        objectives.len() > 1 || self.best.get(TOP - 1).is_none_or(|last| !is_worse(last))
    }

    /// The same of a trial that was judged already.
    pub(super) fn add_judged(&mut self, tried: &Tried) {
        self.trials += 1;
        match &tried.came {
            Ok(ranked) => keep(&mut self.best, ranked.clone(), TOP),
            Err(why) => {
                self.refused += 1;
                self.first_refusal.get_or_insert_with(|| why.clone());
            }
        }
    }

    /// Takes what others found, later ones after earlier ones.
    pub(super) fn join(&mut self, other: &Self, objectives: &[Objective]) {
        self.trials += other.trials;
        self.refused += other.refused;
        self.sharpes.join(&other.sharpes);
        self.periods_per_year = other.periods_per_year;
        if self.first_refusal.is_none() {
            self.first_refusal.clone_from(&other.first_refusal);
        }
        for ranked in &other.best {
            keep(&mut self.best, ranked.clone(), TOP);
        }
        for ranked in &other.front {
            advance(&mut self.front, ranked.clone(), objectives);
        }
    }
}

/// The values of all objectives, if it has all.
pub(super) fn values(ranked: &Ranked, objectives: &[Objective]) -> Option<Vec<f64>> {
    objectives.iter().map(|objective| objective.of(ranked)).collect()
}

/// Takes a trial into the front if it belongs there; of equals the first stays.
fn advance(front: &mut Vec<Ranked>, ranked: Ranked, objectives: &[Objective]) {
    let Some(own) = values(&ranked, objectives) else { return };
    let reaches = |one: &[f64], other: &[f64]| one.iter().zip(other).all(|(a, b)| a >= b);
    let of = |ranked: &Ranked| values(ranked, objectives).unwrap_or_default();
    if !front.iter().any(|other| reaches(&of(other), &own)) {
        front.retain(|other| !reaches(&own, &of(other)));
        front.push(ranked);
    }
}

/// The trial of a front that is nearest to the best value of every objective, as distances within the
/// front go; the first of equals.
pub(super) fn knee<'f>(front: &'f [Ranked], objectives: &[Objective]) -> Option<&'f Ranked> {
    let all: Vec<Vec<f64>> = front.iter().filter_map(|one| values(one, objectives)).collect();
    let ends = |at: usize| {
        let column = || all.iter().map(|values| values[at]);
        (column().fold(f64::INFINITY, f64::min), column().fold(f64::NEG_INFINITY, f64::max))
    };
    let ends: Vec<(f64, f64)> = (0..objectives.len()).map(ends).collect();
    let distance = |values: &Vec<f64>| -> f64 {
        let apart = values.iter().zip(&ends).map(|(value, (worst, best))| {
            if best > worst { (best - value) / (best - worst) } else { 0.0 }
        });
        apart.map(|apart| apart * apart).sum()
    };
    let near = front.iter().zip(all.iter().map(distance));
    near.reduce(|best, next| if next.1 < best.1 { next } else { best }).map(|(ranked, _)| ranked)
}
