//! Parameters: the named values that shape a strategy.
//!
//! Invariant: `Params` holds a value within its range for every parameter of its strategy.

use std::collections::BTreeMap;
use std::fmt;

/// One parameter of a strategy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Its name in `params`.
    pub name: &'static str,
    /// What it means, in one sentence.
    pub summary: &'static str,
    /// The values it takes.
    pub values: Values,
}

/// The values a parameter takes; `search` is the range (first, last, step) a search tries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Values {
    /// A whole number.
    Whole {
        /// Used when the file names none.
        default: i64,
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
        /// What a search tries.
        search: (i64, i64, i64),
    },
    /// A number.
    Number {
        /// Used when the file names none.
        default: f64,
        /// The smallest.
        min: f64,
        /// The largest.
        max: f64,
        /// What a search tries.
        search: (f64, f64, f64),
    },
    /// One of a few names; a search tries all.
    Choice {
        /// Used when the file names none.
        default: &'static str,
        /// All of them.
        names: &'static [&'static str],
    },
}

/// A value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    /// A number, whole or not.
    Number(f64),
    /// A name.
    Name(String),
}

impl ParamValue {
    /// The value of a JSON number or string; `None` for anything else.
    pub fn from_json(value: &serde_json::Value) -> Option<Self> {
        value
            .as_f64()
            .map(Self::Number)
            .or_else(|| value.as_str().map(|name| Self::Name(name.to_owned())))
    }
}

impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// Why the values of a file do not suit a strategy.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParamsError {
    /// The strategy has no such parameter.
    #[error("there is no parameter `{name}`; there are: {known}")]
    Unknown {
        /// The name in the file.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The parameter does not take this value.
    #[error("parameter `{name}` is `{value}`, but must be {wanted}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// The value in the file.
        value: String,
        /// What it takes.
        wanted: String,
    },
    /// Two parameters do not go together.
    #[error("parameter `{smaller}` must be smaller than `{larger}`")]
    Order {
        /// The one that must be smaller.
        smaller: &'static str,
        /// The one that must be larger.
        larger: &'static str,
    },
}

impl Values {
    /// The value that is used when the file names none.
    pub fn default_value(&self) -> ParamValue {
        match *self {
            Self::Whole { default, .. } => ParamValue::Number(float(default)),
            Self::Number { default, .. } => ParamValue::Number(default),
            Self::Choice { default, .. } => ParamValue::Name(default.to_owned()),
        }
    }

    fn takes(&self, value: &ParamValue) -> bool {
        match (self, value) {
            (Self::Whole { min, max, .. }, ParamValue::Number(x)) => {
                x.trunc().to_bits() == x.to_bits() && (float(*min)..=float(*max)).contains(x)
            }
            (Self::Number { min, max, .. }, ParamValue::Number(x)) => (*min..=*max).contains(x),
            (Self::Choice { names, .. }, ParamValue::Name(name)) => names.contains(&name.as_str()),
            _ => false,
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Whole { min, max, .. } => format!("a whole number from {min} to {max}"),
            Self::Number { min, max, .. } => format!("a number from {min} to {max}"),
            Self::Choice { names, .. } => format!("one of {}", names.join(", ")),
        }
    }
}

/// A value for every parameter of a strategy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params(BTreeMap<&'static str, ParamValue>);

impl Params {
    /// The values `given`, and the defaults of the rest.
    ///
    /// # Errors
    /// If a name is unknown or a value out of range.
    pub fn complete(
        parameters: &[Parameter],
        given: &BTreeMap<String, ParamValue>,
    ) -> Result<Self, ParamsError> {
        let is_known = |name: &str| parameters.iter().any(|parameter| parameter.name == name);
        if let Some(name) = given.keys().find(|name| !is_known(name)) {
            let known: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
            return Err(ParamsError::Unknown { name: name.clone(), known: known.join(", ") });
        }
        let mut values = BTreeMap::new();
        for Parameter { name, values: range, .. } in parameters {
            let value = given.get(*name).cloned().unwrap_or_else(|| range.default_value());
            if !range.takes(&value) {
                let (value, wanted) = (value.to_string(), range.describe());
                return Err(ParamsError::Value { name, value, wanted });
            }
            values.insert(*name, value);
        }
        Ok(Self(values))
    }

    /// The number `name`.
    ///
    /// # Panics
    /// If the strategy has no parameter of that name and kind: its author misspelt it.
    pub fn number(&self, name: &str) -> f64 {
        match self.0.get(name) {
            Some(ParamValue::Number(number)) => *number,
            other => unreachable!("`{name}` is no number of this strategy: {other:?}"),
        }
    }

    /// The whole number `name`.
    ///
    /// # Panics
    /// As `number`.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "range-checked")]
    pub fn whole(&self, name: &str) -> usize {
        self.number(name) as usize
    }

    /// The name chosen for `name`.
    ///
    /// # Panics
    /// If the strategy has no choice of that name: its author misspelt it.
    pub fn choice(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(ParamValue::Name(choice)) => choice,
            other => unreachable!("`{name}` is no choice of this strategy: {other:?}"),
        }
    }

    /// All values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &ParamValue)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    /// Demands that one number is smaller than another.
    ///
    /// # Errors
    /// If it is not.
    pub fn rising(&self, smaller: &'static str, larger: &'static str) -> Result<(), ParamsError> {
        if self.number(smaller) < self.number(larger) {
            Ok(())
        } else {
            Err(ParamsError::Order { smaller, larger })
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "parameters are far below 2^53")]
const fn float(whole: i64) -> f64 {
    whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: [Parameter; 3] = [
        Parameter {
            name: "fast",
            summary: "Bars.",
            values: Values::Whole { default: 10, min: 1, max: 100, search: (5, 20, 5) },
        },
        Parameter {
            name: "width",
            summary: "Deviations.",
            values: Values::Number { default: 2.0, min: 0.5, max: 4.0, search: (1.0, 3.0, 0.5) },
        },
        Parameter {
            name: "every",
            summary: "Period.",
            values: Values::Choice { default: "monthly", names: &["weekly", "monthly"] },
        },
    ];

    #[track_caller]
    fn check(name: &str, json: serde_json::Value, expected: &str) {
        let value = ParamValue::from_json(&json).unwrap();
        let given = BTreeMap::from([(name.to_owned(), value)]);
        let text = match Params::complete(&PARAMETERS, &given) {
            Ok(params) => {
                let all: Vec<String> = params.iter().map(|(n, v)| format!("{n}={v}")).collect();
                all.join(" ")
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn values_that_do_not_suit_are_refused_with_what_would() {
        check("slow", 3.into(), "there is no parameter `slow`; there are: fast, width, every");
        let whole = "must be a whole number from 1 to 100";
        check("fast", 0.into(), &format!("parameter `fast` is `0`, but {whole}"));
        check("fast", 2.5.into(), &format!("parameter `fast` is `2.5`, but {whole}"));
        check("fast", "ten".into(), &format!("parameter `fast` is `ten`, but {whole}"));
        check("width", 5.into(), "parameter `width` is `5`, but must be a number from 0.5 to 4");
        check(
            "every",
            "daily".into(),
            "parameter `every` is `daily`, but must be one of weekly, monthly",
        );
    }

    #[test]
    fn what_is_not_given_has_its_default() {
        check("fast", 20.into(), "every=monthly fast=20 width=2");
        check("every", "weekly".into(), "every=weekly fast=10 width=2");
    }
}
