//! Spaces: parameters, when they matter, and which of their combinations are allowed.
//!
//! Promises: a `Space` has at least one point; `draw` and `repair` answer allowed points only.
//! Invariant: a parameter depends only on parameters declared before it.

mod domain;
mod feasible;
mod grid;

use std::fmt;

use dirigent_core::canonical;
use serde_json::{Map, Value as Json};

use super::error::Error;
use super::point::{Point, Value};
use feasible::Constraint;

pub(super) use domain::place;
pub use domain::{Domain, Order, Scale};
pub(super) use grid::GridShape;

/// A parameter: a name and its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name, unique in the space.
    pub name: String,
    /// Its values.
    pub domain: Domain,
    /// When it matters; always, if `None`.
    pub when: Option<Condition>,
}

impl Parameter {
    /// A parameter that always matters.
    pub fn new(name: impl Into<String>, domain: Domain) -> Self {
        Self { name: name.into(), domain, when: None }
    }

    /// The same, but only active when `parameter` has one of `values`.
    #[must_use]
    pub fn when(mut self, parameter: impl Into<String>, values: Vec<Json>) -> Self {
        self.when = Some(Condition { parameter: parameter.into(), values });
        self
    }
}

/// When a parameter matters.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Another parameter, declared before.
    pub parameter: String,
    /// It has one of these values.
    pub values: Vec<Json>,
}

/// Which combinations of values there are.
pub struct Space {
    parameters: Vec<Parameter>,
    /// For each parameter, the place of the one it depends on.
    parents: Vec<Option<usize>>,
    constraints: Vec<Constraint>,
    /// Coordinates of an allowed point.
    anchor: Vec<f64>,
    finite: bool,
}

impl fmt::Debug for Space {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Space")
            .field("parameters", &self.parameters)
            .field("constraints", &self.constraint_texts())
            .finish_non_exhaustive()
    }
}

impl Space {
    /// A space of these parameters.
    ///
    /// # Errors
    /// If there are none, if one has no values or a name that is taken, or if one depends on a
    /// parameter that is not declared before it or never has the value it waits for.
    pub fn new(parameters: Vec<Parameter>) -> Result<Self, Error> {
        if parameters.is_empty() {
            return Err(Error::Empty);
        }
        let mut parents = Vec::with_capacity(parameters.len());
        for (place, parameter) in parameters.iter().enumerate() {
            parents.push(checked(parameter, &parameters[..place])?);
        }
        let finite = parameters.iter().all(|parameter| parameter.domain.levels().is_some());
        let anchor = vec![0.5; parameters.len()];
        Ok(Self { parameters, parents, constraints: Vec::new(), anchor, finite })
    }

    /// The parameters in the order of declaration.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// How many parameters there are.
    pub fn dimensions(&self) -> usize {
        self.parameters.len()
    }

    /// Whether the points can be counted.
    pub fn is_finite(&self) -> bool {
        self.finite
    }

    pub(super) fn domain(&self, place: usize) -> &Domain {
        &self.parameters[place].domain
    }

    /// The point at coordinates between 0 and 1.
    pub fn decode(&self, unit: &[f64]) -> Point {
        let mut values: Vec<Option<Value>> = Vec::with_capacity(unit.len());
        for (place, parameter) in self.parameters.iter().enumerate() {
            let active = self.is_active(place, &values);
            values.push(active.then(|| parameter.domain.decode(unit[place])));
        }
        Point(values)
    }

    /// The coordinates of a point; `NaN` where a parameter is not active.
    pub fn encode(&self, point: &Point) -> Vec<f64> {
        let encode = |(parameter, value): (&Parameter, &Option<Value>)| {
            value.and_then(|value| parameter.domain.encode(value)).unwrap_or(f64::NAN)
        };
        self.parameters.iter().zip(&point.0).map(encode).collect()
    }

    /// Whether a parameter is active, given the values of those before it.
    fn is_active(&self, place: usize, values: &[Option<Value>]) -> bool {
        let (Some(parent), Some(when)) = (self.parents[place], &self.parameters[place].when) else {
            return true;
        };
        values[parent].is_some_and(|value| {
            let json = self.parameters[parent].domain.json(value);
            when.values.iter().any(|wanted| domain::same(wanted, &json))
        })
    }

    /// The value of a parameter at a point, as people write it; `None` if it is not active there.
    pub fn get(&self, point: &Point, name: &str) -> Option<Json> {
        let place = self.parameters.iter().position(|parameter| parameter.name == name)?;
        let value = point.0.get(place).copied().flatten()?;
        Some(self.parameters[place].domain.json(value))
    }

    /// The active parameters with their values.
    pub fn to_json(&self, point: &Point) -> Json {
        let mut map = Map::new();
        for (parameter, value) in self.parameters.iter().zip(&point.0) {
            if let Some(value) = value {
                map.insert(parameter.name.clone(), parameter.domain.json(*value));
            }
        }
        Json::Object(map)
    }

    /// The canonical text of a point: equal points have equal texts.
    pub fn text(&self, point: &Point) -> String {
        canonical::to_string(&self.to_json(point))
    }

    /// The point that `to_json` wrote.
    ///
    /// # Errors
    /// If an active parameter is missing or has a value that is not in its domain, or if there is
    /// more than the active parameters.
    pub fn parse(&self, json: &Json) -> Result<Point, Error> {
        let refuse = |problem: String| Error::Point { point: canonical::to_string(json), problem };
        let map = json.as_object().ok_or_else(|| refuse("it is not a map".to_owned()))?;
        let mut values: Vec<Option<Value>> = Vec::with_capacity(self.parameters.len());
        for (place, parameter) in self.parameters.iter().enumerate() {
            let name = &parameter.name;
            let value = match (self.is_active(place, &values), map.get(name)) {
                (true, Some(written)) => {
                    let value = parameter.domain.parse(written);
                    Some(value.ok_or_else(|| refuse(format!("{written} is no `{name}`")))?)
                }
                (true, None) => return Err(refuse(format!("`{name}` is missing"))),
                (false, Some(_)) => return Err(refuse(format!("`{name}` is not active there"))),
                (false, None) => None,
            };
            values.push(value);
        }
        let known = |name: &str| self.parameters.iter().any(|parameter| parameter.name == name);
        match map.keys().find(|name| !known(name)) {
            Some(name) => Err(refuse(format!("there is no parameter `{name}`"))),
            None => Ok(Point(values)),
        }
    }
}

/// The place of the parameter that this one depends on.
fn checked(parameter: &Parameter, before: &[Parameter]) -> Result<Option<usize>, Error> {
    let refuse =
        |problem: String| Err(Error::Parameter { parameter: parameter.name.clone(), problem });
    if before.iter().any(|other| other.name == parameter.name) {
        return refuse("is declared twice".to_owned());
    }
    if let Some(problem) = parameter.domain.problem() {
        return refuse(problem);
    }
    let Some(when) = &parameter.when else { return Ok(None) };
    let Some(parent) = before.iter().position(|other| other.name == when.parameter) else {
        return refuse(format!("depends on `{}`, which is not declared before it", when.parameter));
    };
    match when.values.iter().find(|value| before[parent].domain.parse(value).is_none()) {
        Some(value) => {
            refuse(format!("waits for `{}` = {value}, which it never is", when.parameter))
        }
        None if when.values.is_empty() => refuse("waits for no value at all".to_owned()),
        None => Ok(Some(parent)),
    }
}

/// A point as a constraint sees it: values by name.
#[derive(Clone, Copy, Debug)]
pub struct Assignment<'a> {
    space: &'a Space,
    point: &'a Point,
}

impl Assignment<'_> {
    /// The value of a parameter; `None` if it is not active or does not exist.
    pub fn get(&self, name: &str) -> Option<Json> {
        self.space.get(self.point, name)
    }

    /// The value of a parameter as a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64()
    }
}
