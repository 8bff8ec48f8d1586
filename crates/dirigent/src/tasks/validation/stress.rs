//! Stress: the same run with higher costs, and with later decisions.

use dirigent_workflow::port::{TaskContext, TaskError, TaskKind, TaskOutput};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Doubt, Unmade, figures, output};
use crate::{
    config::workflow::{Commission, Execution, Slippage},
    setup::failure,
    tasks::backtest::Bench,
};

/// Commission and slippage times a factor.
pub(super) struct Costs(pub(super) Bench);

/// Decisions some bars later.
pub(super) struct Delays(pub(super) Bench);

impl TaskKind for Costs {
    fn name(&self) -> &'static str {
        "validation.costs"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let doubt = Doubt::of(&self.0, context)?;
        output("costs", costs(&doubt))
    }
}

impl TaskKind for Delays {
    fn name(&self) -> &'static str {
        "validation.delays"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let doubt = Doubt::of(&self.0, context)?;
        output("delays", delays(&doubt))
    }
}

fn costs(doubt: &Doubt<'_>) -> Result<Value, Unmade> {
    let execution = &doubt.setup.workflow.execution;
    if !has_costs(execution) {
        let why = "the file has neither `execution.commission` nor `execution.slippage`";
        return Err(Unmade::Open(why.to_owned()));
    }
    let mut points = Vec::new();
    for at in doubt.share(doubt.settings.costs.len()) {
        let factor = doubt.settings.costs[at];
        let mut setup = doubt.setup.clone();
        setup.workflow.execution = times(execution, factor)?;
        let mut point = figures(&doubt.simulated(&setup, doubt.base.stock(), 0)?);
        point["factor"] = factor.into();
        points.push(point);
    }
    Ok(json!({"points": points}))
}

fn delays(doubt: &Doubt<'_>) -> Result<Value, Unmade> {
    let mut points = Vec::new();
    for at in doubt.share(doubt.settings.delays.len()) {
        let bars = doubt.settings.delays[at];
        let run = doubt.simulated(&doubt.setup, doubt.base.stock(), bars)?;
        let mut point = figures(&run);
        point["bars"] = bars.into();
        points.push(point);
    }
    Ok(json!({"points": points}))
}

fn has_costs(execution: &Execution) -> bool {
    execution.commission != Commission::None
        || execution.slippage != Slippage::None
        || execution.sale_fees.is_some()
}

/// The same with all that trading costs times `factor`.
fn times(execution: &Execution, factor: f64) -> Result<Execution, TaskError> {
    Ok(Execution {
        commission: scaled(&execution.commission, factor)?,
        slippage: scaled(&execution.slippage, factor)?,
        sale_fees: scaled(&execution.sale_fees, factor)?,
        ..execution.clone()
    })
}

/// The keys of amounts and shares.
const AMOUNTS: [&str; 7] =
    ["value", "minimum", "maker", "taker", "bps", "per_unit", "per_unit_max"];

fn scaled<T: Serialize + DeserializeOwned>(costs: &T, factor: f64) -> Result<T, TaskError> {
    let changed = serde_json::to_value(costs).and_then(|mut written| {
        scale(&mut written, factor);
        serde_json::from_value(written)
    });
    changed.map_err(|error| {
        let message = format!("the costs times {factor} are no costs: {error}");
        TaskError::Hopeless(failure("config_invalid", message))
    })
}

fn scale(written: &mut Value, factor: f64) {
    match written {
        Value::Object(map) => {
            for (key, value) in map {
                let number = value.as_str().and_then(|text| text.parse::<f64>().ok());
                // What is paid to the trader does not grow.
                let number = number.filter(|x| *x > 0.0 && AMOUNTS.contains(&key.as_str()));
                match number {
                    // Exact decimals of nine places.
                    Some(number) => *value = format!("{:.9}", number * factor).into(),
                    None => scale(value, factor),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|value| scale(value, factor)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: Serialize + DeserializeOwned>(costs: &Value, factor: f64, expected: &Value) {
        let costs: T = serde_json::from_value(costs.clone()).unwrap();
        let found = serde_json::to_value(scaled(&costs, factor).unwrap()).unwrap();
        let expected: T = serde_json::from_value(expected.clone()).unwrap();
        assert_eq!(found, serde_json::to_value(expected).unwrap());
    }

    #[test]
    fn every_amount_is_multiplied_and_nothing_else() {
        check::<Commission>(
            &json!({"type": "bps", "value": "1", "minimum": "0.5"}),
            1.5,
            &json!({"type": "bps", "value": "1.5", "minimum": "0.75"}),
        );
        check::<Commission>(
            &json!({"type": "tiered", "minimum": "1", "tiers": [
                {"from": "0", "value": "0.005"}, {"from": "1000", "value": "0.002"},
            ]}),
            2.0,
            &json!({"type": "tiered", "minimum": "2", "tiers": [
                {"from": "0", "value": "0.01"}, {"from": "1000", "value": "0.004"},
            ]}),
        );
        check::<Commission>(
            &json!({"type": "maker_taker", "maker": "-0.5", "taker": "2"}),
            3.0,
            &json!({"type": "maker_taker", "maker": "-0.5", "taker": "6"}),
        );
        check::<Slippage>(
            &json!({"type": "spread", "value": "4"}),
            2.0,
            &json!({"type": "spread", "value": "8"}),
        );
    }
}
