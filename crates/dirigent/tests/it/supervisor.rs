//! What the supervisor promises: order, restarts with growing waits, an end in reverse order.

use std::{
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use dirigent::{
    core::{
        Timestamp,
        clock::{Clock, ManualClock},
    },
    supervisor::{
        Change, Life, Refused, Service, State, Supervisor,
        tree::{Command, RESTARTS_MAX, Signal, Tree},
    },
};

const LONG: Duration = Duration::from_secs(60);
const SERVICES: &[(&str, &[&str])] = &[
    ("pipeline", &["lifecycle"]),
    ("lifecycle", &[]),
    ("resources", &[]),
    ("metrics", &["pipeline", "resources"]),
];
/// The places of the services above.
const PIPELINE: usize = 0;
const LIFECYCLE: usize = 1;
const RESOURCES: usize = 2;
const METRICS: usize = 3;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_nanos(seconds * 1_000_000_000)
}

fn failed(service: usize) -> Signal {
    Signal::Ended(service, Err("broken".to_owned()))
}

/// All services, ready at second 0.
fn up() -> Tree {
    let mut tree = Tree::new(SERVICES).unwrap();
    tree.on(at(0), Signal::Tick);
    for one in [LIFECYCLE, RESOURCES, PIPELINE, METRICS] {
        tree.on(at(0), Signal::Ready(one));
    }
    tree
}

#[test]
fn dmn_02_services_start_in_layers_as_what_they_need_is_ready() {
    let mut tree = Tree::new(SERVICES).unwrap();
    assert_eq!(tree.layers(), [vec!["lifecycle", "resources"], vec!["pipeline"], vec!["metrics"]]);
    let start = Command::Start;
    assert_eq!(tree.on(at(0), Signal::Tick), [start(LIFECYCLE), start(RESOURCES)]);
    assert_eq!(tree.on(at(0), Signal::Ready(RESOURCES)), []);
    assert_eq!(tree.on(at(1), Signal::Ready(LIFECYCLE)), [start(PIPELINE)]);
    assert_eq!(tree.on(at(2), Signal::Ready(PIPELINE)), [start(METRICS)]);
}

#[test]
fn dmn_04_circles_and_missing_services_are_refused_and_shown() {
    let circle: &[(&str, &[&str])] = &[("a", &["b"]), ("b", &["c"]), ("c", &["b"]), ("d", &["a"])];
    let refused = Tree::new(circle).unwrap_err();
    assert_eq!(refused.to_string(), "services need each other in a circle: b → c → b");
    let missing = Tree::new(&[("a", &["x"])]).unwrap_err();
    assert_eq!(missing, Refused::Missing { service: "a".into(), needs: "x".into() });
    assert!(Tree::new(&[("a", &[]), ("a", &[])]).is_err());
}

#[test]
fn dmn_09_waits_between_restarts_grow_and_then_it_is_given_up() {
    let mut tree = Tree::new(&[("a", &[]), ("b", &["a"])]).unwrap();
    tree.on(at(0), Signal::Tick);
    let (mut now, mut waits) = (0, Vec::new());
    for _ in 0..RESTARTS_MAX {
        assert_eq!(tree.on(at(now), failed(0)), []);
        let due = tree.due().unwrap();
        waits.push(due.since(at(now)).as_secs());
        assert_eq!(tree.on(Timestamp::from_nanos(due.as_nanos() - 1), Signal::Tick), []);
        assert_eq!(tree.on(due, Signal::Tick), [Command::Start(0)]);
        now = due.as_nanos() / 1_000_000_000;
    }
    assert_eq!(waits, [1, 2, 4, 8, 16]);
    assert_eq!(tree.on(at(now), failed(0)), []);
    let status = tree.status(at(now));
    assert_eq!(status[0].state, State::Failed { error: "broken".into() });
    assert_eq!(status[0].restarts, 5);
    let reason = "it needs `a`, which failed: broken".to_owned();
    assert_eq!(status[1].state, State::Skipped { reason });
    assert_eq!(tree.due(), None);
}

#[test]
fn failures_that_are_long_ago_are_forgiven() {
    let mut tree = Tree::new(&[("a", &[])]).unwrap();
    tree.on(at(0), Signal::Tick);
    for round in 0..20 {
        let now = round * 1_000;
        tree.on(at(now), Signal::Ready(0));
        tree.on(at(now + 900), failed(0));
        assert_eq!(tree.due(), Some(at(now + 901)), "round {round}");
        assert_eq!(tree.on(at(now + 901), Signal::Tick), [Command::Start(0)]);
    }
}

#[test]
fn dmn_03_what_needs_a_failed_service_stops_and_starts_after_it() {
    let mut tree = up();
    let stopped = tree.on(at(10), failed(LIFECYCLE));
    assert_eq!(stopped, [Command::Stop(PIPELINE), Command::Stop(METRICS)]);
    tree.on(at(10), Signal::Ended(PIPELINE, Ok(())));
    tree.on(at(10), Signal::Ended(METRICS, Ok(())));
    assert_eq!(tree.on(at(11), Signal::Tick), [Command::Start(LIFECYCLE)]);
    assert_eq!(tree.on(at(12), Signal::Ready(LIFECYCLE)), [Command::Start(PIPELINE)]);
    assert_eq!(tree.on(at(13), Signal::Ready(PIPELINE)), [Command::Start(METRICS)]);
    let status = tree.status(at(20));
    assert_eq!(status[RESOURCES].uptime, Duration::from_secs(20), "it was left alone");
    assert_eq!(status[LIFECYCLE].uptime, Duration::from_secs(8));
    assert_eq!((status[LIFECYCLE].restarts, status[PIPELINE].restarts), (1, 0));
}

#[test]
fn dmn_05_stopping_goes_in_reverse_order() {
    let mut tree = up();
    assert_eq!(tree.on(at(1), Signal::StopAll), [Command::Stop(METRICS)]);
    let then = tree.on(at(1), Signal::Ended(METRICS, Ok(())));
    assert_eq!(then, [Command::Stop(PIPELINE), Command::Stop(RESOURCES)]);
    assert!(!tree.is_done());
    assert_eq!(tree.on(at(1), Signal::Ended(RESOURCES, Ok(()))), []);
    let then = tree.on(at(1), Signal::Ended(PIPELINE, Err("late".into())));
    assert_eq!(then, [Command::Stop(LIFECYCLE)]);
    tree.on(at(1), Signal::Ended(LIFECYCLE, Ok(())));
    assert!(tree.is_done());
}

/// A service whose starts are told, and which does as it is bid each time.
struct Bidden {
    starts: Mutex<Sender<()>>,
    bids: Mutex<Receiver<Bid>>,
}

enum Bid {
    Panic,
    Serve,
}

impl Service for Bidden {
    fn name(&self) -> &'static str {
        "bidden"
    }

    fn run(&self, life: &Life) -> Result<(), String> {
        self.starts.lock().unwrap().send(()).unwrap();
        let bid = self.bids.lock().unwrap().recv().unwrap();
        match bid {
            Bid::Panic => panic!("as bidden"),
            Bid::Serve => life.ready(),
        }
        life.wait(LONG);
        Ok(())
    }
}

#[test]
fn a_service_that_panics_is_started_again_when_its_time_has_come() {
    let clock = Arc::new(ManualClock::at(at(0)));
    let ((starts, started), (bid, bids), (change, changes)) = (channel(), channel(), channel());
    let service = Bidden { starts: Mutex::new(starts), bids: Mutex::new(bids) };
    let on_change = Box::new(move |one| change.send(one).unwrap());
    let supervisor =
        Supervisor::start(vec![Arc::new(service)], Arc::clone(&clock) as _, on_change).unwrap();
    started.recv_timeout(LONG).unwrap();
    bid.send(Bid::Panic).unwrap();
    let (service, error) = ("bidden".to_owned(), "it panicked: as bidden".to_owned());
    let expected = Change::Failed { service, error, next_at: Some(at(1)) };
    assert_eq!(changes.recv_timeout(LONG).unwrap(), expected);
    clock.advance(Duration::from_secs(1));
    assert_eq!(clock.now(), at(1));
    supervisor.nudge();
    started.recv_timeout(LONG).unwrap();
    bid.send(Bid::Serve).unwrap();
    let expected = Change::Recovered { service: "bidden".into() };
    assert_eq!(changes.recv_timeout(LONG).unwrap(), expected);
    let ended = supervisor.stop();
    assert_eq!((ended[0].state.clone(), ended[0].restarts), (State::Stopped, 1));
}

/// A service that serves until it is stopped, or fails at once.
struct Plain(&'static str, &'static [&'static str], bool);

impl Service for Plain {
    fn name(&self) -> &'static str {
        self.0
    }

    fn needs(&self) -> &'static [&'static str] {
        self.1
    }

    fn run(&self, life: &Life) -> Result<(), String> {
        if !self.2 {
            return Err("no connection".to_owned());
        }
        life.ready();
        life.wait(LONG);
        Ok(())
    }
}

#[test]
fn dmn_01_07_17_one_call_starts_all_services_and_each_tells_its_state() {
    let clock = Arc::new(ManualClock::at(at(0)));
    let services: Vec<Arc<dyn Service>> = vec![
        Arc::new(Plain("pipeline", &["lifecycle"], true)),
        Arc::new(Plain("lifecycle", &[], true)),
        Arc::new(Plain("feed", &[], false)),
        Arc::new(Plain("prices", &["feed"], true)),
    ];
    let supervisor =
        Supervisor::start(services, Arc::clone(&clock) as _, Box::new(|_| {})).unwrap();
    let settled = |state: &State| matches!(state, State::Ready { .. } | State::Backoff { .. });
    let status = || supervisor.status();
    while status().iter().filter(|one| settled(&one.state)).count() < 3 {
        std::thread::yield_now();
    }
    clock.advance(Duration::from_secs(5));
    let now: Vec<_> =
        status().into_iter().map(|one| (one.name, one.state, one.uptime.as_secs())).collect();
    let of = |name: &str, state: State, uptime: u64| (name.to_owned(), state, uptime);
    assert_eq!(
        now,
        [
            of("pipeline", State::Ready { since: at(0) }, 5),
            of("lifecycle", State::Ready { since: at(0) }, 5),
            of("feed", State::Backoff { until: at(1) }, 0),
            of("prices", State::Waiting, 0),
        ]
    );
    assert_eq!(status()[2].error.as_deref(), Some("no connection"));
    let ended: Vec<State> = supervisor.stop().into_iter().map(|one| one.state).collect();
    assert_eq!(ended, [(); 4].map(|()| State::Stopped));
}
