//! What the bus promises to handlers that are slow, fail, panic or hang.

use std::{
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use dirigent::{
    bus::{Bus, Counts, Handler, HandlerError, Ledger, Overflow, Terms},
    core::{
        CorrelationId, Event, RunId, Timestamp,
        event::{Draft, GENESIS_HASH},
    },
};

/// Longer than any machine needs; nothing here waits for it to pass.
const LONG: Duration = Duration::from_secs(60);

/// An entry of the ledger: event number, handler, and the error if it was not taken.
type Entry = (u64, String, Option<HandlerError>);

/// A ledger that tells what is entered.
struct Told(Mutex<Sender<Entry>>);

impl Told {
    fn new() -> (Arc<Self>, Receiver<Entry>) {
        let (sender, receiver) = channel();
        (Arc::new(Self(Mutex::new(sender))), receiver)
    }

    fn enter(&self, event: &Event, handler: &str, error: Option<HandlerError>) {
        let _ = self.0.lock().unwrap().send((event.seq, handler.to_owned(), error));
    }
}

impl Ledger for Told {
    fn is_done(&self, event: &Event, handler: &str) -> bool {
        handler == "had_first" && event.seq == 1
    }

    fn succeeded(&self, event: &Event, handler: &str) {
        self.enter(event, handler, None);
    }

    fn failed(&self, event: &Event, handler: &str, error: &HandlerError) {
        self.enter(event, handler, Some(error.clone()));
    }
}

type Work = Box<dyn Fn(&Event) -> Result<(), HandlerError> + Send + Sync>;

struct Does {
    name: &'static str,
    work: Work,
}

impl Handler for Does {
    fn name(&self) -> &str {
        self.name
    }

    fn wants(&self, kind: &str) -> bool {
        kind == "task_completed"
    }

    fn handle(&self, event: &Event) -> Result<(), HandlerError> {
        (self.work)(event)
    }
}

fn does(
    name: &'static str,
    work: impl Fn(&Event) -> Result<(), HandlerError> + Send + Sync + 'static,
) -> Arc<dyn Handler> {
    Arc::new(Does { name, work: Box::new(work) })
}

/// A handler that takes an event for each permit; without, it waits.
fn waits(name: &'static str) -> (Arc<dyn Handler>, Sender<()>) {
    let (permit, permits) = channel();
    let permits = Mutex::new(permits);
    let work = move |_: &Event| {
        let _ = permits.lock().unwrap().recv();
        Ok(())
    };
    (does(name, work), permit)
}

fn event_of(kind: &str, seq: u64) -> Arc<Event> {
    let run: RunId = "run_x".parse().unwrap();
    let draft = Draft {
        causation_id: None,
        time: Timestamp::default(),
        kind: kind.to_owned(),
        schema: 1,
        source: "test".to_owned(),
        payload: serde_json::json!({}),
    };
    Arc::new(Event::seal(draft, &run, &CorrelationId::from(&run), seq, GENESIS_HASH))
}

fn event(seq: u64) -> Arc<Event> {
    event_of("task_completed", seq)
}

fn terms(queue_max: usize, overflow: Overflow, limit: Duration) -> Terms {
    Terms { queue_max, overflow, limit }
}

fn counts(bus: &Bus, handler: &str) -> Counts {
    bus.stats().handlers.into_iter().find(|(name, _)| name == handler).unwrap().1
}

#[test]
fn evt_01_only_wanted_events_come_and_in_order() {
    let (ledger, told) = Told::new();
    let bus = Bus::new("run", ledger);
    bus.subscribe(does("a", |_| Ok(())), Terms::default()).unwrap();
    assert!(bus.subscribe(does("a", |_| Ok(())), Terms::default()).is_err(), "the name is taken");
    bus.publish(&event_of("task_started", 1));
    (2..20).for_each(|seq| assert!(bus.publish(&event(seq))));
    assert!(bus.settle(LONG));
    let seen: Vec<u64> = told.try_iter().map(|(seq, ..)| seq).collect();
    assert_eq!(seen, (2..20).collect::<Vec<_>>());
}

#[test]
fn evt_13_a_slow_handler_delays_nobody() {
    let (ledger, told) = Told::new();
    let bus = Bus::new("run", ledger);
    let (slow, permit) = waits("slow");
    bus.subscribe(slow, Terms::default()).unwrap();
    bus.subscribe(does("quick", |_| Ok(())), Terms::default()).unwrap();
    (1..=5).for_each(|seq| assert!(bus.publish(&event(seq))));
    for seq in 1..=5 {
        assert_eq!(told.recv_timeout(LONG).unwrap(), (seq, "quick".into(), None));
    }
    (1..=5).for_each(|_| permit.send(()).unwrap());
    assert!(bus.settle(LONG));
    assert_eq!(counts(&bus, "slow").succeeded, 5);
}

#[test]
fn a_panic_is_an_entry_and_harms_neither_others_nor_later_events() {
    let (ledger, told) = Told::new();
    let bus = Bus::new("run", ledger);
    let first_panics = |event: &Event| if event.seq == 1 { panic!("no good") } else { Ok(()) };
    bus.subscribe(does("bad", first_panics), Terms::default()).unwrap();
    bus.subscribe(does("good", |_| Ok(())), Terms::default()).unwrap();
    (1..=2).for_each(|seq| assert!(bus.publish(&event(seq))));
    assert!(bus.settle(LONG));
    let mut entries: Vec<Entry> = told.try_iter().collect();
    entries.sort_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));
    let panicked = HandlerError::Panicked("no good".into());
    assert_eq!(
        entries,
        [
            (1, "bad".to_owned(), Some(panicked)),
            (2, "bad".to_owned(), None),
            (1, "good".to_owned(), None),
            (2, "good".to_owned(), None),
        ]
    );
}

#[test]
fn dlq_08_a_handler_that_hangs_is_left_and_at_last_not_called() {
    let (ledger, told) = Told::new();
    let bus = Bus::new("run", ledger);
    let (hangs, permit) = waits("hangs");
    let limit = Duration::from_millis(1);
    bus.subscribe(hangs, terms(100, Overflow::DropOldest, limit)).unwrap();
    (1..=6).for_each(|seq| assert!(bus.publish(&event(seq))));
    for seq in 1..=5 {
        let late = HandlerError::TimedOut(limit);
        assert_eq!(told.recv_timeout(LONG).unwrap(), (seq, "hangs".into(), Some(late)));
    }
    let hung = HandlerError::Hung(5);
    assert_eq!(told.recv_timeout(LONG).unwrap(), (6, "hangs".into(), Some(hung)));
    drop(permit);
}

#[test]
fn what_finds_no_room_is_counted_and_entered() {
    #[track_caller]
    fn check(overflow: Overflow, dropped: u64) {
        let (ledger, told) = Told::new();
        let bus = Bus::new("run", ledger);
        let (slow, permit) = waits("slow");
        bus.subscribe(slow, terms(2, overflow, LONG)).unwrap();
        bus.publish(&event(1));
        // The first is with the handler once it no longer waits.
        while counts(&bus, "slow").waiting > 0 {
            std::thread::yield_now();
        }
        (2..=4).for_each(|seq| assert!(bus.publish(&event(seq)), "publishing never waits"));
        let full = HandlerError::QueueFull(2);
        assert_eq!(told.recv_timeout(LONG).unwrap(), (dropped, "slow".into(), Some(full)));
        (1..=3).for_each(|_| permit.send(()).unwrap());
        assert!(bus.settle(LONG));
        let counts = counts(&bus, "slow");
        assert_eq!((counts.succeeded, counts.dropped), (3, 1));
        assert!(!told.try_iter().any(|(seq, ..)| seq == dropped), "entered once");
    }
    check(Overflow::DropOldest, 2);
    check(Overflow::DropNewest, 4);
}

#[test]
fn evt_04_05_a_ring_of_bridges_delivers_once() {
    let (ledger, told) = Told::new();
    let buses = ["data", "stage", "process"].map(|name| Bus::new(name, Arc::clone(&ledger) as _));
    for (at, bus) in buses.iter().enumerate() {
        bus.bridge(&buses[(at + 1) % 3], |_| true);
        bus.subscribe(does(["a", "b", "c"][at], |_| Ok(())), Terms::default()).unwrap();
    }
    for (at, seq) in [1, 0, 2].into_iter().zip(1..) {
        assert!(buses[at].publish(&event(seq)));
        assert!(buses.iter().all(|bus| bus.settle(LONG)));
        let mut seen: Vec<Entry> = told.try_iter().collect();
        seen.sort_by(|a, b| a.1.cmp(&b.1));
        assert_eq!(seen, ["a", "b", "c"].map(|name| (seq, name.to_owned(), None)), "bus {at}");
        assert_eq!(buses[at].stats().duplicates, 1, "it came round");
    }
    assert!(!buses[0].publish(&event(1)), "it is known everywhere");
}

#[test]
fn con_02_evt_14_only_a_rule_lets_events_off_a_bus() {
    let (ledger, told) = Told::new();
    let container = Bus::new("container", Arc::clone(&ledger) as _);
    let run = Bus::new("run", ledger);
    run.subscribe(does("outside", |_| Ok(())), Terms::default()).unwrap();
    container.publish(&event(1));
    container.bridge(&run, |event| event.seq == 3);
    container.publish(&event(2));
    container.publish(&event(3));
    run.publish(&event(4));
    assert!(run.settle(LONG));
    assert_eq!(told.try_iter().map(|(seq, ..)| seq).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(container.stats().published, 3, "nothing comes back over a bridge");
}

#[test]
fn what_is_not_brought_when_the_bus_closes_is_entered_as_such() {
    let (ledger, told) = Told::new();
    let bus = Bus::new("run", ledger);
    let (slow, permit) = waits("slow");
    bus.subscribe(slow, Terms::default()).unwrap();
    (1..=3).for_each(|seq| assert!(bus.publish(&event(seq))));
    bus.close(Duration::ZERO);
    let mut entries: Vec<Entry> = told.try_iter().collect();
    entries.sort_by_key(|entry| entry.0);
    let missed = |seq| (seq, "slow".to_owned(), Some(HandlerError::NotReached));
    assert_eq!(entries, [missed(1), missed(2), missed(3)], "also the one under way");
    drop(permit);
}

#[test]
fn evt_12_an_ended_subscription_is_not_served_and_the_others_are() {
    let (ledger, told) = Told::new();
    let bus = Bus::new("run", ledger);
    bus.subscribe(does("a", |_| Ok(())), Terms::default()).unwrap();
    bus.subscribe(does("b", |_| Ok(())), Terms::default()).unwrap();
    assert!(bus.unsubscribe("a") && !bus.unsubscribe("a"));
    bus.publish(&event(1));
    assert!(bus.settle(LONG));
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [(1, "b".to_owned(), None)]);
}

#[test]
fn evt_29_an_event_that_the_handler_had_before_does_not_come_again() {
    let (ledger, told) = Told::new();
    let bus = Bus::new("run", ledger);
    bus.subscribe(does("had_first", |_| Ok(())), Terms::default()).unwrap();
    (1..=2).for_each(|seq| assert!(bus.publish(&event(seq))));
    assert!(bus.settle(LONG));
    assert_eq!(told.try_iter().map(|(seq, ..)| seq).collect::<Vec<_>>(), [2]);
}
