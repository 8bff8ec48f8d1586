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
    core::{Clock, Event, RunId, SystemClock, Timestamp},
    workflow::{Fact, port::Watch, runtime::Handle},
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
    step: Arc<Mutex<String>>,
    drawing: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Follower {
    pub(crate) fn new(printer: Printer) -> Self {
        Self { printer, step: Arc::default(), drawing: None }
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
        let (printer, step) = (self.printer, Arc::clone(&self.step));
        let draw = move || {
            let start = SystemClock.now();
            let mut drawn = false;
            while stopped.recv_timeout(DRAW_EVERY) == Err(RecvTimeoutError::Timeout) {
                let now = SystemClock.now();
                if now.since(start) > QUIET_FOR {
                    let step = step.lock().map(|step| step.clone()).unwrap_or_default();
                    draw_line(&printer, &line(&step, watch.progress(), start, now));
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
        let step = Arc::clone(&self.step);
        let listen = move || {
            for event in receiver {
                if let (Some(Fact::TaskStarted { task, .. }), Ok(mut step)) =
                    (fact(&event), step.lock())
                {
                    *step = task.replace('_', " ");
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

fn draw_line(printer: &Printer, text: &str) {
    let text = printer.paint_err(Style::Dim, text);
    // Nothing can be done if stderr is closed.
    let _ = std::io::Write::write_all(
        &mut std::io::stderr().lock(),
        format!("\r\u{1b}[2K{text}").as_bytes(),
    );
}

/// `execute strategy  ███████▌      1,200,000/2,000,000  4.1 M/s  ETA 2 s`
#[expect(clippy::cast_precision_loss, reason = "a rate for the eye")]
fn line(step: &str, (done, total): (u64, u64), start: Timestamp, now: Timestamp) -> String {
    let seconds = now.since(start).as_secs_f64().max(0.001);
    if total == 0 {
        return format!("{step}  {seconds:.0} s");
    }
    let cells = usize::try_from(done.min(total) * BAR_CELLS / total).unwrap_or(0);
    let blank = usize::try_from(BAR_CELLS).unwrap_or(0) - cells;
    let rate = done as f64 / seconds;
    let left = (total.saturating_sub(done)) as f64 / rate.max(1e-9);
    let (bar, space) = ("█".repeat(cells), "░".repeat(blank));
    format!("{step}  {bar}{space}  {done}/{total}  {:.1} M/s  ETA {left:.0} s", rate / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_share_rate_and_time_left() {
        let at = |seconds: i64| Timestamp::from_nanos(seconds * 1_000_000_000);
        let text = line("load data", (1_000_000, 4_000_000), at(0), at(2));
        assert!(text.starts_with("load data  ██████░"), "{text}");
        assert!(text.ends_with("1000000/4000000  0.5 M/s  ETA 6 s"), "{text}");
    }
}
