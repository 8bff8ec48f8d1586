//! Requests: what other processes ask of the one that writes, as files in the home.

use std::{sync::Arc, time::Duration};

use dirigent_core::RunId;
use dirigent_workflow::runtime::Handle;

use crate::{
    halt,
    home::Home,
    supervisor::{Life, Service},
    system::SystemLog,
};

/// How often requests are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Listens for requests to halt and to cancel that other processes leave in the home.
pub(crate) struct Requests {
    pub(crate) home: Home,
    pub(crate) log: Arc<SystemLog>,
    pub(crate) run: RunId,
    pub(crate) handle: Handle,
}

impl Service for Requests {
    fn name(&self) -> &'static str {
        "requests"
    }

    fn run(&self, life: &Life) -> Result<(), String> {
        life.ready();
        loop {
            // First: an interrupted run does not hear of it any more.
            if let Some(by) = self.home.take_cancel_request(&self.run) {
                self.handle.cancel(&by);
            }
            // Before the record: what cannot be recorded stops the run all the same.
            if self.home.is_halt_requested() {
                self.handle.interrupt("halt");
            }
            let halt = halt::take_up(&self.home, &self.log).map_err(|error| error.to_string())?;
            if let Some(halt) = halt {
                self.handle.interrupt(&format!("halt by {}", halt.by));
            }
            if life.wait(LOOK_EVERY) {
                return Ok(());
            }
        }
    }
}
