//! A simulator that drives the real engine through faults under a virtual clock.
//!
//! Promises: an execution is a function of its seed; what is simulated is the disk, the clock, the
//! workers and the thin runtime, and everything that decides is the code that ships.
//! Not here: threads, the real journal and the operating system; see `bench/run_kills.py`.

mod agenda;
mod chaos;
mod check;
mod dice;
mod disk;
mod faults;
mod generate;
mod journal;
mod ledger;
mod model;
mod mutant;
mod session;
mod shell;
mod subject;
mod trace;
mod verdict;
mod violation;
mod work;
mod workers;
mod world;
mod writing;

pub use faults::{Counts, Fault};
pub use journal::SimJournal;
pub use mutant::Mutant;
pub use session::{Sum, try_seed};
pub use verdict::{Report, execute};
pub use violation::Violation;
