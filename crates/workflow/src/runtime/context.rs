//! Contexts: what a task is given, made from what is known of the run.

use std::{collections::BTreeMap, io, sync::Arc};

use serde_json::Value;

use crate::{
    artifact::Artifacts,
    container::{self, Container, Pool},
    event::{Fact, Start},
    instances::{self, TaskId},
    plan::{InputRef, PhasePlan, TaskPlan},
    port::{Keep, Sees, TaskContext, Watch},
    run::{Run, TaskRecord, in_order},
    task::TaskState,
};

/// Makes contexts of one run.
pub(super) struct Contexts {
    start: Arc<Start>,
    artifacts: Artifacts,
    pool: Pool,
    /// The container that the tasks of a phase share, by its path.
    shared: BTreeMap<String, Container>,
    /// Containers of tasks that failed and are tried again.
    kept: BTreeMap<String, Container>,
    /// What the phase that goes on got from earlier ones.
    inputs: Option<(String, Arc<BTreeMap<String, Value>>)>,
}

impl Contexts {
    pub(super) fn new(run: &Run, artifacts: Artifacts, pool: Pool) -> Self {
        let start = Arc::clone(&run.start);
        let (shared, kept, inputs) = (BTreeMap::new(), BTreeMap::new(), None);
        Self { start, artifacts, pool, shared, kept, inputs }
    }

    /// Lets go of everything.
    pub(super) fn clear(&mut self) {
        self.shared.values().for_each(Container::clear);
        self.shared.clear();
        self.kept.clear();
    }

    /// Lets go of what is only kept for speed: a container that is needed again begins from the
    /// journal.
    pub(super) fn spill(&mut self) {
        self.pool.drain();
        self.kept.clear();
    }

    /// Takes the container of a task back: for its next attempt, or for another task.
    pub(super) fn give_back(&mut self, container: Option<Container>, delivered: bool) {
        match container {
            Some(container) if delivered => self.pool.give(container),
            Some(container) => drop(self.kept.insert(container.path().to_owned(), container)),
            None => {}
        }
    }

    /// Lets go of the containers of tasks that `facts` tell will not be tried again.
    pub(super) fn settle(&mut self, run: &Run, facts: &[Fact]) {
        for fact in facts {
            if self.kept.is_empty() {
                return;
            }
            let (Fact::TaskFailed { task, .. } | Fact::TaskSkipped { task, .. }) = fact else {
                continue;
            };
            for task in instances::tasks(&run.start.plan, task).into_iter().flatten() {
                let kept = self.kept.remove(&container::path(run, task));
                kept.into_iter().for_each(|container| self.pool.give(container));
            }
        }
    }

    /// The context of `attempt` of `task`.
    pub(super) fn make(
        &mut self,
        run: &Run,
        task: TaskId,
        attempt: u32,
        sees: Sees,
        watch: Watch,
        keep: Keep,
    ) -> io::Result<TaskContext> {
        let start = Arc::clone(&self.start);
        let entry = start.plan.entry(task.entry);
        let phase = &start.plan.phases()[start.plan.place(task.entry).phase as usize];
        let mut context = TaskContext {
            run: run.id.clone(),
            start: Arc::clone(&self.start),
            task: task.name(&self.start.plan),
            attempt,
            input: entry.input.clone(),
            outputs: BTreeMap::new(),
            recorded: BTreeMap::new(),
            inputs: Arc::default(),
            cause: run.record(task).and_then(|record| record.cause()).cloned(),
            made: Vec::new(),
            warnings: Vec::new(),
            container: Container::new(self.start.seed, ""),
            artifacts: self.artifacts.clone(),
            watch,
            threads: 1,
            keep,
        };
        match sees {
            Sees::Needs => {
                let needed = entry.needs.iter().filter_map(|name| start.plan.task(name));
                self.add_outputs(run, phase, needed, &mut context)?;
            }
            Sees::Phase => {
                self.add_outputs(run, phase, phase.tasks.iter(), &mut context)?;
                context.made = run.artifacts().cloned().collect();
                context.warnings = run.warnings().map(str::to_owned).collect();
            }
        }
        context.inputs = self.inputs(run, phase)?;
        context.container = self.container(run, task);
        Ok(context)
    }

    fn add_outputs<'p>(
        &self,
        run: &Run,
        phase: &PhasePlan,
        tasks: impl Iterator<Item = &'p TaskPlan>,
        context: &mut TaskContext,
    ) -> io::Result<()> {
        for task in tasks {
            let records = run.tasks_of(&task.name);
            let name = phase.local_name(&task.name).to_owned();
            let is_one = task.count.is_none() && task.on.is_none();
            if is_one && records[0].state == TaskState::Completed {
                context.recorded.insert(name.clone(), records[0].output().clone());
                context.outputs.insert(name, self.restored(&records[0])?);
            } else if !is_one && !records.is_empty() {
                let all = records.iter().map(|record| self.restored(record));
                context.outputs.insert(name, in_order(task, all.collect::<io::Result<_>>()?));
            }
        }
        Ok(())
    }

    /// What a task delivered, read from its artifact if it is large.
    fn restored(&self, record: &TaskRecord) -> io::Result<Value> {
        self.artifacts.restore(record.output(), record.artifacts())
    }

    fn inputs(&mut self, run: &Run, phase: &PhasePlan) -> io::Result<Arc<BTreeMap<String, Value>>> {
        if let Some((_, inputs)) = self.inputs.as_ref().filter(|(name, _)| *name == phase.name) {
            return Ok(Arc::clone(inputs));
        }
        let one = |input: &InputRef| {
            Ok((String::from(input.clone()), run.phase_value(&self.artifacts, input)?))
        };
        let inputs = phase.inputs.iter().map(one).collect::<io::Result<BTreeMap<_, _>>>()?;
        let inputs = Arc::new(inputs);
        self.inputs = Some((phase.name.clone(), Arc::clone(&inputs)));
        Ok(inputs)
    }

    fn container(&mut self, run: &Run, task: TaskId) -> Container {
        let path = container::path(run, task);
        let seed = self.start.seed;
        if self.start.plan.entry(task.entry).container.is_none() {
            let shared = self.shared.entry(path.clone());
            return shared.or_insert_with(|| self.pool.take(seed, path)).clone();
        }
        if let Some(kept) = self.kept.remove(&path) {
            return kept;
        }
        let container = self.pool.take(seed, path);
        if let Some(state) = run.record(task).and_then(|record| record.checkpoint()) {
            container.checkpoint(state.clone());
        }
        container
    }
}
