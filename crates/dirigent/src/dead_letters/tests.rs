//! Retries: only what is due, and no handler in the way of another.

use dirigent_core::{CorrelationId, clock::ManualClock, event::Draft};
use dirigent_journal::{Journal, MemoryJournal};

use super::*;

/// A handler that fails, hangs or works, and knows what it was given.
struct Odd {
    name: &'static str,
    mood: Mood,
    had: Mutex<Vec<u64>>,
}

#[derive(Clone, Copy)]
enum Mood {
    Works,
    Panics,
    Hangs,
}

impl Handler for Odd {
    fn name(&self) -> &str {
        self.name
    }

    fn wants(&self, _kind: &str) -> bool {
        true
    }

    fn handle(&self, event: &Event) -> Result<(), HandlerError> {
        self.had.lock().unwrap().push(event.seq);
        match self.mood {
            Mood::Works => Ok(()),
            Mood::Panics => panic!("poison"),
            // Until the process ends, which does not wait for it.
            Mood::Hangs => loop {
                std::thread::park();
            },
        }
    }
}

struct Desk {
    clock: Arc<ManualClock>,
    retries: Retries,
    handlers: Vec<Arc<Odd>>,
}

impl Desk {
    /// Two events that each of the handlers failed to take.
    fn new(moods: &[(&'static str, Mood)]) -> Self {
        let clock = Arc::new(ManualClock::default());
        let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
        let run: RunId = "run_x".parse().unwrap();
        let draft = Draft {
            causation_id: None,
            time: Timestamp::default(),
            kind: "task_completed".into(),
            schema: 1,
            source: "test".into(),
            payload: serde_json::json!({}),
        };
        let drafts = vec![draft.clone(), draft];
        let events = journal.append(&run, &CorrelationId::from(&run), 0, drafts).unwrap();
        let log = Arc::new(SystemLog::open(journal, Arc::clone(&clock) as _).unwrap());
        let odd = |&(name, mood)| Arc::new(Odd { name, mood, had: Mutex::default() });
        let handlers: Vec<Arc<Odd>> = moods.iter().map(odd).collect();
        let books = Books::new(Arc::clone(&log), Account::Tally);
        for handler in &handlers {
            let error = HandlerError::Failed("at first".into());
            events.iter().for_each(|event| books.failed(event, handler.name, &error));
        }
        let registered = handlers.iter().map(|handler| Arc::clone(handler) as _).collect();
        let handlers_of = Handlers { own: None, registered, outside: Outside::default() };
        let retries = Retries { log, handlers: handlers_of, limit: Duration::from_millis(500) };
        Self { clock, retries, handlers }
    }

    fn retry(&self) {
        self.retries.retry_due(&|| false).unwrap();
    }

    fn had(&self, at: usize) -> Vec<u64> {
        self.handlers[at].had.lock().unwrap().clone()
    }

    /// Handler and tries of the letters that are left.
    fn left(&self) -> Vec<(String, u32)> {
        let tries = |letter: &DeadLetter| (letter.handler.clone(), letter.attempts);
        self.retries.log.look(|system| system.letters().map(tries).collect())
    }
}

#[test]
fn nothing_is_tried_before_its_time() {
    let desk = Desk::new(&[("good", Mood::Works)]);
    desk.clock.advance(Duration::from_secs(59));
    desk.retry();
    assert!(desk.had(0).is_empty());
    desk.clock.advance(Duration::from_secs(1));
    desk.retry();
    assert_eq!(desk.had(0), [1, 2]);
    assert!(desk.left().is_empty());
    desk.retry();
    assert_eq!(desk.had(0), [1, 2], "what was recovered is done");
}

#[test]
fn a_handler_that_keeps_failing_delays_no_other() {
    let desk =
        Desk::new(&[("hangs", Mood::Hangs), ("good", Mood::Works), ("poison", Mood::Panics)]);
    desk.clock.advance(Duration::from_secs(60));
    desk.retry();
    assert_eq!(desk.had(1), [1, 2]);
    assert_eq!(desk.had(2), [1], "its second event waits for another time");
    let left = [("hangs", 2), ("hangs", 1), ("poison", 2), ("poison", 1)];
    assert_eq!(desk.left(), left.map(|(name, tries)| (name.to_owned(), tries)));
    let errors: Vec<String> = desk.retries.log.look(|system| {
        system
            .letters()
            .filter(|letter| letter.attempts == 2)
            .map(|one| one.error.clone())
            .collect()
    });
    assert_eq!(errors, ["the handler did not answer within 0.5 s", "the handler panicked: poison"]);
    desk.retry();
    assert_eq!(desk.had(2), [1, 2], "the second is still due, the first is not");
}

#[test]
fn the_wait_doubles_and_the_fifth_failure_is_the_last() {
    let desk = Desk::new(&[("poison", Mood::Panics)]);
    for wait in [60, 120, 240, 480] {
        desk.clock.advance(Duration::from_secs(wait));
        desk.retry();
        desk.retry();
    }
    assert_eq!(desk.left(), [("poison".to_owned(), 5), ("poison".to_owned(), 5)]);
    desk.clock.advance(Duration::from_secs(1_000_000));
    desk.retry();
    assert_eq!(desk.had(0).len(), 8, "two events, four retries each");
    let stats = desk.retries.log.look(System::letter_stats);
    assert_eq!((stats.pending, stats.abandoned), (0, 2));
}

#[test]
fn told_to_stop_it_leaves_the_letter_as_it_was() {
    let desk = Desk::new(&[("hangs", Mood::Hangs)]);
    desk.clock.advance(Duration::from_secs(60));
    let retries = Retries { limit: HANDLER_LIMIT, ..desk.retries };
    retries.retry_due(&|| true).unwrap();
    let tries = |letter: &DeadLetter| letter.attempts;
    assert_eq!(retries.log.look(|system| system.letters().map(tries).collect::<Vec<_>>()), [1, 1]);
}

#[test]
fn the_state_is_the_same_when_it_is_read_again() {
    let desk = Desk::new(&[("poison", Mood::Panics), ("good", Mood::Works)]);
    for _ in 0..600 {
        desk.clock.advance(Duration::from_secs(1));
        let opened = SystemFact::HandlerTally { handler: "good".into(), succeeded: 1 };
        desk.retries.log.record(|_, _| vec![opened.clone(), opened]).unwrap();
        desk.retry();
    }
    let journal = Arc::clone(desk.retries.log.journal());
    let live = desk.retries.log.look(System::clone);
    let run = crate::system::run();
    assert!(journal.snapshot(&run).unwrap().is_some(), "after a thousand events");
    assert_eq!(crate::system::read(&*journal).unwrap(), live, "from the saved state");
    journal.drop_snapshot(&run).unwrap();
    assert_eq!(crate::system::read(&*journal).unwrap(), live, "from the start");
}
