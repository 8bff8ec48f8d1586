//! Schedules: how each phase is carried out, and why, in words.

use dirigent_workflow::plan::{Mode, PhasePlan};

use super::{Part, side_by_side};
use crate::config::workflow::{Mode as Written, Workflow};

/// How each of `phases` is scheduled, and why.
pub(crate) fn schedules(workflow: &Workflow, phases: &[PhasePlan]) -> Vec<String> {
    let one = |phase: &PhasePlan| format!("{}{}", way(phase), why(workflow, phase));
    phases.iter().map(one).collect()
}

/// The same as one text.
pub(crate) fn schedule(phases: &[PhasePlan], schedules: &[String]) -> String {
    match (phases, schedules) {
        ([_], [only]) => only.clone(),
        _ => {
            let named = phases.iter().zip(schedules);
            let lines = named.map(|(phase, schedule)| format!("{}: {schedule}", phase.name));
            lines.collect::<Vec<_>>().join("; ")
        }
    }
}

fn way(phase: &PhasePlan) -> &'static str {
    match phase.mode {
        Mode::Traditional => "one task after the other",
        Mode::Composable => "ready tasks share all free workers",
        _ => "ready tasks side by side",
    }
}

/// Who decided: the file for this phase, the tasks themselves, or the file for all of it.
fn why(workflow: &Workflow, phase: &PhasePlan) -> String {
    let name = &phase.name;
    let of_phase = workflow.definition.phases.iter().find(|of| of.name == *name);
    let part = Part { workflow, name, phase: of_phase };
    let overlay = part.overlay().and_then(|overlay| overlay.execution_mode);
    let own = of_phase.and_then(|phase| phase.execution_mode);
    let (asked, by) = match (overlay, own) {
        (Some(mode), _) => (mode, format!(", as `coordinator.phases.{name}` says")),
        (None, Some(mode)) => (mode, ", as the phase says".to_owned()),
        (None, None) => (workflow.definition.execution_mode, String::new()),
    };
    match (asked, phase.mode) {
        (Written::Auto | Written::Hybrid, Mode::Traditional) => {
            ": nothing in it could run side by side".to_owned()
        }
        (Written::Auto | Written::Hybrid, _) => {
            format!(
                ": {} tasks, of which at least {} could run side by side",
                tasks(phase),
                side_by_side(phase)
            )
        }
        _ => by,
    }
}

fn tasks(phase: &PhasePlan) -> u64 {
    phase.tasks.iter().map(|task| u64::from(task.count.unwrap_or(1))).sum()
}
