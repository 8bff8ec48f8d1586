//! The simulated journal can stand in for the real one.

use dirigent_journal::conformance::Fresh;
use dirigent_sim::SimJournal;

fn fresh() -> Fresh {
    Fresh { journal: Box::new(SimJournal::new()), keep: Box::new(()) }
}

dirigent_journal::conformance_suite!(simulated, super::fresh);
