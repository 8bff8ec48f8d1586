//! The built-in strategies, one file each.
//!
//! Those that trade one symbol at a time are rules with parameters, so that they can be shown and
//! copied as rules; on several symbols they trade each by itself.

mod allocation;
mod bollinger_mean_reversion;
mod buy_and_hold;
mod donchian_breakout;
mod ema_crossover;
mod macd;
mod momentum_rotation;
mod period;
mod rsi_mean_reversion;
mod sma_crossover;
mod trend_strategy;

use crate::rules::RuleSet;
use crate::strategy::{Definition, ParamValue, Parameter, Params, Values};

/// The longest window a strategy may have, in bars.
const WINDOW_BARS_MAX: i64 = 100_000;

const CATALOGUE: [Definition; 10] = [
    allocation::DEFINITION,
    bollinger_mean_reversion::DEFINITION,
    buy_and_hold::DEFINITION,
    donchian_breakout::DEFINITION,
    ema_crossover::DEFINITION,
    macd::DEFINITION,
    momentum_rotation::DEFINITION,
    rsi_mean_reversion::DEFINITION,
    sma_crossover::DEFINITION,
    trend_strategy::DEFINITION,
];

/// All built-in strategies, sorted by name.
pub fn catalogue() -> &'static [Definition] {
    &CATALOGUE
}

/// A parameter that is a number of bars.
const fn bars(
    name: &'static str,
    summary: &'static str,
    default: i64,
    min: i64,
    search: (i64, i64, i64),
) -> Parameter {
    Parameter {
        name,
        summary,
        values: Values::Whole { default, min, max: WINDOW_BARS_MAX, search },
    }
}

/// A parameter that is a number.
const fn number(
    name: &'static str,
    summary: &'static str,
    default: f64,
    range: (f64, f64),
    search: (f64, f64, f64),
) -> Parameter {
    let (min, max) = range;
    Parameter { name, summary, values: Values::Number { default, min, max, search } }
}

/// Rules that go long, with the numbers of `params` as their `$name`.
fn long(params: &Params, terms: &[(&str, &str)], entry: &str, exit: Option<&str>) -> RuleSet {
    let number = |(name, value): (&str, &ParamValue)| match value {
        ParamValue::Number(number) => Some((name.to_owned(), *number)),
        ParamValue::Name(_) => None,
    };
    let term = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    RuleSet {
        params: params.iter().filter_map(number).collect(),
        terms: terms.iter().map(term).collect(),
        entry: Some(entry.to_owned()),
        exit: exit.map(str::to_owned),
        ..RuleSet::default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::rules::compile;
    use crate::strategy::{Plan, StrategyKind};

    fn build(definition: &Definition, given: &[(&str, f64)]) -> Result<Plan, String> {
        let given: BTreeMap<String, ParamValue> = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), ParamValue::Number(*value)))
            .collect();
        let params = Params::complete(definition.parameters, &given).map_err(|e| e.to_string())?;
        definition.build(&params).map_err(|e| e.to_string())
    }

    #[test]
    fn every_strategy_is_made_by_its_defaults_without_a_warning() {
        for definition in catalogue() {
            if let Plan::Rules(rules) = build(definition, &[]).unwrap() {
                let program = compile(&rules).unwrap();
                assert!(program.warnings().is_empty(), "{}", definition.name);
            }
        }
    }

    #[test]
    fn names_are_sorted_and_everything_says_what_it_is() {
        assert!(catalogue().is_sorted_by_key(|definition| definition.name));
        for definition in catalogue() {
            assert!(definition.summary.ends_with('.'), "{}", definition.name);
            for parameter in definition.parameters {
                assert!(parameter.summary.ends_with('.'), "{}", parameter.name);
            }
        }
    }

    #[test]
    fn a_search_stays_within_what_a_parameter_takes() {
        for parameter in catalogue().iter().flat_map(|definition| definition.parameters) {
            let (ends, min, max) = match parameter.values {
                Values::Whole { min, max, search: (first, last, _), .. } => {
                    ([first as f64, last as f64], min as f64, max as f64)
                }
                Values::Number { min, max, search: (first, last, _), .. } => {
                    ([first, last], min, max)
                }
                Values::Choice { default, names } => {
                    assert!(names.contains(&default), "{}", parameter.name);
                    continue;
                }
            };
            assert!(ends[0] < ends[1], "{}", parameter.name);
            assert!(ends.iter().all(|end| (min..=max).contains(end)), "{}", parameter.name);
        }
    }

    #[test]
    fn averages_in_the_wrong_order_are_refused() {
        for name in ["sma_crossover", "ema_crossover", "macd"] {
            let definition = catalogue().iter().find(|d| d.name == name).unwrap();
            let refused = build(definition, &[("fast", 50.0), ("slow", 50.0)]).unwrap_err();
            assert_eq!(refused, "parameter `fast` must be smaller than `slow`");
        }
    }
}
