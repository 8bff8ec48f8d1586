//! `dirigent task`: the child that does one task of `isolation: process`.

use std::io::{BufRead as _, stdin};

use crate::{Context, exit};

pub(crate) fn task(context: &Context) -> anyhow::Result<u8> {
    let mut line = String::new();
    stdin().lock().read_line(&mut line)?;
    let printer = context.printer;
    // Nobody reads on if the parent is gone; then this process is ended, too.
    let answer = context.coordinator.answer(&line, move |note| drop(printer.result(&note)));
    context.printer.result(&answer)?;
    Ok(exit::DONE)
}
