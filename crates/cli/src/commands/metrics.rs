//! `dirigent metrics`: every metric of an equity curve.

use std::path::Path;

use dirigent::compute;

use crate::{Context, exit};

pub(crate) fn metrics(
    context: &Context,
    file: &Path,
    periods_per_year: Option<f64>,
) -> anyhow::Result<u8> {
    context.printer.document(&compute::metrics_of(file, periods_per_year)?)?;
    Ok(exit::DONE)
}
