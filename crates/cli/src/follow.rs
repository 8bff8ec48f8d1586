//! Following a run at the terminal: what it waits for, which step it is at, how far it is.

use std::{
    sync::{
        Arc, Mutex,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use dirigent::{
    coordinator::{Observer, fact},
    core::{Clock, Event, RunId, SystemClock},
    workflow::{Fact, instances, port::Watch, runtime::Handle},
};

use crate::{
    print::{Printer, Style},
    stop,
};

/// How often the line of progress is drawn.
const DRAW_EVERY: Duration = Duration::from_millis(100);
/// Work that ends before this is not worth a line.
const QUIET_FOR: Duration = Duration::from_millis(400);
/// Cells of the bar.
const BAR_CELLS: u64 = 24;

/// Draws one line of progress on stderr, and interrupts the run on signals.
pub(crate) struct Follower {
    printer: Printer,
    shown: Arc<Mutex<Shown>>,
    drawing: Option<(Sender<()>, JoinHandle<()>)>,
}

/// What the line tells.
#[derive(Clone, Debug, Default)]
struct Shown {
    /// The task that was started last.
    step: String,
    /// How many tasks have ended.
    ended: usize,
    /// How many there are; 0 if that is not known.
    tasks: usize,
    /// How long runs like this one take.
    usual: Option<Duration>,
}

impl Follower {
    pub(crate) fn new(printer: Printer) -> Self {
        Self { printer, shown: Arc::default(), drawing: None }
    }

    /// The same for a run of `tasks` tasks that takes `usual`.
    pub(crate) fn expecting(printer: Printer, tasks: usize, usual: Option<Duration>) -> Self {
        let shown = Shown { tasks, usual, ..Shown::default() };
        Self { printer, shown: Arc::new(Mutex::new(shown)), drawing: None }
    }
}

impl Shown {
    fn note(&mut self, fact: &Fact) {
        match fact {
            Fact::TaskStarted { task, .. } => self.step = task.replace('_', " "),
            Fact::TaskCompleted { task, .. }
            | Fact::TaskFailed { task, .. }
            | Fact::TaskTimeout { task, .. }
            | Fact::TaskSkipped { task, .. } => self.ended += instances::count(task),
            // A part of it was done before, so what is left is not known.
            Fact::RunResumed { .. } => (self.tasks, self.usual) = (0, None),
            _ => {}
        }
    }
}

impl Observer for Follower {
    fn waiting(&mut self, holder: &str) {
        self.printer.note(&format!(
            "waiting: this home is in use by {holder}; the run starts when that ends \
             (Ctrl-C to give up)"
        ));
    }

    fn started(&mut self, _run: &RunId, handle: Handle, watch: Watch) {
        if let Err(error) = stop::on_signals(handle) {
            self.printer.complain(&format!("warning: signals are not handled: {error}"));
        }
        if !self.printer.draws() {
            return;
        }
        let (stop, stopped) = channel();
        let (printer, shown) = (self.printer, Arc::clone(&self.shown));
        let draw = move || {
            let start = SystemClock.now();
            let mut drawn = false;
            while stopped.recv_timeout(DRAW_EVERY) == Err(RecvTimeoutError::Timeout) {
                let now = SystemClock.now();
                if now.since(start) > QUIET_FOR {
                    let shown = shown.lock().map(|shown| shown.clone()).unwrap_or_default();
                    let line = line(&shown, watch.progress(), now.since(start));
                    let best = watch.best().map_or_else(String::new, best);
                    draw_line(&printer, &format!("{line}{best}"));
                    drawn = true;
                }
            }
            if drawn {
                draw_line(&printer, "");
            }
        };
        if let Ok(thread) = std::thread::Builder::new().name("progress".into()).spawn(draw) {
            self.drawing = Some((stop, thread));
        }
    }

    fn events(&mut self) -> Option<Sender<Event>> {
        if !self.printer.draws() {
            return None;
        }
        let (sender, receiver) = channel();
        let shown = Arc::clone(&self.shown);
        let listen = move || {
            for event in receiver {
                if let (Some(fact), Ok(mut shown)) = (fact(&event), shown.lock()) {
                    shown.note(&fact);
                }
            }
        };
        std::thread::Builder::new().name("steps".into()).spawn(listen).ok()?;
        Some(sender)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.drawing.take() {
            drop(stop);
            drop(thread.join());
        }
    }
}

pub(crate) fn draw_line(printer: &Printer, text: &str) {
    let text = printer.paint_err(Style::Dim, text);
    // Nothing can be done if stderr is closed.
    let _ = std::io::Write::write_all(
        &mut std::io::stderr().lock(),
        format!("\r\u{1b}[2K{text}").as_bytes(),
    );
}

/// `execute strategy  ███████▌      1,200,000/2,000,000  4.1 M/s  ETA 2 s`, and where no task tells
/// how far it is, `fan/7  120/500 tasks  8 s  ETA 4 s`.
#[expect(clippy::cast_precision_loss, reason = "a rate for the eye")]
fn line(shown: &Shown, (done, total): (u64, u64), passed: Duration) -> String {
    let (step, seconds) = (&shown.step, passed.as_secs_f64().max(0.001));
    if total == 0 {
        let tasks = match shown.tasks {
            0 | 1 => String::new(),
            tasks => format!("  {}/{} tasks", shown.ended, tasks.max(shown.ended)),
        };
        return format!("{step}{tasks}  {seconds:.0} s{}", left(shown.usual, passed));
    }
    let cells = usize::try_from(done.min(total) * BAR_CELLS / total).unwrap_or(0);
    let blank = usize::try_from(BAR_CELLS).unwrap_or(0) - cells;
    let rate = done as f64 / seconds;
    let left = (total.saturating_sub(done)) as f64 / rate.max(1e-9);
    let (bar, space) = ("█".repeat(cells), "░".repeat(blank));
    format!("{step}  {bar}{space}  {done}/{total}  {}  ETA {left:.0} s", speed(rate))
}

/// How many a second.
fn speed(rate: f64) -> String {
    match rate {
        1e5.. => format!("{:.1} M/s", rate / 1e6),
        1e3.. => format!("{:.1} k/s", rate / 1e3),
        _ => format!("{rate:.0}/s"),
    }
}

/// The best that a search reached so far.
fn best(value: f64) -> String {
    format!("  best {value:.4}")
}

/// When a run that usually takes `usual` will have ended, after `passed` of it.
fn left(usual: Option<Duration>, passed: Duration) -> String {
    match usual.map(|usual| (usual, usual.checked_sub(passed))) {
        None => String::new(),
        Some((_, Some(left))) => format!("  ETA {:.0} s", left.as_secs_f64()),
        Some((usual, None)) => format!("  usually {:.0} s", usual.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_line_shows_share_rate_and_time_left() {
        let shown = Shown { step: "load data".into(), ..Shown::default() };
        let text = line(&shown, (1_000_000, 4_000_000), seconds(2));
        assert!(text.starts_with("load data  ██████░"), "{text}");
        assert!(text.ends_with("1000000/4000000  0.5 M/s  ETA 6 s"), "{text}");
    }

    #[test]
    fn a_search_tells_how_fast_it_is_and_what_it_reached() {
        let shown = Shown { step: "search".into(), ..Shown::default() };
        let text = line(&shown, (300, 1_000), seconds(3));
        assert!(text.ends_with("300/1000  100/s  ETA 7 s"), "{text}");
        assert_eq!((speed(25_000.0), best(1.25)), ("25.0 k/s".into(), "  best 1.2500".into()));
        let watch = Watch::default();
        watch.quiet().report(5, 10);
        assert_eq!((watch.progress(), watch.best()), ((0, 0), None));
        for value in [-2.0, 0.0, -1.0] {
            watch.of_task().reached(value);
        }
        assert!(watch.best().is_some_and(|best| best.abs() < 1e-9));
        watch.searched();
        assert_eq!(watch.best(), None);
    }

    #[test]
    fn sch_22_without_a_bar_the_time_left_comes_from_earlier_runs() {
        let usual = Some(seconds(12));
        let mut shown = Shown { tasks: 500, usual, ..Shown::default() };
        let task = |task: &str| task.to_owned();
        shown.note(&Fact::TaskStarted { task: task("fan/7"), attempt: 1 });
        shown.note(&Fact::TaskSkipped { task: task("fan/0-119"), reason: String::new() });
        assert_eq!(line(&shown, (0, 0), seconds(8)), "fan/7  120/500 tasks  8 s  ETA 4 s");
        assert_eq!(line(&shown, (0, 0), seconds(20)), "fan/7  120/500 tasks  20 s  usually 12 s");
        shown.note(&Fact::RunResumed { attempt: 2 });
        assert_eq!(line(&shown, (0, 0), seconds(8)), "fan/7  8 s");
    }
}
