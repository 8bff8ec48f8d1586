//! The choice: what choosing the best of these trials is worth, on other parts of the same time and
//! against chance.

use dirigent_research::validate::{
    self, Combinatorial, Error, Estimate, Overfit, Selection, Split, Test, Track, Trials,
};
use dirigent_workflow::port::{TaskContext, TaskError, TaskKind, TaskOutput};
use serde_json::{Value, json};

use super::{Doubt, float, output, trials::Compared};
use crate::{config::validation::Benchmark, tasks::backtest::Bench};

/// Holds trials against each other, and the best against chance.
pub(super) struct Choice(pub(super) Bench);

/// The most values of a distribution that are told.
const VALUES_MAX: usize = 201;
/// The confidence that the length of a record is asked for.
const CONFIDENCE: f64 = 0.95;
/// The size of the test that names the trials with an edge.
const SIZE: f64 = 0.05;

impl TaskKind for Choice {
    fn name(&self) -> &'static str {
        "validation.choice"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let doubt = Doubt::of(&self.0, context)?;
        let compared = Compared::of(&doubt)?;
        let (count, refused) = (compared.columns.len(), compared.refused);
        let mut output = output("luck", Ok(json!({"compared": count, "refused": refused})))?;
        let mut add = |check: &str, found: Result<Value, Error>| {
            output.value[check] = found.unwrap_or_else(|error| {
                output.warnings.push(format!("`{check}` was not checked: {error}"));
                json!({"open": error.to_string()})
            });
        };
        let of = Of { doubt: &doubt, compared: &compared };
        for (check, make) in CHECKS {
            // Paths differ by what is chosen for them.
            let is_idle = check == "combinatorial" && count < 2;
            if doubt.settings.makes(check) && !is_idle {
                add(check, make(&of));
            }
        }
        Ok(output)
    }
}

type Make = fn(&Of<'_>) -> Result<Value, Error>;

const CHECKS: [(&str, Make); 3] = [
    ("k_fold", |of| of.k_fold()),
    ("combinatorial", |of| of.combinatorial()),
    ("luck", |of| of.luck()),
];

struct Of<'a> {
    doubt: &'a Doubt<'a>,
    compared: &'a Compared,
}

/// Fewer bars choose nothing: the choice would be that of all bars, the tested ones among them.
const TRAINING_MIN: usize = 30;

/// Refuses splits that leave too little to train on.
fn has_training(splits: &[Split]) -> Result<(), Error> {
    let bars = |split: &Split| split.train.iter().map(|range| range.len()).sum::<usize>();
    match splits.iter().map(bars).min() {
        Some(found) if found < TRAINING_MIN => {
            Err(Error::TooFew { what: "bars to train on in a fold", found, needed: TRAINING_MIN })
        }
        _ => Ok(()),
    }
}

impl Of<'_> {
    fn periods_per_year(&self) -> f64 {
        self.doubt.base.periods_per_year()
    }

    fn annual(&self, ratio: f64) -> f64 {
        ratio * self.periods_per_year().sqrt()
    }

    fn bars(&self) -> usize {
        self.compared.columns[0].len()
    }

    fn k_fold(&self) -> Result<Value, Error> {
        let fold = &self.doubt.settings.k_fold;
        let splits = validate::purged_folds(self.bars(), fold.folds, fold.purge, fold.embargo)?;
        has_training(&splits)?;
        let found = validate::select_forward(&self.compared.columns, &splits)?;
        let folds: Vec<Value> =
            splits.iter().enumerate().map(|(at, split)| self.fold(&found, at, split)).collect();
        let track = Track::of(&found.returns, Estimate::Population).ok();
        Ok(json!({
            "folds": folds,
            "out_of_sample_sharpe": track.map(|track| self.annual(track.sharpe)),
            "probability": track.and_then(|track| track.probabilistic(0.0)),
            "share_of_gains": found.share_of_gains(),
        }))
    }

    fn fold(&self, found: &Selection, at: usize, split: &Split) -> Value {
        let times = self.doubt.base.times();
        let chosen = &found.splits[at];
        let test = split.test.first().cloned().unwrap_or_default();
        json!({
            "from": times.get(test.start),
            "to": times.get(test.end.saturating_sub(1)),
            "params": self.compared.params[chosen.trial],
            "in_sample_sharpe": chosen.in_sample.map(|ratio| self.annual(ratio)),
            "out_of_sample_sharpe": chosen.out_of_sample.map(|ratio| self.annual(ratio)),
        })
    }

    fn combinatorial(&self) -> Result<Value, Error> {
        let cut = &self.doubt.settings.combinatorial;
        let (purge, embargo) = (cut.purge, cut.embargo);
        let all = validate::combinatorial(self.bars(), cut.folds, cut.tests, purge, embargo)?;
        has_training(&all.splits)?;
        let found = validate::select_forward(&self.compared.columns, &all.splits)?;
        let mut paths: Vec<f64> = (0..all.paths)
            .filter_map(|path| {
                let returns = self.path(&all, &found, path);
                let track = Track::of(&returns, Estimate::Population).ok()?;
                Some(self.annual(track.sharpe))
            })
            .collect();
        paths.sort_by(f64::total_cmp);
        let quantile = |p: f64| at_share(&paths, p);
        let lost = paths.iter().filter(|sharpe| **sharpe <= 0.0).count();
        Ok(json!({
            "splits": all.splits.len(),
            "paths": all.paths,
            "sharpe_median": quantile(0.5),
            "sharpe_low": quantile(0.05),
            "sharpe_high": quantile(0.95),
            "share_lost": (!paths.is_empty()).then(|| float(lost) / float(paths.len())),
            "sharpes": thinned(&paths),
        }))
    }

    /// The returns of a path: of each fold what the choice of its split made there.
    fn path(&self, all: &Combinatorial, found: &Selection, path: usize) -> Vec<f64> {
        let mut returns = Vec::new();
        for (fold, split) in all.path(path) {
            let place = all.folds[split].iter().position(|of| of.fold == fold);
            let range = place.and_then(|place| all.splits[split].test.get(place));
            let column = &self.compared.columns[found.splits[split].trial];
            returns.extend(range.and_then(|range| column.get(range.clone())).unwrap_or_default());
        }
        returns
    }

    fn luck(&self) -> Result<Value, Error> {
        let settings = &self.doubt.settings.luck;
        let seed = self.doubt.setup.master_seed().child("validation").child("luck");
        let excess = self.excess(Benchmark::Cash);
        let track = Track::of(&excess[0], Estimate::Population)?;
        let beside = self.trials_beside(&excess, &track)?;
        let annual_hurdle = self.annual(beside.hurdle());
        let against = match settings.against {
            Benchmark::Cash => excess,
            Benchmark::BuyAndHold => self.excess(Benchmark::BuyAndHold),
        };
        let test = Test {
            mean_block: 10.0_f64.min(float(self.bars()).sqrt()),
            draws: settings.draws,
            studentized: true,
        };
        let superior = validate::superior_ability(&against, &test, &seed)?;
        let named = validate::step_superior(&against, &test, SIZE, &seed)?;
        let overfit = match self.compared.columns.len() {
            1 => None,
            _ => Some(validate::overfit(&self.compared.columns, settings.blocks)?),
        };
        Ok(json!({
            "trials": self.trials(),
            "compared": self.compared.columns.len(),
            "trials_effective": beside.count,
            "sharpe": self.annual(track.sharpe),
            "probabilistic_sharpe": track.probabilistic(0.0),
            "sharpe_of_luck": annual_hurdle,
            "deflated_sharpe": track.deflated(&beside),
            "record": {
                "returns": track.periods,
                "needed": track.length_min(0.0, CONFIDENCE).map(f64::ceil),
                "needed_above_luck": track.length_min(beside.hurdle(), CONFIDENCE).map(f64::ceil),
            },
            "against": settings.against,
            "reality_check": validate::reality_check(&against, &test, &seed)?,
            "superior_ability": {
                "lower": superior.lower,
                "consistent": superior.consistent,
                "upper": superior.upper,
            },
            "superior_trials": named.len(),
            "overfit": overfit.as_ref().map(told),
            "holding": self.holding()?,
        }))
    }

    /// How many variants there were: those of the search, those compared, or more by their own word.
    fn trials(&self) -> usize {
        let searched = self.doubt.context.outputs.get("rank").map(|rank| &rank["trials"]);
        let searched = searched.and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let told = self.doubt.settings.luck.trials;
        searched.unwrap_or(1).max(told.unwrap_or(1))
    }

    /// The trials that the doubted one is held against.
    fn trials_beside(&self, columns: &[Vec<f64>], track: &Track) -> Result<Trials, Error> {
        let count = validate::effective_trials(columns, self.trials());
        let sharpe = |column: &Vec<f64>| Some(Track::of(column, Estimate::Population).ok()?.sharpe);
        let others: Vec<f64> = columns.iter().skip(1).filter_map(sharpe).collect();
        if others.len() > 1 {
            return Ok(Trials { count, ..Trials::of(&others)? });
        }
        // Nothing is known of the others but their number: they spread as noise does.
        Ok(Trials { count, deviation: 1.0 / float(track.periods.max(2) - 1).sqrt() })
    }

    /// The returns of all trials less what they are held against.
    fn excess(&self, against: Benchmark) -> Vec<Vec<f64>> {
        let rate = self.doubt.setup.workflow.metrics.risk_free_rate;
        let cash = per_period(rate, self.periods_per_year());
        let held = match against {
            Benchmark::Cash => vec![cash; self.bars()],
            Benchmark::BuyAndHold => self.doubt.base.held_returns(),
        };
        let less = |column: &Vec<f64>| column.iter().zip(&held).map(|(x, held)| x - held).collect();
        self.compared.columns.iter().map(less).collect()
    }

    /// What is left of the doubted run beside a holding that moves as much with the market.
    fn holding(&self) -> Result<Option<Value>, Error> {
        let cash =
            per_period(self.doubt.setup.workflow.metrics.risk_free_rate, self.periods_per_year());
        let market: Vec<f64> = self.doubt.base.held_returns().iter().map(|x| x - cash).collect();
        let own: Vec<f64> = self.compared.columns[0].iter().map(|x| x - cash).collect();
        let Some(beyond) = validate::beyond(&own, &market)? else { return Ok(None) };
        let holding = Track::of(&market, Estimate::Population).ok();
        Ok(Some(json!({
            "beta": beyond.beta,
            "alpha": beyond.alpha * self.periods_per_year(),
            "probability": beyond.probability,
            "sharpe": holding.map(|track| self.annual(track.sharpe)),
        })))
    }
}

/// An annual rate for one period.
fn per_period(rate: f64, periods_per_year: f64) -> f64 {
    dirigent_trading::metrics::Returns::new(&[], periods_per_year)
        .map_or(0.0, |returns| returns.per_period(rate))
}

fn told(found: &Overfit) -> Value {
    let mut logits = found.logits.clone();
    logits.sort_by(f64::total_cmp);
    json!({
        "probability": found.probability,
        "loss_probability": found.loss_probability,
        "slope": found.slope,
        "choices": found.logits.len(),
        "logits": thinned(&logits),
    })
}

/// Of sorted values at most `VALUES_MAX`, the ends among them.
pub(super) fn thinned(sorted: &[f64]) -> Vec<f64> {
    if sorted.len() <= VALUES_MAX {
        return sorted.to_vec();
    }
    (0..VALUES_MAX).map(|at| sorted[at * (sorted.len() - 1) / (VALUES_MAX - 1)]).collect()
}

/// The sorted value at a share of all, the nearest below.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to the length")]
fn at_share(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((share * float(last)).round() as usize).copied()
}
