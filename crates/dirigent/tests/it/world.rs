//! A home of its own for each test, with a clock that stands and a post that only writes down.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use dirigent::{
    Coordinator, Error, Home, Request, Summary,
    coordinator::Unobserved,
    core::{Timestamp, clock::ManualClock},
    notify::{Message, Post},
    prepare::{Prepared, Source},
    workflow::{
        event::Failure,
        port::{TaskContext, TaskError, TaskKind, TaskOutput},
    },
};
use serde_json::Value;

/// Longer than any machine needs; nothing waits for it to pass.
pub(crate) const LONG: Duration = Duration::from_secs(60);
/// The address of the notifications, which must appear nowhere.
pub(crate) const ADDRESS: &str = "https://hooks.example/s3cr3t";

/// A temporary home, and what is shared by all who work in it.
pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) post: Arc<Posted>,
}

impl World {
    pub(crate) fn new() -> Self {
        let now = Timestamp::from_date(2024, 3, 1).unwrap();
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::new(ManualClock::at(now)),
            post: Arc::default(),
        }
    }

    pub(crate) fn home(&self) -> Home {
        Home::at(self.folder.path().join("home"))
    }

    /// A process of its own, as far as the home is concerned.
    pub(crate) fn coordinator(&self) -> Coordinator {
        let variable = ("HOOK".to_owned(), ADDRESS.to_owned());
        Coordinator::at(self.home())
            .with_clock(Arc::clone(&self.clock) as _)
            .with_post(Arc::clone(&self.post) as _)
            .with_environment([variable].into_iter().collect())
    }

    /// A small backtest with these notifications.
    pub(crate) fn prepare(&self, coordinator: &Coordinator, notifications: &str) -> Prepared {
        self.try_prepare(coordinator, notifications).unwrap()
    }

    pub(crate) fn try_prepare(
        &self,
        coordinator: &Coordinator,
        notifications: &str,
    ) -> Result<Prepared, Error> {
        let text = format!(
            "workflow: {{type: backtest}}\n\
             data: {{source: synthetic, symbols: [AAA], timeframe: 1d, synthetic: {{bars: 50}}}}\n\
             strategy: {{type: buy_and_hold}}\n\
             notifications: {notifications}\n"
        );
        self.prepare_text(coordinator, &text)
    }

    /// Puts a file beside the workflows.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// The workflow that `text` describes.
    pub(crate) fn prepare_text(
        &self,
        coordinator: &Coordinator,
        text: &str,
    ) -> Result<Prepared, Error> {
        self.prepare_named(coordinator, "w.yaml", text)
    }

    /// The same from a file of this name, for tests that have several at once.
    pub(crate) fn prepare_named(
        &self,
        coordinator: &Coordinator,
        name: &str,
        text: &str,
    ) -> Result<Prepared, Error> {
        let path: PathBuf = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let environment = [("HOOK".to_owned(), ADDRESS.to_owned())].into_iter().collect();
        let base = self.folder.path().to_owned();
        coordinator.prepare(&Source { path, base, set: Vec::new(), environment })
    }

    /// Runs it to the end.
    pub(crate) fn run(&self, coordinator: &Coordinator, notifications: &str) -> Summary {
        let prepared = self.prepare(coordinator, notifications);
        coordinator.execute(&prepared, &Request::default(), &mut Unobserved).unwrap()
    }

    /// Every byte of every file in the home.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut folders = vec![self.home().root().to_owned()];
        let mut bytes = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path)
                } else {
                    bytes.extend(std::fs::read(path).unwrap())
                }
            }
        }
        bytes
    }
}

/// A post that writes down what is sent, and answers as it was told.
#[derive(Default)]
pub(crate) struct Posted {
    sent: Mutex<Vec<(String, Value)>>,
    refusals: Mutex<VecDeque<(&'static str, String)>>,
    watcher: Mutex<Option<Sender<()>>>,
}

impl Posted {
    /// Answers the next request about an event of this type with this error.
    pub(crate) fn refuse(&self, kind: &'static str, error: &str) {
        self.refusals.lock().unwrap().push_back((kind, error.to_owned()));
    }

    /// A signal for each request from now on.
    pub(crate) fn watch(&self) -> Receiver<()> {
        let (sender, receiver) = channel();
        *self.watcher.lock().unwrap() = Some(sender);
        receiver
    }

    /// The types of the events that were sent to `address`.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        sent.iter().map(|(_, body)| body["type"].as_str().unwrap().to_owned()).collect()
    }

    /// What was sent, with its address.
    pub(crate) fn sent(&self) -> Vec<(String, Value)> {
        self.sent.lock().unwrap().clone()
    }
}

impl Post for Posted {
    fn post(&self, Message { url, body, .. }: Message<'_>) -> Result<(), String> {
        self.sent.lock().unwrap().push((url.to_owned(), body.clone()));
        let mut refusals = self.refusals.lock().unwrap();
        let refused = refusals.iter().position(|(kind, _)| body["type"] == *kind);
        let refused = refused.and_then(|at| refusals.remove(at));
        drop(refusals);
        if let Some(watcher) = &*self.watcher.lock().unwrap() {
            let _ = watcher.send(());
        }
        refused.map_or(Ok(()), |(_, error)| Err(error))
    }
}

/// The first step of a backtest, which takes until it is told to fail.
pub(crate) struct Gate(Mutex<(Sender<()>, Receiver<()>)>);

impl Gate {
    /// The step, what tells that it began, and what ends it.
    pub(crate) fn shut() -> (Arc<dyn TaskKind>, Receiver<()>, Sender<()>) {
        let ((begin, begun), (end, ended)) = (channel(), channel());
        (Arc::new(Self(Mutex::new((begin, ended)))), begun, end)
    }
}

impl TaskKind for Gate {
    fn name(&self) -> &'static str {
        "backtest.parse"
    }

    fn run(&self, _context: &TaskContext) -> Result<TaskOutput, TaskError> {
        let gate = self.0.lock().unwrap();
        let _ = gate.0.send(());
        let _ = gate.1.recv_timeout(LONG);
        let (code, message) = ("gate".to_owned(), "the gate was shut".to_owned());
        Err(TaskError::Failed(Failure { code, message, hint: None }))
    }
}
