//! Any order of tells, any interruption, any space: the same trials; and the quality of the answers.

use std::sync::Arc;

use dirigent_core::Seed;
use dirigent_research::optimize::{
    Asked, Direction, Domain, Error, Function, Method, Outcome, Parameter, Point, Scale, Space,
    Study, Trial, Value,
};
use serde_json::json;

const METHODS: [&str; 9] = [
    "grid",
    "random",
    "sobol",
    "genetic",
    "differential_evolution",
    "tpe",
    "cma_es",
    "successive_halving",
    "hyperband",
];

/// Every kind of parameter, a condition and a constraint.
fn mixed() -> Arc<Space> {
    let threshold = Domain::Float { min: 0.001, max: 1.0, step: None, scale: Scale::Log };
    let space = Space::new(vec![
        Parameter::new("kind", Domain::list(vec![json!("cross"), json!("break"), json!("mean")])),
        Parameter::new("fast", Domain::integer(2, 30)),
        Parameter::new("slow", Domain::integer(5, 60)),
        Parameter::new("threshold", threshold).when("kind", vec![json!("break"), json!("mean")]),
    ])
    .expect("as the test sets it up");
    Arc::new(
        space
            .constrain("fast < slow", |a| a.number("fast") < a.number("slow"))
            .expect("as the test sets it up"),
    )
}

/// Few points: names, whole numbers, a condition and a constraint.
fn countable() -> Arc<Space> {
    let space = Space::new(vec![
        Parameter::new("kind", Domain::list(vec![json!("cross"), json!("break"), json!("mean")])),
        Parameter::new("fast", Domain::integer(2, 30)),
        Parameter::new("slow", Domain::integer(5, 60)),
        Parameter::new("threshold", Domain::list(vec![json!(0.05), json!(0.1), json!(0.5)]))
            .when("kind", vec![json!("break"), json!("mean")]),
    ])
    .expect("the space is sound");
    let space = space.constrain("fast < slow", |a| a.number("fast") < a.number("slow"));
    Arc::new(space.expect("some points satisfy it"))
}

/// A cost that depends on every active parameter; some trials fail.
fn mixed_cost(space: &Space, trial: &Trial) -> Outcome {
    let number = |name| space.get(&trial.point, name).and_then(|value| value.as_f64());
    let (fast, slow) = (
        number("fast").expect("as the test sets it up"),
        number("slow").expect("as the test sets it up"),
    );
    if (fast % 11.0).abs() < 0.5 {
        return Outcome::Failed;
    }
    let kind = match space
        .get(&trial.point, "kind")
        .expect("as the test sets it up")
        .as_str()
        .expect("as the test sets it up")
    {
        "cross" => 3.0,
        "break" => 0.0,
        _ => 1.0,
    };
    let threshold = number("threshold").unwrap_or(0.5);
    Outcome::value(kind + (fast - 9.0).abs() + (slow - 41.0).abs() + (threshold - 0.05).abs())
}

/// Every method, on spaces with and without end.
fn every_kind() -> impl Iterator<Item = (Arc<Space>, &'static str)> {
    [mixed(), countable()]
        .into_iter()
        .flat_map(|space| METHODS.map(|method| (space.clone(), method)))
}

fn study(space: &Arc<Space>, method: &str, seed: u64) -> Study {
    let method = Method::named(method).expect("as the test sets it up");
    Study::new(space.clone(), vec![Direction::Minimize], &method, Seed::master(seed))
        .expect("as the test sets it up")
}

/// Runs with up to `workers` open trials, telling the latest first.
fn points(space: &Arc<Space>, method: &str, workers: usize, limit: usize) -> Vec<(Point, f64)> {
    let mut study = study(space, method, 7);
    let mut open: Vec<Trial> = Vec::new();
    loop {
        let full = open.len() == workers || study.trials().len() == limit;
        match if full { Asked::Wait } else { study.ask() } {
            Asked::Trial(trial) => open.push(trial),
            Asked::Wait | Asked::Done => {
                let Some(trial) = open.pop() else { break };
                let outcome = mixed_cost(space, &trial);
                study.tell(trial.number, outcome).expect("as the test sets it up");
            }
        }
    }
    study.trials().iter().map(|trial| (trial.point.clone(), trial.fraction)).collect()
}

#[test]
fn workers_and_the_order_of_tells_change_no_trial() {
    for (space, method) in every_kind() {
        let one = points(&space, method, 1, 150);
        assert_eq!(one.len(), 150, "{method}");
        for workers in [2, 7, 64] {
            assert_eq!(points(&space, method, workers, 150), one, "{method}, {workers} workers");
        }
        assert!(one.iter().all(|(point, _)| space.allows(point)), "{method}");
    }
}

#[test]
fn a_restored_study_goes_on_as_if_it_had_never_stopped() {
    for (space, method) in every_kind() {
        let mut whole = study(&space, method, 3);
        whole.run(120, |trial| mixed_cost(&space, trial)).expect("as the test sets it up");
        for stop in [1, 13, 47, 90] {
            let record = whole.trials()[..stop].iter().rev();
            let record = record.map(|t| {
                (t.number, t.point.clone(), t.outcome.clone().expect("as the test sets it up"))
            });
            let mut again = study(&space, method, 3);
            again.restore(record.collect()).expect("as the test sets it up");
            again.run(120, |trial| mixed_cost(&space, trial)).expect("as the test sets it up");
            assert_eq!(again.trials(), whole.trials(), "{method}, stopped at {stop}");
        }
    }
}

#[test]
fn a_record_of_another_seed_is_refused() {
    let space = mixed();
    let mut whole = study(&space, "genetic", 3);
    whole.run(30, |trial| mixed_cost(&space, trial)).expect("as the test sets it up");
    let record = whole.trials().iter();
    let record = record
        .map(|t| (t.number, t.point.clone(), t.outcome.clone().expect("as the test sets it up")))
        .collect();
    let refused = study(&space, "genetic", 4).restore(record);
    assert!(matches!(refused, Err(Error::Diverged { number: 0, .. })), "{refused:?}");
}

#[test]
fn what_nothing_satisfies_is_refused_with_its_name() {
    let space = Space::new(vec![
        Parameter::new("fast", Domain::integer(50, 60)),
        Parameter::new("slow", Domain::integer(10, 20)),
    ]);
    let refused = space
        .expect("as the test sets it up")
        .constrain("fast < slow", |a| a.number("fast") < a.number("slow"));
    let message = refused.unwrap_err().to_string();
    assert!(message.contains("`fast < slow`") && message.contains("121 points"), "{message}");
}

#[test]
fn opt_01_a_grid_has_every_combination_once() {
    let space = mixed();
    let mut study = study(&space, "grid", 0);
    study.run(1_000_000, |_| Outcome::value(0.0)).expect("as the test sets it up");
    let mut texts: Vec<String> =
        study.trials().iter().map(|trial| space.text(&trial.point)).collect();
    texts.sort_unstable();
    texts.dedup();
    // Pairs with fast < slow: 29 times 56 less those that are not; a threshold has ten levels.
    let pairs = (2..=30).flat_map(|fast| (5..=60).map(move |slow| (fast, slow)));
    let pairs = pairs.filter(|(fast, slow)| fast < slow).count();
    assert_eq!((study.trials().len(), texts.len()), (pairs * 21, pairs * 21));
}

/// Before, a distribution that had shrunk onto known points went on among them, and tried them
/// again.
#[test]
fn cma_es_tries_each_point_of_a_small_grid_once() {
    let space = Space::new(vec![
        Parameter::new("fast", Domain::integer(1, 12)),
        Parameter::new("slow", Domain::integer(1, 15)),
    ]);
    let space = Arc::new(space.unwrap());
    for seed in 0..5 {
        let mut study = study(&space, "cma_es", seed);
        study.run(120, |trial| Outcome::value((trial.number % 7) as f64)).unwrap();
        let mut texts: Vec<String> =
            study.trials().iter().map(|trial| space.text(&trial.point)).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), 120, "seed {seed}");
    }
}

/// The median over seeds of the best value that a method finds.
fn median(method: &str, function: &str, dimensions: usize, trials: usize) -> f64 {
    let function = Function::new(function, dimensions, true).expect("as the test sets it up");
    let parameter = |place| {
        let (low, high) = function.bounds(place);
        Parameter::new(format!("x{place}"), Domain::float(low, high))
    };
    let space = Arc::new(
        Space::new((0..dimensions).map(parameter).collect()).expect("as the test sets it up"),
    );
    let value = |trial: &Trial| {
        let number = |value: &Option<Value>| match value {
            Some(Value::Float(x)) => *x,
            other => unreachable!("{other:?}"),
        };
        let x: Vec<f64> = trial.point.values().iter().map(number).collect();
        function.value(&x) - function.minimum()
    };
    let mut best: Vec<f64> = (0..11)
        .map(|seed| {
            let mut study = study(&space, method, seed);
            study
                .run(trials, |trial| Outcome::value(value(trial)))
                .expect("as the test sets it up");
            value(study.best().expect("as the test sets it up"))
        })
        .collect();
    best.sort_by(f64::total_cmp);
    best[5]
}

#[test]
fn opt_10_cma_es_minimizes_sphere_and_rosenbrock() {
    for function in ["sphere", "rosenbrock"] {
        let found = median("cma_es", function, 5, 6_000);
        assert!(found < 1e-6, "{function}: {found}");
    }
}

#[test]
fn opt_02_opt_03_searching_beats_drawing() {
    for (function, dimensions) in [("sphere", 5), ("rastrigin", 5), ("ackley", 2), ("hartmann6", 6)]
    {
        let random = median("random", function, dimensions, 200);
        for method in ["genetic", "differential_evolution", "tpe", "cma_es"] {
            let found = median(method, function, dimensions, 200);
            assert!(found < random, "{method} on {function}: {found}, random {random}");
        }
    }
}
