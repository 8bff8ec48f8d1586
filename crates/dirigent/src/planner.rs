//! Planners: each turns a workflow type into a plan.
//!
//! Promises: a new workflow type is one trait object; as it plans one phase, the same type works
//! alone and as a phase of `multi_phase`.

mod analysis;
mod backtest;
mod chain;
mod daily;
mod multi_phase;
mod optimization;
mod replay;
mod schedule;
mod stages;
mod tasks;
mod validation;

use std::{collections::BTreeMap, sync::Arc};

use dirigent_trading::strategy::Registry;
use dirigent_workflow::{
    plan::{self, Mode, PhasePlan},
    resource::Amount,
    retry::{Backoff, Retry},
};

use serde_json::{Map, Value};

use crate::config::workflow::{Limits, Mode as Written, Phase, PhaseOverlay, Workflow};

pub(crate) use schedule::{schedule, schedules};

/// All planners of a process, by workflow type.
pub type Planners = BTreeMap<&'static str, Arc<dyn Planner>>;

/// Turns workflows of one type into plans.
pub trait Planner: Send + Sync {
    /// The workflow type, as `workflow.type` names it.
    fn kind(&self) -> &'static str;

    /// What is to be done, as one phase.
    ///
    /// # Errors
    /// If the file does not hold what the type needs.
    fn phase(&self, part: &Part<'_>) -> Result<PhasePlan, Refusal>;

    /// What is to be done, in order, and how much of it at once.
    ///
    /// # Errors
    /// If the file does not hold what the type needs.
    fn plan(&self, workflow: &Workflow, _planners: &Planners) -> Result<Planned, Refusal> {
        let phase = self.phase(&Part::whole(workflow, self.kind()))?;
        Ok(Planned { phases: vec![phase], limits: plan::Limits::default() })
    }
}

/// What becomes of a workflow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Planned {
    /// In order.
    pub phases: Vec<PhasePlan>,
    /// How much may be done at once.
    pub limits: plan::Limits,
}

/// Why a workflow cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The key it is about.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// The part of a workflow that becomes one phase.
#[derive(Clone, Copy, Debug)]
pub struct Part<'w> {
    /// The whole file.
    pub workflow: &'w Workflow,
    /// What the phase is called.
    pub name: &'w str,
    /// The phase of `multi_phase`; none if the workflow has no other.
    pub phase: Option<&'w Phase>,
}

impl<'w> Part<'w> {
    /// A workflow that is one phase, called `name`.
    #[must_use]
    pub fn whole(workflow: &'w Workflow, name: &'w str) -> Self {
        Self { workflow, name, phase: None }
    }

    /// `name` as it is called in the plan: unique among all phases.
    #[must_use]
    pub fn task_name(&self, name: &str) -> String {
        match self.phase {
            Some(_) => format!("{}.{name}", self.name),
            None => name.to_owned(),
        }
    }

    /// Where the phase stands in the file.
    pub fn path(&self) -> String {
        let phases = &self.workflow.definition.phases;
        let place = phases.iter().position(|phase| self.phase.is_some() && phase.name == self.name);
        place.map_or_else(|| "workflow".to_owned(), |at| format!("workflow.phases.{at}"))
    }

    /// The settings that are laid over those of the file for this phase; a search alone sees no bar
    /// that is kept for the test of what it finds.
    pub fn settings(&self) -> Map<String, Value> {
        match self.phase {
            Some(phase) => phase.config.clone(),
            None => chain::in_sample(self.workflow),
        }
    }

    /// The settings that `coordinator.phases` lays over the phase.
    pub fn overlay(&self) -> Option<&'w PhaseOverlay> {
        self.workflow.coordinator.phases.get(self.name)
    }

    /// How the phase is scheduled if it consists of `tasks` tasks that could run side by side.
    pub fn mode(&self, tasks: u64) -> Mode {
        let of_phase = self.phase.and_then(|phase| phase.execution_mode);
        let written = self.overlay().and_then(|overlay| overlay.execution_mode).or(of_phase);
        match written.unwrap_or(self.workflow.definition.execution_mode) {
            Written::Traditional => Mode::Traditional,
            Written::Auto | Written::Hybrid if tasks <= 1 => Mode::Traditional,
            Written::Auto | Written::Hybrid | Written::Parallel => Mode::Parallel,
            Written::Composable => Mode::Composable,
            Written::SignalReplay => Mode::SignalReplay,
        }
    }

    /// What one task takes: what it says itself, else what `coordinator.phases` or the phase says.
    pub fn takes(&self, own: Option<&Limits>) -> Amount {
        let overlay = || self.overlay().and_then(|overlay| overlay.resources.as_ref());
        let of_phase = || self.phase.and_then(|phase| phase.resources.as_ref());
        own.or_else(overlay).or_else(of_phase).map_or_else(Amount::default, |limits| Amount {
            memory_bytes: limits.memory_bytes().unwrap_or(0),
            millicores: limits.millicores().unwrap_or(0),
            disk_bytes: limits.disk_bytes().unwrap_or(0),
            slots: limits.slots().clone(),
        })
    }

    /// How many containers the phase consists of, if that is more than one.
    pub fn containers(&self) -> Option<u32> {
        let count = self.phase.map_or(1, |phase| phase.container_count);
        (count > 1).then(|| u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// What is done about a container that fails: it begins again at once, from its checkpoint, as
    /// often as `coordinator.fault_tolerance` says, and is then given up.
    pub fn restarts(&self) -> Retry {
        let tolerance = &self.workflow.coordinator.fault_tolerance;
        let most = if tolerance.auto_restart { tolerance.max_container_failures } else { 0 };
        Retry {
            max: u32::try_from(most).unwrap_or(u32::MAX),
            backoff: Backoff::Fixed { delay_ms: 0 },
            jitter_percent: 0,
            permanent: true,
        }
    }

    /// How many of the tasks of the phase run at once at most.
    pub fn max_parallel(&self) -> Option<u32> {
        let most = self.overlay().and_then(|overlay| overlay.max_containers)?;
        Some(u32::try_from(most).unwrap_or(u32::MAX))
    }
}

/// How many of the tasks of `phase` could run side by side, at least: those that need nothing, and
/// those that need the same.
pub(crate) fn side_by_side(phase: &PhasePlan) -> u64 {
    let mut by_needs: BTreeMap<&[String], u64> = BTreeMap::new();
    for task in &phase.tasks {
        *by_needs.entry(&task.needs).or_default() += u64::from(task.count.unwrap_or(1));
    }
    by_needs.into_values().max().unwrap_or(0)
}

/// All planners that are built in, for workflows that name these strategies.
pub fn planners(strategies: &Arc<Registry>) -> Planners {
    let all: [Arc<dyn Planner>; 7] = [
        Arc::new(analysis::Analysis),
        Arc::new(backtest::Backtest),
        Arc::new(optimization::Optimization(Arc::clone(strategies))),
        Arc::new(validation::Validation(Arc::clone(strategies))),
        Arc::new(tasks::Tasks),
        Arc::new(multi_phase::MultiPhase),
        Arc::new(daily::Daily),
    ];
    all.into_iter().map(|planner| (planner.kind(), planner)).collect()
}
