//! Picking: which of the tasks that could start, do.
//!
//! Promises: the lowest rank first; a task that does not fit is waited for, by its own kind alone,
//! so that a large one is not overtaken for ever by small ones.

use std::collections::btree_set;

use crate::{
    container,
    decide::{Capacity, Decision},
    event::{Fact, Failure},
    instances::{self, TASKS_PER_RECORD_MAX, TaskId},
    plan::{Mode, OnFailure, PhasePlan, TaskPlan},
    priority::Priority,
    resource::{Admission, Ledger, Level, ResourceError},
    run::{Run, board::Lane},
    task::TaskState,
};

/// The tasks that one step starts at most.
const STARTS_MAX: usize = TASKS_PER_RECORD_MAX;

/// The tasks of `entry` that will never start, as a fact.
pub(super) fn skip(run: &Run, entry: u32, need: u32) -> Fact {
    let plan = &run.start.plan;
    let waiting = |state| matches!(state, TaskState::Pending | TaskState::Queued);
    let all = (0_u32..).zip(run.records(entry)).filter(|(_, record)| waiting(record.state));
    let some: Vec<u32> = all.map(|(instance, _)| instance).take(TASKS_PER_RECORD_MAX).collect();
    let (_, bad) = run.board.ended_of(need);
    let name = &plan.entry(need).name;
    let many = if plan.entry(need).count.is_some() {
        format!("{bad} of `{name}`")
    } else {
        format!("`{name}`")
    };
    let reason = format!("it needs {many}, which did not complete");
    Fact::TaskSkipped { task: instances::name(plan, entry, &some), reason }
}

/// Starts as many tasks of `phase` as there is room for.
pub(super) fn pick(run: &Run, phase: &PhasePlan, capacity: &Capacity) -> Decision {
    let plan = &run.start.plan;
    let mut room = Room::of(run, phase, capacity);
    let mut lanes: Vec<Cursor<'_>> =
        run.board.lanes.iter().map(|lane| Cursor::new(run, lane)).collect();
    let parts: Vec<u32> =
        run.board.lanes.iter().map(|lane| parts(phase, capacity, &lane.kind)).collect();
    let mut decision = Decision::default();
    let mut started: Vec<TaskId> = Vec::new();
    while started.len() < STARTS_MAX {
        let heads = lanes.iter().enumerate().filter_map(|(at, lane)| Some((lane.head?, at)));
        let Some(((_, task), at)) = heads.min() else { break };
        let takes = &plan.entry(task.entry).takes;
        if is_shed(plan.entry(task.entry), capacity.level) {
            if started.is_empty() {
                return Decision::record(shed(run, task, capacity.level));
            }
            break;
        }
        match room.used.admission(&capacity.budget, takes) {
            Admission::Granted => {}
            Admission::Never(error) if run.board.running == 0 && started.is_empty() => {
                return never_fits(run, task, &error);
            }
            Admission::Never(_) | Admission::Wait => {
                lanes[at].head = None;
                continue;
            }
        }
        if !lanes[at].has_room() || room.parts < parts[at] {
            lanes[at].head = None;
            continue;
        }
        room.parts -= parts[at];
        room.used.book(takes);
        started.push(task);
        lanes[at].advance(run);
    }
    for group in groups(run, &started) {
        let name = instances::name(plan, group.entry, &group.instances);
        if group.attempt == 1 && plan.entry(group.entry).container.is_some() {
            let created = |container| Fact::ContainerCreated { container, seed: None };
            decision.record.extend(containers(run, &group).into_iter().map(created));
        }
        decision.record.push(Fact::TaskStarted { task: name, attempt: group.attempt });
    }
    decision.start = started.into_iter().map(|task| (task, next_attempt(run, task))).collect();
    decision
}

/// The paths of the containers of `group`: one for all whose paths are numbers, and one for each that
/// an event started, whose path tells by what.
fn containers(run: &Run, group: &Group) -> Vec<String> {
    let plan = &run.start.plan;
    if plan.entry(group.entry).on.is_none() {
        return vec![instances::container(plan, group.entry, &group.instances)];
    }
    let of = |instance: &u32| TaskId { entry: group.entry, instance: *instance };
    group.instances.iter().map(|instance| container::path(run, of(instance))).collect()
}

fn next_attempt(run: &Run, task: TaskId) -> u32 {
    run.record(task).map_or(1, |record| record.attempts + 1)
}

/// Tasks of one entry that start with the same attempt share a record.
struct Group {
    entry: u32,
    attempt: u32,
    instances: Vec<u32>,
}

fn groups(run: &Run, started: &[TaskId]) -> Vec<Group> {
    let mut keyed: Vec<(u32, u32, u32)> =
        started.iter().map(|task| (task.entry, next_attempt(run, *task), task.instance)).collect();
    keyed.sort_unstable();
    // Where a start is an event for others, each has to be one of its own.
    let is_heard = |event| !run.start.plan.triggered_by(event).is_empty();
    let apart = is_heard("task_started") || is_heard("container_created");
    let mut groups: Vec<Group> = Vec::new();
    for (entry, attempt, instance) in keyed {
        match groups.last_mut() {
            Some(group) if !apart && group.entry == entry && group.attempt == attempt => {
                group.instances.push(instance);
            }
            _ => groups.push(Group { entry, attempt, instances: vec![instance] }),
        }
    }
    groups
}

/// A task that takes more than there is, even alone, fails at once.
fn never_fits(run: &Run, task: TaskId, why: &ResourceError) -> Decision {
    let (name, attempt) = (task.name(&run.start.plan), next_attempt(run, task));
    let message = format!("{why} for task `{name}`");
    let error = Failure { code: "resources".into(), message, hint: Some(why.hint()) };
    let started = Fact::TaskStarted { task: name.clone(), attempt };
    let record = vec![started, Fact::TaskFailed { task: name, attempt, error }];
    Decision { record, start: Vec::new() }
}

/// Whether a task is left out when the machine asks to hold back as hard as `level`.
fn is_shed(task: &TaskPlan, level: Level) -> bool {
    let is_optional = task.on_failure == OnFailure::Degrade && task.priority == Priority::Low;
    is_optional && level >= Level::High
}

fn shed(run: &Run, task: TaskId, level: Level) -> Fact {
    let reason = format!("it is optional, and the machine is short of memory (level {level})");
    Fact::TaskSkipped { task: task.name(&run.start.plan), reason }
}

/// What is left for new tasks.
struct Room {
    /// Places, in parts of one.
    parts: u32,
    used: Ledger,
}

/// The parts of the place of one task; a short one takes only some.
const PARTS: u32 = 1 << 12;

impl Room {
    fn of(run: &Run, phase: &PhasePlan, capacity: &Capacity) -> Self {
        let all = at_once(run, phase, capacity).saturating_mul(PARTS);
        let taken = |lane: &Lane| lane.running.saturating_mul(parts(phase, capacity, &lane.kind));
        let taken: u32 = run.board.lanes.iter().map(taken).fold(0, u32::saturating_add);
        Self { parts: all.saturating_sub(taken), used: run.board.used.clone() }
    }
}

/// The part of a place that a task of `kind` takes. Where the file limits how many run at once,
/// each takes a whole one.
fn parts(phase: &PhasePlan, capacity: &Capacity, kind: &str) -> u32 {
    match capacity.ahead.get(kind) {
        Some(ahead) if phase.max_parallel.is_none() => (PARTS / ahead).max(1),
        _ => PARTS,
    }
}

/// How many tasks of `phase` may be worked on at once.
pub(crate) fn at_once(run: &Run, phase: &PhasePlan, capacity: &Capacity) -> u32 {
    let all = run.start.limits.concurrency.unwrap_or(u32::MAX).min(capacity.workers);
    match phase.mode {
        Mode::Traditional => all.min(1),
        _ => all.min(phase.max_parallel.unwrap_or(u32::MAX)),
    }
}

/// A walk along a lane, in the order in which its tasks start.
struct Cursor<'r> {
    line: btree_set::Iter<'r, (i64, u32)>,
    again: std::iter::Peekable<btree_set::Iter<'r, (i64, TaskId)>>,
    /// The entry that is being walked along: its rank, and its next task.
    entry: Option<(i64, TaskId)>,
    /// The next task, with its rank.
    head: Option<(i64, TaskId)>,
    /// How many more of the kind may start; none is no limit.
    room: Option<u32>,
}

impl<'r> Cursor<'r> {
    fn new(run: &'r Run, lane: &'r Lane) -> Self {
        let limit = run.start.limits.kinds.get(&lane.kind);
        let room = limit.map(|most| most.saturating_sub(lane.running));
        let again = lane.again.iter().peekable();
        let mut cursor = Self { line: lane.line.iter(), again, entry: None, head: None, room };
        cursor.next_entry(run);
        cursor.find_head();
        cursor
    }

    fn next_entry(&mut self, run: &Run) {
        self.entry = self
            .line
            .next()
            .map(|&(rank, entry)| (rank, TaskId { entry, instance: run.board.fresh(entry) }));
    }

    fn find_head(&mut self) {
        let again = self.again.peek().map(|&&first| first);
        self.head = [self.entry, again].into_iter().flatten().min();
    }

    fn has_room(&self) -> bool {
        self.room != Some(0)
    }

    /// Goes on behind the head, which was picked.
    fn advance(&mut self, run: &Run) {
        self.room = self.room.map(|room| room - 1);
        if self.entry == self.head {
            let queued = |task: &TaskId| {
                run.record(*task).is_none_or(|record| record.state == TaskState::Queued)
            };
            if let Some((_, task)) = &mut self.entry {
                task.instance += 1;
                while !queued(task) {
                    task.instance += 1;
                }
                let task = *task;
                if run.record(task).is_none() {
                    self.next_entry(run);
                }
            }
        } else {
            self.again.next();
        }
        self.find_head();
    }
}
