//! Formulas: a number made of named numbers, in the language of rules but without bars.

use std::collections::BTreeMap;

use super::check::{Checker, Kind, Typed};
use super::error::{Flaw, Place, RuleError};
use super::parse::parse;
use super::tree::Tree;

/// A formula such as `fast < slow` or `sharpe - 2 * abs(max_drawdown)`; a condition is 1 or 0.
#[derive(Clone, Debug)]
pub struct Formula {
    tree: Tree,
    length: usize,
}

impl Formula {
    /// Reads a formula over these names.
    ///
    /// # Errors
    /// What cannot be read, an unknown name, or a price: there are no bars here.
    pub fn read(text: &str, names: &[&str]) -> Result<Self, Vec<RuleError>> {
        let at = |flaws: Vec<Flaw>| -> Vec<RuleError> {
            flaws.into_iter().map(|flaw| flaw.at(Place::Expression)).collect()
        };
        let tree = parse(text).map_err(|flaw| at(vec![flaw]))?;
        let formula = Self { tree, length: text.len() };
        match formula.evaluate(names.iter().map(|name| (*name, 1.0))) {
            Ok(Some(_)) => Ok(formula),
            Ok(None) => {
                let flaw = Flaw::new(0..formula.length, "reads prices, which are not there");
                Err(at(vec![flaw.hint(format!("use numbers and {}", names.join(", ")))]))
            }
            Err(flaws) => Err(at(flaws)),
        }
    }

    /// Its value where the names have these; NaN where one is missing.
    pub fn value<'a>(&self, numbers: impl Iterator<Item = (&'a str, f64)>) -> f64 {
        self.evaluate(numbers).ok().flatten().unwrap_or(f64::NAN)
    }

    fn evaluate<'a>(
        &self,
        numbers: impl Iterator<Item = (&'a str, f64)>,
    ) -> Result<Option<f64>, Vec<Flaw>> {
        let params = BTreeMap::new();
        let mut checker = Checker::new(&params, None);
        for (name, number) in numbers {
            let value = checker.graph.number(number);
            let typed = Typed { value, kind: Kind::Number, indicator: None };
            checker.terms.insert(name, Some(typed));
        }
        let typed = checker.check(&self.tree)?;
        Ok(checker.graph.constant(typed.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> f64 {
        let formula = Formula::read(text, &["fast", "slow"]).unwrap();
        formula.value([("fast", 3.0), ("slow", 8.0)].into_iter())
    }

    #[test]
    fn formulas_are_numbers_of_numbers() {
        assert!((value("slow - 2 * fast") - 2.0).abs() < 1e-12);
        assert!((value("fast < slow and slow <= 8") - 1.0).abs() < 1e-12);
        assert!(value("fast > slow").abs() < 1e-12);
        assert!((value("abs(fast - slow) / 2") - 2.5).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_formula_is_refused_where_it_is() {
        let refuse = |text: &str, says: &str| {
            let errors = Formula::read(text, &["fast", "slow"]).unwrap_err();
            assert!(errors[0].message.contains(says), "{errors:?}");
        };
        refuse("fast < quick", "quick");
        refuse("fast <", "");
        refuse("sma(close, 3) > fast", "reads prices");
        refuse("fast <  slow < 9", "chained");
    }

    #[test]
    fn a_missing_number_makes_no_number() {
        let formula = Formula::read("fast + slow", &["fast", "slow"]).unwrap();
        assert!(formula.value(std::iter::once(("fast", 3.0))).is_nan());
    }
}
