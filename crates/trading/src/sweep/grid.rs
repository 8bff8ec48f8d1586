//! Grids: every combination of the values of some parameters; the last parameter turns fastest.
//! Points: combinations one by one.

use std::collections::BTreeMap;

use super::Combinations;
use crate::rules::{Frame, RuleSet};
use crate::strategy::{ParamValue, Params, Plan, StrategyKind};

/// A parameter and the values it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The name of the parameter.
    pub name: String,
    /// Its values.
    pub values: Vec<f64>,
}

/// Rules of one's own with some of their `params` on axes.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleGrid {
    /// The rules, with the parameters that stay.
    pub rules: RuleSet,
    /// The parameters that change.
    pub axes: Vec<Axis>,
}

/// A registered strategy that trades by rules, with some of its parameters on axes.
#[derive(Clone)]
pub struct KindGrid<'a> {
    /// The strategy.
    pub kind: &'a dyn StrategyKind,
    /// The parameters that stay; others have their defaults.
    pub given: &'a BTreeMap<String, ParamValue>,
    /// The parameters that change.
    pub axes: &'a [Axis],
    /// What is known of the bars.
    pub frame: Option<Frame>,
}

impl std::fmt::Debug for KindGrid<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KindGrid")
            .field("kind", &self.kind.name())
            .field("axes", &self.axes)
            .finish()
    }
}

/// The values of some parameters.
pub type Point = BTreeMap<String, ParamValue>;

/// Rules of one's own at points of their `params`.
#[derive(Clone, Copy, Debug)]
pub struct RulePoints<'a> {
    /// The rules, with the parameters that stay.
    pub rules: &'a RuleSet,
    /// The parameters that change, point by point.
    pub points: &'a [Point],
}

/// A registered strategy that trades by rules, at points of its parameters.
#[derive(Clone, Copy)]
pub struct KindPoints<'a> {
    /// The strategy.
    pub kind: &'a dyn StrategyKind,
    /// The parameters that stay; others have their defaults.
    pub given: &'a BTreeMap<String, ParamValue>,
    /// The parameters that change, point by point.
    pub points: &'a [Point],
    /// What is known of the bars.
    pub frame: Option<&'a Frame>,
}

impl std::fmt::Debug for KindPoints<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("KindPoints");
        shown.field("kind", &self.kind.name()).field("points", &self.points).finish()
    }
}

impl Combinations for RuleGrid {
    fn count(&self) -> usize {
        count(&self.axes)
    }

    fn rules(&self, index: usize) -> Result<RuleSet, String> {
        let mut rules = self.rules.clone();
        for (name, value) in values(&self.axes, index) {
            rules.params.insert(name.to_owned(), value);
        }
        Ok(rules)
    }
}

impl Combinations for RulePoints<'_> {
    fn count(&self) -> usize {
        self.points.len()
    }

    fn rules(&self, index: usize) -> Result<RuleSet, String> {
        let mut rules = self.rules.clone();
        for (name, value) in &self.points[index] {
            let ParamValue::Number(number) = value else {
                return Err(format!("`{name}` of rules is a number, not {value}"));
            };
            rules.params.insert(name.clone(), *number);
        }
        Ok(rules)
    }
}

impl Combinations for KindPoints<'_> {
    fn count(&self) -> usize {
        self.points.len()
    }

    fn rules(&self, index: usize) -> Result<RuleSet, String> {
        let mut given = self.given.clone();
        given.extend(self.points[index].iter().map(|(name, value)| (name.clone(), value.clone())));
        built(self.kind, &given, self.frame)
    }
}

impl Combinations for KindGrid<'_> {
    fn count(&self) -> usize {
        count(self.axes)
    }

    fn rules(&self, index: usize) -> Result<RuleSet, String> {
        let mut given = self.given.clone();
        for (name, value) in values(self.axes, index) {
            given.insert(name.to_owned(), ParamValue::Number(value));
        }
        built(self.kind, &given, self.frame.as_ref())
    }
}

/// The rules of a strategy with these parameters.
fn built(
    kind: &dyn StrategyKind,
    given: &BTreeMap<String, ParamValue>,
    frame: Option<&Frame>,
) -> Result<RuleSet, String> {
    let params = Params::complete(kind.parameters(), given);
    match params.and_then(|params| kind.build(&params)) {
        Ok(Plan::Rules(rules)) => Ok(RuleSet { frame: frame.cloned(), ..rules }),
        Ok(Plan::Strategy(_)) => Err(format!("`{}` does not trade by rules", kind.name())),
        Err(error) => Err(error.to_string()),
    }
}

fn count(axes: &[Axis]) -> usize {
    axes.iter().map(|axis| axis.values.len()).product()
}

/// The values of combination `index`.
fn values(axes: &[Axis], index: usize) -> impl Iterator<Item = (&str, f64)> {
    let mut slower = index;
    axes.iter().rev().map(move |axis| {
        let value = axis.values[slower % axis.values.len()];
        slower /= axis.values.len();
        (axis.name.as_str(), value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_parameter_turns_fastest() {
        let axis = |name: &str, values: &[f64]| Axis { name: name.into(), values: values.into() };
        let axes = vec![axis("a", &[1.0, 2.0]), axis("b", &[3.0, 4.0, 5.0])];
        let grid = RuleGrid { rules: RuleSet::default(), axes };
        let pairs: Vec<(f64, f64)> = (0..grid.count())
            .map(|index| grid.rules(index).unwrap().params)
            .map(|params| (params["a"], params["b"]))
            .collect();
        assert_eq!(pairs, [(1.0, 3.0), (1.0, 4.0), (1.0, 5.0), (2.0, 3.0), (2.0, 4.0), (2.0, 5.0)]);
    }
}
