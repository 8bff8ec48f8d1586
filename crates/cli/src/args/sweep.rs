//! Arguments of `dirigent sweep`.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::ValueEnum;
use dirigent::{sweep, trading::sweep::Axis};

use super::Source;

/// Options of `sweep`.
#[derive(Clone, Debug, clap::Args)]
pub struct Sweep {
    /// The workflow file
    #[command(flatten)]
    pub source: Source,
    /// A parameter and its values: `fast=5..50`, `slow=20..200:5`, `x=1,2,5`; may be repeated, the
    /// last turns fastest
    #[arg(long, value_name = "NAME=VALUES", required = true, value_parser = axis)]
    pub over: Vec<Axis>,
    /// What decides who is best
    #[arg(long, default_value = "sharpe")]
    pub by: Objective,
    /// How many of the best are shown
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub top: usize,
    /// Write every combination into this CSV file
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// How many threads share the work [default: the number of cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
}

/// What decides who is best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Objective {
    /// The highest Sharpe ratio
    Sharpe,
    /// The highest total return
    TotalReturn,
    /// The highest growth a year for the deepest fall
    Calmar,
    /// The least deep fall
    MaxDrawdown,
}

impl From<Objective> for sweep::Objective {
    fn from(by: Objective) -> Self {
        match by {
            Objective::Sharpe => Self::Sharpe,
            Objective::TotalReturn => Self::TotalReturn,
            Objective::Calmar => Self::Calmar,
            Objective::MaxDrawdown => Self::MaxDrawdown,
        }
    }
}

/// The most values of one parameter.
const VALUES_MAX: usize = 1_000_000;

/// The parameter and the values that `text` means.
fn axis(text: &str) -> Result<Axis, String> {
    let wanted = "give `name=from..to`, `name=from..to:step` or `name=1,2,5`";
    let (name, values) = text.split_once('=').ok_or(wanted)?;
    let number = |text: &str| match text.trim().parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(format!("`{text}` is no number; {wanted}")),
    };
    let Some((from, rest)) = values.split_once("..") else {
        let values = values.split(',').map(number).collect::<Result<_, _>>()?;
        return Ok(Axis { name: name.to_owned(), values });
    };
    let (to, step) = rest.split_once(':').unwrap_or((rest, "1"));
    let (from, to, step) = (number(from)?, number(to)?, number(step)?);
    if step <= 0.0 || from > to || (to - from) / step >= VALUES_MAX as f64 {
        return Err(format!(
            "`{values}` must rise by a step above 0, to {VALUES_MAX} values at most"
        ));
    }
    // A little beyond, as steps of 0.1 do not add up to the last one exactly.
    let values = (0..VALUES_MAX).map(|n| from + n as f64 * step);
    let values = values.take_while(|value| *value <= to + step * 1e-9);
    let rounded = values.map(|value| (value * 1e12).round() / 1e12);
    Ok(Axis { name: name.to_owned(), values: rounded.collect() })
}
