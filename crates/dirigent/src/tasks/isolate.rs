//! Tasks in processes of their own: a child of the same program does one task and is held by the
//! system to what the task may take.
//!
//! Promises: a task finds the same seed, inputs and earlier outputs as on a thread, so what it
//! delivers does not depend on where it runs; the child dies with its parent and when it is
//! stopped. It gets no variable of this process but those that its `with` names as `${NAME}`
//! or in `pass_env`.
//! A state that it keeps is kept by its parent.
//! Not here: what a container held in memory, which stays in its process, and progress.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use dirigent_core::RunId;
use dirigent_workflow::{
    Fact,
    artifact::{ArtifactRef, Artifacts},
    container::Container,
    event::{Failure, Start},
    file::Environment,
    port::{Isolate, Keep, TaskContext, TaskError, TaskKind, TaskOutput, Watch},
    resource::Amount,
    run::Cause,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    codes::invalid,
    command::{self, Note},
};

/// The most that a child may write as the answer of its task.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// A program that, called with these arguments, reads one line and prints what
/// [`Coordinator::answer`](crate::Coordinator::answer) makes of it.
#[derive(Clone, Debug)]
pub struct Child {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// Runs tasks in children.
pub(crate) struct Children {
    pub(crate) child: Child,
    pub(crate) environment: Arc<Environment>,
}

/// What a child is told.
#[derive(Serialize, Deserialize)]
struct Job {
    kind: String,
    run: RunId,
    start: Start,
    task: String,
    attempt: u32,
    input: Value,
    outputs: BTreeMap<String, Value>,
    recorded: BTreeMap<String, Value>,
    inputs: BTreeMap<String, Value>,
    cause: Option<Cause>,
    made: Vec<ArtifactRef>,
    warnings: Vec<String>,
    container: String,
    checkpoint: Option<Value>,
    artifacts: PathBuf,
}

/// What a child answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Delivered {
        value: Value,
        artifacts: Vec<ArtifactRef>,
        warnings: Vec<String>,
        facts: Vec<Fact>,
        events: Vec<(String, Value)>,
    },
    Failed(Failure),
    Hopeless(Failure),
}

impl Isolate for Children {
    fn run(
        &self,
        kind: &str,
        context: &TaskContext,
        takes: &Amount,
    ) -> Result<TaskOutput, TaskError> {
        let job = serde_json::to_value(job(kind, context));
        let job = job.map_err(|error| invalid(format!("cannot be told to a process: {error}")))?;
        let program = self.child.program.display().to_string();
        let argv: Vec<&String> = [&program].into_iter().chain(&self.child.arguments).collect();
        let with = json!({
            "argv": argv,
            "stdin": job,
            "output_bytes_max": ANSWER_BYTES_MAX,
            "pass_env": self.wanted(&context.input),
        });
        let command = command::Command::new(Arc::clone(&self.environment)).of_task(takes.clone());
        let ended = command.run(&TaskContext { input: with, ..context.clone() })?;
        let said = ended.warnings;
        let answer = serde_json::from_value(ended.value)
            .map_err(|error| invalid(format!("the process of the task answered oddly: {error}")))?;
        match answer {
            Answer::Delivered { value, artifacts, warnings, facts, events } => {
                let warnings = warnings.into_iter().chain(said).collect();
                Ok(TaskOutput { value, artifacts, warnings, facts, events })
            }
            Answer::Failed(failure) => Err(TaskError::Failed(failure)),
            Answer::Hopeless(failure) => Err(TaskError::Hopeless(failure)),
        }
    }
}

impl Children {
    /// The variables that `with` names and that there are.
    fn wanted(&self, with: &Value) -> Vec<String> {
        let text = with.to_string();
        let passed = with["pass_env"].as_array().map_or(&[][..], Vec::as_slice);
        let named = |name: &&String| {
            text.contains(&format!("${{{name}}}")) || passed.iter().any(|own| own == name.as_str())
        };
        self.environment.keys().filter(named).cloned().collect()
    }
}

fn job(kind: &str, context: &TaskContext) -> Job {
    Job {
        kind: kind.to_owned(),
        run: context.run.clone(),
        start: (*context.start).clone(),
        task: context.task.clone(),
        attempt: context.attempt,
        input: context.input.clone(),
        outputs: context.outputs.clone(),
        recorded: context.recorded.clone(),
        inputs: (*context.inputs).clone(),
        cause: context.cause.clone(),
        made: context.made.clone(),
        warnings: context.warnings.clone(),
        container: context.container.path().to_owned(),
        checkpoint: context.container.restored(),
        artifacts: context.artifacts.root().to_owned(),
    }
}

/// What a child answers to the one line that it was given; what it says before goes to `say`.
pub(crate) fn answer(
    kinds: &BTreeMap<&'static str, Arc<dyn TaskKind>>,
    line: &str,
    say: Arc<dyn Fn(String) + Send + Sync>,
) -> String {
    let job: Result<Job, _> = serde_json::from_str(line);
    let done = match job {
        Ok(job) => done(kinds, job, Arc::new(move |state| say(Note::checkpoint(state)))),
        Err(error) => Err(invalid(format!("the task cannot be read: {error}"))),
    };
    let answer = match done {
        Ok(TaskOutput { value, artifacts, warnings, facts, events }) => {
            Answer::Delivered { value, artifacts, warnings, facts, events }
        }
        Err(TaskError::Failed(failure)) => Answer::Failed(failure),
        Err(TaskError::Hopeless(failure)) => Answer::Hopeless(failure),
        Err(TaskError::Stopped) => Answer::Failed(Failure {
            code: "stopped".into(),
            message: "the task stopped by itself".into(),
            hint: None,
        }),
    };
    serde_json::to_string(&answer).unwrap_or_default()
}

fn done(
    kinds: &BTreeMap<&'static str, Arc<dyn TaskKind>>,
    job: Job,
    keep: Keep,
) -> Result<TaskOutput, TaskError> {
    let unknown = || invalid(format!("tasks of kind `{}` cannot be run by this version", job.kind));
    let kind = kinds.get(job.kind.as_str()).ok_or_else(unknown)?;
    let container = Container::new(job.start.seed, &job.container);
    if let Some(state) = job.checkpoint {
        container.checkpoint(state);
    }
    kind.run(&TaskContext {
        run: job.run,
        start: Arc::new(job.start),
        task: job.task,
        attempt: job.attempt,
        input: job.input,
        outputs: job.outputs,
        recorded: job.recorded,
        inputs: Arc::new(job.inputs),
        cause: job.cause,
        made: job.made,
        warnings: job.warnings,
        container,
        artifacts: Artifacts::at(job.artifacts),
        watch: Watch::default(),
        threads: 1,
        keep,
    })
}
