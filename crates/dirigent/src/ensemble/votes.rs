//! How an ensemble voted, as its report shows it.

use dirigent_core::Timestamp;
use dirigent_report::{VotePath, VotePaths};
use dirigent_trading::{
    Bars,
    corporate::Action,
    ensemble::{PARTS, Weights},
    strategy::Joined,
};

use super::Ensemble;
use crate::regimes;

/// The weights of all members over time, and the share of them behind each side.
#[derive(Clone, Debug)]
pub(crate) struct Votes {
    times: Vec<Timestamp>,
    weights: Vec<(String, Vec<f64>)>,
    long: Vec<f64>,
    short: Vec<f64>,
    agreement: f64,
}

impl Ensemble {
    /// How it voted at `times` on the symbols of `bars`, which come after `history`.
    ///
    /// # Errors
    /// In words: what does not fit.
    pub(crate) fn votes(
        &self,
        (history, bars): (&[Bars], &[Bars]),
        others: &[Bars],
        actions: &[Action],
        times: &[Timestamp],
    ) -> Result<Votes, String> {
        let vote = self.terms.vote()?;
        let captured = self.capture(history, bars, others)?;
        let ballots = self.terms.ballots(&captured, (history, bars), actions)?;
        let labels = match self.terms.config.regime_weights {
            None => None,
            Some(_) => {
                let whole = Joined::of(history, bars).whole;
                let found = regimes::labels(&self.terms.regimes, &whole, actions, &self.terms.seed);
                Some(found.map_err(|error| error.to_string())?)
            }
        };
        let at = |time: &Timestamp| labels.as_ref().and_then(|labels| labels.at(*time));
        let known: Vec<&Weights> = times.iter().map(|time| vote.weights(at(time))).collect();
        let path = |(member, (name, _)): (usize, &(String, f64))| {
            let of = |weights: &&Weights| share(weights.parts()[member]);
            (name.clone(), known.iter().map(of).collect())
        };
        let weights = self.terms.weights.iter().enumerate().map(path).collect();
        let (mut long, mut short) = (vec![0.0; times.len()], vec![0.0; times.len()]);
        let mut symbols = vec![0_u32; times.len()];
        for (bars, ballot) in bars.iter().zip(&ballots) {
            for (time, [for_long, for_short]) in bars.time.iter().zip(ballot.sides(&vote)) {
                if let Ok(at) = times.binary_search(time) {
                    long[at] += share(for_long);
                    short[at] += share(for_short);
                    symbols[at] += 1;
                }
            }
        }
        for (sum, count) in long.iter_mut().chain(&mut short).zip(symbols.iter().chain(&symbols)) {
            *sum /= f64::from((*count).max(1));
        }
        let agreement = self.terms.config.min_agreement;
        Ok(Votes { times: times.to_vec(), weights, long, short, agreement })
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most 10^9")]
fn share(parts: i64) -> f64 {
    parts as f64 / PARTS as f64
}

impl Votes {
    pub(crate) fn view<'a>(&'a self) -> VotePaths<'a> {
        let path = |of: &'a (String, Vec<f64>)| VotePath { name: &of.0, weight: &of.1 };
        VotePaths {
            time: &self.times,
            weights: self.weights.iter().map(path).collect(),
            long: &self.long,
            short: &self.short,
            agreement: self.agreement,
        }
    }
}
