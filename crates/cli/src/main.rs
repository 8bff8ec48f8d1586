//! The `dirigent` command.

use std::{panic, process::ExitCode};

use dirigent_trading::data::is_caught;

fn main() -> ExitCode {
    // Damage that a library panics over is told as an error; other panics are shown.
    let show = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !is_caught() {
            show(info);
        }
    }));
    dirigent_cli::run(std::env::args_os())
}
