//! `multi_phase`: phases of other types, one after the other, with outputs passed on by name.

use dirigent_workflow::plan::{InputRef, Mode, PhasePlan};

use super::{Part, Planned, Planner, Planners, Refusal, chain, tasks};
use crate::config::workflow::{Phase, Workflow};

pub(super) struct MultiPhase;

impl Planner for MultiPhase {
    fn kind(&self) -> &'static str {
        "multi_phase"
    }

    fn phase(&self, part: &Part<'_>) -> Result<PhasePlan, Refusal> {
        let message = "a phase cannot be of type `multi_phase`".to_owned();
        let path = format!("workflow.phases.{}.type", part.name);
        Err(tasks::refusal(path, message, "list its phases beside the others"))
    }

    fn plan(&self, workflow: &Workflow, planners: &Planners) -> Result<Planned, Refusal> {
        let phases = &workflow.definition.phases;
        if phases.is_empty() {
            let (path, message) = ("workflow.phases".into(), "there is no phase".into());
            return Err(tasks::refusal(path, message, "list the phases in order"));
        }
        let dated: Vec<Phase> = phases.iter().map(|phase| chain::dated(workflow, phase)).collect();
        chain::guard(workflow, &dated)?;
        let one = |(at, phase): (usize, &Phase)| plan(workflow, phase, at, planners);
        let mut phases = dated.iter().enumerate().map(one).collect::<Result<Vec<_>, _>>()?;
        chain::link(&mut phases)?;
        let mut limits = tasks::limits(workflow);
        // Phases are computed, not waited for: as many at once as there are workers.
        if phases.iter().all(|phase| phase.kind != "tasks") {
            limits.concurrency = None;
        }
        Ok(Planned { phases, limits })
    }
}

fn plan(
    workflow: &Workflow,
    phase: &Phase,
    at: usize,
    planners: &Planners,
) -> Result<PhasePlan, Refusal> {
    let Some(planner) = planners.get(phase.kind.as_str()) else {
        let can: Vec<String> = planners
            .keys()
            .filter(|kind| **kind != "multi_phase")
            .map(|kind| format!("`{kind}`"))
            .collect();
        let message = format!("phases of type `{}` cannot be run by this version", phase.kind);
        let hint = format!("this version runs {}", can.join(", "));
        return Err(Refusal { path: format!("workflow.phases.{at}.type"), message, hint });
    };
    let mut planned = planner.phase(&Part { workflow, name: &phase.name, phase: Some(phase) })?;
    let is_replay =
        planned.mode == Mode::SignalReplay || phase.method.as_deref() == Some("signal_replay");
    if is_replay && phase.kind != "optimization" {
        let message = format!("phases of type `{}` are not replayed from signals", phase.kind);
        let path = format!("workflow.phases.{at}.execution_mode");
        return Err(tasks::refusal(path, message, "choose another mode; they are computed whole"));
    }
    let input = |text: &String| {
        text.parse::<InputRef>().map_err(|message| {
            let path = format!("workflow.phases.{at}.inputs");
            tasks::refusal(path, message, "write the phase, a dot, and the name of its output")
        })
    };
    planned.inputs = phase.inputs.iter().map(input).collect::<Result<_, _>>()?;
    planned.strict_inputs = workflow.definition.strict_inputs;
    Ok(planned)
}
