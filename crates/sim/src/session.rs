//! A session: many seeds, added up.

use crate::{Counts, Fault, Mutant, Report, execute};

/// Figures of many executions.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    /// How many seeds.
    pub seeds: u64,
    /// How many tasks were started.
    pub executions: u64,
    /// How many runs there were.
    pub runs: u64,
    /// How many processes worked on them.
    pub processes: u64,
    /// How many hours it took for those inside.
    pub hours: f64,
    /// How many durable events the runs have.
    pub events: u64,
    /// How many runs were compared with their calm execution.
    pub compared: u64,
    /// How many effects were asked for again, and how many came too late and were refused.
    pub effects: (u64, u64),
    /// Which faults took effect, and how often.
    pub faults: Counts,
}

impl Sum {
    /// Adds an execution.
    #[expect(clippy::cast_precision_loss, reason = "hours are shown with one decimal")]
    pub fn add(&mut self, report: &Report) {
        self.seeds += 1;
        self.executions += report.executions;
        self.runs += report.runs;
        self.processes += report.processes;
        self.hours += report.nanos as f64 / 3.6e12;
        self.events += report.events;
        self.compared += report.compared;
        self.effects.0 += report.effects.0;
        self.effects.1 += report.effects.1;
        for (fault, count) in &report.faults {
            *self.faults.entry(*fault).or_default() += count;
        }
    }

    /// Faults that never took effect.
    pub fn idle_faults(&self) -> Vec<Fault> {
        Fault::ALL.into_iter().filter(|fault| !self.faults.contains_key(fault)).collect()
    }
}

/// Runs `seed`, twice if `twice`: then the two traces must be equal.
///
/// # Errors
/// What was found, in words that say how to see it again.
pub fn try_seed(seed: u64, mutant: Option<Mutant>, twice: bool) -> Result<Report, String> {
    let report = execute(seed, mutant, false);
    if let Some((violation, last)) = &report.violation {
        return Err(format!("{}\nseed {seed}: {violation}", last.join("\n")));
    }
    if twice {
        let again = execute(seed, mutant, false).trace;
        if again != report.trace {
            return Err(format!(
                "seed {seed} gave the traces {:016x} and {again:016x}",
                report.trace
            ));
        }
    }
    Ok(report)
}
