//! `dirigent task`: the child that does one task of `isolation: process`.

use std::io::{BufRead as _, stdin};

use crate::{Context, exit};

pub(crate) fn task(context: &Context) -> anyhow::Result<u8> {
    let mut line = String::new();
    stdin().lock().read_line(&mut line)?;
    context.printer.result(&context.coordinator.answer(&line))?;
    Ok(exit::DONE)
}
