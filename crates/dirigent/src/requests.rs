//! Requests: what other processes ask of the one that writes, as files in the home.

use std::sync::mpsc::Sender;

use dirigent_core::RunId;
use dirigent_workflow::runtime::Handle;

use crate::home::Home;

/// Listens for requests to cancel that other processes leave in the home.
pub(crate) struct Requests {
    stop: Option<Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Requests {
    const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(50);

    pub(crate) fn listen(home: &Home, run: &RunId, handle: Handle) -> Self {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let (home, run) = (home.clone(), run.clone());
        let listen = move || {
            while stopped.recv_timeout(Self::LOOK_EVERY)
                == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                if let Some(by) = home.take_cancel_request(&run) {
                    handle.cancel(&by);
                }
            }
        };
        // Without the thread the run cannot be cancelled from outside, but it runs.
        let thread = std::thread::Builder::new().name("requests".into()).spawn(listen).ok();
        Self { stop: Some(stop), thread }
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
