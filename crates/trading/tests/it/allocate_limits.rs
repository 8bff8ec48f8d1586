//! What weights within limits of assets, sectors and all satisfy, whatever the returns.

use dirigent_trading::allocate::{
    Caps, Covariance, Error, capped_max_sharpe, capped_min_variance, equal_risk,
    hierarchical_risk_parity, inverse_volatility, kelly, max_sharpe, mean_arithmetic, min_variance,
    toward, turnover,
};
use proptest::prelude::*;

/// Returns of some assets, their sectors, limits, and weights to compare with.
#[derive(Clone, Debug)]
struct Problem {
    returns: Vec<Vec<f64>>,
    sectors: Vec<Option<usize>>,
    max: f64,
    sector_max: f64,
    cash: f64,
    fraction: f64,
    others: Vec<Vec<f64>>,
}

impl Problem {
    fn caps(&self) -> Caps {
        let caps = Caps::new(self.returns.len(), self.max).unwrap();
        caps.grouped(&self.sectors, self.sector_max).unwrap()
    }

    fn covariance(&self) -> Covariance {
        Covariance::ledoit_wolf(&self.returns, 252.0).unwrap().covariance
    }

    fn mean(&self) -> Vec<f64> {
        mean_arithmetic(&self.returns, 252.0).unwrap()
    }

    /// The answer of each method, by name; of those that have one.
    fn answers(&self) -> Vec<(&'static str, Vec<f64>)> {
        let (caps, covariance, mean) = (self.caps(), self.covariance(), self.mean());
        let invested = self.caps().within(1.0 - self.cash).unwrap();
        let mut all = vec![
            ("inverse_volatility", caps.fit(&inverse_volatility(&covariance).unwrap())),
            ("risk_parity", caps.fit(&equal_risk(&covariance).unwrap())),
            ("min_variance", capped_min_variance(&covariance, &caps).unwrap()),
            ("kelly", kelly(&covariance, &mean, self.fraction, &invested).unwrap()),
        ];
        match capped_max_sharpe(&covariance, &mean, 0.0, &caps) {
            Ok(weights) => all.push(("max_sharpe", weights)),
            Err(error) => assert_eq!(error, Error::NoExcess { rate: 0.0 }),
        }
        all
    }

    /// Assets in another order.
    fn permuted(&self, order: &[usize]) -> Self {
        let returns = order.iter().map(|at| self.returns[*at].clone()).collect();
        let sectors = order.iter().map(|at| self.sectors[*at]).collect();
        Self { returns, sectors, ..self.clone() }
    }
}

/// Two to nine assets that share a market, in up to three sectors, some in none.
fn problems() -> impl Strategy<Value = Problem> {
    (2..10_usize).prop_flat_map(|assets| {
        let returns =
            prop::collection::vec(prop::collection::vec(-0.05..0.055_f64, 40), assets + 1);
        let sectors = prop::collection::vec(prop::option::weighted(0.8, 0..3_usize), assets);
        let others = prop::collection::vec(prop::collection::vec(0.001..1.0_f64, assets), 12);
        let limits = (0.05..1.0_f64, 0.1..1.0_f64, 0.0..0.5_f64, 0.1..1.0_f64, 0.0..0.7_f64);
        (returns, sectors, others, limits).prop_map(|(mut returns, sectors, others, limits)| {
            let (max, sector_max, cash, fraction, shared) = limits;
            let market = returns.pop().unwrap();
            for column in &mut returns {
                let mixed = column.iter().zip(&market);
                *column = mixed.map(|(own, m)| shared * m + (1.0 - shared) * own).collect();
            }
            Problem { returns, sectors, max, sector_max, cash, fraction, others }
        })
    })
}

/// Problems and an order of their assets.
fn shuffled() -> impl Strategy<Value = (Problem, Vec<usize>)> {
    problems().prop_flat_map(|problem| {
        let order: Vec<usize> = (0..problem.returns.len()).collect();
        (Just(problem), Just(order).prop_shuffle())
    })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn largest(mean: &[f64]) -> f64 {
    mean.iter().fold(0.0, |most, mean| mean.abs().max(most))
}

/// How far `weights` are from `base`: the Kullback-Leibler divergence of measures.
fn divergence(weights: &[f64], base: &[f64]) -> f64 {
    let term = |(w, b): (&f64, &f64)| if *w > 0.0 { w * (w / b).ln() - w + b } else { *b };
    weights.iter().zip(base).map(term).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_method_keeps_every_limit(problem in problems()) {
        let caps = problem.caps();
        for (method, weights) in problem.answers() {
            let sum: f64 = weights.iter().sum();
            prop_assert!(weights.iter().all(|w| *w >= 0.0), "{method}: {weights:?}");
            prop_assert!(weights.iter().all(|w| *w <= problem.max * (1.0 + 1e-12)), "{method}");
            for sector in 0..3 {
                let of = |at: &usize| problem.sectors[*at] == Some(sector);
                let all: f64 = (0..weights.len()).filter(of).map(|at| weights[at]).sum();
                prop_assert!(all <= problem.sector_max + 1e-10, "{method}: {all} in {sector}");
            }
            if method == "kelly" {
                prop_assert!(sum <= 1.0 - problem.cash + 1e-10, "{method}: {sum}");
            } else {
                // As much as the limits allow, and never more than everything.
                prop_assert!((sum - caps.total()).abs() < 1e-10, "{method}: {sum}");
                prop_assert!(sum <= 1.0 + 1e-10);
            }
        }
    }

    #[test]
    fn fitting_is_the_nearest_within_the_limits_and_fits_itself(problem in problems()) {
        let caps = problem.caps();
        let base = &problem.others[0];
        let fitted = caps.fit(base);
        prop_assert!(caps.hold(&fitted), "{fitted:?}");
        prop_assert_eq!(&caps.fit(&fitted), &fitted);
        let least = divergence(&fitted, base);
        for other in &problem.others[1..] {
            let other = caps.fit(other);
            prop_assert!(least <= divergence(&other, base) + 1e-9, "{other:?} is nearer");
        }
    }

    /// Not of hierarchical risk parity, whose halves depend on who comes first.
    #[test]
    fn the_order_of_assets_changes_nothing((problem, order) in shuffled()) {
        let (plain, moved) = (problem.answers(), problem.permuted(&order).answers());
        prop_assert_eq!(plain.len(), moved.len());
        for ((method, plain), (_, moved)) in plain.iter().zip(&moved) {
            for (place, at) in order.iter().enumerate() {
                prop_assert!((moved[place] - plain[*at]).abs() < 1e-7, "{method}");
            }
        }
    }

    #[test]
    fn weights_by_risk_do_not_depend_on_the_size_of_returns(
        problem in problems(), scale in 0.1..8.0_f64,
    ) {
        let scaled: Vec<Vec<f64>> = problem.returns.iter()
            .map(|column| column.iter().map(|x| x * scale).collect())
            .collect();
        let other = Problem { returns: scaled, ..problem.clone() };
        let (one, two) = (problem.covariance(), other.covariance());
        let pairs = [
            (equal_risk(&one).unwrap(), equal_risk(&two).unwrap()),
            (inverse_volatility(&one).unwrap(), inverse_volatility(&two).unwrap()),
            (hierarchical_risk_parity(&one).unwrap(), hierarchical_risk_parity(&two).unwrap()),
            (
                capped_min_variance(&one, &problem.caps()).unwrap(),
                capped_min_variance(&two, &problem.caps()).unwrap(),
            ),
        ];
        for (one, two) in pairs {
            prop_assert!(one.iter().zip(&two).all(|(a, b)| (a - b).abs() < 1e-8), "{one:?} {two:?}");
        }
    }

    #[test]
    fn no_other_weights_within_the_limits_are_better(problem in problems(), part in 0.0..1.0_f64) {
        let (caps, covariance, mean) = (problem.caps(), problem.covariance(), problem.mean());
        let growth = |w: &[f64]| {
            dot(w, &mean) - covariance.variance_of(w) / (2.0 * problem.fraction)
        };
        let ratio = |w: &[f64]| dot(w, &mean) / covariance.variance_of(w).sqrt();
        let invested = problem.caps().within(1.0 - problem.cash).unwrap();
        let fastest = kelly(&covariance, &mean, problem.fraction, &invested).unwrap();
        let least = capped_min_variance(&covariance, &caps).unwrap();
        let sharpest = capped_max_sharpe(&covariance, &mean, 0.0, &caps);
        for other in &problem.others {
            let small: Vec<f64> = invested.fit(other).iter().map(|w| w * part).collect();
            for held in [invested.fit(other), small] {
                let (best, found) = (growth(&fastest), growth(&held));
                prop_assert!(best >= found - 1e-9, "{held:?} grows by {found}, not {best}");
            }
            let held = caps.fit(other);
            let (best, found) = (covariance.variance_of(&least), covariance.variance_of(&held));
            prop_assert!(best <= found * (1.0 + 1e-9), "{held:?} has {found}, not {best}");
            match &sharpest {
                Ok(best) => prop_assert!(ratio(best) >= ratio(&held) - 1e-9, "{held:?}"),
                Err(_) => prop_assert!(dot(&held, &mean) <= 2e-6 * largest(&mean), "{held:?}"),
            }
        }
    }

    #[test]
    fn without_groups_the_optima_are_those_of_limits(problem in problems()) {
        use dirigent_trading::allocate::Limits;
        let (covariance, mean) = (problem.covariance(), problem.mean());
        let max = problem.max.max(1.01 / problem.returns.len() as f64).min(1.0);
        let (caps, limits) = (Caps::new(mean.len(), max).unwrap(), Limits { min: 0.0, max });
        prop_assert_eq!(
            capped_min_variance(&covariance, &caps), min_variance(&covariance, limits)
        );
        prop_assert_eq!(
            capped_max_sharpe(&covariance, &mean, 0.0, &caps),
            max_sharpe(&covariance, &mean, 0.0, limits)
        );
    }

    #[test]
    fn a_step_keeps_its_turnover_and_what_both_ends_keep(problem in problems(), most in 0.01..1.0_f64) {
        let caps = problem.caps();
        let (held, wanted) = (caps.fit(&problem.others[0]), caps.fit(&problem.others[1]));
        for held in [held, vec![0.0; wanted.len()]] {
            let step = toward(&held, &wanted, most);
            prop_assert!(turnover(&held, &step) <= most + 1e-12);
            prop_assert!(caps.hold(&step), "{step:?}");
            let rest = turnover(&step, &wanted);
            prop_assert!((turnover(&held, &step) + rest - turnover(&held, &wanted)).abs() < 1e-12);
        }
    }
}

fn two(variances: [f64; 2], shared: f64) -> Covariance {
    let [a, b] = variances;
    Covariance::from_rows(vec![vec![a, shared], vec![shared, b]]).unwrap()
}

/// C^-1 m by hand: a determinant of 0.0035, so 0.0051 / 0.0035 and 0.0006 / 0.0035.
#[test]
fn kelly_weights_by_hand() {
    let covariance = two([0.04, 0.09], 0.01);
    let check = |mean: [f64; 2], fraction, max, expected: [f64; 2]| {
        let caps = Caps::new(2, max).unwrap();
        let found = kelly(&covariance, &mean, fraction, &caps).unwrap();
        let is_near = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(is_near, "{found:?}, not {expected:?}");
    };
    let full = [0.0051 / 0.0035, 0.0006 / 0.0035];
    check([0.06, 0.03], 0.5, 1.0, full.map(|w| 0.5 * w));
    check([0.06, 0.03], 0.25, 1.0, full.map(|w| 0.25 * w));
    // At its limit, the first leaves the second (0.5 m - 0.01 w) / 0.09.
    check([0.06, 0.03], 0.5, 0.5, [0.5, (0.015 - 0.005) / 0.09]);
    // Alone: m / variance of the one that earns; what loses is not held, and not sold short.
    check([0.02, -0.06], 1.0, 1.0, [0.5, 0.0]);
    check([-0.02, -0.06], 1.0, 1.0, [0.0, 0.0]);
    check([0.0, 0.0], 1.0, 1.0, [0.0, 0.0]);
}

#[test]
fn kelly_refuses_what_has_no_answer() {
    let (sound, caps) = (two([0.04, 0.09], 0.01), Caps::new(2, 1.0).unwrap());
    let refusal = |covariance: &Covariance, mean: &[f64], fraction, caps: &Caps| {
        kelly(covariance, mean, fraction, caps).unwrap_err()
    };
    let singular = two([0.04, 0.04], 0.04);
    assert_eq!(refusal(&singular, &[0.1, 0.1], 0.5, &caps), Error::Singular { asset: 1 });
    for fraction in [0.0, -0.5, 1.5] {
        assert_eq!(refusal(&sound, &[0.1, 0.1], fraction, &caps), Error::Fraction(fraction));
    }
    assert!(matches!(refusal(&sound, &[0.1], 0.5, &caps), Error::Length { .. }));
    let three = Caps::new(3, 1.0).unwrap();
    assert!(matches!(refusal(&sound, &[0.1, 0.1], 0.5, &three), Error::Length { .. }));
}

/// Scaled so that their excess return is one, weights that hardly earn anything were so large that
/// their limits were lost in rounding, and the search for them never ended.
#[test]
fn the_best_ratio_of_weights_that_hardly_earn_is_found_or_there_is_none() {
    let covariance = Covariance::from_rows(vec![
        vec![0.04, 0.01, 0.0],
        vec![0.01, 0.09, 0.02],
        vec![0.0, 0.02, 0.05],
    ]);
    let caps = Caps::new(3, 1.0).unwrap().grouped(&[Some(0), Some(0), Some(1)], 0.5).unwrap();
    let best = |mean: [f64; 3]| capped_max_sharpe(covariance.as_ref().unwrap(), &mean, 0.0, &caps);
    for least in [1e-13, 1e-9, -0.01] {
        assert_eq!(best([0.1, 0.05, -0.1 + least]), Err(Error::NoExcess { rate: 0.0 }), "{least}");
    }
    for least in [1e-5, 1e-4, 1e-2] {
        let weights = best([0.1, 0.05, -0.1 + least]).unwrap();
        assert!((weights[0] + weights[1] - 0.5).abs() < 1e-12, "{weights:?}");
        assert!((weights[2] - 0.5).abs() < 1e-12, "{weights:?}");
        assert!(weights[0] > 0.49, "the second costs more than there is: {weights:?}");
    }
}
