//! The board: who can go next, kept up to date fact by fact so that a decision never looks at
//! tasks it does not start.
//!
//! Invariant: derived from plan, task states and times of events alone; `Board::of` makes the same
//! board from nothing.

use std::collections::{BTreeMap, BTreeSet};

use dirigent_core::Timestamp;

use crate::{
    instances::TaskId,
    plan::{Mode, OnFailure, Plan},
    resource::Ledger,
    run::TaskRecord,
    task::TaskState,
};

/// How the tasks of an entry stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct EntryBoard {
    /// Entries it needs that have not settled well.
    unmet: u32,
    /// Tasks of it that have not ended.
    open: u32,
    /// Tasks that completed.
    good: u32,
    /// Tasks that ended otherwise.
    bad: u32,
    /// Of these, tasks that failed or took too long.
    failed: u32,
    /// No task before this one waits in line.
    fresh: u32,
    /// Where it stands in line.
    rank: Option<i64>,
    lane: u32,
}

/// Those that wait for room, by task kind, so that a kind that is full holds up no other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Lane {
    pub(crate) kind: String,
    /// Entries with tasks that were not started yet.
    pub(crate) line: BTreeSet<(i64, u32)>,
    /// Tasks that are to be started again.
    pub(crate) again: BTreeSet<(i64, TaskId)>,
    pub(crate) running: u32,
}

/// Who can go next.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Board {
    entries: Vec<EntryBoard>,
    pub(crate) lanes: Vec<Lane>,
    /// Ranks in `Lane::again`, to find them.
    again: BTreeMap<TaskId, i64>,
    /// Failed tasks and when they are tried again.
    retries: BTreeSet<(Timestamp, TaskId)>,
    /// Running tasks and when they have to be stopped.
    pub(crate) deadlines: BTreeSet<(Timestamp, TaskId)>,
    /// Entries that can never start, with the one that they need.
    pub(crate) doomed: BTreeMap<u32, u32>,
    /// The phase that is going on.
    phase: Option<u32>,
    open_in_phase: u64,
    pub(crate) running: u32,
    /// What the running tasks take.
    pub(crate) used: Ledger,
    /// An entry whose failure fails the run.
    pub(crate) fatal: Option<u32>,
    /// Whether something optional failed.
    pub(crate) degraded: bool,
}

type Tasks = [Vec<TaskRecord>];

impl Board {
    /// The board of a run whose tasks stand as in `tasks`, with `phase` going on.
    pub(crate) fn of(plan: &Plan, tasks: &mut Tasks, phase: Option<u32>, now: Timestamp) -> Self {
        let mut board = Self::default();
        let mut lanes: BTreeMap<&str, u32> = BTreeMap::new();
        for entry in 0..plan.len() {
            let kind = plan.entry(entry).kind.as_str();
            let lane = *lanes.entry(kind).or_insert_with(|| {
                board.lanes.push(Lane { kind: kind.to_owned(), ..Lane::default() });
                u32::try_from(board.lanes.len() - 1).unwrap_or(u32::MAX)
            });
            let unmet = u32::try_from(plan.place(entry).needs.len()).unwrap_or(u32::MAX);
            let mut of = EntryBoard { unmet, lane, ..EntryBoard::default() };
            for record in &tasks[entry as usize] {
                match record.state {
                    TaskState::Completed => of.good += 1,
                    state if state.is_final() => {
                        of.bad += 1;
                        of.failed += u32::from(state.is_failure());
                    }
                    _ => of.open += 1,
                }
            }
            if of.failed > 0 && plan.entry(entry).on_failure == OnFailure::Fail {
                board.fatal.get_or_insert(entry);
            }
            board.degraded |= of.bad > 0;
            board.entries.push(of);
        }
        for entry in 0..plan.len() {
            if board.entries[entry as usize].open == 0 && plan.entry(entry).on.is_none() {
                board.settle(plan, entry, tasks, now);
            }
        }
        if let Some(phase) = phase {
            board.begin(plan, phase, tasks, now);
        }
        board
    }

    /// The phase with this number begins.
    pub(crate) fn begin(&mut self, plan: &Plan, phase: u32, tasks: &mut Tasks, now: Timestamp) {
        self.phase = Some(phase);
        let entries = plan.entries_of(phase);
        self.open_in_phase =
            entries.clone().map(|entry| u64::from(self.entries[entry as usize].open)).sum();
        for entry in entries {
            if self.entries[entry as usize].unmet == 0 {
                self.queue(plan, entry, tasks, now);
            }
        }
    }

    /// Whether all tasks of the phase that is going on have ended.
    pub(crate) fn phase_is_over(&self) -> bool {
        self.open_in_phase == 0
    }

    /// How many tasks of `entry` completed, and how many ended otherwise.
    pub(crate) fn ended_of(&self, entry: u32) -> (u32, u32) {
        let of = &self.entries[entry as usize];
        (of.good, of.bad)
    }

    /// The first task of `entry` that may stand in line.
    pub(crate) fn fresh(&self, entry: u32) -> u32 {
        self.entries[entry as usize].fresh
    }

    /// Puts the tasks of `entry` that can start in line.
    fn queue(&mut self, plan: &Plan, entry: u32, tasks: &mut Tasks, now: Timestamp) {
        let rank = rank(plan, entry, now);
        let of = &mut self.entries[entry as usize];
        let mut some = false;
        // Those before the first in line were seen to already.
        let waiting = tasks[entry as usize].iter_mut().skip(of.fresh as usize);
        for (instance, record) in (of.fresh..).zip(waiting) {
            match record.state {
                TaskState::Pending | TaskState::Orphaned { .. } | TaskState::Queued => {
                    record.state = TaskState::Queued;
                    some = true;
                }
                TaskState::Retrying { at, .. } => {
                    self.retries.insert((at, TaskId { entry, instance }));
                }
                _ => {}
            }
        }
        if some {
            of.rank = Some(rank);
            self.lanes[of.lane as usize].line.insert((rank, entry));
            self.skip_started(entry, tasks);
        }
    }

    /// Takes note that an event made a new task of `entry`.
    pub(crate) fn spawned(&mut self, plan: &Plan, entry: u32, tasks: &mut Tasks, now: Timestamp) {
        self.entries[entry as usize].open += 1;
        if self.phase == Some(plan.place(entry).phase) {
            self.open_in_phase += 1;
            if self.entries[entry as usize].rank.is_none() {
                self.queue(plan, entry, tasks, now);
            } else if let Some(record) = tasks[entry as usize].last_mut() {
                record.state = TaskState::Queued;
            }
        }
    }

    /// Moves the first task in line behind those that have been started.
    fn skip_started(&mut self, entry: u32, tasks: &Tasks) {
        let of = &mut self.entries[entry as usize];
        let Some(rank) = of.rank else { return };
        let records = &tasks[entry as usize];
        while records.get(of.fresh as usize).is_some_and(|r| r.state != TaskState::Queued) {
            of.fresh += 1;
        }
        if of.fresh as usize == records.len() {
            of.rank = None;
            self.lanes[of.lane as usize].line.remove(&(rank, entry));
        }
    }

    /// Takes note that `task`, which was in state `was`, was started at `now`.
    pub(crate) fn started(
        &mut self,
        plan: &Plan,
        task: TaskId,
        was: TaskState,
        tasks: &Tasks,
        now: Timestamp,
    ) {
        let lane = self.entries[task.entry as usize].lane as usize;
        self.forget_retry(task, was);
        self.skip_started(task.entry, tasks);
        self.lanes[lane].running += 1;
        self.running += 1;
        let plan = plan.entry(task.entry);
        self.used.book(&plan.takes);
        if let Some(limit) = plan.timeout_ms {
            self.deadlines.insert((now.plus(std::time::Duration::from_millis(limit)), task));
        }
    }

    /// Takes note that `task`, started at `started`, is not worked on any more.
    pub(crate) fn stopped(&mut self, plan: &Plan, task: TaskId, started: Timestamp) {
        let lane = self.entries[task.entry as usize].lane as usize;
        self.lanes[lane].running -= 1;
        self.running -= 1;
        let plan = plan.entry(task.entry);
        self.used.release(&plan.takes);
        if let Some(limit) = plan.timeout_ms {
            self.deadlines.remove(&(started.plus(std::time::Duration::from_millis(limit)), task));
        }
    }

    /// Takes note that `task` is to be tried again at `at`.
    pub(crate) fn retry(&mut self, task: TaskId, at: Timestamp) {
        self.retries.insert((at, task));
    }

    /// Takes note that `task`, which was in state `was`, does not wait for its next try any more.
    pub(crate) fn forget_retry(&mut self, task: TaskId, was: TaskState) {
        let TaskState::Retrying { at, .. } = was else { return };
        self.retries.remove(&(at, task));
        if let Some(rank) = self.again.remove(&task) {
            let lane = self.entries[task.entry as usize].lane as usize;
            self.lanes[lane].again.remove(&(rank, task));
        }
    }

    /// Puts tasks whose pause is over by `now` in line.
    pub(crate) fn wake(&mut self, plan: &Plan, now: Timestamp) {
        while let Some(&(at, task)) = self.retries.first().filter(|(at, _)| *at <= now) {
            self.retries.pop_first();
            let rank = rank(plan, task.entry, at);
            let lane = self.entries[task.entry as usize].lane as usize;
            self.lanes[lane].again.insert((rank, task));
            self.again.insert(task, rank);
        }
    }

    /// When the next pause is over or the next task has to be stopped.
    pub(crate) fn next_time(&self) -> Option<Timestamp> {
        let first = |times: &BTreeSet<(Timestamp, TaskId)>| times.first().map(|(at, _)| *at);
        [first(&self.retries), first(&self.deadlines)].into_iter().flatten().min()
    }

    /// Takes note that `task` has ended.
    pub(crate) fn ended(&mut self, plan: &Plan, task: TaskId, tasks: &mut Tasks, now: Timestamp) {
        let entry = task.entry;
        let state = tasks[entry as usize][task.instance as usize].state;
        self.skip_started(entry, tasks);
        let of = &mut self.entries[entry as usize];
        of.open -= 1;
        match state {
            TaskState::Completed => of.good += 1,
            state => {
                of.bad += 1;
                of.failed += u32::from(state.is_failure());
            }
        }
        if self.phase == Some(plan.place(entry).phase) {
            self.open_in_phase -= 1;
        }
        if state.is_failure() && plan.entry(entry).on_failure == OnFailure::Fail {
            self.fatal.get_or_insert(entry);
        }
        if self.entries[entry as usize].open == 0 {
            self.doomed.remove(&entry);
            self.settle(plan, entry, tasks, now);
        }
    }

    /// An entry of a phase that is over, of which all tasks that events started were lost, and at
    /// least one should not have been.
    pub(crate) fn lost_triggered(&self, plan: &Plan, phase: u32) -> Option<u32> {
        plan.entries_of(phase).find(|&entry| {
            let (of, plan) = (&self.entries[entry as usize], plan.entry(entry));
            let fails = plan.on.is_some() && plan.on_failure == OnFailure::FailIfAll;
            fails && of.good == 0 && of.failed > 0
        })
    }

    /// All tasks of `entry` have ended: those that need it can start, or never will.
    fn settle(&mut self, plan: &Plan, entry: u32, tasks: &mut Tasks, now: Timestamp) {
        self.doomed.remove(&entry);
        let (good, bad) = self.ended_of(entry);
        let failed = self.entries[entry as usize].failed > 0;
        self.degraded |= bad > 0;
        let is_lost = match plan.entry(entry).on_failure {
            OnFailure::Fail | OnFailure::Degrade => bad > 0,
            OnFailure::FailIfAll => good == 0 && bad > 0,
        };
        let may_get_more = plan.entry(entry).on.is_some();
        let is_critical = plan.entry(entry).on_failure != OnFailure::Degrade;
        if is_lost && failed && is_critical && !may_get_more {
            self.fatal.get_or_insert(entry);
        }
        for &by in &plan.place(entry).needed_by {
            if is_lost {
                if self.entries[by as usize].open > 0 {
                    self.doomed.entry(by).or_insert(entry);
                }
                continue;
            }
            let of = &mut self.entries[by as usize];
            of.unmet = of.unmet.saturating_sub(1);
            if of.unmet == 0 && of.open > 0 && self.phase == Some(plan.place(by).phase) {
                self.queue(plan, by, tasks, now);
            }
        }
    }
}

/// Where tasks of `entry` that are ready since `now` stand in line. In order means in the order of
/// the plan.
fn rank(plan: &Plan, entry: u32, now: Timestamp) -> i64 {
    match plan.phases()[plan.place(entry).phase as usize].mode {
        Mode::Traditional => 0,
        _ => plan.entry(entry).priority.rank(now),
    }
}
