//! Planted defects: each must be found, by the check that is there for it.

use clap::ValueEnum;
use dirigent_sim::{Mutant, execute};

/// In how many seeds a defect must show.
const SEEDS_MAX: u64 = 40;

/// The check that finds `mutant` first.
fn found(mutant: Mutant) -> &'static str {
    // The one that takes longest to show is tried where it does.
    let first = if mutant == Mutant::OldAttempt { 25 } else { 1 };
    let mut reports = (first..first + SEEDS_MAX).map(|seed| execute(seed, Some(mutant), false));
    let violation = reports.find_map(|report| report.violation);
    violation.map_or("nothing", |(violation, _)| violation.check)
}

#[test]
fn every_planted_defect_is_found() {
    use Mutant as M;
    for mutant in M::value_variants() {
        let expected: &[&str] = match mutant {
            M::SkipSync => &["nothing_starts_before_its_record_is_durable"],
            M::DoubleApply => &["no_completed_task_runs_again"],
            M::IgnoreStale | M::LostPart => &["the_journal_tells_what_memory_holds"],
            M::LostTimer => &["every_run_ends"],
            M::SeedFromAttempt => &["the_digest_is_that_of_the_calm_run", "effects_happen_once"],
            M::ForeignCheckpoint => &["a_checkpoint_stays_in_its_container"],
            M::OldAttempt => &["what_is_recorded_was_delivered"],
            M::KeepTorn => &["the_journal_recovers"],
            M::RestartCompleted => &["no_completed_task_runs_again"],
        };
        let check = found(*mutant);
        assert!(expected.contains(&check), "{mutant:?} was found by {check}");
    }
}
