//! Faults: what goes wrong, how often, and how often it really did.
//!
//! Each seed draws a rate for each kind, often zero, so that rare combinations are tried alone and
//! together.

use std::collections::BTreeMap;

use crate::dice::Dice;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The process is killed; what it wrote stays in the page cache.
    Kill,
    /// The machine loses power; any end of what was not synced is gone.
    PowerCut,
    /// The process dies after an append and before the sync.
    CrashBeforeSync,
    /// The process dies between two appends of one step.
    CrashBetweenParts,
    /// The process dies when a step is durable and nothing of it is started.
    CrashBeforeStart,
    /// The process dies when some tasks of a step are started and others are not.
    CrashWhileStarting,
    /// The process dies while it recovers.
    CrashInRecovery,
    /// A power cut took appends with it that nobody was told of.
    LostTail,
    /// A crash left half of a record.
    TornRecord,
    /// A worker died with its task; it is missed later.
    LostOutcome,
    /// A worker was far slower than it should be.
    SlowWorker,
    /// An outcome came twice.
    DuplicatedOutcome,
    /// An outcome came long after it was there.
    LateOutcome,
    /// An outcome outlived the process that asked for it, and reached the next one.
    OutlivingOutcome,
    /// A sync took very long.
    SlowDisk,
    /// A write failed; the process has to end.
    FailedWrite,
    /// A sync failed; the process has to end.
    FailedSync,
    /// The disk was full; the process has to end.
    FullDisk,
    /// The wall clock jumped ahead.
    ClockForward,
    /// The wall clock was set back.
    ClockBackward,
    /// Somebody cancelled a run that was worked on.
    Cancel,
    /// Somebody cancelled a run that was interrupted.
    CancelIdle,
    /// The process was told to stop a run.
    Interrupt,
    /// A run that had ended badly was tried again.
    ResumeAfterEnd,
    /// The machine changed what may run at once.
    Advice,
    /// The machine asked to start nothing, or to leave out what is optional.
    Critical,
    /// Everything was halted.
    Halt,
    /// A writer that was thought dead tried to go on.
    StaleWriter,
}

impl Fault {
    /// All kinds.
    pub const ALL: [Self; 28] = [
        Self::Kill,
        Self::PowerCut,
        Self::CrashBeforeSync,
        Self::CrashBetweenParts,
        Self::CrashBeforeStart,
        Self::CrashWhileStarting,
        Self::CrashInRecovery,
        Self::LostTail,
        Self::TornRecord,
        Self::LostOutcome,
        Self::SlowWorker,
        Self::DuplicatedOutcome,
        Self::LateOutcome,
        Self::OutlivingOutcome,
        Self::SlowDisk,
        Self::FailedWrite,
        Self::FailedSync,
        Self::FullDisk,
        Self::ClockForward,
        Self::ClockBackward,
        Self::Cancel,
        Self::CancelIdle,
        Self::Interrupt,
        Self::ResumeAfterEnd,
        Self::Advice,
        Self::Critical,
        Self::Halt,
        Self::StaleWriter,
    ];

    /// The highest rate that a seed draws, in a thousand chances.
    fn rate_max(self) -> u32 {
        match self {
            Self::Kill | Self::PowerCut => 60,
            Self::CrashBeforeSync | Self::CrashBeforeStart => 15,
            Self::CrashBetweenParts | Self::CrashWhileStarting => 30,
            Self::CrashInRecovery => 300,
            Self::LostTail | Self::TornRecord => 900,
            Self::LostOutcome => 60,
            Self::DuplicatedOutcome | Self::LateOutcome => 200,
            Self::OutlivingOutcome => 500,
            Self::SlowDisk | Self::SlowWorker => 60,
            Self::FailedWrite | Self::FailedSync | Self::FullDisk => 10,
            Self::ClockForward | Self::ClockBackward => 80,
            Self::Cancel => 10,
            Self::CancelIdle => 100,
            Self::Interrupt => 40,
            Self::ResumeAfterEnd => 700,
            Self::Advice | Self::Critical => 200,
            Self::Halt => 20,
            Self::StaleWriter => 800,
        }
    }
}

/// How often each kind of fault took effect.
pub type Counts = BTreeMap<Fault, u64>;

/// The faults of one execution.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    rates: BTreeMap<Fault, u32>,
    dice: Dice,
    counts: Counts,
}

impl Faults {
    /// Those that `seed` draws.
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice::of(seed, "faults");
        let draw = |fault: Fault| {
            let rate = if dice.chance(350) { 0 } else { dice.small(1, fault.rate_max()) };
            (fault, rate)
        };
        Self { rates: Fault::ALL.map(draw).into(), dice, counts: Counts::new() }
    }

    /// No faults.
    pub(crate) fn none() -> Self {
        Self { rates: BTreeMap::new(), dice: Dice::of(0, "none"), counts: Counts::new() }
    }

    /// From here on nothing goes wrong any more.
    pub(crate) fn end(&mut self) {
        self.rates.clear();
    }

    /// Whether `fault` happens now. It is counted when it takes effect, by `count`.
    pub(crate) fn draw(&mut self, fault: Fault) -> bool {
        match self.rates.get(&fault) {
            Some(0) | None => false,
            Some(rate) => self.dice.chance(*rate),
        }
    }

    /// Whether `fault` happens now, and takes effect by that.
    pub(crate) fn hit(&mut self, fault: Fault) -> bool {
        let hit = self.draw(fault);
        if hit {
            self.count(fault);
        }
        hit
    }

    /// Takes note that `fault` took effect.
    pub(crate) fn count(&mut self, fault: Fault) {
        *self.counts.entry(fault).or_default() += 1;
    }

    /// The draws that say how bad a fault is.
    pub(crate) fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }
}
