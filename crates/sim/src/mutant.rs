//! Mutants: defects that can be planted in the simulated shell, to see that the checks find them.
//!
//! They are in the simulator alone; the product has no such switch.

use clap::ValueEnum;

/// A planted defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mutant {
    /// Tasks are started when their record is written, not when it is durable.
    SkipSync,
    /// An outcome that comes is recorded twice.
    DoubleApply,
    /// An append expects another position than there is, and its refusal is ignored.
    IgnoreStale,
    /// Nothing wakes a run when a pause or a limit is over.
    LostTimer,
    /// What a task finds depends on its attempt.
    SeedFromAttempt,
    /// A task begins again from the checkpoint of another container.
    ForeignCheckpoint,
    /// The outcome of an old attempt counts for the present one.
    OldAttempt,
    /// Of several appends of a step, one is left out.
    LostPart,
    /// Recovery takes half a record for a whole one.
    KeepTorn,
    /// After a crash, tasks that completed are started again.
    RestartCompleted,
}
