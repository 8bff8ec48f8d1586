//! The ensemble of a file: its `strategies` vote on one position.
//!
//! Promises: what was captured trades as the members themselves do, to the last signal.

mod captured;
mod votes;

use std::collections::BTreeMap;

use dirigent_core::Seed;
use dirigent_trading::{
    Bars,
    corporate::Action,
    ensemble::{Ballot, Vote, WeightError, Weights},
    strategy::{Joined, SignalStrategy},
};
use serde_json::{Map, Value};

use crate::{
    cast::Role,
    config::{
        search::weights::{AGREEMENT, TILT, WEIGHT},
        workflow::{self, Regimes, Workflow},
    },
    regimes,
    strategy::Chosen,
};

pub(crate) use captured::Captured;
pub(crate) use votes::Votes;

/// Strategies that vote, and how.
pub(crate) struct Ensemble {
    members: Vec<(String, Chosen)>,
    terms: Terms,
}

/// How votes are counted.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// The members by name, in order, and their proportions.
    pub(crate) weights: Vec<(String, f64)>,
    config: workflow::Ensemble,
    regimes: Regimes,
    seed: Seed,
}

impl Ensemble {
    /// The ensemble that `roles` make, if the file wants one.
    ///
    /// # Errors
    /// In words: a member that cannot vote.
    pub(crate) fn of(workflow: &Workflow, roles: Vec<Role>) -> Result<Self, String> {
        let mut members = Vec::with_capacity(roles.len());
        let mut weights = Vec::with_capacity(roles.len());
        for role in roles {
            let name = role.name;
            if role.chosen.rule_set().is_none() {
                return Err(format!(
                    "`{name}` ({}) sets weights or orders of its own and cannot vote in an \
                     ensemble: take strategies by rules",
                    role.chosen.label
                ));
            }
            if role.symbols.is_some() || role.sizing.is_some() {
                return Err(format!(
                    "`{name}` has `symbols` or `sizing` of its own, but members of an ensemble vote \
                     on one position in every symbol: remove them"
                ));
            }
            weights.push((name.clone(), role.weight.to_f64()));
            members.push((name, role.chosen));
        }
        let config = workflow.ensemble.clone().unwrap_or_default();
        let regimes = workflow.regimes.clone().unwrap_or_default();
        let seed = Seed::master(workflow.coordinator.reproducibility.master_seed);
        Ok(Self { members, terms: Terms { weights, config, regimes, seed } })
    }

    pub(crate) fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What every member wants to hold at the closes of `bars`.
    ///
    /// # Errors
    /// In words: what does not fit.
    pub(crate) fn capture(
        &self,
        history: &[Bars],
        bars: &[Bars],
        others: &[Bars],
    ) -> Result<Captured, String> {
        let members = self.members.iter().map(|(name, chosen)| (name.as_str(), chosen));
        Captured::of(members, history, bars, others)
    }

    /// The strategy for these bars.
    ///
    /// # Errors
    /// In words: what does not fit.
    pub(crate) fn strategy(
        &self,
        history: &[Bars],
        bars: &[Bars],
        others: &[Bars],
        actions: &[Action],
    ) -> Result<SignalStrategy, String> {
        let vote = self.terms.vote()?;
        let captured = self.capture(history, bars, others)?;
        let ballots = self.terms.ballots(&captured, (history, bars), actions)?;
        let columns = ballots.iter().map(|ballot| ballot.signals(&vote).into()).collect();
        Ok(SignalStrategy::new(columns, 0))
    }

    /// The symbols that members look at beside those they trade.
    pub(crate) fn foreign(&self) -> Vec<String> {
        self.members.iter().flat_map(|(_, chosen)| chosen.foreign()).collect()
    }

    /// Types, parameters and rules of the members, for the record.
    pub(crate) fn facts(&self) -> Value {
        let one = |(name, chosen): &(String, Chosen)| {
            let (params, rules) = (chosen.params.clone(), chosen.rules_json());
            serde_json::json!({
                "name": name, "strategy": chosen.label, "params": params, "rules": rules,
            })
        };
        self.members.iter().map(one).collect()
    }
}

impl Terms {
    /// The ballots for `bars`, which come after `history`; `actions` are those on both.
    ///
    /// # Errors
    /// In words: what was not captured, or why there are no regimes.
    pub(crate) fn ballots(
        &self,
        captured: &Captured,
        (history, bars): (&[Bars], &[Bars]),
        actions: &[Action],
    ) -> Result<Vec<Ballot>, String> {
        if self.config.regime_weights.is_none() {
            return captured.ballots(bars, None);
        }
        let whole = Joined::of(history, bars).whole;
        let labels = regimes::labels(&self.regimes, &whole, actions, &self.seed);
        captured.ballots(bars, Some(&labels.map_err(|error| error.to_string())?))
    }

    /// The same with the values of a trial.
    pub(crate) fn with(&self, params: &Map<String, Value>) -> Self {
        let number = |name: &str| params.get(name).and_then(Value::as_f64);
        let mut weights = self.weights.clone();
        for (name, value) in params {
            let of_member = name.strip_prefix(WEIGHT).zip(value.as_f64());
            let Some((member, weight)) = of_member else { continue };
            // Members and weights have the same order, but for those that the file names itself.
            if let Some(own) = weights.iter_mut().find(|(name, _)| name == member) {
                own.1 = weight;
            }
        }
        let mut config = self.config.clone();
        config.min_agreement = number(AGREEMENT).unwrap_or(config.min_agreement);
        config.regime_tilt = number(TILT).unwrap_or(config.regime_tilt);
        Self { weights, config, ..self.clone() }
    }

    /// How the votes are counted.
    ///
    /// # Errors
    /// In words: weights that do not add up to anything, or of a regime or strategy that there is not.
    pub(crate) fn vote(&self) -> Result<Vote, String> {
        let wrong = |error: WeightError| error.to_string();
        let weights = |proportions: &[f64]| Weights::new(proportions).map_err(wrong);
        let own: Vec<f64> = self.weights.iter().map(|(_, weight)| *weight).collect();
        let vote = Vote::new(weights(&own)?, self.config.min_agreement).map_err(wrong)?;
        let Some(by_regime) = &self.config.regime_weights else { return Ok(vote) };
        self.known(by_regime)?;
        let in_regime = |name: &String| match by_regime.get(name) {
            Some(factors) => weights(&self.tilted(factors)).map_err(|_| {
                format!("in regime `{name}` no strategy has a weight: weigh one, or leave it out")
            }),
            None => weights(&own),
        };
        let all = regimes::names(&self.regimes).iter().map(in_regime).collect::<Result<_, _>>()?;
        vote.by_regime(all).map_err(wrong)
    }

    /// The weights times what a regime makes of them, as far as that counts.
    fn tilted(&self, factors: &BTreeMap<String, f64>) -> Vec<f64> {
        let sum: f64 = factors.values().sum();
        let mean = sum / self.weights.len() as f64;
        let tilt = self.config.regime_tilt;
        let one = |(name, weight): &(String, f64)| {
            let factor = factors.get(name).copied().unwrap_or(0.0);
            let relative = if mean > 0.0 { factor / mean } else { 0.0 };
            weight * (1.0 - tilt + tilt * relative)
        };
        self.weights.iter().map(one).collect()
    }

    fn known(&self, by_regime: &BTreeMap<String, BTreeMap<String, f64>>) -> Result<(), String> {
        let names = regimes::names(&self.regimes);
        let is_member = |name: &String| self.weights.iter().any(|(own, _)| own == name);
        for (regime, factors) in by_regime {
            if !names.contains(regime) {
                return Err(format!(
                    "`ensemble.regime_weights` names regime `{regime}`, and `regimes` tells apart {}",
                    names.join(", ")
                ));
            }
            if let Some(other) = factors.keys().find(|name| !is_member(name)) {
                return Err(format!(
                    "`ensemble.regime_weights.{regime}` names `{other}`, which is none of `strategies`"
                ));
            }
        }
        Ok(())
    }

    /// Weights that add up to one, by member.
    pub(crate) fn fractions(&self) -> Map<String, Value> {
        let proportions: Vec<f64> = self.weights.iter().map(|(_, weight)| *weight).collect();
        let Ok(weights) = Weights::new(&proportions) else { return Map::new() };
        let names = self.weights.iter().map(|(name, _)| name.clone());
        names.zip(weights.fractions().map(Value::from)).collect()
    }

    /// All of it in one line.
    pub(crate) fn describe(&self) -> String {
        let of = |(name, weight): (String, Value)| {
            format!("{name} {:.1} %", 100.0 * weight.as_f64().unwrap_or(0.0))
        };
        let members: Vec<String> = self.fractions().into_iter().map(of).collect();
        let share = 100.0 * self.config.min_agreement;
        format!("vote of {}; a side needs {share:.0} % of the weight", members.join(", "))
    }
}
