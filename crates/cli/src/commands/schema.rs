//! `dirigent schema`: the JSON Schema of workflow files.

use crate::{Context, exit};

pub(crate) fn schema(context: &Context) -> anyhow::Result<u8> {
    context.printer.document(&context.coordinator.schema())?;
    Ok(exit::DONE)
}
