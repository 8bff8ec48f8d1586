//! The task kind `noop`: does nothing; a place in the graph where others meet.

use dirigent_workflow::port::{TaskContext, TaskError, TaskKind, TaskOutput};

/// Does nothing and delivers null.
#[derive(Clone, Copy, Debug, Default)]
pub struct Noop;

impl TaskKind for Noop {
    fn name(&self) -> &'static str {
        "noop"
    }

    fn run(&self, context: &TaskContext) -> Result<TaskOutput, TaskError> {
        if context.watch.stopped() { Err(TaskError::Stopped) } else { Ok(TaskOutput::default()) }
    }
}
