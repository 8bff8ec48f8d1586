//! The signal log: what each strategy wanted to hold, captured once for all who replay it.

use dirigent_trading::strategy::signals_computed;
use dirigent_workflow::{
    artifact::ArtifactRef,
    port::{TaskContext, TaskError, TaskKind, TaskOutput},
};
use serde_json::{Value, json};

use crate::{
    cast::Cast,
    ensemble::{Captured, Ensemble},
    setup::failure,
    strategy::Chosen,
    tasks::backtest::{Bench, file_name, load::Stock, write_failed},
};

/// Computes the signals of all strategies and writes them down.
pub(super) struct Capture(pub(super) Bench);

impl TaskKind for Capture {
    fn name(&self) -> &'static str {
        "optimization.signals"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let (_, cast) = self.0.setup(context)?;
        let chosen = chosen(cast)?;
        let stock = self.0.stock(context)?;
        let before = signals_computed();
        let captured = capture(&chosen, &stock)?;
        let computed = signals_computed() - before;
        let name = file_name(context, "signals.csv");
        let file = context.artifacts.put(&name, true, |out| captured.write(&stock.bars, out));
        let file = file.map_err(write_failed)?;
        let value = json!({
            "file": file,
            "strategies": captured.members,
            "changes": captured.changes(),
            "signals_computed": computed,
        });
        Ok(TaskOutput { value, artifacts: vec![file], ..TaskOutput::default() })
    }
}

/// The ensemble of a cast.
pub(super) fn chosen(cast: Cast) -> Result<Chosen, TaskError> {
    match cast {
        Cast::One(chosen) if chosen.ensemble().is_some() => Ok(*chosen),
        _ => {
            let why = "an ensemble takes several `strategies`";
            Err(TaskError::Hopeless(failure("strategy_invalid", why.into())))
        }
    }
}

pub(super) fn ensemble(chosen: &Chosen) -> Result<&Ensemble, TaskError> {
    let none = || failure("strategy_invalid", "there is no ensemble".into());
    chosen.ensemble().ok_or_else(|| TaskError::Hopeless(none()))
}

fn capture(chosen: &Chosen, stock: &Stock) -> Result<Captured, TaskError> {
    let captured = ensemble(chosen)?.capture(&stock.history, &stock.bars, &stock.others);
    captured.map_err(|why| TaskError::Failed(failure("strategy_invalid", why)))
}

/// What was captured by an earlier task or phase.
pub(super) fn read(
    context: &TaskContext,
    chosen: &Chosen,
    stock: &Stock,
) -> Result<Captured, TaskError> {
    let of_phase = || {
        let mut inputs = context.inputs.iter();
        inputs.find(|(reference, _)| reference.ends_with(".signals")).map(|(_, value)| value)
    };
    let unreadable = |what: String| {
        let message = format!("the captured signals cannot be read: {what}");
        TaskError::Hopeless(failure("record_invalid", message))
    };
    let told = context.outputs.get("signals").or_else(of_phase).unwrap_or(&Value::Null);
    let file: ArtifactRef =
        serde_json::from_value(told["file"].clone()).map_err(|e| unreadable(e.to_string()))?;
    let bytes = context.artifacts.get(&file).map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| unreadable(error.to_string()))?;
    let terms = ensemble(chosen)?.terms();
    let members: Vec<String> = terms.weights.iter().map(|(name, _)| name.clone()).collect();
    Captured::read(&text, &members, &stock.bars).map_err(unreadable)
}
