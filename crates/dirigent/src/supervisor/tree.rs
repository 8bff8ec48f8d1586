//! The tree of services: which may start, which must stop, when one is started again.
//!
//! Invariants: a service starts after all it needs are ready, and stops before any of them; this
//! code reads no clock and starts nothing, it answers signals with commands.

use std::{collections::BTreeMap, time::Duration};

use dirigent_core::Timestamp;

/// The wait before the first restart; doubled for each further one.
const BACKOFF_MIN: Duration = Duration::from_secs(1);
/// The longest wait before a restart.
const BACKOFF_MAX: Duration = Duration::from_secs(60);
/// How often a service is started again within [`WINDOW`] before it is given up.
pub const RESTARTS_MAX: usize = 5;
/// The time over which restarts are counted.
pub const WINDOW: Duration = Duration::from_secs(600);

/// Where a service stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// What it needs is not ready.
    Waiting,
    /// Started, not ready.
    Starting,
    /// It serves.
    Ready {
        /// Since when.
        since: Timestamp,
    },
    /// It failed and is started again then.
    Backoff {
        /// When.
        until: Timestamp,
    },
    /// It was told to stop.
    Stopping,
    /// It has done its work, or was stopped.
    Stopped,
    /// It failed too often.
    Failed {
        /// Its last error.
        error: String,
    },
    /// It cannot start.
    Skipped {
        /// Why.
        reason: String,
    },
}

impl State {
    fn is_alive(&self) -> bool {
        matches!(self, Self::Starting | Self::Ready { .. } | Self::Stopping)
    }

    fn is_up(&self) -> bool {
        matches!(self, Self::Starting | Self::Ready { .. })
    }
}

/// What a service tells, or the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// It serves.
    Ready(usize),
    /// It ended; with an error if it failed.
    Ended(usize, Result<(), String>),
    /// Time went by.
    Tick,
    /// Everything is to stop.
    StopAll,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Start it.
    Start(usize),
    /// Tell it to stop.
    Stop(usize),
}

/// Why services cannot be supervised.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Two have one name.
    #[error("two services are called `{0}`")]
    Twice(String),
    /// A service needs one that is not there.
    #[error("service `{service}` needs `{needs}`, which does not exist")]
    Missing {
        /// The service.
        service: String,
        /// What it needs.
        needs: String,
    },
    /// Services need each other.
    #[error("services need each other in a circle: {}", .0.join(" → "))]
    Cycle(Vec<String>),
}

#[derive(Clone, Debug)]
struct Node {
    name: String,
    needs: Vec<usize>,
    layer: usize,
    state: State,
    /// Failures in a row.
    failures: u32,
    restarts: u64,
    recent: Vec<Timestamp>,
    error: Option<String>,
}

/// How a service does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub state: State,
    /// How often it was started again.
    pub restarts: u64,
    /// For how long it has served.
    pub uptime: Duration,
    /// Its last error.
    pub error: Option<String>,
}

/// The services of a process.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    stopping: bool,
}

impl Tree {
    /// Services by name, each with the names of what it needs.
    ///
    /// # Errors
    /// If names are missing or double, or services need each other in a circle, which is shown.
    pub fn new(services: &[(&str, &[&str])]) -> Result<Self, Refused> {
        let mut places = BTreeMap::new();
        for (at, (name, _)) in services.iter().enumerate() {
            if places.insert(*name, at).is_some() {
                return Err(Refused::Twice((*name).to_owned()));
            }
        }
        let mut nodes = Vec::new();
        for (name, needs) in services {
            let place = |needed: &&str| {
                let missing =
                    || Refused::Missing { service: (*name).into(), needs: (*needed).into() };
                places.get(needed).copied().ok_or_else(missing)
            };
            nodes.push(Node {
                name: (*name).to_owned(),
                needs: needs.iter().map(place).collect::<Result<_, _>>()?,
                layer: 0,
                state: State::Waiting,
                failures: 0,
                restarts: 0,
                recent: Vec::new(),
                error: None,
            });
        }
        let mut tree = Self { nodes, stopping: false };
        tree.layer()?;
        Ok(tree)
    }

    /// Gives each service a layer above all it needs.
    fn layer(&mut self) -> Result<(), Refused> {
        let mut left: Vec<usize> = (0..self.nodes.len()).collect();
        let mut layer = 0;
        while !left.is_empty() {
            let blocked = |at: &usize| self.nodes[*at].needs.iter().any(|need| left.contains(need));
            let (above, here): (Vec<usize>, Vec<usize>) = left.iter().partition(|at| blocked(at));
            if here.is_empty() {
                return Err(Refused::Cycle(self.circle(&left)));
            }
            here.into_iter().for_each(|at| self.nodes[at].layer = layer);
            (left, layer) = (above, layer + 1);
        }
        Ok(())
    }

    /// The names along a circle within `left`, the first again at the end.
    fn circle(&self, left: &[usize]) -> Vec<String> {
        let mut path = vec![left[0]];
        loop {
            let last = path[path.len() - 1];
            let next = self.nodes[last].needs.iter().find(|need| left.contains(need));
            let next = *next.expect("what is left needs something that is left");
            if let Some(begin) = path.iter().position(|at| *at == next) {
                path.push(next);
                return path[begin..].iter().map(|at| self.nodes[*at].name.clone()).collect();
            }
            path.push(next);
        }
    }

    /// The names of the services by layer, those that need nothing first.
    pub fn layers(&self) -> Vec<Vec<&str>> {
        let count = self.nodes.iter().map(|node| node.layer + 1).max().unwrap_or(0);
        let names = |layer| {
            let here = self.nodes.iter().filter(|node| node.layer == layer);
            here.map(|node| node.name.as_str()).collect()
        };
        (0..count).map(names).collect()
    }

    /// The name of the service at `at`.
    pub fn name(&self, at: usize) -> &str {
        &self.nodes[at].name
    }

    /// Where the service at `at` stands.
    pub fn state(&self, at: usize) -> &State {
        &self.nodes[at].state
    }

    /// How the services do at `now`.
    pub fn status(&self, now: Timestamp) -> Vec<Status> {
        let status = |node: &Node| Status {
            name: node.name.clone(),
            state: node.state.clone(),
            restarts: node.restarts,
            uptime: match node.state {
                State::Ready { since } => now.since(since),
                _ => Duration::ZERO,
            },
            error: node.error.clone(),
        };
        self.nodes.iter().map(status).collect()
    }

    /// Whether none is alive and none will be started.
    pub fn is_done(&self) -> bool {
        let at_rest = |node: &Node| !node.state.is_alive();
        let waits = |node: &Node| matches!(node.state, State::Waiting | State::Backoff { .. });
        self.nodes.iter().all(at_rest) && (self.stopping || !self.nodes.iter().any(waits))
    }

    /// When something is to be started again.
    pub fn due(&self) -> Option<Timestamp> {
        let until = |node: &Node| match node.state {
            State::Backoff { until } => Some(until),
            _ => None,
        };
        self.nodes.iter().filter_map(until).min()
    }

    /// What follows from `signal` at `now`.
    pub fn on(&mut self, now: Timestamp, signal: Signal) -> Vec<Command> {
        match signal {
            Signal::Ready(at) => {
                if self.nodes[at].state == State::Starting {
                    self.nodes[at].state = State::Ready { since: now };
                }
            }
            Signal::Ended(at, outcome) => self.ended(now, at, outcome),
            Signal::Tick => {}
            Signal::StopAll => self.stopping = true,
        }
        if self.stopping { self.unwind() } else { self.grow(now) }
    }

    fn ended(&mut self, now: Timestamp, at: usize, outcome: Result<(), String>) {
        let served = match self.nodes[at].state {
            State::Ready { since } => now.since(since),
            _ => Duration::ZERO,
        };
        let asked = self.nodes[at].state == State::Stopping;
        let node = &mut self.nodes[at];
        node.state = match outcome {
            _ if asked && !self.stopping => State::Waiting,
            _ if self.stopping => State::Stopped,
            Ok(()) => State::Stopped,
            Err(error) => {
                node.error = Some(error.clone());
                node.failures = if served > WINDOW { 1 } else { node.failures + 1 };
                node.recent.retain(|then| now.since(*then) < WINDOW);
                if node.recent.len() >= RESTARTS_MAX {
                    State::Failed { error }
                } else {
                    State::Backoff { until: now.plus(backoff(node.failures)) }
                }
            }
        };
    }

    /// Stops what lost its ground, starts what has it.
    fn grow(&mut self, now: Timestamp) -> Vec<Command> {
        let mut commands = Vec::new();
        for at in self.by_layer() {
            let ground = self.ground(at);
            let node = &mut self.nodes[at];
            match (&node.state, ground) {
                (State::Waiting, Ground::Gone(reason)) => node.state = State::Skipped { reason },
                (State::Waiting, Ground::Firm) => {
                    node.state = State::Starting;
                    commands.push(Command::Start(at));
                }
                (State::Backoff { until }, Ground::Firm) if *until <= now => {
                    node.restarts += 1;
                    node.recent.push(now);
                    node.state = State::Starting;
                    commands.push(Command::Start(at));
                }
                (State::Backoff { .. }, Ground::Gone(reason)) => {
                    node.state = State::Skipped { reason };
                }
                (state, Ground::Soft | Ground::Gone(_)) if state.is_up() => {
                    node.state = State::Stopping;
                    commands.push(Command::Stop(at));
                }
                _ => {}
            }
        }
        commands
    }

    /// Whether all that the service at `at` needs is ready. One that has done its work is.
    fn ground(&self, at: usize) -> Ground {
        let mut ground = Ground::Firm;
        for need in &self.nodes[at].needs {
            let needed = &self.nodes[*need];
            match &needed.state {
                State::Ready { .. } | State::Stopped => {}
                State::Failed { error } => {
                    return Ground::Gone(format!(
                        "it needs `{}`, which failed: {error}",
                        needed.name
                    ));
                }
                State::Skipped { .. } => {
                    return Ground::Gone(format!("it needs `{}`, which was skipped", needed.name));
                }
                State::Waiting | State::Starting | State::Backoff { .. } | State::Stopping => {
                    ground = Ground::Soft;
                }
            }
        }
        ground
    }

    /// Stops those that nothing alive needs.
    fn unwind(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        for at in self.by_layer().into_iter().rev() {
            let needed = |node: &Node| node.state.is_alive() && node.needs.contains(&at);
            let is_needed = self.nodes.iter().any(needed);
            let node = &mut self.nodes[at];
            if node.state.is_up() && !is_needed {
                node.state = State::Stopping;
                commands.push(Command::Stop(at));
            } else if matches!(node.state, State::Waiting | State::Backoff { .. }) {
                node.state = State::Stopped;
            }
        }
        commands
    }

    fn by_layer(&self) -> Vec<usize> {
        let mut all: Vec<usize> = (0..self.nodes.len()).collect();
        all.sort_by_key(|at| self.nodes[*at].layer);
        all
    }
}

/// Whether what a service needs is there.
enum Ground {
    Firm,
    Soft,
    Gone(String),
}

/// The wait after failure number `failures` in a row: 1 s, 2 s, … up to a minute.
fn backoff(failures: u32) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    BACKOFF_MIN.saturating_mul(doubled).min(BACKOFF_MAX)
}
