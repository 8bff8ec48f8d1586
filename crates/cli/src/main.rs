//! The `dirigent` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    dirigent_cli::run(std::env::args_os())
}
