//! The task kind `command`: any program that reads one line of JSON and writes one.
//!
//! Promises: no shell reads what the file says; the environment is made from nothing; what the
//! program writes is bounded; when the task is stopped, or this process ends in whatever way, the
//! program and everything it started is killed. A secret that was revealed to the program is taken
//! out of everything that comes back. It runs held to its limits, or not at all.
//! Not here: a sandbox. The program has the rights of this process, and the limits of `with` and of
//! what its task takes; see `machine::hold`.

mod ending;
mod group;
mod input;
mod note;
mod pipes;
mod surroundings;

use std::{fmt, io, sync::Arc, time::Duration};

use serde_json::Value;

use dirigent_workflow::{
    file::Environment,
    port::{InvalidInput, TaskContext, TaskError, TaskKind, TaskOutput, Watch},
    resource::Amount,
};

use super::{
    codes::{failed, invalid, problem},
    secrets::Secrets,
};
use crate::{
    deadline::{Deadline, LOOK},
    environment,
};
use ending::{Ended, Held};
use group::{Group, Launch};
use input::{Input, Limits};
pub(super) use note::Note;
use note::Notes;
use pipes::{Pipes, Pumped};
use surroundings::Surroundings;

/// How long a program that was asked to end may take before it is killed.
const GRACE: Duration = Duration::from_millis(500);
/// How long the pipes are read once the program is gone: somebody outside of its process group may
/// hold them open for ever.
const DRAIN: Duration = Duration::from_millis(200);
/// The first pause between two looks; it doubles while nothing happens.
const LOOK_FIRST: Duration = Duration::from_millis(1);

/// Runs programs.
#[derive(Clone)]
pub struct Command {
    environment: Arc<Environment>,
    takes: Option<Amount>,
}

impl fmt::Debug for Command {
    /// Without the environment, which holds secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command").finish_non_exhaustive()
    }
}

impl Command {
    /// A kind that takes `PATH`, `pass_env` and `${NAME}` from `environment`.
    pub fn new(environment: Arc<Environment>) -> Self {
        Self { environment, takes: None }
    }

    /// The same for one task that is a program itself: it goes by the name of the task, and is held
    /// to what the task takes.
    pub(super) fn of_task(self, takes: Amount) -> Self {
        Self { takes: Some(takes), ..self }
    }

    /// How a program is named and what it is held to.
    fn terms(&self, input: &Input, context: &TaskContext) -> Result<Terms, TaskError> {
        let limits = input.limits()?;
        Ok(match &self.takes {
            Some(takes) => {
                Terms { name: context.task.clone(), limits: limits.or(Limits::of(takes)) }
            }
            None => Terms { name: input.argv[0].clone(), limits },
        })
    }
}

impl Default for Command {
    /// With the environment of this process.
    fn default() -> Self {
        Self::new(Arc::new(environment::of_process()))
    }
}

impl TaskKind for Command {
    fn name(&self) -> &'static str {
        "command"
    }

    fn check(&self, input: &Value) -> Result<(), InvalidInput> {
        Input::read(input).map(drop).map_err(problem)
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let input = Input::read(&context.input)?;
        if context.watch.stopped() {
            return Err(TaskError::Stopped);
        }
        let mut secrets = Secrets::of(&self.environment);
        let around = Surroundings::new(&input, context, &self.environment, &mut secrets);
        let around = around.map_err(|error| secrets.clean(error))?;
        let notes = Notes::new(context, &secrets);
        let terms = self.terms(&input, context)?;
        let ended = launch(&input, &terms, &around, &context.watch, &notes);
        let output = ended.and_then(|ended| ended.into_output(&input, &terms, &secrets));
        output.map(|output| notes.add_warnings(output)).map_err(|error| secrets.clean(error))
    }
}

/// What a program is called when it is told of, and what it is held to.
#[derive(Debug)]
struct Terms {
    name: String,
    limits: Limits,
}

/// Runs the program to its end.
fn launch(
    input: &Input,
    terms: &Terms,
    around: &Surroundings,
    watch: &Watch,
    notes: &Notes<'_>,
) -> Result<Ended, TaskError> {
    let lost = |error| unavailable(&terms.name, &error);
    let launch = Launch {
        program: &around.program,
        arguments: &input.argv[1..],
        variables: &around.variables,
        folder: &around.folder,
        stdin: &around.stdin,
        limits: terms.limits,
    };
    let (mut group, stdout, stderr) = Group::start(&launch).map_err(lost)?;
    let pipes = Pipes::new(stdout, stderr, input.output, input.output_bytes_max()?);
    attend(&mut group, pipes, watch, notes).map_err(lost)?.ok_or(TaskError::Stopped)
}

/// Follows the program to its end; nothing if it was stopped.
fn attend(
    group: &mut Group,
    mut pipes: Pipes,
    watch: &Watch,
    notes: &Notes<'_>,
) -> io::Result<Option<Ended>> {
    let mut patience = LOOK_FIRST;
    while !group.has_ended() {
        if watch.stopped() {
            stop(group, &mut pipes)?;
            return Ok(None);
        }
        patience = match pipes.pump(patience)? {
            Pumped::TooMuch => return Ok(Some(Ended::too_much(pipes))),
            Pumped::Some => LOOK_FIRST,
            // Version 1 kills one process and leaves the others, which may wait for it for ever.
            Pumped::Nothing if group.hold().overrun().is_some() => break,
            Pumped::Nothing => (patience * 2).min(LOOK),
        };
        notes.heed(pipes.notes());
    }
    let status = group.end()?;
    let held = Held::by(group.hold());
    let deadline = Deadline::after(DRAIN);
    while !pipes.have_ended() && !deadline.passed() {
        if pipes.pump(deadline.left())? == Pumped::TooMuch {
            return Ok(Some(Ended::too_much(pipes)));
        }
        notes.heed(pipes.notes());
    }
    Ok(Some(Ended::new(status, held, pipes)))
}

/// Asks the group to end, gives it the time to, and kills what is left.
fn stop(group: &mut Group, pipes: &mut Pipes) -> io::Result<()> {
    group.terminate();
    let deadline = Deadline::after(GRACE);
    while !group.has_ended() && !deadline.passed() {
        // It is read on, so that a last word does not hold the program up.
        pipes.pump(deadline.left().min(LOOK))?;
    }
    group.end().map(drop)
}

fn unavailable(name: &str, error: &io::Error) -> TaskError {
    if error.kind() == io::ErrorKind::ArgumentListTooLong {
        return invalid(format!("`argv` and `env` of `{name}` are longer than the system takes"));
    }
    let message = format!("cannot run `{name}`: {error}");
    failed("command_unavailable", message, "check the memory, the processes and the disk in use")
}
