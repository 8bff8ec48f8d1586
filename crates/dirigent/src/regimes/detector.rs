//! `RegimeDetector`: regimes as a component that a search can improve.
//!
//! Its parameters are keys of `regimes`; its score is how much better its labels foretell the next
//! return, see `dirigent_research::regime::predictive_gain`.

use dirigent_core::Seed;
use dirigent_research::{
    optimize::{Domain, Parameter, Scale},
    regime::predictive_gain,
};
use dirigent_trading::{Bars, corporate::Action};
use dirigent_workflow::file::spec::{Field, Kind, Need};
use serde_json::json;

use super::{Error, of_bars};
use crate::config::{
    keys::REGIMES,
    workflow::{RegimeMethod, Regimes},
};

/// What a stage of a search calls it.
pub const DETECTOR: &str = "RegimeDetector";

/// What a search tries of a method that is told no parameters: those that matter to it.
pub fn space(method: RegimeMethod) -> Vec<Parameter> {
    let whole = |name: &str, min, max, step| {
        Parameter::new(name, Domain::Integer { min, max, step, scale: Scale::Linear })
    };
    let lookback = || whole("lookback", 10, 60, 5);
    let states = |max| whole("states", 2, max, 1);
    let trend = || whole("trend_lookback", 20, 250, 10);
    let steps = |name: &str, min, max, step| {
        let domain = Domain::Float { min, max, step: Some(step), scale: Scale::Linear };
        Parameter::new(name, domain)
    };
    let threshold = || steps("threshold", 0.5, 0.9, 0.05);
    let band = || steps("trend_band", 0.0, 0.05, 0.01);
    let window =
        || Parameter::new("window", Domain::list(vec![json!("expanding"), json!("rolling")]));
    match method {
        RegimeMethod::Hmm => vec![states(4), window(), whole("min_history", 252, 756, 126)],
        RegimeMethod::Volatility => vec![lookback(), states(4), threshold()],
        RegimeMethod::Trend => vec![trend(), band()],
        RegimeMethod::VolatilityTrend => vec![lookback(), trend(), threshold(), band()],
        RegimeMethod::Kmeans => vec![lookback(), trend(), states(4), window()],
        RegimeMethod::ChangePoints => {
            let domain = Domain::Float { min: 15.0, max: 150.0, step: None, scale: Scale::Log };
            vec![lookback(), states(4), Parameter::new("penalty", domain)]
        }
    }
}

/// How much likelier labels make the next return of the series, in nats a bar; more is better, 0
/// says nothing.
///
/// # Errors
/// As [`labels`](super::labels).
pub fn score(
    settings: &Regimes,
    bars: &[Bars],
    actions: &[Action],
    seed: &Seed,
) -> Result<f64, Error> {
    let (labels, returns) = of_bars(settings, (bars, actions), seed, &|| false)?;
    predictive_gain(&labels.numbers(), &returns, labels.names.len()).map_err(Error::of(settings))
}

/// A setting of regimes that a search tries, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The key below `regimes`.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub meaning: &'static str,
    /// What it is if nothing is said.
    pub default: &'static str,
    /// What it may be.
    pub range: String,
    /// What a search tries, and for which methods.
    pub search: String,
}

/// What a search can try, in the order of the keys: the method itself, and what matters to one.
pub fn tried() -> Vec<Tried> {
    REGIMES.fields.iter().filter_map(tried_of).collect()
}

fn tried_of(field: &'static Field) -> Option<Tried> {
    let default = match field.need {
        Need::Default(text) => text,
        Need::Required | Need::Optional => "",
    };
    let range = match field.kind {
        Kind::Whole { min, max } => format!("{min} to {max}"),
        Kind::Number(range) => range.describe(),
        Kind::Choice(names) => names.join(", "),
        _ => return None,
    };
    let mut methods: Vec<(String, &str)> = Vec::new();
    for method in RegimeMethod::ALL {
        let mut own = space(method).into_iter();
        if let Some(parameter) = own.find(|parameter| parameter.name == field.key) {
            methods.push((words(&parameter.domain), method.name()));
        }
    }
    let search = match (methods.first(), field.key) {
        (_, "method") => "one that is written".to_owned(),
        (None, _) => return None,
        (Some((tries, _)), _) => {
            let names: Vec<String> = methods.iter().map(|(_, name)| format!("`{name}`")).collect();
            format!("{tries}, for {}", names.join(", "))
        }
    };
    Some(Tried { name: field.key, meaning: field.doc, default, range, search })
}

/// The values of a domain.
fn words(domain: &Domain) -> String {
    match domain {
        Domain::Integer { min, max, step, .. } => format!("{min} to {max} by {step}"),
        Domain::Float { min, max, step: Some(step), .. } => format!("{min} to {max} by {step}"),
        Domain::Float { min, max, step: None, .. } => format!("{min} to {max}"),
        Domain::Choice { options, .. } => {
            let texts: Vec<&str> = options.iter().filter_map(|text| text.as_str()).collect();
            texts.join(", ")
        }
    }
}
