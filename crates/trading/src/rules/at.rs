//! `@timeframe` in a rule: what it may be, and where it may stand.
//!
//! Not here: the slower bars; see `slower`.

use std::ops::Range;

use crate::{
    data::Timeframe,
    indicator::{self, Input},
};

use super::{
    check::{Checked, Checker, Kind, Of, Typed},
    error::{Flaw, did_you_mean},
    function::{self, SERIES, Series},
    tree::Call,
};

impl Checker<'_> {
    /// `close@1d`.
    pub(super) fn slower_series(
        &mut self,
        column: &str,
        timeframe: &str,
        span: &Range<usize>,
    ) -> Checked {
        let at = span.start..span.start + column.len();
        let series = match function::series(column) {
            Some(series @ (Series::Column(_) | Series::Mean(_))) => series,
            Some(Series::Part(_)) => {
                let message = format!("`{column}` is a part of the time, which has no timeframe");
                return Err(vec![Flaw::new(at, message).hint(format!("write `{column}`"))]);
            }
            None => {
                let names = SERIES.iter().map(|(name, ..)| *name);
                let message = format!("only columns of the bars have a timeframe, not `{column}`");
                let hint = did_you_mean(column, names).or_else(|| {
                    let meant = "write it at the columns that the name stands for";
                    self.terms.contains_key(column).then(|| meant.to_owned())
                });
                return Err(vec![Flaw::new(at, message).hint_maybe(hint)]);
            }
        };
        let timeframe = self.timeframe(timeframe, &(span.end - timeframe.len()..span.end))?;
        let value = self.series(series, Of::Slower(timeframe));
        Ok(Typed { value, kind: Kind::Number, indicator: None })
    }

    /// The timeframe behind a call, for the columns that it reads without naming them.
    pub(super) fn bars_of(&self, call: &Call) -> Checked<Option<Timeframe>> {
        let Some((text, span)) = &call.timeframe else { return Ok(None) };
        let is_named = |input: &Input| matches!(input, Input::Argument(_));
        let inputs = indicator::find(&call.name).map(|definition| definition.inputs);
        if inputs.is_none_or(|inputs| inputs.is_empty() || inputs.iter().any(is_named)) {
            let message = format!("`{}` is told what it works on by its arguments", call.name);
            let hint = format!("write it there: `{}(close@{text}, …)`", call.name);
            return Err(vec![Flaw::new(span.clone(), message).hint(hint)]);
        }
        self.timeframe(text, span).map(Some)
    }

    fn timeframe(&self, text: &str, span: &Range<usize>) -> Checked<Timeframe> {
        let flaw =
            |message: String, hint: String| Err(vec![Flaw::new(span.clone(), message).hint(hint)]);
        let Ok(timeframe) = text.parse() else {
            let hint = "give a count and s, m, h, d, w or M, as `1h` or `1d`; a symbol of that \
                        name goes in quotes";
            return flaw(format!("`{text}` is no timeframe"), hint.into());
        };
        let Some(frame) = self.graph.frame() else {
            let message = format!("`{text}` cannot be made: how long the bars are is not known");
            return flaw(message, "give prices as bars of time".into());
        };
        match frame.grid(timeframe) {
            Ok(_) => Ok(timeframe),
            Err((message, hint)) => flaw(message, hint),
        }
    }
}
