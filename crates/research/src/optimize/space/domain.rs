//! Domains: the values a parameter may have, and their place between 0 and 1.
//!
//! Each of `n` levels owns a cell; cells have the same width, or the same width in logarithms.

use serde_json::Value as Json;

use super::super::point::Value;

/// How values are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences.
    Linear,
    /// Equal ratios.
    Log,
}

/// Whether neighbors in a list are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// A list of numbers, say: neighbors are alike.
    Ordered,
    /// Names: none is nearer than another.
    Unordered,
}

/// The values a parameter may have.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// One of a list.
    Choice {
        /// What there is to choose from.
        options: Vec<Json>,
        /// Whether neighbors are alike.
        order: Order,
    },
    /// Whole numbers `min, min + step, …` up to `max`.
    Integer {
        /// The least.
        min: i64,
        /// None is above this.
        max: i64,
        /// From one to the next; above zero.
        step: i64,
        /// How they are spread.
        scale: Scale,
    },
    /// Real numbers from `min` to `max`, or `min, min + step, …`.
    Float {
        /// The least.
        min: f64,
        /// None is above this.
        max: f64,
        /// From one to the next, if not all are allowed.
        step: Option<f64>,
        /// How they are spread.
        scale: Scale,
    },
}

impl Domain {
    /// A list: ordered if all are numbers.
    pub fn list(options: Vec<Json>) -> Self {
        let numbers = options.iter().all(Json::is_number);
        let order = if numbers { Order::Ordered } else { Order::Unordered };
        Self::Choice { options, order }
    }

    /// Whole numbers from `min` to `max`.
    pub fn integer(min: i64, max: i64) -> Self {
        Self::Integer { min, max, step: 1, scale: Scale::Linear }
    }

    /// Real numbers from `min` to `max`.
    pub fn float(min: f64, max: f64) -> Self {
        Self::Float { min, max, step: None, scale: Scale::Linear }
    }

    /// What is wrong with it.
    pub(super) fn problem(&self) -> Option<String> {
        match self {
            Self::Choice { options, .. } if options.is_empty() => {
                Some("has no options; list at least one".to_owned())
            }
            Self::Choice { options, .. } => options
                .iter()
                .enumerate()
                .find(|(place, option)| options[..*place].contains(option))
                .map(|(_, option)| format!("lists {option} twice")),
            Self::Integer { min, max, .. } if min > max => {
                Some(format!("has no values: min {min} is above max {max}"))
            }
            Self::Integer { step, .. } if *step < 1 => {
                Some(format!("has step {step}; it must be at least 1"))
            }
            Self::Integer { min, scale: Scale::Log, .. } if *min < 1 => {
                Some(format!("has a log scale from {min}; it must start at 1 or above"))
            }
            Self::Integer { min, max, .. } if max.checked_sub(*min).is_none_or(|d| d > 1 << 52) => {
                Some(format!("is too wide: from {min} to {max}"))
            }
            Self::Float { min, max, .. } if !(min.is_finite() && max.is_finite()) => {
                Some("needs finite bounds".to_owned())
            }
            Self::Float { min, max, .. } if min > max => {
                Some(format!("has no values: min {min} is above max {max}"))
            }
            Self::Float { min, scale: Scale::Log, .. } if *min <= 0.0 => {
                Some(format!("has a log scale from {min}; it must start above 0"))
            }
            Self::Float { min, max, step: Some(step), .. }
                if !(*step > 0.0 && (max - min) / step < 1e15) =>
            {
                Some(format!("has step {step}; it must be above 0 and not tiny"))
            }
            Self::Integer { .. } | Self::Float { .. } => None,
        }
    }

    /// How many values there are; `None` if they are not countable.
    pub fn levels(&self) -> Option<usize> {
        match *self {
            Self::Choice { ref options, .. } => Some(options.len()),
            Self::Integer { min, max, step, .. } => usize::try_from((max - min) / step + 1).ok(),
            Self::Float { min, max, .. } if (max - min).abs() <= 0.0 => Some(1),
            Self::Float { min, max, step: Some(step), .. } => {
                // A bound that is a multiple of the step but for rounding is reached.
                Some(place((max - min) / step + 1e-9, usize::MAX) + 1)
            }
            Self::Float { step: None, .. } => None,
        }
    }

    /// Whether no level is nearer to one than to another.
    pub(crate) fn is_unordered(&self) -> bool {
        matches!(self, Self::Choice { order: Order::Unordered, .. })
    }

    /// The value of a level.
    pub(crate) fn value_of(&self, level: usize) -> Value {
        match *self {
            Self::Choice { .. } => Value::Choice(level),
            Self::Integer { min, step, .. } => {
                Value::Integer(min + step * i64::try_from(level).unwrap_or(i64::MAX / step.max(1)))
            }
            Self::Float { min, max, step, .. } => {
                Value::Float((min + step.unwrap_or(0.0) * level as f64).min(max))
            }
        }
    }

    /// The level of a value, if it has one.
    pub(crate) fn level_of(&self, value: Value) -> Option<usize> {
        match (self, value) {
            (Self::Choice { options, .. }, Value::Choice(level)) => {
                (level < options.len()).then_some(level)
            }
            (Self::Integer { min, max, step, .. }, Value::Integer(value)) => {
                let fits = (*min..=*max).contains(&value) && (value - min) % step == 0;
                fits.then(|| usize::try_from((value - min) / step).ok()).flatten()
            }
            (Self::Float { min, step, .. }, Value::Float(value)) => {
                let step = step.unwrap_or(1.0);
                let level = place((value - min) / step + 0.5, self.levels()?);
                let exact = min + step * level as f64;
                ((value - exact).abs() <= 1e-9 * step.max(value.abs())).then_some(level)
            }
            _ => None,
        }
    }

    /// Where the cell of `level` begins and ends, between 0 and 1.
    pub(crate) fn cell(&self, level: usize) -> (f64, f64) {
        let count = self.levels().unwrap_or(1);
        let edge = |place: usize| match self.log_edges() {
            Some((low, high, edge)) => (libm::log(edge(place)) - low) / (high - low),
            None => place as f64 / count as f64,
        };
        (edge(level).max(0.0), edge(level + 1).min(1.0))
    }

    /// For levels on a log scale: the logarithms of the outer edges, and each edge.
    fn log_edges(&self) -> Option<(f64, f64, impl Fn(usize) -> f64)> {
        let (min, step) = match *self {
            Self::Integer { min, step, scale: Scale::Log, .. } => (min as f64, step as f64),
            Self::Float { min, step: Some(step), scale: Scale::Log, .. } => (min, step),
            _ => return None,
        };
        let count = self.levels()?;
        // Half a step below the first may be no positive number.
        let first = (min - step / 2.0).max(min / 2.0);
        let edge = move |place: usize| {
            if place == 0 { first } else { min + step * (place as f64 - 0.5) }
        };
        Some((libm::log(edge(0)), libm::log(edge(count)), edge))
    }

    /// The level whose cell holds `unit`.
    pub(crate) fn level_at(&self, unit: f64, count: usize) -> usize {
        let unit = unit.clamp(0.0, 1.0);
        if let Some((low, high, _)) = self.log_edges() {
            let (min, step) = match *self {
                Self::Integer { min, step, .. } => (min as f64, step as f64),
                Self::Float { min, step, .. } => (min, step.unwrap_or(1.0)),
                Self::Choice { .. } => (0.0, 1.0),
            };
            let value = libm::exp(low + unit * (high - low));
            return place(((value - min) / step + 0.5).max(0.0), count);
        }
        place(unit * count as f64, count)
    }

    /// The value at `unit`, between 0 and 1.
    pub(crate) fn decode(&self, unit: f64) -> Value {
        if let Some(count) = self.levels() {
            return self.value_of(self.level_at(unit, count));
        }
        let Self::Float { min, max, scale, .. } = *self else { return Value::Choice(0) };
        let unit = unit.clamp(0.0, 1.0);
        Value::Float(match scale {
            Scale::Linear => (min + unit * (max - min)).clamp(min, max),
            Scale::Log => {
                let (low, high) = (libm::log(min), libm::log(max));
                libm::exp(low + unit * (high - low)).clamp(min, max)
            }
        })
    }

    /// The middle of a value's cell; `None` if it is not a value of this domain.
    pub(crate) fn encode(&self, value: Value) -> Option<f64> {
        if self.levels().is_some() {
            let (low, high) = self.cell(self.level_of(value)?);
            return Some((low + high) / 2.0);
        }
        let (Self::Float { min, max, scale, .. }, Value::Float(value)) = (self, value) else {
            return None;
        };
        let inside = (*min..=*max).contains(&value);
        inside.then(|| match scale {
            Scale::Linear => (value - min) / (max - min),
            Scale::Log => {
                (libm::log(value) - libm::log(*min)) / (libm::log(*max) - libm::log(*min))
            }
        })
    }

    /// The value as people write it.
    pub(crate) fn json(&self, value: Value) -> Json {
        match (self, value) {
            (Self::Choice { options, .. }, Value::Choice(level)) => {
                options.get(level).cloned().unwrap_or(Json::Null)
            }
            (_, Value::Integer(value)) => Json::from(value),
            (_, Value::Float(value)) => Json::from(value),
            (_, Value::Choice(level)) => Json::from(level),
        }
    }

    /// The value that people wrote.
    pub(crate) fn parse(&self, json: &Json) -> Option<Value> {
        let value = match self {
            Self::Choice { options, .. } => {
                Value::Choice(options.iter().position(|option| same(option, json))?)
            }
            Self::Integer { .. } => Value::Integer(json.as_i64()?),
            Self::Float { .. } => Value::Float(json.as_f64()?),
        };
        self.encode(value).map(|_| value)
    }
}

/// Whether two values mean the same: numbers by their size.
pub(super) fn same(one: &Json, other: &Json) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one.total_cmp(&other).is_eq(),
        _ => one == other,
    }
}

/// The whole number at or below `x`, less than `count`.
#[expect(clippy::cast_possible_truncation, reason = "cut to the range on the next line")]
#[expect(clippy::cast_sign_loss, reason = "a negative number becomes 0, which is meant")]
pub(crate) fn place(x: f64, count: usize) -> usize {
    (x as usize).min(count.saturating_sub(1))
}
