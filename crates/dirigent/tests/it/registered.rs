//! A few strategies, registered as the product registers its own.

use dirigent::config::{Parameter, ParameterKind, Vocabulary};
use dirigent_workflow::file::spec::Range;

/// `buy_and_hold`, `sma_crossover` and `momentum_rotation`.
pub(crate) struct Registered;

impl Vocabulary for Registered {
    fn strategies(&self) -> Vec<String> {
        ["buy_and_hold", "sma_crossover", "momentum_rotation"].map(str::to_owned).to_vec()
    }

    fn parameters(&self, name: &str) -> Option<Vec<Parameter>> {
        let whole = |name: &str, min, max| Parameter {
            name: name.to_owned(),
            kind: ParameterKind::Whole { min, max },
        };
        match name {
            "buy_and_hold" => Some(Vec::new()),
            "sma_crossover" => Some(vec![whole("fast", 1, 500), whole("slow", 2, 1_000)]),
            "momentum_rotation" => Some(vec![
                whole("top", 1, 100),
                Parameter {
                    name: "threshold".to_owned(),
                    kind: ParameterKind::Number(Range::from_to(-1.0, 1.0)),
                },
            ]),
            _ => None,
        }
    }
}
