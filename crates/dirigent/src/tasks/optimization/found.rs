//! What trials found, block by block and together.

use serde::{Deserialize, Serialize};

use super::{judge::Sharpes, rows::Rows};
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
    /// The Sharpe ratios of all.
    pub(super) sharpes: Sharpes,
    pub(super) periods_per_year: f64,
}

/// What a block found, and its rows of the table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Block {
    pub(super) found: Vec<Found>,
    pub(super) rows: Rows,
}

impl Found {
    pub(super) fn of(member: usize, periods_per_year: f64) -> Self {
        Self { member, periods_per_year, ..Self::default() }
    }

    pub(super) fn add(&mut self, tried: Result<Ranked, String>, objective: &Objective) {
        self.trials += 1;
        match tried {
            Ok(ranked) => {
                ranked.sharpe.into_iter().for_each(|sharpe| self.sharpes.add(sharpe));
                keep(&mut self.best, ranked.by(objective), TOP);
            }
            Err(why) => {
                self.refused += 1;
                self.first_refusal.get_or_insert(why);
            }
        }
    }

    /// Takes what others found, later ones after earlier ones.
    pub(super) fn join(&mut self, other: &Self) {
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
    }
}
