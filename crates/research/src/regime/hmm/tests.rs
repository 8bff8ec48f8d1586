//! What the model finds in series that were made by one, and that it never looks ahead.

use dirigent_core::Seed;

use super::*;
use crate::regime::{Schedule, Window, causal_labels};

/// Calm and wild times that last about fifty rows, and the truth.
fn series(rows: usize) -> (Vec<f64>, Vec<usize>) {
    let mut stream = Seed::master(4).stream();
    let mut state = 0;
    let step = |_| {
        if stream.uniform() < 0.02 {
            state = 1 - state;
        }
        let value =
            if state == 0 { 0.05 + 0.5 * stream.normal() } else { -0.1 + 2.0 * stream.normal() };
        (value, state)
    };
    (0..rows).map(step).unzip()
}

fn fitted(values: &[f64], states: usize, seed: u64) -> Hmm {
    let samples = Samples::new(values, 1).unwrap();
    fit_hmm(samples, &HmmFit { states, ..HmmFit::default() }, None, &Seed::master(seed)).unwrap()
}

#[test]
fn trd_20_known_regimes_are_recovered() {
    let (values, truth) = series(3000);
    let model = fitted(&values, 2, 1);
    assert!((model.variances()[0][0] - 0.25).abs() < 0.03, "{:?}", model.variances());
    assert!((model.variances()[1][0] - 4.0).abs() < 0.5, "{:?}", model.variances());
    assert!(model.transition().iter().enumerate().all(|(i, row)| row[i] > 0.96));
    let samples = Samples::new(&values, 1).unwrap();
    let hits = |path: &[usize]| path.iter().zip(&truth).filter(|(a, b)| a == b).count();
    let best = |row: &Vec<f64>| usize::from(row[1] > row[0]);
    let filtered: Vec<usize> = model.filtered(samples).unwrap().iter().map(best).collect();
    let smoothed: Vec<usize> = model.smoothed(samples).unwrap().iter().map(best).collect();
    let viterbi = model.viterbi(samples).unwrap();
    assert!(hits(&filtered) > 2700, "{}", hits(&filtered));
    // Those who know what came after are right more often.
    assert!(hits(&smoothed) > hits(&filtered) && hits(&viterbi) > hits(&filtered));
}

#[test]
fn numbers_of_states_do_not_depend_on_the_seed() {
    let (values, _) = series(1500);
    let (one, other) = (fitted(&values, 2, 1), fitted(&values, 2, 99));
    assert!((one.log_likelihood() - other.log_likelihood()).abs() < 1e-3);
    assert!((one.means()[0][0] - other.means()[0][0]).abs() < 1e-3);
    assert_eq!(one, fitted(&values, 2, 1));
}

#[test]
fn a_filter_and_a_fit_agree_on_the_likelihood() {
    let (values, _) = series(800);
    let model = fitted(&values, 3, 1);
    let mut filter = model.filter();
    values.iter().for_each(|x| {
        filter.step(&[*x]);
    });
    assert!((filter.log_likelihood() - model.log_likelihood()).abs() < 1e-8);
    // At the last row there is nothing to look ahead to.
    let samples = Samples::new(&values, 1).unwrap();
    let last = |rows: Vec<Vec<f64>>| rows[799][0];
    let (a, b) = (last(model.filtered(samples).unwrap()), last(model.smoothed(samples).unwrap()));
    assert!((a - b).abs() < 1e-12);
}

#[test]
fn one_state_is_mean_and_variance() {
    let (values, _) = series(500);
    let model = fitted(&values, 1, 1);
    let (mean, variance) = Samples::new(&values, 1).unwrap().moments()[0];
    assert!((model.means()[0][0] - mean).abs() < 1e-12);
    assert!((model.variances()[0][0] / variance - 1.0).abs() < 1e-12);
    assert_eq!(model.stationary(), Some(vec![1.0]));
}

#[test]
fn trd_20_no_filtered_state_knows_a_later_row() {
    let (values, _) = series(900);
    let fit = HmmFit { starts: 2, iterations_max: 50, ..HmmFit::default() };
    for window in [Window::Expanding, Window::Rolling] {
        let schedule = Schedule { train: 300, refit: 100, parts: None, window };
        let labels = |end: usize| {
            let samples = Samples::new(&values[..end], 1).unwrap();
            causal_labels(&fit, samples, &schedule, &Seed::master(1)).unwrap()
        };
        let all = labels(900);
        assert_eq!((all[299], all[300].is_some()), (None, true));
        for end in [10, 300, 301, 399, 400, 401, 650] {
            assert_eq!(labels(end), all[..end]);
        }
    }
}

#[test]
fn a_surprise_is_got_over() {
    let (values, _) = series(500);
    let model = fitted(&values, 2, 1);
    let mut filter = model.filter();
    for x in [0.0, 1e6, 0.0, -1e9, 0.1] {
        assert!(filter.step(&[x]).iter().all(|p| p.is_finite()));
    }
}

#[test]
fn what_has_no_states_is_refused() {
    let still = [1.0; 50];
    let samples = Samples::new(&still, 1).unwrap();
    let fit = HmmFit::default();
    let seed = Seed::master(1);
    assert_eq!(fit_hmm(samples, &fit, None, &seed), Err(Error::Collapsed { states: 2 }));
    assert!(fit_hmm(samples.part(0, 19), &fit, None, &seed).is_err());
    let (values, _) = series(100);
    let wide = Samples::new(&values, 2).unwrap();
    assert!(fitted(&values, 2, 1).filtered(wide).is_err());
}
