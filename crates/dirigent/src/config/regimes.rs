//! `regimes` as typed values.

use dirigent_workflow::file::spec::{Field, Kind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::keys::REGIMES;

/// `regimes`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Regimes {
    /// `method`
    pub method: RegimeMethod,
    /// `symbol`; `None` is the mean of all.
    pub symbol: Option<String>,
    /// `states`
    pub states: u8,
    /// `lookback`
    pub lookback: u32,
    /// `threshold`; `None` makes levels of equal size.
    pub threshold: Option<f64>,
    /// `history`
    pub history: u32,
    /// `trend_lookback`
    pub trend_lookback: u32,
    /// `trend_band`
    pub trend_band: f64,
    /// `penalty`
    pub penalty: f64,
    /// `min_history`
    pub min_history: u32,
    /// `refit`
    pub refit: u32,
    /// `window`
    pub window: FitWindow,
}

/// `regimes.method`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegimeMethod {
    /// Hidden Markov model of returns.
    Hmm,
    /// Levels of volatility.
    Volatility,
    /// Close against its mean.
    Trend,
    /// Both.
    VolatilityTrend,
    /// Clusters of volatility and trend.
    Kmeans,
    /// Levels of the segments between changes.
    ChangePoints,
}

impl RegimeMethod {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Hmm,
        Self::Volatility,
        Self::Trend,
        Self::VolatilityTrend,
        Self::Kmeans,
        Self::ChangePoints,
    ];

    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hmm => "hmm",
            Self::Volatility => "volatility",
            Self::Trend => "trend",
            Self::VolatilityTrend => "volatility_trend",
            Self::Kmeans => "kmeans",
            Self::ChangePoints => "change_points",
        }
    }
}

/// `regimes.window`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FitWindow {
    /// All of the past.
    Expanding,
    /// The last of it.
    Rolling,
}

impl Default for Regimes {
    /// What an empty section means.
    fn default() -> Self {
        Self {
            method: RegimeMethod::Hmm,
            symbol: None,
            states: 2,
            lookback: 20,
            threshold: None,
            history: 1260,
            trend_lookback: 100,
            trend_band: 0.0,
            penalty: 40.0,
            min_history: 252,
            refit: 63,
            window: FitWindow::Expanding,
        }
    }
}

impl Regimes {
    /// These settings with `params` in place of their own.
    ///
    /// # Errors
    /// A name that is none of the keys of `regimes`, or a value outside of what the key takes.
    pub fn with(&self, params: &Map<String, Value>) -> Result<Self, String> {
        let mut own = match serde_json::to_value(self) {
            Ok(Value::Object(own)) => own,
            _ => Map::new(),
        };
        for (name, value) in params {
            let Some(field) = REGIMES.fields.iter().find(|field| field.key == name) else {
                let names: Vec<&str> = REGIMES.fields.iter().map(|field| field.key).collect();
                return Err(format!("`{name}` is no setting of `regimes`: {}", names.join(", ")));
            };
            own.insert(name.clone(), checked(field, value)?);
        }
        serde_json::from_value(Value::Object(own))
            .map_err(|error| format!("these settings of `regimes` do not fit together: {error}"))
    }
}

/// The value as its key takes it; a whole number may come as a double.
fn checked(field: &Field, value: &Value) -> Result<Value, String> {
    let refuse = |wanted: String| Err(format!("`{}: {value}`: must be {wanted}", field.key));
    match field.kind {
        Kind::Whole { min, max } => {
            let whole = value.as_i64().or_else(|| whole(value.as_f64()?));
            match whole.filter(|x| (min..=max).contains(x)) {
                Some(x) => Ok(x.into()),
                None => refuse(format!("a whole number from {min} to {max}")),
            }
        }
        Kind::Number(range) => match value.as_f64().filter(|x| range.contains(*x)) {
            Some(x) => Ok(x.into()),
            None => refuse(format!("a number {}", range.describe())),
        },
        Kind::Choice(names) => match value.as_str().filter(|name| names.contains(name)) {
            Some(name) => Ok(name.into()),
            None => refuse(format!("one of {}", names.join(", "))),
        },
        _ => match value {
            Value::String(_) => Ok(value.clone()),
            _ => refuse("text".to_owned()),
        },
    }
}

#[expect(clippy::cast_possible_truncation, reason = "looked at")]
fn whole(x: f64) -> Option<i64> {
    (x.fract().abs() <= 0.0 && x.abs() < 1e15).then_some(x as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(params: &Value) -> Result<Regimes, String> {
        Regimes::default().with(params.as_object().unwrap())
    }

    #[test]
    fn settings_are_replaced_by_name_and_checked() {
        let found = with(&json!({"method": "kmeans", "states": 3.0, "threshold": 0.8})).unwrap();
        let expected = Regimes {
            method: RegimeMethod::Kmeans,
            states: 3,
            threshold: Some(0.8),
            ..Regimes::default()
        };
        assert_eq!(found, expected);
        let refused = |params: Value| with(&params).unwrap_err();
        assert!(refused(json!({"stats": 3})).contains("`stats` is no setting of `regimes`"));
        assert!(refused(json!({"states": 2.5})).contains("a whole number from 2 to 6"));
        assert!(refused(json!({"states": 7})).contains("from 2 to 6"));
        assert!(refused(json!({"threshold": 1})).contains("from 0.01 to 0.99"));
        assert!(refused(json!({"method": "tea"})).contains("one of hmm, volatility"));
    }

    #[test]
    fn names_of_methods_are_those_of_the_file() {
        for method in RegimeMethod::ALL {
            assert_eq!(serde_json::to_value(method).unwrap(), method.name());
        }
    }
}
