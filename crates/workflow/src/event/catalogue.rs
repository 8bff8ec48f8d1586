//! The catalogue of events: names, other spellings, and when each is recorded.

/// A line of the generated reference.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Name of the event.
    pub kind: &'static str,
    /// Other spellings that are understood where events are named.
    pub aliases: &'static [&'static str],
    /// When it is recorded.
    pub when: &'static str,
    /// Fields of its payload.
    pub payload: &'static str,
}

/// All events, in the order of a run.
pub const CATALOGUE: &[Entry] = &[
    Entry {
        kind: "workflow_started",
        aliases: &["WORKFLOW_STARTED", "WorkflowStarted"],
        when: "the run exists; always the first event",
        payload: "name, type, mode, schedule, seed, config_hash, config_version, config, base, \
                  timeout_ms, plan, version",
    },
    Entry {
        kind: "workflow_definition",
        aliases: &[],
        when: "right behind `workflow_started` where the definition is too large for one event: \
               that has `parts` in place of config and plan, and these hold the payload as JSON",
        payload: "text",
    },
    Entry {
        kind: "lifecycle_step",
        aliases: &[],
        when: "one of the six steps was reached, in this order: validation, container_creation, \
               infrastructure_setup, phase_execution, result_aggregation, resource_cleanup",
        payload: "step",
    },
    Entry {
        kind: "phase_started",
        aliases: &["PHASE_STARTED", "stage_started", "STAGE_STARTED"],
        when: "before the first task of a phase",
        payload: "phase, inputs {phase.key: value}, warnings",
    },
    Entry {
        kind: "container_created",
        aliases: &[],
        when: "isolated scopes were made, each with the seed of its path",
        payload: "container, seed (of a single one)",
    },
    Entry {
        kind: "task_started",
        aliases: &["TASK_STARTED", "task.started"],
        when: "before a worker begins",
        payload: "task, attempt",
    },
    Entry {
        kind: "checkpoint_saved",
        aliases: &[],
        when: "a task kept a state that it can begin again from",
        payload: "task, attempt, state",
    },
    Entry {
        kind: "event_published",
        aliases: &[],
        when: "a task published an event of its own",
        payload: "event, task, index, payload",
    },
    Entry {
        kind: "task_completed",
        aliases: &["TASK_COMPLETED", "task.completed"],
        when: "the output and all files of the task are on disk",
        payload: "task, attempt, output (or `{artifact: NAME}` where it is large), artifacts, warnings",
    },
    Entry {
        kind: "task_retrying",
        aliases: &["TASK_RETRYING", "task.retrying"],
        when: "an attempt failed or took too long, and there will be another",
        payload: "task, attempt, error {code, message, hint}, at",
    },
    Entry {
        kind: "task_failed",
        aliases: &["TASK_FAILED", "task.failed"],
        when: "the task reported an error or panicked, after the last retry",
        payload: "task, attempt, error {code, message, hint}",
    },
    Entry {
        kind: "task_timeout",
        aliases: &["TASK_TIMEOUT", "task.timeout"],
        when: "the last attempt took longer than the task may",
        payload: "task, attempt, error {code, message, hint}",
    },
    Entry {
        kind: "task_orphaned",
        aliases: &["TASK_ORPHANED"],
        when: "the process that worked on the task is gone; it will be started again",
        payload: "task",
    },
    Entry {
        kind: "task_skipped",
        aliases: &["TASK_SKIPPED"],
        when: "something the task needs did not complete",
        payload: "task, reason",
    },
    Entry {
        kind: "container_restarted",
        aliases: &[],
        when: "a failed container begins again, from its last checkpoint if it has one",
        payload: "container, failures",
    },
    Entry {
        kind: "container_removed",
        aliases: &[],
        when: "a container failed more often than it may; the others go on",
        payload: "container, failures",
    },
    Entry {
        kind: "phase_completed",
        aliases: &["PHASE_COMPLETED", "stage_completed", "STAGE_COMPLETED"],
        when: "all tasks of the phase have ended",
        payload: "phase",
    },
    Entry {
        kind: "capacity_changed",
        aliases: &[],
        when: "what may run at once was changed by the state of the machine",
        payload: "concurrency, level, reason",
    },
    Entry {
        kind: "cancel_requested",
        aliases: &[],
        when: "somebody asked to stop the run for good",
        payload: "by",
    },
    Entry {
        kind: "run_interrupted",
        aliases: &[],
        when: "the process was told to stop and left the run resumable",
        payload: "by",
    },
    Entry {
        kind: "run_resumed",
        aliases: &[],
        when: "a process took the run up again",
        payload: "attempt",
    },
    Entry {
        kind: "workflow_completed",
        aliases: &["WORKFLOW_COMPLETED", "WorkflowCompleted"],
        when: "the run ended well; terminal",
        payload: "digest, degraded",
    },
    Entry {
        kind: "workflow_failed",
        aliases: &["WORKFLOW_FAILED", "WorkflowFailed"],
        when: "the run failed, timed out or was cancelled; terminal",
        payload: "status, error {code, message, hint}",
    },
];

/// The name in the catalogue that `spelling` stands for: itself, an alias, or any of PascalCase,
/// UPPER_SNAKE, dotted and lower_snake; none if it is not in the catalogue.
pub fn canonical_name(spelling: &str) -> Option<&'static str> {
    let known = |entry: &&Entry| entry.kind == spelling || entry.aliases.contains(&spelling);
    CATALOGUE.iter().find(known).map(|entry| entry.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evt_34_every_spelling_names_one_event() {
        for spelling in ["workflow_started", "WORKFLOW_STARTED", "WorkflowStarted"] {
            assert_eq!(canonical_name(spelling), Some("workflow_started"));
        }
        assert_eq!(canonical_name("task.retrying"), Some("task_retrying"));
        assert_eq!(canonical_name("no_such_event"), None);
        let mut names: Vec<&str> = CATALOGUE
            .iter()
            .flat_map(|entry| entry.aliases.iter().chain([&entry.kind]))
            .copied()
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "a spelling names two events");
    }
}
